"""From a random embedding to a few circles: the numbers of figure 1."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from fittest.analysis.fates.alive import by_signal
from fittest.analysis.survival.method import COLUMNS, curve_table, method_table
from fittest.analysis.survival.showcase import EMBEDDING, embedding_at
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, listed, read_rows, read_table, write_csv, write_text

DIMENSIONS = 24  # enough to see that rows are noise; more would be too fine to print


def analyse_method(
    runs: str,
    frequencies: str,
    trajectories: Sequence[str],
    weights: Sequence[str],
    showcase: str,
    out_fig1: str,
    out_origin: str,
    method_runs: int,
) -> None:
    """Write the plotted numbers.

    Args:
        runs, frequencies, trajectories, weights: of the default runs (Parquet).
        showcase: showcase.json; its run is shown in full.
        out_fig1: CSV. out_origin: provenance, sizes and counts of survivors (JSON).
        method_runs: runs whose signals are shown, the showcase first.
    """
    table, fates = read_table(runs), read_table(frequencies)
    good = table[~table["failed"].astype(bool)].sort_values("seed_embedding")
    choice = json.loads(Path(showcase).read_text())
    shown = pd.concat(
        [good[good["run_id"] == choice["run_id"]], good[good["run_id"] != choice["run_id"]]]
    ).head(method_runs)
    columns = ["run_id", "step", "signals"]
    recorded = pd.concat([read_table(path, columns=columns) for path in trajectories])
    parts = []
    for run in shown.itertuples():
        own = fates[fates["run_id"] == run.run_id].sort_values("k")
        alive = own.loc[own["alive_2mean"].astype(bool), "k"]
        survivors = by_signal([int(k) for k in alive], own["signal"].to_numpy(float))
        rows = recorded[recorded["run_id"] == run.run_id].drop_duplicates("step")
        rows = rows[rows["step"] <= run.last_step]
        parts.append(
            curve_table(rows, survivors).assign(run_id=run.run_id, seed=run.seed_embedding)
        )
    run_id, first, last = choice["run_id"], choice["steps"][0], choice["steps"][-1]

    def ends(keys: pd.DataFrame) -> np.ndarray:
        own = (keys["run_id"] == run_id) & keys["step"].isin([first, last])
        return np.asarray(own & (keys["parameter"] == EMBEDDING))

    keys = ["run_id", "step", "parameter"]
    stored = read_rows(weights, "weights", keys, ends)
    stages = method_table(
        embedding_at(stored, run_id, first),
        embedding_at(stored, run_id, last),
        choice["survivors"],
        DIMENSIONS,
    )
    parts.insert(0, stages.assign(run_id=run_id, seed=choice["seed"]))
    write_csv(pd.concat(parts)[COLUMNS], out_fig1)
    summary = {
        "provenance": joint_provenance(runs, len(good)),
        "p": choice["p"],
        "d": choice["d"],
        "counts": [int(n) for n in good["n_2mean"]],
    }
    write_text(json.dumps(summary, indent=2, sort_keys=True) + "\n", out_origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_method(
            runs=snakemake.input.runs,
            frequencies=snakemake.input.frequencies,
            trajectories=listed(snakemake.input.trajectories),
            weights=listed(snakemake.input.weights),
            showcase=snakemake.input.showcase,
            out_fig1=snakemake.output.fig1,
            out_origin=snakemake.output.origin,
            method_runs=snakemake.params.method_runs,
        )
