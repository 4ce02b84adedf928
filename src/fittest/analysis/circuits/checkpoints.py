"""Stored checkpoints of runs, one after the other, and which of them stands for a run's end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from fittest.analysis.circuits.basis import Floats
from fittest.analysis.circuits.losses import Mask
from fittest.errors import StoreError
from fittest.runs.run import Run
from fittest.store import by_step, read_run, read_table
from fittest.tasks import train_mask

Checkpoint = tuple[int, Mapping[str, Floats]]
"""Step, and parameters by name."""

WINDOW = 16
"""Checkpoints in memory at once: of a network of 226,816 parameters about 15 MB."""


def files_by_run(weights: Sequence[str]) -> dict[str, list[str]]:
    """run_id -> the `weights` tables that hold it. StoreError for an unreadable one."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in weights:
        for run_id in read_table(path, "weights", ["run_id"])["run_id"].unique():
            found[str(run_id)].append(path)
    return dict(found)


def checkpoint_steps(run: Run, last_step: int) -> list[int]:
    """Steps at which all parameters of a run are stored, ascending: checkpoints, and its end."""
    every = run.recording.checkpoints_every
    steps = range(0, last_step + 1, every) if every else range(0)
    return sorted({*steps, last_step})


def read_checkpoints(
    weights: Sequence[str], run_id: str, steps: Sequence[int], window: int = WINDOW
) -> Iterator[list[Checkpoint]]:
    """Checkpoints of one run in the order of `steps`, at most `window` in memory.

    Raises:
        StoreError: where one of them is not there.
    """
    for begin in range(0, len(steps), window):
        wanted = steps[begin : begin + window]
        found = by_step(read_run(weights, run_id, wanted))
        for step in wanted:
            if step not in found:
                raise StoreError(
                    f"{', '.join(weights)}: no checkpoint of run {run_id} at step {step}; delete"
                    " the file and run the same command again"
                )
        yield [(step, found[step]) for step in wanted]


def final_checkpoint(
    trajectory: pd.DataFrame, steps: Sequence[int], slingshot: float, last: int
) -> tuple[int, bool]:
    """The checkpoint that stands for a run's end, and whether the run ends in a slingshot.

    It is the last one; where the train loss is then above `slingshot` times its least so far, that
    of the least test loss among the `last` ones (progress methods 6.16).

    Args:
        trajectory: of the run: step, train_loss, test_loss.
        steps: of its checkpoints, ascending.
    """
    ordered = trajectory.set_index("step").sort_index()
    until = ordered.loc[: steps[-1], "train_loss"]
    if not len(until) or not until.iloc[-1] > slingshot * until.min():
        return steps[-1], False
    recorded = ordered["test_loss"].dropna()
    candidates = [step for step in steps[-last:] if step in recorded.index]
    best = min(candidates, key=lambda step: float(recorded.loc[step]), default=steps[-1])
    return best, True


def train_pairs_of(run: Run) -> Mask:
    """The pairs that a run is trained on: (p, p)."""
    task = run.numbers_task
    mask = train_mask(task.build(), task.train_fraction, run.seeds.split, run.rng)
    return mask.reshape(task.p, task.p)
