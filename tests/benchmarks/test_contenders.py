"""Whoever trains another network is not timed; and what the machine is measured with."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.authors import Authors
from benchmarks.cases import Case
from benchmarks.contenders import DisagreementError, compared
from benchmarks.stacked_torch import StackedTorch, forms

from benchmarks import matmul_rate


def altered(case: Case, **optimiser: float) -> Case:
    """The same case, its optimiser changed."""
    other = replace(case)
    changed = case.base.optimiser.model_copy(update=optimiser)
    other.__dict__["base"] = case.base.model_copy(update={"optimiser": changed})
    return other


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("p7_d8", {"weight_decay": 0.0}),
        ("transformer_p7", {"warmup": 0}),
        ("transformer_p7", {"weight_decay": 0.0}),
        ("two_table_n7", {"weight_decay": 0.0}),
        ("two_table_n7_full", {"lr": 0.0075}),
    ],
)
def test_another_optimiser_is_found_out(name: str, changed: dict[str, float]) -> None:
    case = Case.parse(name)
    form = next(iter(forms(case)))
    same = StackedTorch(case, form, 2, 1)
    other = StackedTorch(altered(case, **changed), form, 2, 1)
    reference = Authors(case, torch.float32, 1)
    compared([reference, same], case.compared_steps)
    with pytest.raises(DisagreementError, match="do not train the same network"):
        compared([reference, other], case.compared_steps)


def test_other_batches_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case.parse("two_table_n13")
    reference = Authors(case, torch.float32, 1)
    other = StackedTorch(case, "direct", 1, 1)
    drawn = other._case.batches
    shifted = replace(case)
    shifted.__dict__["batches"] = lambda seed, first, steps: drawn(seed + 1, first, steps)
    other._case = shifted
    with pytest.raises(DisagreementError):
        compared([reference, other], case.compared_steps)


@pytest.mark.parametrize("name", ["transformer_p7", "two_table_n7", "two_table_n7_full", "p7_d8"])
def test_stacked_networks_do_not_meet(name: str) -> None:
    case = Case.parse(name)
    for form in forms(case):
        alone, together = (StackedTorch(case, form, networks, 1) for networks in (1, 3))
        for one in (alone, together):
            one.advance(2 * one.stride)
        for parameter, values in alone.weights().items():
            assert together.weights()[parameter] == pytest.approx(values, rel=1e-3, abs=1e-4)


def test_a_thread_that_lost_its_time_has_still_multiplied(monkeypatch: pytest.MonkeyPatch) -> None:
    late = iter([0.0, 5.0])
    monkeypatch.setattr(matmul_rate, "clock", lambda: next(late))
    assert matmul_rate._rate(lambda: None, 10.0, 0.001) == pytest.approx(2.0)
