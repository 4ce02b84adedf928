"""The network of two tables, against its paper's equation; size and initial values."""

from __future__ import annotations

import math

import pytest
import torch
from model_cases import PAIRS, Parameters, Sequences, assert_same_function, logits_of, values
from scipy import stats
from torch import Tensor

from fittest.models import TwoTableMLPSettings

_TASK = Sequences(5, 2, 5, (1,))


@pytest.mark.parametrize("form", ["forward", "forward_examples"])
@pytest.mark.parametrize("n", [3, 25])
def test_as_the_paper_writes_it(form: str, n: int) -> None:
    """W1^T [A_a; B_b] + b1 in its two blocks, one neuron and one class at a time."""
    model, tokens = TwoTableMLPSettings(d=3, hidden=7), _TASK.tokens(n)

    def plain(w: Parameters) -> Tensor:
        rows = []
        for a, b in tokens.tolist():
            neurons = []
            for row, bias in zip(w["hidden.weight"], w["hidden.bias"], strict=True):
                pre = row[:3] @ w["first.weight"][a] + row[3:] @ w["second.weight"][b] + bias
                neurons.append(pre if pre > 0 else 0 * pre)
            rows.append(
                torch.stack(
                    [
                        sum((u * x for u, x in zip(row, neurons, strict=True)), start=bias)
                        for row, bias in zip(w["output.weight"], w["output.bias"], strict=True)
                    ]
                )
            )
        return torch.stack(rows)

    assert_same_function(logits_of(model, _TASK, form, tokens), plain, values(model, _TASK))


@pytest.mark.parametrize(("n", "count"), [(91, 25_883), (89, 25_497)])
def test_number_of_parameters(n: int, count: int) -> None:
    assert TwoTableMLPSettings().count(Sequences(n, 2, n, (1,))) == count


def test_he_initialisation() -> None:
    deviations = {
        "first.weight": math.sqrt(2 / 91),
        "second.weight": math.sqrt(2 / 91),
        "hidden.weight": math.sqrt(2 / 64),
        "output.weight": math.sqrt(2 / 128),
    }
    for name, value in TwoTableMLPSettings().initial(PAIRS, 3, 4).items():
        if name.endswith(".bias"):
            assert not value.any()
        else:
            cdf = stats.norm(scale=deviations[name]).cdf
            assert stats.kstest(value.ravel(), cdf).pvalue > 1e-3, name


def test_initialisation_of_torch() -> None:
    initial = TwoTableMLPSettings(init="torch_default").initial(PAIRS, 3, 4)
    for name, value in initial.items():
        if name in ("first.weight", "second.weight"):
            cdf = stats.norm().cdf
        else:
            bound = 1 / math.sqrt(64 if name.startswith("hidden") else 128)
            assert abs(value).max() <= bound
            cdf = stats.uniform(-bound, 2 * bound).cdf
        assert stats.kstest(value.ravel(), cdf).pvalue > 1e-3, name


def test_other_than_two_numbers_is_refused() -> None:
    model = TwoTableMLPSettings()
    assert model.refuse(PAIRS) is None
    for task in (Sequences(9, 3, 9, (2,)), Sequences(9, 2, 9, (0, 1)), Sequences(9, 2, 9, (1,), 1)):
        reason = model.refuse(task)
        assert reason is not None
        assert reason.startswith("model.name")


def test_stacking_key_ignores_initial_values_only() -> None:
    base = TwoTableMLPSettings()
    assert TwoTableMLPSettings(init="torch_default").shape_key() == base.shape_key()
    assert TwoTableMLPSettings(d=31).shape_key() != base.shape_key()
    assert TwoTableMLPSettings(hidden=127).shape_key() != base.shape_key()
    assert TwoTableMLPSettings(activation="silu").shape_key() != base.shape_key()
