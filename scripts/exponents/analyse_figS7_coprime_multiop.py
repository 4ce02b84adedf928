"""Coprimality and sums of several operands: outcomes, and the curves of figure S7."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.exponents.outcomes import LOSS_COLUMNS
from fittest.analysis.exponents.precision import precision_runs
from fittest.analysis.exponents.settings import OutcomeSettings, SpikeSettings
from fittest.analysis.fates.curves import curve_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_several(
    runs: Sequence[str],
    trajectories: Sequence[str],
    out_table: str,
    out_plotted: str,
    outcomes: OutcomeSettings,
    rules: SpikeSettings,
    pieces: int,
) -> None:
    """Write a row per run (Parquet) and curves (CSV).

    Args:
        runs: `runs` tables. trajectories: shards that hold these runs. pieces: see ``thinned``.
    """
    described = pd.concat([read_table(path, "runs") for path in runs], ignore_index=True)
    columns = [*LOSS_COLUMNS, "train_losses"]
    parts = [read_table(path, "trajectory", columns) for path in trajectories]
    recorded = pd.concat(parts, ignore_index=True).drop_duplicates(["run_id", "step"])
    table, _ = precision_runs(described, recorded, outcomes, rules)
    write_table(table, out_table, joint_provenance(list(runs), len(table)))
    write_csv(curve_table(table.assign(label=table["name"]), recorded, pieces), out_plotted)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_several(
            runs=snakemake.input.runs,
            trajectories=snakemake.input.trajectories,
            out_table=snakemake.output.table,
            out_plotted=snakemake.output.plotted,
            outcomes=OutcomeSettings(**snakemake.params.outcomes),
            rules=SpikeSettings(**snakemake.params.rules),
            pieces=snakemake.params.pieces,
        )
