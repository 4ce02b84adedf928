"""Names of the statistics on all tasks but the sum of powers, by table."""

from __future__ import annotations

from fittest.analysis.statistics.names import StatisticName

SINGLE, DOUBLE, THROUGHOUT = "float32", "float64", "float64 throughout"
ARMS = (SINGLE, DOUBLE, THROUGHOUT)
"""Log-softmax of logits in a precision; the last: the whole network too."""


class PrimalityTokens(StatisticName):
    """Primality of numbers that are tokens (P01, P02)."""

    MEMORISED = "primality_token.memorised"
    GAIN = "primality_token.gain"
    BASELINE = "primality_token.baseline"
    BALANCED = "primality_token.balanced"
    TRAIN_ACCURACY = "primality_token.train_accuracy"
    OVERFIT = "primality_token.overfit"


class PrimalityTo100(StatisticName):
    """The same of numbers up to 100."""

    MEMORISED = "primality_100.memorised"
    GAIN = "primality_100.gain"
    BASELINE = "primality_100.baseline"
    BALANCED = "primality_100.balanced"
    TRAIN_ACCURACY = "primality_100.train_accuracy"
    OVERFIT = "primality_100.overfit"


class PrimalityDigits(StatisticName):
    """Primality of numbers by their digits (P01, P02)."""

    MEMORISED = "primality_digits.memorised"
    GAIN = "primality_digits.gain"
    BASELINE = "primality_digits.baseline"
    BALANCED = "primality_digits.balanced"
    TRAIN_ACCURACY = "primality_digits.train_accuracy"
    OVERFIT = "primality_digits.overfit"


PRIMALITY: dict[str, type[StatisticName]] = {
    "primality_token": PrimalityTokens,
    "primality_100": PrimalityTo100,
    "primality_digits": PrimalityDigits,
}
"""By run-set."""


class Precision(StatisticName):
    """Losses in single and in double precision (P03-P05)."""

    RUNS = "precision.runs"
    SPIKES_SINGLE = "precision.spikes_single"
    SPIKES_DOUBLE = "precision.spikes_double"
    SPIKES_THROUGHOUT = "precision.spikes_throughout"
    EXCESS = "precision.excess"
    BEFORE = "precision.before"
    TASKS_SPIKING = "precision.tasks_spiking"
    SPIKES_PRIMALITY = "precision.spikes_primality"
    SPIKES_COPRIMALITY = "precision.spikes_coprimality"
    SPIKES_OPERANDS = "precision.spikes_operands"
    SPIKES_SUMS = "precision.spikes_sums"
    NEAR_DROP = "precision.near_drop"
    GROKKED_SINGLE = "precision.grokked_single"
    GROKKED_DOUBLE = "precision.grokked_double"
    GENERALISED_SINGLE = "precision.generalised_single"
    GENERALISED_DOUBLE = "precision.generalised_double"


class Sorting(StatisticName):
    """Networks that sort (S01-S10)."""

    FIXED_TOKEN = "sorting.fixed_token"
    FIXED_EXACT = "sorting.fixed_exact"
    VARIABLE_TOKEN = "sorting.variable_token"
    VARIABLE_EXACT = "sorting.variable_exact"
    GAP = "sorting.gap"
    LONG_TOKEN = "sorting.long_token"
    LONGEST = "sorting.longest"
    COPYING_LEAST = "sorting.copying_least"
    COPYING_MOST = "sorting.copying_most"
    CONTRAST = "sorting.contrast"
    OWN_LARGEST = "sorting.own_largest"
    SLOPE = "sorting.slope"
    RANK = "sorting.rank"
    COPYING_PLAIN = "sorting.copying_plain"
    COPYING_NEURONS = "sorting.copying_neurons"
    COPYING_DROP = "sorting.copying_drop"
    KEPT = "sorting.kept"
    HEADS_APART = "sorting.heads_apart"
    TOKEN_PLAIN = "sorting.token_plain"
    TOKEN_REPEATS = "sorting.token_repeats"
    LEARNED_PLAIN = "sorting.learned_plain"
    LEARNED_POSITIONS = "sorting.learned_positions"
    LATER = "sorting.later"
    LATER_REPEATS = "sorting.later_repeats"
    VARY_TOKEN = "sorting.vary_token"
    VARY_EXACT = "sorting.vary_exact"
    VARY_TOKEN_ERRORS = "sorting.vary_token_errors"
    VARY_EXACT_ERRORS = "sorting.vary_exact_errors"
    ONE_LENGTH = "sorting.one_length"
    LEARNED_VARY = "sorting.learned_vary"
    COPIES_SLOPE = "sorting.copies_slope"
    COPIES_P = "sorting.copies_p"
    COPIES_SLOPE_PLAIN = "sorting.copies_slope_plain"
    COPIES_P_PLAIN = "sorting.copies_p_plain"
    COPIES_WEIGHT = "sorting.copies_weight"


class DivisorsUniform(StatisticName):
    """Greatest common divisors of uniform numbers (G01, G03)."""

    OVERFIT = "gcd_uniform.overfit"
    TRAIN = "gcd_uniform.train"
    RISE = "gcd_uniform.rise"
    ACCURACY = "gcd_uniform.accuracy"
    STAGES = "gcd_uniform.stages"
    STAGES_HALF = "gcd_uniform.stages_half"
    KNOWN = "gcd_uniform.known"
    KNOWN_SMOOTH = "gcd_uniform.known_smooth"
    UNAIDED = "gcd_uniform.unaided"


class DivisorsLogUniform(StatisticName):
    """The same of numbers whose logarithm is uniform (G02, G03)."""

    OVERFIT = "gcd_log_uniform.overfit"
    TRAIN = "gcd_log_uniform.train"
    RISE = "gcd_log_uniform.rise"
    ACCURACY = "gcd_log_uniform.accuracy"
    STAGES = "gcd_log_uniform.stages"
    STAGES_HALF = "gcd_log_uniform.stages_half"
    KNOWN = "gcd_log_uniform.known"
    KNOWN_SMOOTH = "gcd_log_uniform.known_smooth"
    UNAIDED = "gcd_log_uniform.unaided"


DIVISORS: dict[str, type[StatisticName]] = {
    "gcd_uniform": DivisorsUniform,
    "gcd_log_uniform": DivisorsLogUniform,
}
"""By run-set."""


OTHER_TABLES: dict[str, tuple[type[StatisticName], ...]] = {
    "primality_stats": tuple(PRIMALITY.values()),
    "precision_stats": (Precision,),
    "sorting_stats": (Sorting,),
    "divisor_stats": tuple(DIVISORS.values()),
}
"""As ``names.TABLES``, which has them too."""
