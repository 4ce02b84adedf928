"""Names of the survival paper's statistics, by table."""

from __future__ import annotations

from fittest.analysis.circles.names import Circularity
from fittest.analysis.dynamics.names import (
    AuthorsClassifier,
    Classifier,
    EmbeddingGradient,
    Gradient,
    Kick,
    MidrunKick,
    Ode,
)
from fittest.analysis.statistics.names import StatisticName


class FixedEmbedding(StatisticName):
    """Survival against the initial signal (S14)."""

    RUNS = "fixemb.runs"
    FAILED = "fixemb.failed"
    UNSETTLED_SHARE = "fixemb.unsettled_share"
    EMBEDDINGS = "fixemb.embeddings"
    TRIALS_PER_EMBEDDING = "fixemb.trials_per_embedding"
    PEARSON_R = "fixemb.pearson_r"
    PEARSON_P = "fixemb.pearson_p"
    PEARSON_P_SHUFFLED = "fixemb.pearson_p_shuffled"
    SIGMOID_GAIN = "fixemb.sigmoid_gain"
    PEARSON_R_POWER = "fixemb.pearson_r_power"
    PEARSON_R_AT_PAPER_TRIALS = "fixemb.pearson_r_at_paper_trials"
    PEARSON_R_NOISE_FREE = "fixemb.pearson_r_noise_free"
    AUC_SIGNAL0 = "fixemb.auc_signal0"
    LOGISTIC_SLOPE = "fixemb.logistic_slope"
    LOGISTIC_INTERCEPT = "fixemb.logistic_intercept"
    RATE_QUINTILE_1 = "fixemb.rate_quintile_1"
    RATE_QUINTILE_2 = "fixemb.rate_quintile_2"
    RATE_QUINTILE_3 = "fixemb.rate_quintile_3"
    RATE_QUINTILE_4 = "fixemb.rate_quintile_4"
    RATE_QUINTILE_5 = "fixemb.rate_quintile_5"


class Perturbed(StatisticName):
    """Survival of a perturbed frequency (S15)."""

    RUNS = "perturb.runs"
    FAILED = "perturb.failed"
    UNSETTLED_SHARE = "perturb.unsettled_share"
    RATE_STRONG = "perturb.rate_strong"
    RATE_WEAK = "perturb.rate_weak"
    RATE_LARGEST_FACTOR = "perturb.rate_largest_factor"
    RATE_SMALLEST_FACTOR = "perturb.rate_smallest_factor"
    LOGISTIC_SLOPE = "perturb.logistic_slope"
    LOGISTIC_MIDPOINT = "perturb.logistic_midpoint"
    LOGISTIC_AT_LOWEST = "perturb.logistic_at_lowest"
    LOGISTIC_AT_ZERO = "perturb.logistic_at_zero"
    LOGISTIC_AT_HIGHEST = "perturb.logistic_at_highest"


class Constructed(StatisticName):
    """Survival in constructed embeddings (S16-S18)."""

    RUNS = "manual.runs"
    FAILED = "manual.failed"
    UNSETTLED_SHARE = "manual.unsettled_share"
    RATE_FIRST_POOLED = "manual.rate_first_pooled"
    RATE_SECOND_POOLED = "manual.rate_second_pooled"
    RATE_OTHER_POOLED = "manual.rate_other_pooled"
    RATE_FIRST_LOWEST = "manual.rate_first_lowest"
    SECOND_LOGISTIC_SLOPE = "manual.second_logistic_slope"
    SECOND_SPEARMAN = "manual.second_spearman"
    RATE_FIRST_AT_LARGEST_RATIO = "manual.rate_first_at_largest_ratio"
    RATE_SECOND_AT_LARGEST_RATIO = "manual.rate_second_at_largest_ratio"


