"""Test losses of XOR and remainder equivalence over frozen embeddings: figure 9."""

from collections.abc import Mapping, Sequence

import pandas as pd

from fittest.analysis.completeness.frozen_accuracy import (
    above_guessing,
    balanced_accuracies,
    needed_checkpoints,
)
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
from fittest.store import joint_provenance, read_rows, read_table, write_csv, write_table


def analyse_frozen_tasks(
    runs: Mapping[str, str],
    trajectories: Mapping[str, Sequence[str]],
    weights: Mapping[str, Sequence[str]],
    drawn: str,
    out_stats: str,
    out_plotted: str,
    shares: Sequence[float],
    levels: Mapping[str, float],
    resampling: Resampling,
) -> None:
    """Write the test losses at given shares of the steps, and their trends.

    Args:
        runs, trajectories: task -> files of its run-set. weights: the same, where labels are not
            equally frequent. drawn: completeness of untrained embeddings. out_stats: Parquet.
            out_plotted: CSV.
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
        balanced = {}
        if task in weights:
            keys, wanted = ["run_id", "step"], needed_checkpoints(table)
            rows_at = read_rows(weights[task], "weights", keys, wanted)
            balanced = balanced_accuracies(described, rows_at)
        parts.append(above_guessing(table, described, balanced).assign(task=task))
    origin = joint_provenance(list(runs.values()), number)
    write_table(pd.DataFrame(rows, columns=COLUMNS), out_stats, origin)
    write_csv(pd.concat(parts, ignore_index=True), out_plotted)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_frozen_tasks(
            runs={"xor": snakemake.input.xor_runs, "remainder": snakemake.input.remainder_runs},
            trajectories={"xor": snakemake.input.xor, "remainder": snakemake.input.remainder},
            weights={"remainder": snakemake.input.remainder_weights},
            drawn=snakemake.input.drawn,
            out_stats=snakemake.output.stats,
            out_plotted=snakemake.output.plotted,
            shares=snakemake.params.shares,
            levels=snakemake.params.levels,
            resampling=Resampling(**snakemake.params.resampling),
        )
