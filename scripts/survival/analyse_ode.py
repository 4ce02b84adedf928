"""Equations of motion of the signals: fits per run, and the numbers of figures 9, 15 and 16."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.dynamics.linear_ode import steps_and_changes
from fittest.analysis.dynamics.ode_runs import (
    MEASURES,
    OdeSettings,
    by_dimension,
    long_enough,
    matrix_table,
    measure_run,
    signal_paths,
)
from fittest.analysis.dynamics.ode_statistics import ode_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, listed, read_table, write_csv, write_table

PATHS = ["k", "rank", "fate", "step", "real", "ols", "lasso", "analytic", "quadratic"]
FIG9 = ["panel", "series", "d", "mean", "sd", "runs", *PATHS, "i", "j", "value"]


def analyse_ode(
    base_runs: str,
    base_trajectories: Sequence[str],
    ode_runs: str,
    ode_trajectories: Sequence[str],
    showcase: str,
    out_fits: str,
    out_fig9: str,
    out_fig15: str,
    out_fig16: str,
    out_stats: str,
    settings: Mapping[str, Any],
    heatmap_runs: int,
    resampling: Resampling,
) -> None:
    """Fit the dense beginning of every run, and tabulate.

    Args:
        base_runs, base_trajectories: the default runs and their shards.
        ode_runs, ode_trajectories: short runs of other dimensions.
        showcase: showcase.json; its run is that of figures 9b-d and 16.
        out_fits: a row per run (``ode_runs.measure_run``). out_fig9, out_fig15, out_fig16: plotted
            numbers (CSV). out_stats: statistics.
        settings: of ``ode_runs.OdeSettings``.
        heatmap_runs: how many further default runs figure 15 shows.
    """
    options = OdeSettings(**settings)
    choice = json.loads(Path(showcase).read_text())
    base, base_x = _dense(base_runs, base_trajectories)
    other, other_x = _dense(ode_runs, ode_trajectories)
    fits = pd.concat(
        [_fits(base, base_x, options, True), _fits(other, other_x, options, False)],
        ignore_index=True,
    )
    origin = joint_provenance([base_runs, ode_runs], len(fits))
    write_table(fits, out_fits, provenance=origin)
    own = base_x.get(choice["run_id"])
    paths, entries = pd.DataFrame(columns=PATHS), pd.DataFrame(columns=["i", "j", "value"])
    if own is not None:
        paths, lasso = signal_paths(own, options, choice["survivors"])
        rank = {k: index + 1 for index, k in enumerate(choice["survivors"])}
        # Of the acting frequency: the figure marks who survives.
        entries = matrix_table(lasso)
        entries["rank"] = [rank.get(int(j), 0) for j in entries["j"]]
    parts = [by_dimension(fits).assign(panel="r2")] if len(fits) else []
    # The dead frequency with the largest initial signal, and the strongest survivor.
    start = paths[(paths["step"] == 0) & (paths["fate"] == "dead")]
    chosen = [int(start.loc[start["real"].astype(float).idxmax(), "k"])] if len(start) else []
    chosen += choice["survivors"][:1]
    parts += [paths[paths["k"] == k].assign(panel="path") for k in chosen]
    parts.append(entries.assign(panel="matrix"))
    parts = [part.reindex(columns=FIG9) for part in parts if len(part)]
    write_csv(pd.concat(parts) if parts else pd.DataFrame(columns=FIG9), out_fig9)
    write_csv(paths, out_fig16)
    further = base[(base["run_id"] != choice["run_id"]) & base["run_id"].isin(base_x)]
    heat = []
    for run in further.sort_values("seed_embedding").head(heatmap_runs).itertuples():
        lasso = options.lasso(*steps_and_changes(base_x[run.run_id]))
        heat.append(
            matrix_table(lasso).assign(
                run_id=run.run_id,
                seed=run.seed_embedding,
                survivors=" ".join(str(k) for k in run.survivors),
            )
        )
    columns = ["run_id", "seed", "survivors", "i", "j", "value"]
    write_csv(pd.concat(heat)[columns] if heat else pd.DataFrame(columns=columns), out_fig15)
    is_base = fits["runset"] == "base"
    statistics = pd.DataFrame(ode_rows(fits[is_base], fits[~is_base], resampling), columns=COLUMNS)
    write_table(statistics, out_stats, provenance=origin)


def _dense(runs: str, trajectories: Sequence[str]) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """The runs that did not fail, and run_id -> dense signals where there are enough of them."""
    table = read_table(runs)
    table = table[~table["failed"].astype(bool)]
    signals = (read_table(path, columns=["run_id", "step", "signals"]) for path in trajectories)
    return table, long_enough(signals, set(table["run_id"]))


def _fits(
    runs: pd.DataFrame, dense: Mapping[str, np.ndarray], options: OdeSettings, base: bool
) -> pd.DataFrame:
    rows = [
        {
            "run_id": run.run_id,
            "runset": "base" if base else run.runset,
            "d": run.d,
            "seed": run.seed_embedding,
            **measure_run(dense[run.run_id], options, quadratic=base),
        }
        for run in runs.itertuples()
        if run.run_id in dense
    ]
    table = pd.DataFrame(rows, columns=["run_id", "runset", "d", "seed", *MEASURES])
    return table.astype(dict.fromkeys(MEASURES, float))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_ode(
            base_runs=snakemake.input.base_runs,
            base_trajectories=listed(snakemake.input.base_trajectories),
            ode_runs=snakemake.input.ode_runs,
            ode_trajectories=listed(snakemake.input.ode_trajectories),
            showcase=snakemake.input.showcase,
            out_fits=snakemake.output.fits,
            out_fig9=snakemake.output.fig9,
            out_fig15=snakemake.output.fig15,
            out_fig16=snakemake.output.fig16,
            out_stats=snakemake.output.stats,
            settings=snakemake.params.settings,
            heatmap_runs=snakemake.params.heatmap_runs,
            resampling=Resampling(**snakemake.params.resampling),
        )
