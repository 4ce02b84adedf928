"""Names of the cosets paper's statistics, by table."""

from __future__ import annotations

from fittest.analysis.cosets import single_names
from fittest.analysis.statistics.names import StatisticName


class Ranks(StatisticName):
    """How far one cluster alone comes (C17)."""

    MODE = "ranks.mode"
    FIRST = "ranks.first"
    MEDIAN = "ranks.median"
    NINTH = "ranks.ninth"
    SPREAD = "ranks.spread"
    LOW = "ranks.low"
    HIGH = "ranks.high"


class Scaling(StatisticName):
    """Numbers of clusters compared (C14, C35, C36, C41)."""

    WIDTH_MOST = "scaling.width_most"
    WIDTH_MOST_END = "scaling.width_most_end"
    WIDTH_N = "scaling.width_n"
    WIDTH_FEWEST = "scaling.width_fewest"
    WIDTH_SOLVED = "scaling.width_solved"
    GAP = "scaling.gap"
    SLOPE = "scaling.slope"
    START = "scaling.start"
    LOG_FIT = "scaling.log_fit"
    LINE_FIT = "scaling.line_fit"
    LOG_BETTER = "scaling.log_better"
    TV_LARGE = "scaling.tv_large"
    TV_LARGE_NOISE = "scaling.tv_large_noise"
    TV_SMALL = "scaling.tv_small"
    TV_SMALL_NOISE = "scaling.tv_small_noise"
    BATCH_M = "scaling.batch_m"
    BATCH_SIMPLE = "scaling.batch_simple"
    BATCH_WIDTHS = "scaling.batch_widths"
    BATCH_WIDTHS_ALL = "scaling.batch_widths_all"


class Margin(StatisticName):
    """Sums of cosines (C21, C22)."""

    FORMULA = "margin.formula"
    BOUND = "margin.bound"
    FOUR = "margin.four"
    FIVE = "margin.five"
    PAPER_SET = "margin.paper_set"


TABLES: dict[str, tuple[type[StatisticName], ...]] = {
    "ranks_stats": (Ranks,),
    "scaling_stats": (Scaling,),
    "margins_stats": (Margin,),
    **single_names.TABLES,
}
"""Table of statistics -> the names that analyses write into it."""
