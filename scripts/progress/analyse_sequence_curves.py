"""Losses of one of the other tasks, and what is told of them: the numbers of figures 30 to 34."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.fates.curves import curve_table
from fittest.analysis.fates.runs import complete
from fittest.analysis.progress.constants import ChangeSettings, OutcomeSettings
from fittest.analysis.progress.names import FRESH
from fittest.analysis.progress.sequences import change_rows, fall_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table

COLUMNS = [
    *("run_id", "step", "train_loss", "test_loss", "train_accuracy", "test_accuracy"),
    "train_losses",
]


def analyse_sequence_curves(
    runs: str,
    trajectories: Sequence[str],
    out_curves: str,
    out_stats: str,
    rules: ChangeSettings,
    outcomes: OutcomeSettings,
    pieces: int,
    resampling: Resampling,
) -> None:
    """Write curves (CSV) and statistics (Parquet).

    Args:
        runs, trajectories: files of a run-set of FRESH or SAMPLES.
        outcomes: how slingshots are counted. pieces: see ``thinned``.
    """
    described = read_table(runs, "runs")
    good, [runset] = complete(described), described["runset"].unique()
    parts = [read_table(path, "trajectory", COLUMNS) for path in trajectories]
    recorded = pd.concat(parts, ignore_index=True).drop_duplicates(["run_id", "step"])
    recorded = recorded[recorded["run_id"].isin(good["run_id"])]
    if runset in FRESH:
        rows = change_rows(runset, good, recorded, rules, resampling)
    else:
        rows = fall_rows(runset, recorded, rules, outcomes, resampling)
    table = good.assign(seed=good["seed_embedding"], label="")
    write_csv(curve_table(table, recorded, pieces), out_curves)
    write_table(statistics_table(rows), out_stats, joint_provenance([runs], len(good)))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_sequence_curves(
            runs=snakemake.input.runs,
            trajectories=snakemake.input.trajectories,
            out_curves=snakemake.output.curves,
            out_stats=snakemake.output.stats,
            rules=ChangeSettings(**snakemake.params.settings),
            outcomes=OutcomeSettings(**snakemake.params.outcomes),
            pieces=snakemake.params.pieces,
            resampling=Resampling(**snakemake.params.resampling),
        )
