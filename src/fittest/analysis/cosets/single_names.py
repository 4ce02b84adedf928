"""Names of statistics of single networks; `names` lists them beside those of populations."""

from __future__ import annotations

from fittest.analysis.statistics.names import StatisticName


class Single(StatisticName):
    """Networks of two tables (C06, C07, C09, C18 to C20, C23 to C25, C27, C28, C33, C34, C37 to
    C40)."""

    NETWORKS = "single.networks"
    MEASURED = "single.measured"
    SIMPLE = "single.simple"
    STRICT = "single.strict"
    AGREEING = "single.agreeing"
    OUTPUT_SHARE = "single.output_share"
    ONE_WAVE = "single.one_wave"
    OUTPUT_WAVE = "single.output_wave"
    OUTPUT_WAVE_ALL = "single.output_wave_all"
    OUTPUT_STEPS = "single.output_steps"
    COSETS = "single.cosets"
    COSETS_FINE = "single.cosets_fine"
    TOGETHER = "single.together"
    ALONE = "single.alone"
    TOGETHER_BETTER = "single.together_better"
    REMAINDER = "single.remainder"
    COMPONENT = "single.component"
    CIRCLES = "single.circles"
    CIRCLES_SAME = "single.circles_same"
    CIRCLES_OTHER = "single.circles_other"
    POINTS = "single.points"
    MIXED = "single.mixed"
    RELATED = "single.related"
    RELATED_CHANCE = "single.related_chance"
    FEW = "single.few"
    LOSS = "single.loss"
    NOISE_LOSS = "single.noise_loss"
    NOISE_RELATIVE = "single.noise_relative"
    NOISE_LOSS_MEDIAN = "single.noise_loss_median"
    NOISE_ACCURACY = "single.noise_accuracy"
    REMOVAL_RATIO = "single.removal_ratio"
    FINE_LEAST = "single.fine_least"
    MOVED = "single.moved"
    MOVED_TURNED = "single.moved_turned"
    MOVED_TURNED_FINE = "single.moved_turned_fine"
    MOVED_TURNED_SMALL = "single.moved_turned_small"
    MOVED_LESS_SMALL = "single.moved_less_small"
    MOVED_LESS_FINE = "single.moved_less_fine"
    MOVED_CORRELATION = "single.moved_correlation"
    MOVED_FINE = "single.moved_fine"
    EVEN = "single.even"
    EVEN_CHANCE = "single.even_chance"
    EVEN_PAIR = "single.even_pair"
    DISTINCT = "single.distinct"
    PROJECTED = "single.projected"


class Pizza(StatisticName):
    """The pizza model (C26)."""

    NETWORKS = "pizza.networks"
    ONE_WAVE = "pizza.one_wave"
    NEIGHBOURS = "pizza.neighbours"
    NEIGHBOURS_LEAST = "pizza.neighbours_least"
    NEIGHBOURS_MOST = "pizza.neighbours_most"
    ACCURACY = "pizza.accuracy"
    STEPS = "pizza.steps"


TABLES = {"single_stats": (Single,), "pizza_stats": (Pizza,)}
"""As `names.TABLES`."""
