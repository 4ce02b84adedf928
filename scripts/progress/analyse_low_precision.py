"""How many more slingshots a loss of single precision brings (P54)."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.progress.comparisons import precision_rows
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_table


def analyse_low_precision(tables: Sequence[str], out_stats: str) -> None:
    """Write the statistics (Parquet).

    Args:
        tables: rows per run (``analyse_curves``).
    """
    found = pd.concat([read_table(path) for path in tables], ignore_index=True)
    rows = statistics_table(precision_rows(found))
    write_table(rows, out_stats, joint_provenance(list(tables), len(found)))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_low_precision(
            tables=snakemake.input.tables,
            out_stats=snakemake.output.stats,
        )
