"""Names of the statistics of circles."""

from __future__ import annotations

from fittest.analysis.statistics.names import StatisticName


class Circularity(StatisticName):
    """Circularity before training (S37, S38)."""

    FORMULA_DEVIATION = "circularity.formula_deviation"
    SPEARMAN_D = "circularity.spearman_d"
    SPEARMAN_D_MAX = "circularity.spearman_d_max"
    AUC_MINUS_HALF = "circularity.auc_minus_half"
    AUC_GIVEN_SIGNAL = "circularity.auc_given_signal"
    AUC_BY_SIGNAL = "circularity.auc_by_signal"
    SPEARMAN_SIGNAL = "circularity.spearman_signal"
