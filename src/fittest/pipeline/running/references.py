"""Runs whose initial weights depend on how another run ended: the choice, from that run's table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fittest.errors import TrainingError
from fittest.runs.run import Run
from fittest.store import check_origin, read_table

if TYPE_CHECKING:
    from fittest.pipeline.project import Project


def ready(project: Project, runs: Sequence[Run]) -> list[Run]:
    """The runs with every choice made, in order: what training needs to know of them.

    Choices left to a reference run come from the `frequencies` table of its run-set. Raises
    TrainingError where the reference run failed, so that it has no strongest frequencies, and
    StoreError where that table was made from another configuration or code than now.
    """
    tables: dict[str, Mapping[str, np.ndarray]] = {}
    found = []
    for run in runs:
        if run.reference is None:
            found.append(run)
            continue
        runset, run_id = run.reference
        if runset not in tables:
            tables[runset] = _final_signals(project, runset)
        signals = tables[runset].get(run_id)
        if signals is None or not np.isfinite(signals).all():
            raise TrainingError(
                f"intervention.of: the run {run.seeds} of `{runset}` has no final signals"
                " (its loss became infinite or NaN); leave its seeds out"
            )
        found.append(run.with_decision(signals))
    return found


def _final_signals(project: Project, runset: str) -> Mapping[str, np.ndarray]:
    """run_id -> final signals (K,) of every run of a run-set."""
    path = project.root / project.paths.frequencies(runset)
    # Final signals are there whatever the thresholds of survival.
    check_origin(path, config_hash=project.runset_key(runset))
    table = read_table(path, "frequencies").sort_values("k", kind="stable")
    return {
        str(run_id): rows["signal"].to_numpy(np.float64)
        for run_id, rows in table.groupby("run_id", sort=False)
    }
