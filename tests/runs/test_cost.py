"""FLOPs by formula."""

from __future__ import annotations

import pytest

from fittest.runs.cost import (
    expected_steps,
    flops,
    flops_per_step,
    forward_flops,
    kept_bytes,
    recorded_rows,
)
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
    plain, gradients = Run(), Run(recording={"gradients": True})
    assert forward_flops(plain) / flops_per_step(plain) == pytest.approx(0.41, abs=0.02)
    assert forward_flops(gradients) - forward_flops(plain) == flops_per_step(gradients)
    assert recorded_rows(Run(steps=1000)) < 0.03 * 1000


@pytest.mark.parametrize(
    ("recording", "states"), [({}, 0), ({"checkpoints_every": 20, "every": 20}, 4)]
)
def test_weights_that_are_kept_are_counted(recording: dict[str, int], states: int) -> None:
    """Of the embedding at the end; or of everything at step 0, 20, 40 and at the last one, 50."""
    run = small_run(steps=50, recording=recording)
    numbers = {k: v.size for k, v in run.model.initial(run.task.build(), 0, 0).items()}
    whole = states * sum(numbers.values())
    assert kept_bytes(run) == 4 * (whole or numbers["embedding.weight"])
