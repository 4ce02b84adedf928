"""Runs by their share of the data: the numbers of figure 21."""

from fittest.analysis.progress.comparisons import fraction_rows
from fittest.analysis.progress.constants import FractionSettings
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import read_provenance, read_table, write_csv, write_table

PLOTTED = ["train_fraction", "seed", "fate", "learned_small", "generalised_small", "steps"]


def analyse_fractions(
    table: str, out_stats: str, out_plotted: str, settings: FractionSettings
) -> None:
    """Write how fates and speeds depend on the share (Parquet), and what figure 21 shows (CSV).

    Args:
        table: a row per run (``analyse_curves``).
    """
    found = read_table(table).sort_values(["train_fraction", "seed"])
    write_table(statistics_table(fraction_rows(found, settings)), out_stats, read_provenance(table))
    write_csv(found[PLOTTED], out_plotted)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_fractions(
            table=snakemake.input.table,
            out_stats=snakemake.output.stats,
            out_plotted=snakemake.output.plotted,
            settings=FractionSettings(**snakemake.params.settings),
        )
