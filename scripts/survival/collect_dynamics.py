"""All statistics of the dynamics in one table, for the claims."""

from collections.abc import Sequence

import pandas as pd

from fittest.store import read_provenance, read_table, write_table


def collect_dynamics(parts: Sequence[str], out_stats: str) -> None:
    """Join statistics tables (name, value, ci_lo, ci_hi, n, paper, note).

    Raises:
        ValueError: if two parts name the same statistic.
    """
    table = pd.concat([read_table(part) for part in parts], ignore_index=True)
    twice = table.loc[table["name"].duplicated(), "name"].tolist()
    if twice:
        raise ValueError(f"statistics of the same name: {', '.join(twice)}")
    shown = {"kind", "figure_runs", "runset", "n_runs", "config_hash"}
    origin = {k: v for k, v in read_provenance(parts[0]).items() if k not in shown}
    hashes = [str(read_provenance(part).get("config_hash", "")) for part in parts]
    write_table(
        table, out_stats, provenance=origin | {"config_hash": "+".join(dict.fromkeys(hashes))}
    )


if "snakemake" in globals():
    snakemake = globals()["snakemake"]
    collect_dynamics(parts=snakemake.input, out_stats=snakemake.output.stats)
