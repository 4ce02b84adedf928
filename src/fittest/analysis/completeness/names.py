"""Names of the completeness paper's statistics, by table."""

from __future__ import annotations

from fittest.analysis.statistics.names import StatisticName


class RemainderRuns(StatisticName):
    """What runs of remainder equivalence learned (K01-K05)."""

    RUNS = "remainder.runs"
    FAILED = "remainder.failed"
    SOLVED = "remainder.solved"
    CLEAR = "remainder.clear"
    EXCLUDED = "remainder.excluded"
    DIFFERENT = "remainder.different"
    DIFFERENT_SHARE = "remainder.different_share"
    CLEAR_OF_SOLVED = "remainder.clear_of_solved"
    SETTLED_STEP = "remainder.settled_step"
    SETTLED_SHARE = "remainder.settled_share"
    KEPT_DISTANCES = "remainder.kept_distances"
    RANK_TREND = "remainder.rank_trend"
    RANK_FIRST = "remainder.rank_first"
    LINE = "remainder.line"
    TIGHT = "remainder.tight"
    GAP = "remainder.gap"
    ABOVE_MEAN = "remainder.above_mean"
    AGREES = "remainder.agrees"
    MID_RANK = "remainder.mid_rank"
    MID_RANK_SD = "remainder.mid_rank_sd"
    MID_RANK_ALL = "remainder.mid_rank_all"
    MID_RANK_ALL_SD = "remainder.mid_rank_all_sd"
    TOP_SHARE = "remainder.top_share"
    WILCOXON_P = "remainder.wilcoxon_p"
    WITHIN_FIRST_SHARE = "remainder.within_first_share"
    WITHIN_SECOND_SHARE = "remainder.within_second_share"


class XorRuns(StatisticName):
    """What runs of XOR learned (K06-K09, K12)."""

    RUNS = "xor.runs"
    FAILED = "xor.failed"
    SOLVED = "xor.solved"
    CLEAR = "xor.clear"
    EXCLUDED = "xor.excluded"
    DIFFERENT = "xor.different"
    DIFFERENT_SHARE = "xor.different_share"
    CUBE = "xor.cube"
    EVEN = "xor.even"
    SKEW = "xor.skew"
    SETTLED_STEP = "xor.settled_step"
    SETTLED_SHARE = "xor.settled_share"
    RANK_TREND = "xor.rank_trend"
    RANK_FIRST = "xor.rank_first"
    SHAPED = "xor.shaped"
    AGREES = "xor.agrees"
    BEST = "xor.best"
    MID_RANK_840 = "xor.mid_rank_840"
    MID_RANK = "xor.mid_rank"
    MID_RANK_SD = "xor.mid_rank_sd"
    MID_RANK_ALL = "xor.mid_rank_all"
    MID_RANK_ALL_SD = "xor.mid_rank_all_sd"
    TOP_SHARE = "xor.top_share"
    WILCOXON_P = "xor.wilcoxon_p"
    WITHIN_FIRST_SHARE = "xor.within_first_share"
    WITHIN_SECOND_SHARE = "xor.within_second_share"


class FrozenXor(StatisticName):
    """XOR over frozen embeddings (K19, K26)."""

    RUNS = "freeze_xor.runs"
    FAILED = "freeze_xor.failed"
    SPEARMAN_D_LOSS = "freeze_xor.spearman_d_loss"
    COMPLETENESS_LOSS = "freeze_xor.completeness_loss"
    COMPLETENESS_WITHIN_D = "freeze_xor.completeness_within_d"
    SPEARMAN_D_TIME = "freeze_xor.spearman_d_time"


class FrozenRemainder(StatisticName):
    """Remainder equivalence over frozen embeddings (K20, K26)."""

    RUNS = "freeze_remainder.runs"
    FAILED = "freeze_remainder.failed"
    SPEARMAN_D_LOSS = "freeze_remainder.spearman_d_loss"
    COMPLETENESS_LOSS = "freeze_remainder.completeness_loss"
    COMPLETENESS_WITHIN_D = "freeze_remainder.completeness_within_d"
    SPEARMAN_D_TIME = "freeze_remainder.spearman_d_time"