class Frozen(StatisticName):
    """Test loss over frozen embeddings (S09, S10)."""

    RUNS = "freeze.runs"
    FAILED = "freeze.failed"
    LOSS_SMALL = "freeze.loss_small"
    LOSS_MEDIUM = "freeze.loss_medium"
    LOSS_LARGE = "freeze.loss_large"
    LOSS_RATIO_LARGE = "freeze.loss_ratio_large"
    LOSS_RATIO_SMALL = "freeze.loss_ratio_small"
    TREND_TRANSITION_D = "freeze.trend_transition_d"
    JUMP_1 = "freeze.jump_1"
    JUMP_2 = "freeze.jump_2"
    JUMP_3 = "freeze.jump_3"
    JUMP_4 = "freeze.jump_4"
    LEVEL_1_D = "freeze.level_1_d"
    LEVEL_2_D = "freeze.level_2_d"
    LEVEL_3_D = "freeze.level_3_d"
    SPEARMAN_D_TIME = "freeze.spearman_d_time"
    ACCURATE_LARGE = "freeze.accurate_large"
    AUTHORS_RUNS = "freeze.authors_runs"
    AUTHORS_RATIO_SMALL = "freeze.authors_ratio_small"
    GAUSS1_RUNS = "freeze.gauss1_runs"
    GAUSS1_RATIO_SMALL = "freeze.gauss1_ratio_small"


class Defaults(StatisticName):
    """More default runs, and such from the text's own initial values (S02, S56, S58)."""

    RUNS = "default_runs.runs"
    FAILED = "default_runs.failed"
    UNSETTLED_SHARE = "default_runs.unsettled_share"
    CIRCLES = "default_runs.circles"
    THREE_TO_FIVE = "default_runs.three_to_five"
    THREE_OR_MORE = "default_runs.three_or_more"
    LEAST_CIRCLES = "default_runs.least_circles"
    LARGEST_DIES = "default_runs.largest_dies"
    SOLVED_STEP = "default_runs.solved_step"
    SOLVED = "default_runs.solved"
    DIFFERENT_SETS = "default_runs.different_sets"
    GAUSS1_RUNS = "default_runs.gauss1_runs"
    GAUSS1_ACCURATE = "default_runs.gauss1_accurate"
    GAUSS1_CIRCLES = "default_runs.gauss1_circles"
    GAUSS1_LOSS = "default_runs.gauss1_loss"


class Primes(StatisticName):
    """Circles against prime moduli (S11)."""

    RUNS = "primes.runs"
    FAILED = "primes.failed"
    UNSETTLED_SHARE = "primes.unsettled_share"
    SPEARMAN_N_2MEAN = "primes.spearman_n_2mean"
    SPEARMAN_N_REL = "primes.spearman_n_rel"
    MEAN_LAST_STEP = "primes.mean_last_step"


class Dimensions(StatisticName):
    """Circles against the embedding dimension (S12)."""

    RUNS = "dims.runs"
    FAILED = "dims.failed"
    UNSETTLED_SHARE = "dims.unsettled_share"
    SPEARMAN_N_2MEAN = "dims.spearman_n_2mean"
    SPEARMAN_N_REL = "dims.spearman_n_rel"
    MEAN_LAST_STEP = "dims.mean_last_step"


class Moduli(StatisticName):
    """Circles against all moduli (S13)."""

    RUNS = "moduli.runs"
    FAILED = "moduli.failed"
    UNSETTLED_SHARE = "moduli.unsettled_share"
    SPEARMAN_N_2MEAN = "moduli.spearman_n_2mean"
    SPEARMAN_N_REL = "moduli.spearman_n_rel"
    MEAN_LAST_STEP = "moduli.mean_last_step"
    SLOPE = "moduli.slope"
    SLOPE_N_REL = "moduli.slope_n_rel"
    SD_RATIO = "moduli.sd_ratio"
    SD_RATIO_N_REL = "moduli.sd_ratio_n_rel"
    SD_RATIO_EQUAL = "moduli.sd_ratio_equal"
    RUNS_PER_PRIME = "moduli.runs_per_prime"
    RUNS_PER_COMPOSITE = "moduli.runs_per_composite"


