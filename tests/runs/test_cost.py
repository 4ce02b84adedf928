"""FLOPs by formula."""

from __future__ import annotations

import pytest

from fittest.runs.cost import expected_steps, flops, flops_per_step, recording_flops
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


def test_recording_costs_forward_passes() -> None:
    # 3481 pairs in place of 2784, and no backward pass.
    every_step = Run(steps=1000, recording={"dense_until": 1000})
    assert recording_flops(every_step) / flops(every_step) == pytest.approx(0.41, abs=0.02)
    assert recording_flops(Run()) / flops(Run()) < 0.005
    gradients = Run(steps=1000, recording={"dense_until": 1000, "gradients": True})
    more = recording_flops(gradients) - recording_flops(every_step)
    assert more == pytest.approx(1001 * flops_per_step(gradients))


def test_recording_counts_expected_steps() -> None:
    stop = {"first": 10, "expected": 40}
    recording = {"every": 1, "dense_until": 0}
    ends = small_run(steps=100, stop=stop, recording=recording)
    assert recording_flops(ends) == recording_flops(small_run(steps=40, recording=recording))
