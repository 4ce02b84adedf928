"""Names of the statistics of gradients and equations of motion."""

from __future__ import annotations

from fittest.analysis.statistics.names import StatisticName


class Gradient(StatisticName):
    """Survival against the initial gradient (S19-S22)."""

    NEGATIVE_1 = "gradient.negative_1"
    BINS_SPEARMAN_1 = "gradient.bins_spearman_1"
    LOGISTIC_SLOPE_1 = "gradient.logistic_slope_1"
    NEGATIVE_2 = "gradient.negative_2"
    BINS_SPEARMAN_2 = "gradient.bins_spearman_2"
    LOGISTIC_SLOPE_2 = "gradient.logistic_slope_2"
    NEGATIVE_3 = "gradient.negative_3"
    BINS_SPEARMAN_3 = "gradient.bins_spearman_3"
    LOGISTIC_SLOPE_3 = "gradient.logistic_slope_3"
    NEGATIVE_4 = "gradient.negative_4"
    BINS_SPEARMAN_4 = "gradient.bins_spearman_4"
    LOGISTIC_SLOPE_4 = "gradient.logistic_slope_4"
    DIFFERENCE_4 = "gradient.difference_4"
    AUC_4 = "gradient.auc_4"
    AUC_SIGNAL = "gradient.auc_signal"
    AUC_JOINT = "gradient.auc_joint"
    JOINT_MINUS_SIGNAL = "gradient.joint_minus_signal"
    JOINT_MINUS_GRADIENT = "gradient.joint_minus_gradient"


class Classifier(StatisticName):
    """Linear classifiers of survival (S23), tested on rows or on embeddings."""

    ACCURACY_RAW = "classifier.accuracy_raw"
    GAIN_RAW = "classifier.gain_raw"
    BALANCED_RAW = "classifier.balanced_raw"
    AUC_RAW = "classifier.auc_raw"
    ACCURACY_STANDARDISED = "classifier.accuracy_standardised"
    GAIN_STANDARDISED = "classifier.gain_standardised"
    BALANCED_STANDARDISED = "classifier.balanced_standardised"
    AUC_STANDARDISED = "classifier.auc_standardised"
    ACCURACY_RAW_BY_EMBEDDING = "classifier.accuracy_raw_by_embedding"
    GAIN_RAW_BY_EMBEDDING = "classifier.gain_raw_by_embedding"
    BALANCED_RAW_BY_EMBEDDING = "classifier.balanced_raw_by_embedding"
    AUC_RAW_BY_EMBEDDING = "classifier.auc_raw_by_embedding"
    ACCURACY_STANDARDISED_BY_EMBEDDING = "classifier.accuracy_standardised_by_embedding"
    GAIN_STANDARDISED_BY_EMBEDDING = "classifier.gain_standardised_by_embedding"
    BALANCED_STANDARDISED_BY_EMBEDDING = "classifier.balanced_standardised_by_embedding"
    AUC_STANDARDISED_BY_EMBEDDING = "classifier.auc_standardised_by_embedding"
    MAJORITY = "classifier.majority"
    MAJORITY_BY_EMBEDDING = "classifier.majority_by_embedding"


class Ode(StatisticName):
    """Equations of motion (S27-S34)."""

    OLS_R2 = "ode.ols_r2"
    LASSO_R2 = "ode.lasso_r2"
    OLS_R2_OUT_OF_SAMPLE = "ode.ols_r2_out_of_sample"
    LASSO_R2_OUT_OF_SAMPLE = "ode.lasso_r2_out_of_sample"
    DIAGONAL_R2 = "ode.diagonal_r2"
    SHARED_R2 = "ode.shared_r2"
    LASSO_NONZERO = "ode.lasso_nonzero"
    LASSO_CONVERGED = "ode.lasso_converged"
    CLEAR_SHARE = "ode.clear_share"
    POSITIVE_SHARE = "ode.positive_share"
    QUADRATIC_R2 = "ode.quadratic_r2"
    QUADRATIC_R2_OUT_OF_SAMPLE = "ode.quadratic_r2_out_of_sample"
    OLS_ROLLOUT_ERROR = "ode.ols_rollout_error"
    LASSO_ROLLOUT_ERROR = "ode.lasso_rollout_error"
    ANALYTIC_ERROR = "ode.analytic_error"
    LASSO_UNSTABLE = "ode.lasso_unstable"
    OLS_MINUS_LASSO_R2 = "ode.ols_minus_lasso_r2"
    OLS_R2_OVER_D = "ode.ols_r2_over_d"
    OLS_R2_LEAST_D = "ode.ols_r2_least_d"
    OLS_ROLLOUT_WORST_D = "ode.ols_rollout_worst_d"
    LASSO_ROLLOUT_WORST_D = "ode.lasso_rollout_worst_d"
    ANALYTIC_REAL_ERROR = "ode.analytic_real_error"
    AHEAD_OLS = "ode.ahead_ols"
    AHEAD_LASSO = "ode.ahead_lasso"
    AHEAD_STILL = "ode.ahead_still"
    AHEAD_OLS_OVER_STILL = "ode.ahead_ols_over_still"
    AHEAD_LASSO_OVER_STILL = "ode.ahead_lasso_over_still"
    QUADRATIC_ERROR_RATIO = "ode.quadratic_error_ratio"
    QUADRATIC_DIVERGED = "ode.quadratic_diverged"


class Kick(StatisticName):
    """What a kick of one signal does to the others (S34)."""

    RUNS = "kick.runs"
    FAILED = "kick.failed"
    SAME_SIGN = "kick.same_sign"
    LINEARITY = "kick.linearity"
    POSITIVE_SHARE = "kick.positive_share"
    AGREEMENT = "kick.agreement"
    LATER_AGREEMENT = "kick.later_agreement"
    LATER_GAIN = "kick.later_gain"


class MidrunKick(StatisticName):
    """What a kick of one signal in mid-training does to the others (S34)."""

    RUNS = "midrun_kick.runs"
    FAILED = "midrun_kick.failed"
    SAME_SIGN = "midrun_kick.same_sign"
    POSITIVE_SHARE = "midrun_kick.positive_share"
    AGREEMENT = "midrun_kick.agreement"
    AGREEMENT_LASSO = "midrun_kick.agreement_lasso"


class AuthorsClassifier(StatisticName):
    """The classifier on the authors' own construction of the data (S23)."""

    RUNS = "classifier_authors.runs"
    FAILED = "classifier_authors.failed"
    ACCURACY = "classifier_authors.accuracy"
    GAIN = "classifier_authors.gain"
    BALANCED = "classifier_authors.balanced"
    MAJORITY = "classifier_authors.majority"


class EmbeddingGradient(StatisticName):
    """Fourier norms of the embedding's gradient (S44), and what rules the signals later (S49)."""

    PEAK_STEP = "embedding_gradient.peak_step"
    SAMPLED_PEAK_STEP = "embedding_gradient.sampled_peak_step"
    DECAY_SHARE = "embedding_gradient.decay_share"
    DECAY_SHARE_DEAD = "embedding_gradient.decay_share_dead"
    LATE_RATIO = "embedding_gradient.late_ratio"
    ALIVE_OVER_DEAD_AT_PEAK = "embedding_gradient.alive_over_dead_at_peak"
