"""How much longer runs with a lower weight decay take (P44, P49)."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.progress.comparisons import decay_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_table


def analyse_decays(tables: Sequence[str], out_stats: str, resampling: Resampling) -> None:
    """Write the statistics (Parquet).

    Args:
        tables: rows per run (``analyse_curves``). resampling: of the bootstrap over runs.
    """
    found = pd.concat([read_table(path) for path in tables], ignore_index=True)
    rows = decay_rows(found, resampling)
    write_table(statistics_table(rows), out_stats, joint_provenance(list(tables), len(found)))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_decays(
            tables=snakemake.input.tables,
            out_stats=snakemake.output.stats,
            resampling=Resampling(**snakemake.params.resampling),
        )
