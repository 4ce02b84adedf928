"""Names of the exponents report's statistics, by table."""

from __future__ import annotations

from fittest.analysis.exponents.other_names import OTHER_TABLES
from fittest.analysis.statistics.names import StatisticName


class Arithmetic(StatisticName):
    """How often each remainder is an answer, and what follows (E09, E15)."""

    ZEROS = "arithmetic.zeros"
    MISSING = "arithmetic.missing"
    EVEN_PAIRS = "arithmetic.even_pairs"
    RULE_BROKEN = "arithmetic.rule_broken"
    ZEROS_BROKEN = "arithmetic.zeros_broken"
    GAUSS = "arithmetic.gauss"


class PrimalityTest(StatisticName):
    """Algorithm 1 against trial division (A01)."""

    MISMATCHES = "aks.mismatches"
    PRIMES = "aks.primes"


TABLES = {
    "arithmetic_stats": (Arithmetic,),
    "aks_stats": (PrimalityTest,),
    **OTHER_TABLES,
}
"""Table of statistics, as claims call it -> the groups of names that are written into it."""
