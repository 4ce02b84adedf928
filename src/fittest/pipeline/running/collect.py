"""From the shards that hold a run-set's runs to its `runs` and `frequencies` tables."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd

from fittest.analysis.fates.settle import stop_position
from fittest.analysis.fates.summarise import summarise_runs
from fittest.errors import StoreError
from fittest.pipeline.project import Project
from fittest.pipeline.running.references import ready
from fittest.pipeline.running.tables import runs_table
from fittest.runs.catalogue import Shard
from fittest.runs.run import Run
from fittest.store import check_origin, read_table, write_table, write_text


def own_rows(run: Run, rows: pd.DataFrame, two_mean_factor: float) -> pd.DataFrame:
    """The rows that `run` itself would have recorded, out of a longer run of the same network.

    rows: trajectory of one run_id, ascending in step.
    """
    recorded = (
        (rows["step"] <= run.recording.dense_until)
        | (rows["step"] % run.recording.every == 0)
        | (rows["step"] == run.steps)
        # A failed run ends where its donor noticed, which may be between the rows asked for.
        | ~np.isfinite(rows["train_loss"])
    )
    rows = rows[recorded & (rows["step"] <= run.steps)]
    if run.stop is None:
        return rows
    position = stop_position(rows, run.stop, two_mean_factor)
    return rows if position is None else rows.iloc[: position + 1]


def collect(project: Project, runset: str, runs_path: str, frequencies_path: str) -> None:
    """Write the `runs` and `frequencies` tables of a run-set, and its configuration beside them.

    Reused runs are cut to what this run-set asks for. One shard's trajectories are in memory at a
    time. Raises StoreError where a shard does not hold a run that it should.
    """
    catalogue = project.catalogue
    asked = list(catalogue.runset(runset).runs)
    described = runs_table(runset, asked, catalogue.owners(runset), ready(project, asked))
    thresholds = project.config.analysis.thresholds()
    try:
        runs, frequencies = summarise_runs(_trajectories(project, runset), described, thresholds)
    except ValueError:
        # Rows that do not fit may be of another configuration: that is the better word.
        _check_shards(project, runset)
        raise
    _check_shards(project, runset)
    origin = project.provenance(
        project.runset_key(runset),
        runset=runset,
        n_runs=len(runs),
        analysis=project.config.analysis.collecting_key(),
    )
    write_text(
        json.dumps(
            {
                "runset": runset,
                "scale": project.scale,
                "declaration": catalogue.runset(runset).declaration.model_dump(mode="json"),
                "config": project.config.model_dump(mode="json"),
            },
            indent=1,
        ),
        project.root / project.paths.config(runset),
    )
    write_table(frequencies, project.root / frequencies_path, origin, "frequencies")
    write_table(runs, project.root / runs_path, origin, "runs")


def _check_shards(project: Project, runset: str) -> None:
    """Snakemake retrains what was trained otherwise, but not where tables that the training depends
    on are made anew in the same call."""
    for shard in project.catalogue.sources(runset):
        path = project.paths.trajectory(shard.runset, shard.name)
        check_origin(project.root / path, config_hash=shard.key)


def _trajectories(project: Project, runset: str) -> Iterator[pd.DataFrame]:
    """The rows of a run-set's runs, shard by shard; StoreError at the end where some are absent."""
    catalogue = project.catalogue
    wanted = {run.run_id: run for run in catalogue.runset(runset).runs}
    owners = catalogue.owners(runset)
    missing = set(wanted)
    for shard in catalogue.sources(runset):
        parts = []
        for run_id, rows in _rows_of(project, shard):
            run = wanted.get(run_id)
            # Another run-set may hold a shorter record of the same network.
            if run is not None and owners[run_id] == shard.runset:
                missing.discard(run_id)
                parts.append(_checked(project, shard, run, rows))
        if parts:
            yield pd.concat(parts)
    if missing:
        raise StoreError(
            f"{len(missing)} runs of `{runset}` are in none of its shards, such as"
            f" {min(missing)}; delete {project.paths.results}/{project.scale}/runs/{runset} and"
            " run the same command again"
        )


def _rows_of(project: Project, shard: Shard) -> Iterator[tuple[str, pd.DataFrame]]:
    path = project.root / project.paths.trajectory(shard.runset, shard.name)
    for run_id, rows in read_table(path, "trajectory").groupby("run_id", sort=False):
        yield str(run_id), rows


def _checked(project: Project, shard: Shard, run: Run, rows: pd.DataFrame) -> pd.DataFrame:
    if "signals" in run.observers and rows["signals"].isna().any():
        path = project.paths.trajectory(shard.runset, shard.name)
        raise StoreError(
            f"{path}: holds no signals of run {run.run_id}, which observes them; delete it and run"
            " the same command again"
        )
    return own_rows(run, rows, project.config.analysis.alive.two_mean_factor)
