"""Algorithm 1 against trial division: its table, and how often the two disagree."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fittest.analysis.exponents.aks import aks
from fittest.analysis.exponents.names import PrimalityTest
from fittest.analysis.statistics.table import statistic_row, statistics_table
from fittest.pipeline.script import rule_job
from fittest.runs.primes import is_prime
from fittest.store import write_csv, write_table


def analyse_primality_test(
    out_stats: str, out_table: str, largest: int, origin: Mapping[str, Any]
) -> None:
    """Write statistics (Parquet) and a row for each number from 2 to `largest` (CSV)."""
    found = [aks(n) for n in range(2, largest + 1)]
    table = pd.DataFrame(
        {
            "n": [one.n for one in found],
            "aks": [one.prime for one in found],
            "trial_division": [is_prime(one.n) for one in found],
            "decided_by_step": [one.step for one in found],
            "r": [one.r for one in found],
        }
    )
    different = int((table["aks"] != table["trial_division"]).sum())
    stats = [
        statistic_row(
            PrimalityTest.MISMATCHES, different, len(table), "numbers of which the two disagree"
        ),
        statistic_row(
            PrimalityTest.PRIMES, int(table["aks"].sum()), len(table), "primes by algorithm 1"
        ),
    ]
    write_table(statistics_table(stats), out_stats, origin)
    write_csv(table, out_table)


if "snakemake" in globals():
    from fittest.runs.run import digest
    from fittest.store import provenance

    with rule_job(globals()["snakemake"]) as snakemake:
        most = int(snakemake.params.largest)
        analyse_primality_test(
            out_stats=snakemake.output.stats,
            out_table=snakemake.output.table,
            largest=most,
            origin=provenance(snakemake.params.scale, digest(str(most))),
        )
