"""The statistics of figures 4, 5, 10, 12 and 14 in one table, for the claims."""

from collections.abc import Sequence

import pandas as pd

from fittest.store import read_provenance, read_table, write_table


def collect_sweep_stats(stats: Sequence[str], out_stats: str) -> None:
    """Put the statistics tables below each other; their names do not overlap."""
    origin = {k: v for k, v in read_provenance(stats[0]).items() if k not in ("kind", "runset")}
    origin.pop("figure_runs", None)
    table = pd.concat([read_table(path) for path in stats], ignore_index=True)
    write_table(table, out_stats, provenance=origin)


if "snakemake" in globals():
    snakemake = globals()["snakemake"]
    collect_sweep_stats(stats=list(snakemake.input), out_stats=snakemake.output.stats)
