"""How often each remainder is the answer: table S1, the numbers of figures 2 and S14, claims."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.exponents.constants import ResidueSettings, Sum
from fittest.analysis.exponents.names import Arithmetic
from fittest.analysis.exponents.residues import answers, square_spectrum
from fittest.analysis.statistics.table import Row, statistic_row, statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import write_csv, write_table
from fittest.tasks.residues import Residues, residues

_TRAINED = 0.3
"""Share of the pairs that networks see (exponents methods 1.1)."""


def analyse_residues(
    out_stats: str,
    out_table: str,
    out_plotted: str,
    out_map: str,
    settings: ResidueSettings,
    origin: Mapping[str, Any],
) -> None:
    """Write statistics (Parquet), a row for each sum, counts and a map of answers (CSV)."""
    numbers = range(1, settings.largest + 1)
    every = {
        Sum(p=p, a=a, b=b): residues(p, a, b)
        for p in settings.moduli
        for a in numbers
        for b in numbers
    }
    write_table(statistics_table(_statistics(every, settings)), out_stats, origin)
    write_csv(pd.DataFrame([_row(of, one) for of, one in every.items()]), out_table)
    shown = [
        pd.DataFrame(
            {"group": group, "p": one.p, "a": one.a, "b": one.b, "z": np.arange(one.p)}
        ).assign(count=residues(one.p, one.a, one.b).counts)
        for group, sums in (("even", settings.even), ("uneven", settings.uneven))
        for one in sums
    ]
    write_csv(pd.concat(shown, ignore_index=True), out_plotted)
    write_csv(_map(settings.map), out_map)


def _row(of: Sum, one: Residues) -> dict[str, Any]:
    return {
        "p": of.p,
        "a": of.a,
        "b": of.b,
        "gcd_a": one.divisors[0],
        "gcd_b": one.divisors[1],
        "values_of_x_a": one.images[0],
        "values_of_y_b": one.images[1],
        "missing": one.missing,
        "pairs_of_0": one.zeros,
        "chi_square": one.chi_squared,
        "entropy": one.entropy,
        "looked_up": one.coverage(_TRAINED),
    }


def _statistics(every: Mapping[Sum, Residues], settings: ResidueSettings) -> list[Row]:
    # With one power a permutation and the other operand fixed, each answer comes once.
    broken = sum((one.chi_squared == 0) != (1 in one.divisors) for one in every.values())
    twins = [(of, one) for of, one in every.items() if of.a == of.b]
    # -1 is an a-th power where (p - 1) / gcd is even.
    opposite = [one for _, one in twins if (one.p - 1) // one.divisors[0] % 2 == 0]
    wrong = sum(one.zeros != 1 + (one.p - 1) * one.divisors[0] for one in opposite)
    worst = settings.uneven[0]
    shown = residues(worst.p, worst.a, worst.b)
    name = f"x^{worst.a} + y^{worst.b} modulo {worst.p}"
    gauss = [float(np.abs(square_spectrum(p) - np.sqrt(p)).max()) for p in settings.moduli]
    even = [one for of, one in twins if of.a % 2 == 0]
    return [
        statistic_row(Arithmetic.ZEROS, shown.zeros, worst.p**2, f"pairs whose {name} is 0"),
        statistic_row(Arithmetic.MISSING, shown.missing, worst.p, f"values that {name} never has"),
        statistic_row(
            Arithmetic.EVEN_PAIRS,
            sum(one.chi_squared == 0 for one in even),
            len(even),
            "pairs of one even exponent whose answers are equally frequent",
        ),
        statistic_row(
            Arithmetic.RULE_BROKEN,
            broken,
            len(every),
            "sums whose answers are equally frequent and one of whose exponents shares no divisor"
            " with p - 1, or neither: exceptions from that",
        ),
        statistic_row(
            Arithmetic.ZEROS_BROKEN,
            wrong,
            len(opposite),
            "sums of one exponent, of which -1 is a power, whose answer 0 has not"
            " 1 + (p - 1) gcd(a, p - 1) pairs",
        ),
        statistic_row(
            Arithmetic.GAUSS,
            max(gauss),
            len(gauss),
            "largest distance of a coefficient of a wave of x^2 from sqrt(p), over the moduli",
        ),
    ]


def _map(one: Sum) -> pd.DataFrame:
    found = answers(one.p, one.a, one.b)
    x, y = np.indices(found.shape)
    return pd.DataFrame({"x": x.ravel(), "y": y.ravel(), "z": found.ravel()})


if "snakemake" in globals():
    from fittest.runs.run import digest
    from fittest.store import provenance

    with rule_job(globals()["snakemake"]) as snakemake:
        told = ResidueSettings(**snakemake.params.settings)
        analyse_residues(
            out_stats=snakemake.output.stats,
            out_table=snakemake.output.table,
            out_plotted=snakemake.output.plotted,
            out_map=snakemake.output.map,
            settings=told,
            origin=provenance(snakemake.params.scale, digest(told.model_dump_json())),
        )
