"""What runs of XOR learned, and how complete it was at the start: figure 2."""

from collections.abc import Mapping, Sequence

import pandas as pd

from fittest.analysis.completeness.constants import Constants
from fittest.analysis.completeness.learned import (
    XOR_COLUMNS,
    learned_runs,
    needed_weights,
    shown_models,
    xor_row,
)
from fittest.analysis.completeness.learned_panels import cube_figure
from fittest.analysis.completeness.learned_statistics import rank_rows, xor_rows
from fittest.analysis.completeness.names import XorRuns
from fittest.analysis.fates.runs import run_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_rows, read_table, write_csv, write_table


def analyse_xor(
    runs: str,
    weights: Sequence[str],
    out_table: str,
    out_stats: str,
    out_plotted: str,
    constants: Constants,
    resampling: Resampling,
    paper: Mapping[str, float],
) -> None:
    """Write a row per run, the statistics, and what figure 2 plots.

    Args:
        runs, weights: of the run-set. out_table, out_stats: Parquet. out_plotted: CSV.
        resampling: of the bootstrap over runs. paper: ``mid_rank``, ``mid_rank_sd``.
    """
    described = read_table(runs, "runs")
    keys = ["run_id", "step", "parameter"]
    wanted = needed_weights(described)
    models = learned_runs(described, read_rows(weights, "weights", keys, wanted))
    reached = described.set_index("run_id")[["test_accuracy", "train_accuracy"]]
    rows = [
        xor_row(one, constants.cube, *(float(v) for v in reached.loc[one.run.run_id]))
        for one in models
    ]
    table = pd.DataFrame(rows, columns=XOR_COLUMNS)
    cube = constants.cube
    statistics = run_rows(XorRuns, described)
    statistics += xor_rows(table, resampling, cube.least_share, cube.least_evenness)
    statistics += rank_rows(XorRuns, table, constants.top_shares, resampling, paper)
    drawn = shown_models(models, table, "basis", constants.models_shown)
    origin = joint_provenance(runs, len(table))
    write_table(table, out_table, origin)
    write_table(pd.DataFrame(statistics, columns=COLUMNS), out_stats, origin)
    write_csv(cube_figure(drawn, table, constants.cube_bins), out_plotted)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_xor(
            runs=snakemake.input.runs,
            weights=snakemake.input.weights,
            out_table=snakemake.output.table,
            out_stats=snakemake.output.stats,
            out_plotted=snakemake.output.plotted,
            constants=Constants(**snakemake.params.constants),
            resampling=Resampling(**snakemake.params.resampling),
            paper=snakemake.params.paper,
        )
