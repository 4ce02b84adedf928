"""Signals of runs over steps, embeddings at kept steps, and signals of many trials."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from fittest.pipeline.project import Project
from fittest.site.tables.sources import (
    Packed,
    labels,
    origin,
    plain,
    runs_of,
    shards,
    spread,
    thinned,
)
from fittest.store import read_run, read_table

RUNS, STEPS = 24, 80
"""At most so many runs of a run-set, of as many settings as may be, with so many of their steps."""
EMBEDDED, KEPT = 6, 12
"""At most so many runs with embeddings, at so many kept steps."""
TRIALS, ASKED = 4000, 14
"""Runs and steps of the survival explorer."""
SURVIVAL = "fixemb"
_FLOATS = pa.list_(pa.float32())
_EMBEDDING = "embedding.weight"


def signals(project: Project) -> Iterator[Packed]:
    """Tables `signals` and `embeddings` of every run-set that recorded signals.

    signals: run (place in about.runs), step, signals (K,), mean over all p bins.
    embeddings: run, step, values (p, d) in row-major order.
    """
    for runset in project.catalogue.names():
        runs = runs_of(project, runset)
        if runs is None or not (files := _with_signals(project, runs)):
            continue
        chosen = spread(runs[runs["p"].notna()], RUNS)
        table = _trajectories(files, chosen, STEPS)
        about = {
            **origin(files[0]),
            "runset": runset,
            "description": project.catalogue.runset(runset).declaration.description,
            "of": len(runs),
            "two_mean_factor": project.config.analysis.alive.two_mean_factor,
            "runs": [
                {
                    "id": row["run_id"],
                    "label": label,
                    "p": int(row["p"]),
                    "d": int(row["d"]),
                    "survivors": plain(row["survivors"] if row["survivors"] is not None else ()),
                }
                for row, label in zip(chosen.to_dict("records"), labels(chosen), strict=True)
            ],
        }
        yield Packed("signals", runset, table, about)
        embeddings = _embeddings(shards(project, runs, weights=True), chosen)
        if len(embeddings):
            yield Packed("embeddings", runset, embeddings, about)


def survival(project: Project) -> Iterator[Packed]:
    """Table `trials`: run, embedding, step, signals (K,), mean of every run of fixed embeddings
    that did not fail: at steps that all have in common as far as they go, and at its last one."""
    runs = runs_of(project, SURVIVAL)
    if runs is None or not (files := _with_signals(project, runs)):
        return
    good = runs[~runs["failed"].astype(bool)].head(TRIALS).reset_index(drop=True)
    table, asked = _at_common_steps(files, good)
    embedding = good["seed_embedding"].to_numpy()[table["run"].to_numpy()]
    table = table.append_column("embedding", pa.array(embedding, pa.int32()))
    alive = project.config.analysis.alive
    about = {
        **origin(files[0]),
        "runset": SURVIVAL,
        "p": int(good["p"].iloc[0]),
        "runs": len(good),
        "of": len(runs),
        "embeddings": int(good["seed_embedding"].nunique()),
        "steps": asked,
        "rules": {
            "two_mean": alive.two_mean_factor,
            "absolute": alive.absolute,
            "relative": alive.relative,
        },
    }
    yield Packed("trials", "", table, about)


def _with_signals(project: Project, runs: pd.DataFrame) -> list[Path]:
    """The trajectories of runs that recorded signals; none where they did not."""
    if "survivors" not in runs or runs["n_2mean"].isna().all():
        return []
    return shards(project, runs)


def _trajectories(files: list[Path], chosen: pd.DataFrame, most: int) -> pa.Table:
    own = _recorded(files, chosen)
    steps = {run: thinned(rows.tolist(), most) for run, rows in own.groupby("run")["step"]}
    kept = [step in steps[run] for run, step in zip(own["run"], own["step"], strict=True)]
    return _table(own[kept])


def _at_common_steps(files: list[Path], chosen: pd.DataFrame) -> tuple[pa.Table, list[int]]:
    """The table, and the steps in common. A run that has ended earlier has its last step instead:
    between these, one run's step would stand for another's."""
    own = _recorded(files, chosen)
    steps = thinned(own["step"].tolist(), ASKED)
    last = own["step"] == own.groupby("run")["step"].transform("max")
    return _table(own[own["step"].isin(steps) | last]), steps


def _recorded(files: list[Path], chosen: pd.DataFrame) -> pd.DataFrame:
    """Rows with signals up to the last step of each run, whose place is `run`."""
    places = {run_id: place for place, run_id in enumerate(chosen["run_id"])}
    last = dict(zip(chosen["run_id"], chosen["last_step"], strict=True))
    parts = []
    for path in files:
        rows = read_table(path, "trajectory", ["run_id", "step", "signals", "signal_mean"])
        rows = rows[rows["run_id"].isin(list(places)) & rows["signals"].notna()]
        if len(rows):
            own = rows[rows["step"] <= rows["run_id"].map(last)]
            parts.append(own.assign(run=own["run_id"].map(places)))
    frame = pd.concat(parts).drop_duplicates(["run", "step"])
    return frame.sort_values(["run", "step"]).reset_index(drop=True)


def _table(frame: pd.DataFrame) -> pa.Table:
    return pa.table(
        {
            "run": pa.array(frame["run"].to_numpy(), pa.int32()),
            "step": pa.array(frame["step"].to_numpy(), pa.int32()),
            "signals": pa.array(frame["signals"].tolist(), _FLOATS),
            "mean": pa.array(frame["signal_mean"].to_numpy(np.float32), pa.float32()),
        }
    )


def _embeddings(weights: list[Path], chosen: pd.DataFrame) -> pa.Table:
    """Of as many settings as may be, among the runs whose embeddings were kept."""
    places = {run_id: place for place, run_id in enumerate(chosen["run_id"])}
    found: list[pd.DataFrame] = []
    for run_id in dict.fromkeys([*spread(chosen, EMBEDDED)["run_id"], *places]):
        rows = read_run(weights, run_id, parameters=[_EMBEDDING]).drop_duplicates("step")
        kept = rows[rows["step"].isin(thinned(rows["step"].tolist(), KEPT))] if len(rows) else rows
        found += [kept.assign(run=places[run_id])] if len(kept) else []
        if len(found) == EMBEDDED:
            break
    if not found:
        return pa.table({"run": [], "step": [], "values": []})
    frame = pd.concat(found)
    return pa.table(
        {
            "run": pa.array(frame["run"].to_numpy(), pa.int32()),
            "step": pa.array(frame["step"].to_numpy(), pa.int32()),
            "values": pa.array(frame["values"].tolist(), _FLOATS),
        }
    )
