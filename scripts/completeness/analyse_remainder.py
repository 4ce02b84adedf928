"""What runs of remainder equivalence learned, and how complete it was at the start: figure 1."""

from collections.abc import Mapping, Sequence

import pandas as pd

from fittest.analysis.completeness.constants import Constants
from fittest.analysis.completeness.learned import (
    REMAINDER_COLUMNS,
    learned_runs,
    needed_weights,
    remainder_row,
    shown_models,
)
from fittest.analysis.completeness.learned_panels import order_figure
from fittest.analysis.completeness.learned_statistics import rank_rows, remainder_rows
from fittest.analysis.completeness.names import RemainderRuns
from fittest.analysis.fates.runs import run_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_rows, read_table, write_csv, write_table


def analyse_remainder(
    runs: str,
    weights: Sequence[str],
    out_table: str,
    out_stats: str,
    out_plotted: str,
    constants: Constants,
    resampling: Resampling,
    paper: Mapping[str, float],
) -> None:
    """Write a row per run, the statistics, and what figure 1 plots.

    Args:
        runs, weights: of the run-set. out_table, out_stats: Parquet. out_plotted: CSV.
        resampling: of the bootstrap over runs. paper: ``mid_rank``, ``mid_rank_sd``.
    """
    described = read_table(runs, "runs")
    keys = ["run_id", "step", "parameter"]
    wanted = needed_weights(described)
    models = learned_runs(described, read_rows(weights, "weights", keys, wanted))
    rows = [remainder_row(one, constants.solved, constants.line) for one in models]
    table = pd.DataFrame(rows, columns=REMAINDER_COLUMNS)
    statistics = run_rows(RemainderRuns, described) + remainder_rows(table, resampling)
    statistics += rank_rows(RemainderRuns, table, constants.top_shares, resampling, paper)
    drawn = shown_models(models, table, "order", constants.models_shown)
    origin = joint_provenance(runs, len(table))
    write_table(table, out_table, origin)
    write_table(pd.DataFrame(statistics, columns=COLUMNS), out_stats, origin)
    write_csv(order_figure(drawn, table, constants.order_bins), out_plotted)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_remainder(
            runs=snakemake.input.runs,
            weights=snakemake.input.weights,
            out_table=snakemake.output.table,
            out_stats=snakemake.output.stats,
            out_plotted=snakemake.output.plotted,
            constants=Constants(**snakemake.params.constants),
            resampling=Resampling(**snakemake.params.resampling),
            paper=snakemake.params.paper,
        )