class Derived(StatisticName):
    """Statements that are exact (K10, K11)."""

    ARRANGEMENTS = "derived.arrangements"
    ORDERED_BASES = "derived.ordered_bases"
    CUBES = "derived.cubes"
    MOST_OFTEN = "derived.most_often"
    LEAST_OFTEN = "derived.least_often"
    IDENTITIES = "derived.identities"


class UntrainedRemainder(StatisticName):
    """Orders of untrained embeddings by dimension (K17, K18)."""

    SPEARMAN_MINIMUM = "range.remainder.spearman_minimum"
    SPEARMAN_MAXIMUM = "range.remainder.spearman_maximum"
    MEAN_DEVIATION = "range.remainder.mean_deviation"
    TABLE_DEVIATION = "range.remainder.table_deviation"


class UntrainedXor(StatisticName):
    """Cubes likewise."""

    SPEARMAN_MINIMUM = "range.xor.spearman_minimum"
    SPEARMAN_MAXIMUM = "range.xor.spearman_maximum"
    MEAN_DEVIATION = "range.xor.mean_deviation"
    TABLE_DEVIATION = "range.xor.table_deviation"


class UntrainedAddition(StatisticName):
    """Signals likewise."""

    SPEARMAN_MINIMUM = "range.modular_addition.spearman_minimum"
    SPEARMAN_MAXIMUM = "range.modular_addition.spearman_maximum"
    MEAN_DEVIATION = "range.modular_addition.mean_deviation"
    TABLE_DEVIATION = "range.modular_addition.table_deviation"


class Speed(StatisticName):
    """Runs with their strongest circles left (K14-K16)."""

    RUNS = "winners.runs"
    FAILED = "winners.failed"
    RATIO_WINNERS_BEFORE = "winners.ratio_winners_before"
    RATIO_WINNERS_RANDOM = "winners.ratio_winners_random"
    RATIO_WINNERS_RESCALED = "winners.ratio_winners_rescaled"
    RATIO_WINNERS_WEAKEST = "winners.ratio_winners_weakest"
    PERFECT_END = "winners.perfect_end"
    DOSE_SPEARMAN = "winners.dose_spearman"
    REACHED_BEFORE = "winners.reached_before"
    STEPS_BEFORE = "winners.steps_before"
    REACHED_WINNERS = "winners.reached_winners"
    STEPS_WINNERS = "winners.steps_winners"
    REACHED_RANDOM = "winners.reached_random"
    STEPS_RANDOM = "winners.steps_random"
    REACHED_RESCALED = "winners.reached_rescaled"
    STEPS_RESCALED = "winners.steps_rescaled"
    KEPT = "winners.kept"


class Overtaken(StatisticName):
    """Frequencies that start strong and die (K22)."""

    SHARE = "overtaken.share"
    SHOWN = "overtaken.shown"
    DIFFERENT_SETS = "overtaken.different_sets"


FROZEN = {"xor": FrozenXor, "remainder": FrozenRemainder}
"""Those of frozen embeddings, by task."""

UNTRAINED = {
    "remainder": UntrainedRemainder,
    "xor": UntrainedXor,
    "modular_addition": UntrainedAddition,
}
"""Those of untrained embeddings, by task."""

TABLES = {
    "remainder_stats": (RemainderRuns,),
    "xor_stats": (XorRuns,),
    "frozen_stats": (FrozenXor, FrozenRemainder),
    "range_stats": (Derived, UntrainedRemainder, UntrainedXor, UntrainedAddition),
    "winners_stats": (Speed,),
    "overtaken_stats": (Overtaken,),
}
"""Table of statistics, as claims call it -> the groups of names that are written into it."""
