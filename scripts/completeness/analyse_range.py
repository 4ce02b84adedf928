"""Completeness of untrained embeddings by dimension, and derived identities: figures 8 and 10."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fittest.analysis.completeness.constants import RangeSettings
from fittest.analysis.completeness.learned_statistics import identity_rows
from fittest.analysis.completeness.untrained import by_dimension, completeness_range, range_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.pipeline.script import rule_job
from fittest.store import write_csv, write_table

# Six classes have 720 orders, few enough to list them.
CHECKED = {"seeds": 5, "m": 6, "d": 4}


def analyse_range(
    out_table: str,
    out_stats: str,
    out_fig8: str,
    out_fig10: str,
    settings: RangeSettings,
    resampling: Resampling,
    origin: Mapping[str, Any],
) -> None:
    """Write a row per task, dimension and embedding, the statistics, and what the figures plot.

    Args:
        out_table, out_stats: Parquet. out_fig8, out_fig10: CSV.
        settings: dimensions and number of embeddings. resampling: of the bootstrap over them.
        origin: provenance of the tables.
    """
    drawn = completeness_range(settings.dimensions, settings.seeds)
    rows = range_rows(drawn, settings.checked_from, resampling) + identity_rows(**CHECKED)
    lines = by_dimension(drawn, resampling)
    write_table(drawn, out_table, origin)
    write_table(pd.DataFrame(rows, columns=COLUMNS), out_stats, origin)
    write_csv(lines[lines["statistic"] == "minimum"], out_fig8)
    write_csv(lines, out_fig10)


if "snakemake" in globals():
    from fittest.runs.run import digest
    from fittest.store import provenance

    with rule_job(globals()["snakemake"]) as snakemake:
        settings = RangeSettings(**snakemake.params.settings)
        analyse_range(
            out_table=snakemake.output.table,
            out_stats=snakemake.output.stats,
            out_fig8=snakemake.output.fig8,
            out_fig10=snakemake.output.fig10,
            settings=settings,
            resampling=Resampling(**snakemake.params.resampling),
            origin=provenance(snakemake.params.scale, digest(settings.model_dump_json())),
        )
