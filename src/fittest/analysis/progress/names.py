"""Names of the progress paper's statistics, by table."""

from __future__ import annotations

from fittest.analysis.statistics.names import StatisticName


class Fractions(StatisticName):
    """Runs by their share of the data (P40, P41)."""

    MATCHES = "fractions.matches"
    MATCHES_BY_LAG = "fractions.matches_by_lag"
    SPEARMAN = "fractions.spearman"
    SPEARMAN_SMALL = "fractions.spearman_small"
    SPREAD = "fractions.spread"
    SPREAD_SMALL = "fractions.spread_small"


class Decays(StatisticName):
    """Runs by their weight decay (P44, P49)."""

    SLOWER_03_THAN_1 = "decays.slower_03_than_1"
    SLOWER_1_THAN_3 = "decays.slower_1_than_3"
    SLOWER_P53 = "decays.slower_p53"


class Precision(StatisticName):
    """Slingshots by the precision of the loss (P54)."""

    MORE = "precision.more"


class Phase(StatisticName):
    """Ends of the phases of the main runs (P04, P05)."""

    RUNS = "phases.runs"
    T1 = "phases.t1"
    T1_MIN = "phases.t1_min"
    T1_MAX = "phases.t1_max"
    T1_RATIO = "phases.t1_ratio"
    T1_EXCLUDED = "phases.t1_excluded"
    T1_EXCLUDED_MIN = "phases.t1_excluded_min"
    T1_EXCLUDED_MAX = "phases.t1_excluded_max"
    T1_EXCLUDED_RATIO = "phases.t1_excluded_ratio"
    T2 = "phases.t2"
    T3 = "phases.t3"
    ORDERED = "phases.ordered"
    WIDER_T2 = "phases.wider_t2"
    WIDER_T3 = "phases.wider_t3"
    WIDER_T2_EXCLUDED = "phases.wider_t2_excluded"
    WIDER_T3_EXCLUDED = "phases.wider_t3_excluded"
    HIGHEST_TEST = "phases.highest_test"
    LARGEST_NORM = "phases.largest_norm"


class Undecayed(StatisticName):
    """Runs without weight decay (P48)."""

    RUNS = "undecayed.runs"
    GROWTH = "undecayed.growth"
    LEFT = "undecayed.left"


class Circuits(StatisticName):
    """What the main runs compute at their end (P06-P32, P59, P67, P70)."""

    RUNS = "circuits.runs"
    LOSS_SEED = "circuits.loss_seed"
    LOSS_TIMES = "circuits.loss_times"
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
    PERIODIC_HEADS = "circuits.periodic_heads"
    PERIODIC_NEURONS = "circuits.periodic_neurons"
    READS_MEAN = "circuits.reads_mean"
    READS_LEAST = "circuits.reads_least"
    READS_SEED = "circuits.reads_seed"
    READS_OTHERS = "circuits.reads_others"
    READS_BALANCE = "circuits.reads_balance"
    READS_BALANCE_MOST = "circuits.reads_balance_most"
    LOGITS = "circuits.logits"
    NEURONS = "circuits.neurons"
    WRITTEN_LEAST = "circuits.written_least"
    WRITTEN_MEDIAN = "circuits.written_median"
    FITTED = "circuits.fitted"
    FITTED_MOST = "circuits.fitted_most"
    POLYNOMIALS = "circuits.polynomials"
    POLYNOMIALS_MOST = "circuits.polynomials_most"
    POLYNOMIALS_DROP = "circuits.polynomials_drop"
    SUMS = "circuits.sums"
    SUMS_MOST = "circuits.sums_most"
    NECESSARY = "circuits.necessary"
    HARMLESS = "circuits.harmless"
    KEY_BLOCKS = "circuits.key_blocks"
    KEY_BLOCKS_MOST = "circuits.key_blocks_most"
    WITHOUT_KEYS = "circuits.without_keys"
    KEYS_ALONE = "circuits.keys_alone"
    DIRECTIONS = "circuits.directions"
    DIRECTIONS_MOST = "circuits.directions_most"
    DIRECTIONS_ALONE = "circuits.directions_alone"
    COMPLEMENT = "circuits.complement"
    COMPLEMENT_ALONE = "circuits.complement_alone"
    COMPLEMENT_ACCURACY = "circuits.complement_accuracy"
    COMPLEMENT_RATIO = "circuits.complement_ratio"
    NOT_ITSELF = "circuits.not_itself"
    NOT_ITSELF_MOST = "circuits.not_itself_most"
    NOT_ITSELF_DROP = "circuits.not_itself_drop"
    NOT_ITSELF_RUNS = "circuits.not_itself_runs"
    ITSELF_ZERO = "circuits.itself_zero"
    SKIP = "circuits.skip"
    SKIP_ZERO = "circuits.skip_zero"
    SKIP_MEAN = "circuits.skip_mean"
    SKIP_SEED = "circuits.skip_seed"
    SKIP_OTHERS = "circuits.skip_others"
    SKIP_ACCURACY = "circuits.skip_accuracy"
    HEADS_ZERO = "circuits.heads_zero"
    AROUND_HEADS = "circuits.around_heads"
    AROUND_HEADS_MEDIAN = "circuits.around_heads_median"
    AROUND_HEADS_RATIO = "circuits.around_heads_ratio"
    AROUND_HEADS_LOST = "circuits.around_heads_lost"
    AROUND_HEADS_LOST_LEAST = "circuits.around_heads_lost_least"
    LINEAR = "circuits.linear"
    LINEAR_MOST = "circuits.linear_most"
    LINEAR_LOST = "circuits.linear_lost"
    LINEAR_NOT_ITSELF = "circuits.linear_not_itself"
    ITSELF = "circuits.itself"
    ITSELF_LITTLE = "circuits.itself_little"
    ITSELF_PAIR = "circuits.itself_pair"
    ITSELF_SPREAD = "circuits.itself_spread"
    ITSELF_PURE = "circuits.itself_pure"
    OTHERS_PURE = "circuits.others_pure"
    PATTERN_BEST = "circuits.pattern_best"
    PATTERN = "circuits.pattern"
    PATTERN_LEAST = "circuits.pattern_least"
    DIVIDED = "circuits.divided"
    DIVIDED_LEAST = "circuits.divided_least"
    LOOKUP_BEST = "circuits.lookup_best"
    LOOKUP = "circuits.lookup"
    LOOKUP_LEAST = "circuits.lookup_least"
    SIGMOID = "circuits.sigmoid"
    SIGMOID_REACH = "circuits.sigmoid_reach"
    SIGMOID_WIDE = "circuits.sigmoid_wide"
    HEADS_PRODUCT = "circuits.heads_product"
    HEADS_OPPOSITE = "circuits.heads_opposite"
    HEADS_BOTH = "circuits.heads_both"
    OV_ENTROPY = "circuits.ov_entropy"
    OV_LARGEST = "circuits.ov_largest"
    OV_KEYS = "circuits.ov_keys"


