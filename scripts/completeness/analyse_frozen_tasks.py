"""Test losses of XOR and remainder equivalence over frozen embeddings: figure 9."""

from collections.abc import Mapping, Sequence

import pandas as pd

from fittest.analysis.completeness.learned_statistics import (
    frozen_completeness_row,
    frozen_trend_row,
)
from fittest.analysis.completeness.names import FROZEN
from fittest.analysis.fates.runs import run_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.analysis.sweeps.frozen import losses_at
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_frozen_tasks(
    runs: Mapping[str, str],
    trajectories: Mapping[str, Sequence[str]],
    drawn: str,
    out_stats: str,
    out_plotted: str,
    shares: Sequence[float],
    resampling: Resampling,
) -> None:
    """Write the test losses at given shares of the steps, and their trends.

    Args:
        runs, trajectories: task -> files of its run-set. drawn: completeness of untrained
            embeddings. out_stats: Parquet. out_plotted: CSV.
        shares: of the last step. resampling: of the bootstrap over runs.
    """
    untrained = read_table(drawn)
    columns = ["run_id", "step", "test_loss", "test_accuracy"]
    parts, rows, number = [], [], 0
    for task, path in runs.items():
        described = read_table(path, "runs")
        number += described["run_id"].nunique()
        recorded = pd.concat([read_table(p, "trajectory", columns) for p in trajectories[task]])
        table = losses_at(described, recorded, shares)
        last = table[table["share"] == max(shares)]
        rows += run_rows(FROZEN[task], described)
        rows.append(frozen_trend_row(task, last, resampling))
        rows.append(frozen_completeness_row(task, last, untrained[untrained["task"] == task]))
        parts.append(table.assign(task=task))
    origin = joint_provenance(list(runs.values()), number)
    write_table(pd.DataFrame(rows, columns=COLUMNS), out_stats, origin)
    write_csv(pd.concat(parts, ignore_index=True), out_plotted)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_frozen_tasks(
            runs={"xor": snakemake.input.xor_runs, "remainder": snakemake.input.remainder_runs},
            trajectories={"xor": snakemake.input.xor, "remainder": snakemake.input.remainder},
            drawn=snakemake.input.drawn,
            out_stats=snakemake.output.stats,
            out_plotted=snakemake.output.plotted,
            shares=snakemake.params.shares,
            resampling=Resampling(**snakemake.params.resampling),
        )
