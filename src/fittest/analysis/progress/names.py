"""Names of the progress paper's statistics, by table."""

from __future__ import annotations

from fittest.analysis.statistics.names import StatisticName


class Fractions(StatisticName):
    """Runs by their share of the data (P40, P41)."""

    MATCHES = "fractions.matches"
    SPEARMAN = "fractions.spearman"
    SPREAD = "fractions.spread"
    SPREAD_SMALL = "fractions.spread_small"


class Decays(StatisticName):
    """Runs by their weight decay (P49)."""

    SLOWER_03_THAN_1 = "decays.slower_03_than_1"
    SLOWER_1_THAN_3 = "decays.slower_1_than_3"


class Phase(StatisticName):
    """Ends of the phases of the main runs (P04, P05)."""

    RUNS = "phases.runs"
    T1 = "phases.t1"
    T1_MIN = "phases.t1_min"
    T1_MAX = "phases.t1_max"
    T1_RATIO = "phases.t1_ratio"
    T2 = "phases.t2"
    T3 = "phases.t3"
    ORDERED = "phases.ordered"
    SPREAD_T1 = "phases.spread_t1"
    SPREAD_T2 = "phases.spread_t2"
    HIGHEST_TEST = "phases.highest_test"
    LARGEST_NORM = "phases.largest_norm"


class Undecayed(StatisticName):
    """Runs without weight decay (P48)."""

    RUNS = "undecayed.runs"
    GROWTH = "undecayed.growth"


class Circuits(StatisticName):
    """What the main runs compute at their end (P06-P31)."""

    RUNS = "circuits.runs"
    KEYS_LEAST = "circuits.keys_least"
    KEYS_MOST = "circuits.keys_most"
    KEY_SETS = "circuits.key_sets"
    EMBEDDED_LEAST = "circuits.embedded_least"
    EMBEDDED_MOST = "circuits.embedded_most"
    EMBEDDED_KEYS = "circuits.embedded_keys"
    RESIDUAL = "circuits.residual"
    RESIDUAL_SQUARED = "circuits.residual_squared"
    SPECTRUM = "circuits.spectrum"
    SPECTRUM_LARGEST = "circuits.spectrum_largest"
    PERIODIC = "circuits.periodic"
    READS_MEAN = "circuits.reads_mean"
    READS_LEAST = "circuits.reads_least"
    READS_BALANCE = "circuits.reads_balance"
    LOGITS = "circuits.logits"
    NEURONS = "circuits.neurons"
    WRITTEN_LEAST = "circuits.written_least"
    WRITTEN_MEDIAN = "circuits.written_median"
    FITTED = "circuits.fitted"
    FITTED_MOST = "circuits.fitted_most"
    POLYNOMIALS = "circuits.polynomials"
    POLYNOMIALS_DROP = "circuits.polynomials_drop"
    SUMS = "circuits.sums"
    NECESSARY = "circuits.necessary"
    HARMLESS = "circuits.harmless"
    KEY_BLOCKS = "circuits.key_blocks"
    WITHOUT_KEYS = "circuits.without_keys"
    KEYS_ALONE = "circuits.keys_alone"
    DIRECTIONS = "circuits.directions"
    COMPLEMENT = "circuits.complement"
    NOT_ITSELF = "circuits.not_itself"
    NOT_ITSELF_DROP = "circuits.not_itself_drop"
    SKIP = "circuits.skip"
    SKIP_ACCURACY = "circuits.skip_accuracy"
    HEADS_ZERO = "circuits.heads_zero"
    AROUND_HEADS = "circuits.around_heads"
    AROUND_HEADS_FIRST = "circuits.around_heads_first"
    LINEAR = "circuits.linear"
    ITSELF = "circuits.itself"
    PATTERN_BEST = "circuits.pattern_best"
    PATTERN = "circuits.pattern"
    LOOKUP_BEST = "circuits.lookup_best"
    LOOKUP = "circuits.lookup"
    SIGMOID = "circuits.sigmoid"
    SIGMOID_REACH = "circuits.sigmoid_reach"
    HEADS_PRODUCT = "circuits.heads_product"
    HEADS_OPPOSITE = "circuits.heads_opposite"
    HEADS_BOTH = "circuits.heads_both"
    OV_ENTROPY = "circuits.ov_entropy"


