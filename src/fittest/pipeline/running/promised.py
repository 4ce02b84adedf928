"""What a run-set promises of each run, against what its training recorded: all of it, or nothing
is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from fittest.errors import TrainingError
from fittest.pipeline.running.ensembles import keep_of, schedule_of
from fittest.runs.run import Run
from fittest.training.record import Record
from fittest.training.weight_file import WeightFile


def check_rows(runs: Sequence[Run], record: Record, folder: Path) -> None:
    """Every run of an ensemble has ended, and has a row for each step of its schedule until then.

    folder: of its restart points, for the remedy. Raises TrainingError, naming run and step.
    """
    which = np.concatenate([rows.runs.numpy() for rows in record.rows])
    steps = np.concatenate([np.full(len(rows.runs), rows.step) for rows in record.rows])
    order = np.lexsort((steps, which))
    which, steps = which[order], steps[order]
    schedule = schedule_of(runs[0])
    for index, run in enumerate(runs):
        last = record.last_step.get(index)
        may_end = run.stop is not None or index in record.failed
        if last is None or (last != run.steps and not may_end) or last > run.steps:
            raise _gap(run, f"ended at step {last} instead of {run.steps}", folder)
        first, end = np.searchsorted(which, [index, index + 1])
        _compare(run, "rows", steps[first:end].tolist(), schedule.until(last), folder)


def check_weights(
    runs: Sequence[Run], record: Record, files: Iterable[WeightFile], folder: Path
) -> None:
    """TrainingError unless the recorded weights of an ensemble are all that is promised: every
    checkpoint of every run, and its last step. What the files say of themselves is enough: the
    values have digests, which whoever reads them compares."""
    found: list[list[tuple[int, str]]] = [[] for _ in runs]
    for file in files:
        for index in file.positions:
            found[index] += [(file.step, name) for name, _, _ in file.kinds]
    for index, run in enumerate(runs):
        promised = _promised_weights(run, record.last_step[index])
        _compare(run, "weights", sorted(found[index]), sorted(promised), folder)


def _promised_weights(run: Run, last: int) -> set[tuple[int, str]]:
    keep = keep_of(run)
    if not keep.checkpoints_every:
        return {(last, name) for name in keep.final}
    steps = {*range(0, last + 1, keep.checkpoints_every), last}
    return {(step, name) for step in steps for name in run.model.parameter_names()}


def _compare(
    run: Run, what: str, found: Sequence[object], promised: Sequence[object], folder: Path
) -> None:
    if found == promised:
        return
    known = set(found)
    missing = [one for one in promised if one not in known]
    wrong = (
        f"lack {len(missing)} of {len(promised)}, the first at {missing[0]}"
        if missing
        else f"are {len(found)} where {len(promised)} are promised"
    )
    raise _gap(run, f"{what} {wrong}", folder)


def _gap(run: Run, what: str, folder: Path) -> TrainingError:
    return TrainingError(
        f"run {run.run_id} ({run.seeds}): {what}; nothing is written; delete {folder.parent} and"
        " run the same command again"
    )
