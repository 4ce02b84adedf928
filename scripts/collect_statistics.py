"""Several tables of statistics in one, for the claims."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.statistics.table import refuse_twins
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, listed, read_table, write_table


def collect_statistics(parts: Sequence[str], out_stats: str) -> None:
    """Put tables of statistics (name, value, ci_lo, ci_hi, n, paper, note) below each other.

    Raises:
        ValueError: if two parts name the same statistic.
    """
    table = pd.concat([read_table(part) for part in parts], ignore_index=True)
    refuse_twins(table)
    write_table(table, out_stats, joint_provenance(parts))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        collect_statistics(parts=listed(snakemake.input.parts), out_stats=snakemake.output.stats)