class OtherCircuits(StatisticName):
    """What other runs that generalise compute (P45, P51-P53, P69)."""

    P109 = "other_circuits.p109"
    SPARSER = "other_circuits.sparser"
    SPARSER_MAP = "other_circuits.sparser_map"
    LOGITS = "other_circuits.logits"
    LOGITS_LEAST = "other_circuits.logits_least"
    KEYS_MOST = "other_circuits.keys_most"
    LESS_EXPLAINED = "other_circuits.less_explained"
    SKIP_DROP = "other_circuits.skip_drop"
    SKIP = "other_circuits.skip"
    SKIP_RUNS = "other_circuits.skip_runs"
    SKIP_OTHERS = "other_circuits.skip_others"
    SKIP_MEANS = "other_circuits.skip_means"
    SLINGSHOTS = "other_circuits.slingshots"


class Formed(StatisticName):
    """What is formed before a network generalises (P33-P39, P43, P65, P66, P68)."""

    RUNS = "formed.runs"
    PLATEAU = "formed.plateau"
    EXCLUDED = "formed.excluded"
    TEST_KEPT = "formed.test_kept"
    TEST_KEPT_HALF = "formed.test_kept_half"
    LEADS = "formed.leads"
    ACCURACY_LEADS = "formed.accuracy_leads"
    GINI = "formed.gini"
    GINI_EMBEDDING = "formed.gini_embedding"
    WEIGHTS = "formed.weights"
    RISE = "formed.rise"
    RISE_MEDIAN = "formed.rise_median"
    RISES_FIRST = "formed.rises_first"
    RISES_FIRST_HALF = "formed.rises_first_half"
    SINGLE_RISES_FIRST = "formed.single_rises_first"
    SINGLE_RISES_FIRST_HALF = "formed.single_rises_first_half"
    SINGLE_BEFORE = "formed.single_before"
    TRAIN = "formed.train"
    ALPHA = "formed.alpha"
    ALPHA_FORMED = "formed.alpha_formed"
    ALPHA_JUMP = "formed.alpha_jump"
    ALPHA_JUMP_SEED = "formed.alpha_jump_seed"
    ALPHA_JUMP_OTHERS = "formed.alpha_jump_others"
    ALPHA_FALL = "formed.alpha_fall"
    EARLY_EXCLUDED = "formed.early_excluded"
    EARLY_RESTRICTED = "formed.early_restricted"
    EARLY_TEST = "formed.early_test"
    EARLY_GINI = "formed.early_gini"
    TRAIN_LOWER = "formed.train_lower"
    TEST_RISES = "formed.test_rises"


