"""Test losses of XOR and remainder equivalence over frozen embeddings: figure 9."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fittest.analysis.completeness.frozen_statistics import (
    frozen_completeness_row,
    frozen_time_row,
    frozen_trend_row,
    frozen_within_row,
    least_completeness,
)
from fittest.analysis.completeness.names import FROZEN
from fittest.analysis.fates.runs import run_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.analysis.sweeps.frozen import losses_at
from fittest.analysis.sweeps.transitions import times_to
from fittest.pipeline.script import rule_job
from fittest.runs.run import Run
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_frozen_tasks(
    runs: Mapping[str, str],
    trajectories: Mapping[str, Sequence[str]],
    drawn: str,
    out_stats: str,
    out_plotted: str,
    shares: Sequence[float],
    levels: Mapping[str, float],
    resampling: Resampling,
) -> None:
    """Write the test losses at given shares of the steps, and their trends.

    Args:
        runs, trajectories: task -> files of its run-set. drawn: completeness of untrained
            embeddings. out_stats: Parquet. out_plotted: CSV.
        shares: of the last step. levels: task -> test loss the time to which is compared.
        resampling: of the bootstrap over runs.
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
        configs = described.set_index("run_id")["config"]
        least = [least_completeness(Run.model_validate_json(configs[i])) for i in last["run_id"]]
        rows.append(frozen_within_row(task, last.assign(least=least), resampling))
        times = times_to(described, recorded, levels[task])
        rows.append(frozen_time_row(task, times, levels[task], resampling))
        parts.append(_above_guessing(table, described).assign(task=task))
    origin = joint_provenance(list(runs.values()), number)
    write_table(pd.DataFrame(rows, columns=COLUMNS), out_stats, origin)
    write_csv(pd.concat(parts, ignore_index=True), out_plotted)


def _above_guessing(table: pd.DataFrame, described: pd.DataFrame) -> pd.DataFrame:
    """Add test_skill: how far the accuracy lies above that of always giving the commonest answer,
    as a share of what is left to be learned. 0 for who always says no, 1 for all right."""
    if len(described) == 0:
        return table.assign(test_skill=np.nan)
    # One task for all runs of a run-set.
    labels = Run.model_validate_json(described["config"].iloc[0]).task.build().labels
    base = float(np.bincount(np.asarray(labels).ravel()).max() / np.size(labels))
    return table.assign(test_skill=(table["test_accuracy"] - base) / (1 - base))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_frozen_tasks(
            runs={"xor": snakemake.input.xor_runs, "remainder": snakemake.input.remainder_runs},
            trajectories={"xor": snakemake.input.xor, "remainder": snakemake.input.remainder},
            drawn=snakemake.input.drawn,
            out_stats=snakemake.output.stats,
            out_plotted=snakemake.output.plotted,
            shares=snakemake.params.shares,
            levels=snakemake.params.levels,
            resampling=Resampling(**snakemake.params.resampling),
        )
