"""How many frequencies are enough: the paper's bound, and sums of cosines drawn at random."""

import math

import numpy as np
import pandas as pd

from fittest.analysis.cosets.constants import MarginSettings
from fittest.analysis.cosets.margins import enough, margin_table, margins, probability
from fittest.analysis.cosets.names import Margin
from fittest.analysis.statistics.intervals import Estimate
from fittest.analysis.statistics.table import Row, statistic_row, statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, write_csv, write_table

WORKED_OUT = {3: 0.302, 4: 0.774, 5: 0.925, 6: 0.975}
"""The paper's estimate at n = 91, worked out by hand from its formula (cosets methods 2.13)."""
PAPER_SET = (35, 25, 8, 42)


def analyse_margins(
    runs: str, out_table: str, out_stats: str, settings: MarginSettings, confidence: float
) -> None:
    """Write the share of draws with a margin, by number of frequencies (CSV), and what is said of
    it (Parquet). runs: names the scale and the commit; no run is read."""
    table = margin_table(
        settings.moduli, settings.numbers, settings.draws, settings.seed, confidence
    )
    write_csv(table, out_table)
    origin = joint_provenance([runs], 0)
    write_table(statistics_table(margin_rows(table)), out_stats, origin)


def margin_rows(table: pd.DataFrame) -> list[Row]:
    """Rows of `Margin`."""
    off = max(abs(probability(91, m) - known) for m, known in WORKED_OUT.items())
    bound = max(abs(enough(n) - math.log(n)) for n in (89, 91))
    own = float(margins(91, np.array([PAPER_SET]))[0]) / len(PAPER_SET)
    rows = [
        statistic_row(Margin.FORMULA, off, len(WORKED_OUT), "formula less what it should give"),
        statistic_row(Margin.BOUND, bound, 2, "bound at one half less ln n, the most of 89 and 91"),
        statistic_row(Margin.PAPER_SET, own, 1, "margin of 35, 25, 8, 42 mod 91 over m"),
    ]
    for name, m in ((Margin.FOUR, 4), (Margin.FIVE, 5)):
        found = table[(table["n"] == 91) & (table["m"] == m)].iloc[0]
        share = Estimate(float(found["share"]), float(found["share_lo"]), float(found["share_hi"]))
        rows.append(statistic_row(name, share, int(found["draws"]), f"n = 91, m = {m}", 0.5))
    return rows


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_margins(
            runs=snakemake.input.runs,
            out_table=snakemake.output.table,
            out_stats=snakemake.output.stats,
            settings=MarginSettings(**snakemake.params.settings),
            confidence=snakemake.params.confidence,
        )