class WeightDecay(StatisticName):
    """Circles against weight decay (S35)."""

    RUNS = "wd.runs"
    FAILED = "wd.failed"
    UNSETTLED_SHARE = "wd.unsettled_share"
    SPEARMAN_N_2MEAN = "wd.spearman_n_2mean"
    SPEARMAN_N_REL = "wd.spearman_n_rel"
    MEAN_LAST_STEP = "wd.mean_last_step"


class NoDecay(StatisticName):
    """Runs without weight decay (S36)."""

    RUNS = "wd0.runs"
    FAILED = "wd0.failed"
    UNSETTLED_SHARE = "wd0.unsettled_share"
    N_2MEAN = "wd0.n_2mean"
    N_REL = "wd0.n_rel"
    N_EFF = "wd0.n_eff"
    TEST_ACCURACY = "wd0.test_accuracy"


class Ablation(StatisticName):
    """Runs that start with one or two circles, by arm (S39-S43)."""

    RUNS = "ablation.runs"
    FAILED = "ablation.failed"
    UNSETTLED_SHARE = "ablation.unsettled_share"
    N_2MEAN_O = "ablation.n_2mean_O"
    N_2MEAN_A = "ablation.n_2mean_A"
    N_2MEAN_B = "ablation.n_2mean_B"
    N_2MEAN_C = "ablation.n_2mean_C"
    N_2MEAN_D = "ablation.n_2mean_D"
    N_REL_O = "ablation.n_rel_O"
    N_REL_A = "ablation.n_rel_A"
    N_REL_B = "ablation.n_rel_B"
    N_REL_C = "ablation.n_rel_C"
    N_REL_D = "ablation.n_rel_D"
    MIN_TEST_LOSS_O = "ablation.min_test_loss_O"
    MIN_TEST_LOSS_A = "ablation.min_test_loss_A"
    MIN_TEST_LOSS_B = "ablation.min_test_loss_B"
    MIN_TEST_LOSS_C = "ablation.min_test_loss_C"
    MIN_TEST_LOSS_D = "ablation.min_test_loss_D"
    LATE_LOSS_O = "ablation.late_loss_O"
    LATE_LOSS_A = "ablation.late_loss_A"
    LATE_LOSS_B = "ablation.late_loss_B"
    LATE_LOSS_C = "ablation.late_loss_C"
    LATE_LOSS_D = "ablation.late_loss_D"
    FIRST_STEP_SOLVED_O = "ablation.first_step_solved_O"
    FIRST_STEP_SOLVED_A = "ablation.first_step_solved_A"
    FIRST_STEP_SOLVED_B = "ablation.first_step_solved_B"
    FIRST_STEP_SOLVED_C = "ablation.first_step_solved_C"
    FIRST_STEP_SOLVED_D = "ablation.first_step_solved_D"
    TEST_ACCURACY_O = "ablation.test_accuracy_O"
    TEST_ACCURACY_A = "ablation.test_accuracy_A"
    TEST_ACCURACY_B = "ablation.test_accuracy_B"
    TEST_ACCURACY_C = "ablation.test_accuracy_C"
    TEST_ACCURACY_D = "ablation.test_accuracy_D"
    RISES_O = "ablation.rises_O"
    RISES_A = "ablation.rises_A"
    RISES_B = "ablation.rises_B"
    RISES_C = "ablation.rises_C"
    RISES_D = "ablation.rises_D"
    LEAST_CIRCLES = "ablation.least_circles"
    SPIKES_O = "ablation.spikes_O"
    SPIKES_A = "ablation.spikes_A"
    SPIKES_B = "ablation.spikes_B"
    SPIKES_C = "ablation.spikes_C"
    SPIKES_D = "ablation.spikes_D"
    SPEED_RATIO_A = "ablation.speed_ratio_A"
    SPEED_RATIO_B = "ablation.speed_ratio_B"
    LATE_LOSS_RATIO_A = "ablation.late_loss_ratio_A"
    LATE_LOSS_RATIO_B = "ablation.late_loss_ratio_B"
    LATE_LOSS_RATIO_C = "ablation.late_loss_ratio_C"
    LATE_LOSS_RATIO_D = "ablation.late_loss_ratio_D"
    SHARE_A_GROWS = "ablation.share_A_grows"
    SHARE_B_SUFFICES = "ablation.share_B_suffices"
    SHARE_B_AS_LOW = "ablation.share_B_as_low"
    SHARE_B_FASTER = "ablation.share_B_faster"
    SHARE_CD_INSUFFICIENT = "ablation.share_CD_insufficient"
    SHARE_ACD_SPIKE = "ablation.share_ACD_spike"
    SHARE_ACD_RISE = "ablation.share_ACD_rise"
    SHARE_B_ACCURATE = "ablation.share_B_accurate"


