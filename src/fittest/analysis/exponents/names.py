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


class Sums(StatisticName):
    """What became of runs on sums of powers (E01 to E03, E05 to E08, E10, E11)."""

    FLAGS = "sums.flags"
    FLAGS_AT_ONCE = "sums.flags_at_once"
    STEPS_WITHIN = "sums.steps_within"
    STEPS_WITHIN_OTHER = "sums.steps_within_other"
    TREND_P = "sums.trend_p"
    DIFFERENCE_P = "sums.difference_p"
    TREND_FIRST = "sums.trend_first"
    TREND_LAST = "sums.trend_last"
    EXPONENT_CORRELATION = "sums.exponent_correlation"
    MIRRORED_P = "sums.mirrored_p"
    EVEN_GROKKED = "sums.even_grokked"
    EVEN_MEMORISED = "sums.even_memorised"
    EVEN_CUT = "sums.even_cut"
    UNEVEN_GROKKED = "sums.uneven_grokked"
    UNEVEN_GENERALISED = "sums.uneven_generalised"
    UNEVEN_CUT = "sums.uneven_cut"
    UNEVENNESS_CORRELATION = "sums.unevenness_correlation"
    COVERAGE_CORRELATION = "sums.coverage_correlation"
    SEVEN_GROKKED = "sums.seven_grokked"
    SEVEN_IMMEDIATE = "sums.seven_immediate"
    SEVEN_MEMORISED = "sums.seven_memorised"
    SEVEN_ELSEWHERE = "sums.seven_elsewhere"
    SEVEN_CUT = "sums.seven_cut"
    EVEN_PAIRS_GENERALISED = "sums.even_pairs_generalised"
    EVEN_PAIRS_LEFT = "sums.even_pairs_left"
    FOURTH_AT_ONCE = "sums.fourth_at_once"
    FOURTH_FAST = "sums.fourth_fast"
    MULTIPLES_RATIO = "sums.multiples_ratio"
    MULTIPLES_RATIO_EVEN = "sums.multiples_ratio_even"
    MULTIPLES_P = "sums.multiples_p"
    MULTIPLES_LEAST_P = "sums.multiples_least_p"
    SLOWER_RATIO = "sums.slower_ratio"


class Couplings(StatisticName):
    """Trainings that are one (E04, E05)."""

    RELABELLED = "couplings.relabelled"
    EXCHANGED = "couplings.exchanged"
    LEARNED = "couplings.learned"
    LEARNED_EXCHANGED = "couplings.learned_exchanged"


class Networks(StatisticName):
    """What trained networks compute (E12 to E14, E16, E20 to E22)."""

    MAP_GINI = "networks.map_gini"
    MAP_GINI_LONG = "networks.map_gini_long"
    MAP_GINI_SHORT = "networks.map_gini_short"
    FIRST_GINI = "networks.first_gini"
    NOVEL_GINI = "networks.novel_gini"
    NOVEL_GINI_POWERED = "networks.novel_gini_powered"
    COSINES = "networks.cosines"
    COSINE_COVER = "networks.cosine_cover"
    COSINE_VARIATION = "networks.cosine_variation"
    SQUARE_GINI = "networks.square_gini"
    HIGHER_GINI = "networks.higher_gini"
    BLOCK_RAW = "networks.block_raw"
    BLOCK_POWERED = "networks.block_powered"
    BLOCK_FIRST = "networks.block_first"
    SIGN_ATTENTION = "networks.sign_attention"
    SIGN_ATTENTION_MEDIAN = "networks.sign_attention_median"
    SIGN_LOSS = "networks.sign_loss"
    SIGN_LOSS_MEDIAN = "networks.sign_loss_median"
    SIGN_SPARED = "networks.sign_spared"
    UNSKIPPED = "networks.unskipped"
    PERIODIC = "networks.periodic"
    PERIODIC_CHANCE = "networks.periodic_chance"


class Watched(StatisticName):
    """What is formed over training (E17 to E19)."""

    RISE = "watched.rise"
    RISE_RAW = "watched.rise_raw"
    RISE_NOTEBOOK = "watched.rise_notebook"
    PHASES = "watched.phases"
    LEAD = "watched.lead"
    LEAD_GROKKED = "watched.lead_grokked"
    WIDER = "watched.wider"
    WIDER_GROKKED = "watched.wider_grokked"
    NORM_LEFT = "watched.norm_left"
    NORM_STEP = "watched.norm_step"
    NORM_STEP_FORMED = "watched.norm_step_formed"


TABLES = {
    "arithmetic_stats": (Arithmetic,),
    "aks_stats": (PrimalityTest,),
    "sums_stats": (Sums,),
    "couplings_stats": (Couplings,),
    "networks_stats": (Networks,),
    "watched_stats": (Watched,),
    **OTHER_TABLES,
}
"""Table of statistics, as claims call it -> the groups of names that are written into it."""
