"""Verdicts of the survival paper's claims that this paper repeats, as statistics."""

import math

import pandas as pd

from fittest.analysis.statistics.table import COLUMNS, verdict_row
from fittest.claims.judge import NOT_REPRODUCED, PARTLY, REPRODUCED
from fittest.pipeline.script import rule_job
from fittest.runs.run import digest
from fittest.store import provenance, write_table

HOLDS = {"reproduced": REPRODUCED, "partly": PARTLY, "not reproduced": NOT_REPRODUCED}


def _in_words(verdict: str, measures: str) -> str:
    """`reproduced (r: 0.77 (n = 290), p: 1e-9)`: one measure of the claim that repeats it."""
    return f"{verdict} ({measures.replace('; ', ', ')})" if measures else verdict


def collect_shared_claims(claims: str, out_stats: str, scale: str) -> None:
    """Write a row per claim: 1 reproduced, 0.5 partly, 0 not; NaN where it was not evaluated. n is
    that of the claim, 0 where it has none. The note tells the verdict and what was measured.

    Args:
        claims: the other paper's claims.csv. out_stats: Parquet.
    """
    table = pd.read_csv(claims, keep_default_na=False, na_values={"n": [""]}).fillna({"n": 0})
    rows = [
        verdict_row(
            row["id"],
            HOLDS.get(row["verdict"], math.nan),
            int(row["n"]),
            _in_words(row["verdict"], row["measures"]),
        )
        for row in table.to_dict("records")
    ]
    origin = provenance(scale, digest(table.to_csv()))
    write_table(pd.DataFrame(rows, columns=COLUMNS), out_stats, origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        collect_shared_claims(
            snakemake.input.claims, snakemake.output.stats, snakemake.params.scale
        )