class FormedExcluded(StatisticName):
    """Those of Formed that depend on the end of memorisation, with the least excluded loss as that
    end (P33, P36, P37, P65)."""

    TEST_KEPT = "formed_excluded.test_kept"
    TEST_KEPT_HALF = "formed_excluded.test_kept_half"
    GINI = "formed_excluded.gini"
    GINI_EMBEDDING = "formed_excluded.gini_embedding"
    WEIGHTS = "formed_excluded.weights"
    EARLY_EXCLUDED = "formed_excluded.early_excluded"
    EARLY_RESTRICTED = "formed_excluded.early_restricted"
    EARLY_TEST = "formed_excluded.early_test"
    EARLY_GINI = "formed_excluded.early_gini"


class Interference(StatisticName):
    """Sums of waves (P58)."""

    PAPER_PEAK = "interference.paper_peak"
    SINGLE_PEAK = "interference.single_peak"
    OUR_PEAK = "interference.our_peak"


class DigitsFresh(StatisticName):
    """Five-digit addition on fresh examples (P55)."""

    TOKENS = "digits_inf.tokens"
    DOMINANT = "digits_inf.dominant"
    DOMINANT_WIDER = "digits_inf.dominant_wider"
    LEAST_CLEAR = "digits_inf.least_clear"
    DISTINCT = "digits_inf.distinct"
    FIRST = "digits_inf.first"


class DigitsSample(StatisticName):
    """Five-digit addition on a sample (P56)."""

    RATIO = "digits_fin.ratio"
    LEARNED = "digits_fin.learned"
    FALLEN = "digits_fin.fallen"
    PEAK = "digits_fin.peak"
    SHOTS = "digits_fin.shots"
    SINCE = "digits_fin.since"
    ALL_SHOTS = "digits_fin.all_shots"
    TRAIN_END = "digits_fin.train_end"


class RepeatFresh(StatisticName):
    """Repeated subsequences on fresh examples (P57)."""

    WIDTH = "repeat_inf.width"
    SUDDEN = "repeat_inf.sudden"
    END = "repeat_inf.end"
    LEFT = "repeat_inf.left"
    FLOOR = "repeat_inf.floor"
    START = "repeat_inf.start"
    STOP = "repeat_inf.stop"
    LATER = "repeat_inf.later"
    ACCURACY = "repeat_inf.accuracy"


class RepeatSample(StatisticName):
    """Repeated subsequences on a sample (P63)."""

    RATIO = "repeat_fin.ratio"
    LEARNED = "repeat_fin.learned"
    FALLEN = "repeat_fin.fallen"
    PEAK = "repeat_fin.peak"
    SHOTS = "repeat_fin.shots"
    SINCE = "repeat_fin.since"
    ALL_SHOTS = "repeat_fin.all_shots"
    TRAIN_END = "repeat_fin.train_end"


class TrigramFresh(StatisticName):
    """Skip trigrams on fresh examples (P64)."""

    WIDTH = "trigram_inf.width"
    SUDDEN = "trigram_inf.sudden"
    END = "trigram_inf.end"
    LEFT = "trigram_inf.left"
    FLOOR = "trigram_inf.floor"
    START = "trigram_inf.start"
    STOP = "trigram_inf.stop"
    LATER = "trigram_inf.later"
    ACCURACY = "trigram_inf.accuracy"


class TrigramSample(StatisticName):
    """Skip trigrams on a sample (P62)."""

    RATIO = "trigram_fin.ratio"
    LEARNED = "trigram_fin.learned"
    FALLEN = "trigram_fin.fallen"
    PEAK = "trigram_fin.peak"
    SHOTS = "trigram_fin.shots"
    SINCE = "trigram_fin.since"
    ALL_SHOTS = "trigram_fin.all_shots"
    TRAIN_END = "trigram_fin.train_end"


FRESH = {"repeat_inf": RepeatFresh, "trigram_inf": TrigramFresh}
"""Those of a phase change, by run-set."""

SAMPLES = {"digits_fin": DigitsSample, "repeat_fin": RepeatSample, "trigram_fin": TrigramSample}
"""Those of a delayed fall, by run-set."""

TABLES = {
    "fractions_stats": (Fractions,),
    "decays_stats": (Decays,),
    "precision_stats": (Precision,),
    "phases_stats": (Phase,),
    "layers2_phases_stats": (Phase,),
    "circuits_stats": (Circuits, OtherCircuits),
    "formed_stats": (Formed, FormedExcluded),
    "layers2_formed_stats": (Formed, FormedExcluded),
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
