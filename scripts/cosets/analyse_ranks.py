"""How far each cluster alone comes."""

from fittest.analysis.cosets.ranks import rank_rows, rank_table, read_ranks
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_groups, write_csv, write_table


def analyse_ranks(ranks: str, out_table: str, out_stats: str, confidence: float) -> None:
    """Write the shares of ranks (CSV) and what is said of them (Parquet).

    ranks: the run-set's table `cosets_ranks`.
    """
    found = read_ranks(read_groups(ranks, "cosets_ranks"))
    write_csv(rank_table(found), out_table)
    rows = statistics_table(rank_rows(found, confidence))
    write_table(rows, out_stats, joint_provenance([ranks]))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_ranks(
            ranks=snakemake.input.ranks,
            out_table=snakemake.output.table,
            out_stats=snakemake.output.stats,
            confidence=snakemake.params.confidence,
        )