class AuthorsAblation(StatisticName):
    """The released ablation: the authors' initial weights and frequencies, one run an arm."""

    RUNS = "ablation_authors.runs"
    FAILED = "ablation_authors.failed"
    N_2MEAN_O = "ablation_authors.n_2mean_O"
    N_2MEAN_A = "ablation_authors.n_2mean_A"
    N_2MEAN_B = "ablation_authors.n_2mean_B"
    N_2MEAN_C = "ablation_authors.n_2mean_C"
    N_2MEAN_D = "ablation_authors.n_2mean_D"
    MIN_TEST_LOSS_O = "ablation_authors.min_test_loss_O"
    MIN_TEST_LOSS_A = "ablation_authors.min_test_loss_A"
    MIN_TEST_LOSS_B = "ablation_authors.min_test_loss_B"
    MIN_TEST_LOSS_C = "ablation_authors.min_test_loss_C"
    MIN_TEST_LOSS_D = "ablation_authors.min_test_loss_D"
    LATE_LOSS_O = "ablation_authors.late_loss_O"
    LATE_LOSS_A = "ablation_authors.late_loss_A"
    LATE_LOSS_B = "ablation_authors.late_loss_B"
    LATE_LOSS_C = "ablation_authors.late_loss_C"
    LATE_LOSS_D = "ablation_authors.late_loss_D"
    FIRST_STEP_SOLVED_O = "ablation_authors.first_step_solved_O"
    FIRST_STEP_SOLVED_A = "ablation_authors.first_step_solved_A"
    FIRST_STEP_SOLVED_B = "ablation_authors.first_step_solved_B"
    FIRST_STEP_SOLVED_C = "ablation_authors.first_step_solved_C"
    FIRST_STEP_SOLVED_D = "ablation_authors.first_step_solved_D"
    RISES_O = "ablation_authors.rises_O"
    RISES_A = "ablation_authors.rises_A"
    RISES_B = "ablation_authors.rises_B"
    RISES_C = "ablation_authors.rises_C"
    RISES_D = "ablation_authors.rises_D"


class Collaboration(StatisticName):
    """What the best circles of a run achieve alone (S24-S26)."""

    BEST1_LOSS = "collaboration.best1_loss"
    BEST1_ACCURACY = "collaboration.best1_accuracy"
    BEST1_TEST = "collaboration.best1_test"
    BEST2_LOSS = "collaboration.best2_loss"
    BEST2_ACCURACY = "collaboration.best2_accuracy"
    BEST2_TEST = "collaboration.best2_test"
    BEST3_LOSS = "collaboration.best3_loss"
    BEST3_ACCURACY = "collaboration.best3_accuracy"
    BEST3_TEST = "collaboration.best3_test"
    ALL_LOSS = "collaboration.all_loss"


TABLES = {
    "survival_stats": (FixedEmbedding, Perturbed, Constructed),
    "sweep_stats": (
        Frozen,
        Primes,
        Dimensions,
        Moduli,
        WeightDecay,
        NoDecay,
        Ablation,
        AuthorsAblation,
    ),
    "dynamics_stats": (
        Gradient,
        Classifier,
        Collaboration,
        Ode,
        Circularity,
        EmbeddingGradient,
        Kick,
        MidrunKick,
        AuthorsClassifier,
    ),
    "default_stats": (Defaults,),
}
"""Table of statistics, as claims call it -> the groups of names that are written into it."""
