"""FLOPs by formula."""

from __future__ import annotations

import pytest

from fittest.runs.cost import expected_steps, flops, flops_per_step
from fittest.runs.run import Run
from small_world import small_run


def test_default_run() -> None:
    assert flops_per_step(Run()) == pytest.approx(2.75e8, rel=0.01)
    assert flops(Run()) == pytest.approx(8.2e12, rel=0.01)


def test_formula() -> None:
    run = small_run(steps=10)
    train, (h1, h2) = int(0.8 * 49), run.model.hidden
    step = 6 * train * (h1 * h2 + h2 * 7) + 12 * h1 * 7 * 6
    assert flops(run) == 10 * step


def test_runs_that_stop_count_what_is_expected_of_them() -> None:
    stop = {"first": 10}
    assert expected_steps(small_run(steps=100, stop=stop | {"expected": 40})) == 40
    assert expected_steps(small_run(steps=30, stop=stop | {"expected": 40})) == 30
    assert expected_steps(small_run(steps=30, stop=stop)) == 30