class OtherCircuits(StatisticName):
    """What other runs that generalise compute (P45, P51-P53)."""

    P109 = "other_circuits.p109"
    SPARSER = "other_circuits.sparser"
    LOGITS = "other_circuits.logits"
    LOGITS_LEAST = "other_circuits.logits_least"
    SKIP_DROP = "other_circuits.skip_drop"
    SKIP = "other_circuits.skip"


class Formed(StatisticName):
    """What is formed before a network generalises (P33-P39, and P43 of two layers)."""

    RUNS = "formed.runs"
    PLATEAU = "formed.plateau"
    LEADS = "formed.leads"
    ACCURACY_LEADS = "formed.accuracy_leads"
    GINI = "formed.gini"
    GINI_EMBEDDING = "formed.gini_embedding"
    WEIGHTS = "formed.weights"
    RISE = "formed.rise"
    RISE_MEDIAN = "formed.rise_median"
    RISES_FIRST = "formed.rises_first"
    TRAIN = "formed.train"
    ALPHA = "formed.alpha"
    ALPHA_FORMED = "formed.alpha_formed"


class Interference(StatisticName):
    """Sums of waves (P58)."""

    PAPER_PEAK = "interference.paper_peak"
    SINGLE_PEAK = "interference.single_peak"
    OUR_PEAK = "interference.our_peak"


class DigitsFresh(StatisticName):
    """Five-digit addition on fresh examples (P55)."""

    TOKENS = "digits_inf.tokens"
    DOMINANT = "digits_inf.dominant"
    DISTINCT = "digits_inf.distinct"
    FIRST = "digits_inf.first"


class DigitsSample(StatisticName):
    """Five-digit addition on a sample (P56)."""

    RATIO = "digits_fin.ratio"
    LEARNED = "digits_fin.learned"
    FALLEN = "digits_fin.fallen"
    LATER = "digits_fin.later"


class RepeatFresh(StatisticName):
    """Repeated subsequences on fresh examples (P57)."""

    WIDTH = "repeat_inf.width"


class RepeatSample(StatisticName):
    """Repeated subsequences on a sample (P56)."""

    RATIO = "repeat_fin.ratio"
    LEARNED = "repeat_fin.learned"
    FALLEN = "repeat_fin.fallen"
    LATER = "repeat_fin.later"


class TrigramFresh(StatisticName):
    """Skip trigrams on fresh examples (P57)."""

    WIDTH = "trigram_inf.width"


class TrigramSample(StatisticName):
    """Skip trigrams on a sample (P56)."""

    RATIO = "trigram_fin.ratio"
    LEARNED = "trigram_fin.learned"
    FALLEN = "trigram_fin.fallen"
    LATER = "trigram_fin.later"


FRESH = {"repeat_inf": RepeatFresh, "trigram_inf": TrigramFresh}
"""Those of a phase change, by run-set."""

SAMPLES = {"digits_fin": DigitsSample, "repeat_fin": RepeatSample, "trigram_fin": TrigramSample}
"""Those of a delayed fall, by run-set."""

TABLES = {
    "fractions_stats": (Fractions,),
    "decays_stats": (Decays,),
    "phases_stats": (Phase,),
    "layers2_phases_stats": (Phase,),
    "circuits_stats": (Circuits, OtherCircuits),
    "formed_stats": (Formed,),
    "layers2_formed_stats": (Formed,),
    "undecayed_stats": (Undecayed,),
    "interference_stats": (Interference,),
    "sequences_stats": (
        DigitsFresh,
        DigitsSample,
        RepeatFresh,
        RepeatSample,
        TrigramFresh,
        TrigramSample,
    ),
}
"""Table of statistics, as claims call it -> the groups of names that are written into it."""
