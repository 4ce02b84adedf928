"""What is measured of answers, against counts by hand and loops."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.func import vmap

from fittest.training.further_metrics import FURTHER, balanced_accuracy, exact, token_losses
from fittest.training.metrics import ALWAYS, accuracy, loss

LOSSES = torch.tensor([[1.0, 2.0], [3.0, torch.inf], [5.0, 6.0]], dtype=torch.float64)
RIGHT = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
LABELS = torch.tensor([[0, 1], [0, 2], [1, 1]])
WEIGHTS = torch.tensor([[1.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
ALL = (LOSSES, RIGHT, LABELS, WEIGHTS)


def test_by_hand() -> None:
    assert float(loss(*ALL)) == pytest.approx(17 / 5)
    assert float(accuracy(*ALL)) == pytest.approx(4 / 5)
    assert token_losses(*ALL).tolist() == pytest.approx([9 / 3, 8 / 2])
    # The second example has one answer, and it is right.
    assert float(exact(*ALL)) == pytest.approx(2 / 3)
    # Class 0: both right; class 1: 2 of 3; class 2 does not count.
    assert float(balanced_accuracy(*ALL)) == pytest.approx((1 + 2 / 3) / 2)


def test_a_mean_over_nothing_is_nan() -> None:
    for metric in (ALWAYS | FURTHER).values():
        assert metric(LOSSES, RIGHT, LABELS, 0 * WEIGHTS).isnan().all()


@st.composite
def answers(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    runs, n, count = (draw(st.integers(1, high)) for high in (3, 6, 4))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 1000)))
    size = (runs, n, count)
    right = torch.randint(2, size, generator=generator).double()
    labels = torch.randint(4, size, generator=generator)
    weights = torch.randint(2, size, generator=generator).double()
    return torch.rand(size, generator=generator).double(), right, labels, weights


@given(answers())
def test_stacked_runs_are_measured_one_by_one(given_: tuple[Tensor, ...]) -> None:
    for metric in (ALWAYS | FURTHER).values():
        together = vmap(metric)(*given_)
        alone = [metric(*(value[run] for value in given_)) for run in range(len(given_[0]))]
        torch.testing.assert_close(together, torch.stack(alone), equal_nan=True)


@given(answers())
def test_balanced_accuracy_is_a_mean_over_classes(given_: tuple[Tensor, ...]) -> None:
    _, right, labels, weights = (value[0] for value in given_)
    shares = []
    for label in range(4):
        of_class = (labels == label) & (weights > 0)
        if of_class.any():
            shares.append(float(right[of_class].mean()))
    found = float(balanced_accuracy(*(value[0] for value in given_)))
    expected = sum(shares) / len(shares) if shares else float("nan")
    assert found == pytest.approx(expected, nan_ok=True)
