"""Statistics of what runs learned against how complete it was (K01-K12, K45-K49)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from fittest.analysis.completeness import cubes, orders
from fittest.analysis.completeness.names import Derived, RemainderRuns, XorRuns
from fittest.analysis.completeness.ranks import standing
from fittest.analysis.statistics.correlation import spearman
from fittest.analysis.statistics.intervals import (
    Resampling,
    cluster_bootstrap,
    mean_estimate,
    median_estimate,
    share,
)
from fittest.analysis.statistics.names import StatisticName
from fittest.analysis.statistics.table import Row, statistic_row


def _share(name: StatisticName, hits: ArrayLike, confidence: float, text: str) -> Row:
    marks = np.asarray(hits, dtype=bool)
    return statistic_row(name, share(marks, confidence), len(marks), text)


def _against_half(ranks: ArrayLike) -> float:
    """p-value of Wilcoxon's signed-rank test that ranks lie around 0.5; NaN where all do."""
    offsets = np.asarray(ranks, dtype=np.float64) - 0.5
    if len(offsets) == 0 or not offsets.any():
        return np.nan
    from scipy.stats import wilcoxon  # slow to import

    return float(wilcoxon(offsets).pvalue)


def rank_rows(
    names: type[StatisticName],
    table: pd.DataFrame,
    shares: tuple[float, float],
    resampling: Resampling,
    paper: Mapping[str, float],
) -> list[Row]:
    """Mid-ranks of the learned structures: of the solved and clear runs (the headline), and of
    all (methods 7.9).

    Args:
        table: mid_rank, solved, clear; a row per run.
        names: the group of names to write them under.
        shares: two ranks within which shares of runs are counted.
        paper: its mean and standard deviation, ``mid_rank`` and ``mid_rank_sd``, where it has them.
    """
    good = table[table["solved"].astype(bool) & table["clear"].astype(bool)]
    ranks = good["mid_rank"].to_numpy(float)
    n = len(good)
    every = table["mid_rank"].to_numpy(float)
    rows = [
        statistic_row(
            names.of("mid_rank"),
            mean_estimate(ranks, resampling),
            n,
            "solved, clear runs",
            paper.get("mid_rank"),
        ),
        statistic_row(
            names.of("mid_rank_sd"), _spread(ranks), n, "over runs", paper.get("mid_rank_sd")
        ),
        statistic_row(
            names.of("mid_rank_all"), mean_estimate(every, resampling), len(every), "all runs"
        ),
        statistic_row(names.of("mid_rank_all_sd"), _spread(every), len(every), "all runs"),
        statistic_row(
            names.of("top_share"),
            mean_estimate(good["top_share"].to_numpy(float), resampling),
            n,
            "mean share of structures that are strictly more complete",
        ),
        statistic_row(names.of("wilcoxon_p"), _against_half(ranks), n, "mid-ranks against 0.5"),
    ]
    rows += rank_curve_rows(names, ranks, resampling)
    within = (names.of("within_first_share"), names.of("within_second_share"))
    for name, most in zip(within, shares, strict=True):
        text = f"share of runs with a rank of at most {most:g}"
        rows.append(_share(name, ranks <= most, resampling.confidence, text))
    return rows


RANK_BINS = 7
"""Of the curve over ranks: four of the 28 cubes each."""


def rank_curve(ranks: ArrayLike) -> pd.DataFrame:
    """How often structures of each rank are learned, over how often by chance: rank_lo, rank_hi,
    runs, times_chance."""
    values = np.asarray(ranks, dtype=np.float64)
    counts, edges = np.histogram(values, RANK_BINS, (0, 1))
    times = counts * RANK_BINS / max(len(values), 1)
    return pd.DataFrame(
        {"rank_lo": edges[:-1], "rank_hi": edges[1:], "runs": counts, "times_chance": times}
    )


def rank_curve_rows(
    names: type[StatisticName], ranks: orders.Floats, resampling: Resampling
) -> list[Row]:
    """Whether what starts more complete is learned more often, over the whole range of ranks (K45,
    K46): Spearman correlation of the bins of ``rank_curve`` and their counts, bootstrap over runs.
    """
    values = np.asarray(ranks, dtype=np.float64)

    def trend(i: NDArray[np.intp]) -> float:
        return spearman(np.arange(RANK_BINS), rank_curve(values[i])["runs"])

    rho = cluster_bootstrap(trend, np.arange(len(values)), resampling)
    text = f"{RANK_BINS} equal bins of the rank and runs that learned one in it"
    first = share(values < 1 / RANK_BINS, resampling.confidence)
    return [
        statistic_row(names.of("rank_trend"), rho, len(values), text),
        statistic_row(names.of("rank_first"), first, len(values), "share of runs in the first bin"),
    ]


def _spread(values: orders.Floats) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else np.nan


def _common(
    names: type[StatisticName], table: pd.DataFrame, structure: str, confidence: float
) -> list[Row]:
    good = table[table["solved"].astype(bool) & table["clear"].astype(bool)]
    different = good[structure].nunique()
    return [
        _share(names.of("solved"), table["solved"], confidence, "share of solved runs"),
        _share(names.of("clear"), table["clear"], confidence, "share with a clear structure"),
        statistic_row(
            names.of("excluded"), len(table) - len(good), len(table), "runs not solved or not clear"
        ),
        statistic_row(
            names.of("different"), different, len(good), f"different {structure} among the others"
        ),
        statistic_row(
            names.of("different_share"),
            different / len(good) if len(good) else np.nan,
            len(good),
            "their number over that of runs",
        ),
    ]


def remainder_rows(table: pd.DataFrame, resampling: Resampling) -> list[Row]:
    """Lines and orders (K01-K04). table: ``learned.REMAINDER_COLUMNS``."""
    rows = _common(RemainderRuns, table, "order", resampling.confidence)
    # Unsolved runs end with everything on one point, whose shape means nothing.
    solved = table[table["solved"].astype(bool)]
    for name in ("line", "tight", "gap"):
        median = median_estimate(solved[name].to_numpy(float), resampling)
        text = "median over solved runs"
        rows.append(statistic_row(RemainderRuns.of(name), median, len(solved), text))
    good = table[table["solved"].astype(bool) & table["clear"].astype(bool)]
    confidence = resampling.confidence
    return [
        *rows,
        _share(RemainderRuns.ABOVE_MEAN, good["above_mean"], confidence, "f above the mean of all"),
        _share(RemainderRuns.AGREES, good["agrees"], confidence, "both readings give one order"),
        _share(
            RemainderRuns.CLEAR_OF_SOLVED,
            solved["clear"],
            confidence,
            "share of solved runs with a clear line",
        ),
        statistic_row(
            RemainderRuns.SETTLED_STEP,
            median_estimate(good["settled_step"].to_numpy(float), resampling),
            len(good),
            "first checkpoint from which the order is the final one, median over clear runs",
        ),
        statistic_row(
            RemainderRuns.SETTLED_SHARE,
            median_estimate((good["settled_step"] / good["last_step"]).to_numpy(float), resampling),
            len(good),
            "the same over the last step",
        ),
        statistic_row(
            RemainderRuns.KEPT_DISTANCES,
            mean_estimate(good["kept_distances"].to_numpy(float), resampling),
            len(good),
            "Spearman over pairs of classes of distances at start and end, mean over clear runs",
        ),
    ]


def xor_rows(table: pd.DataFrame, resampling: Resampling, cube: float, even: float) -> list[Row]:
    """Cubes (K06-K08, K12). table: ``learned.XOR_COLUMNS``; cube, even: least values of both."""
    confidence = resampling.confidence
    rows = _common(XorRuns, table, "basis", confidence)
    for name in ("cube", "even", "skew", "settled_step"):
        median = median_estimate(table[name].to_numpy(float), resampling)
        rows.append(statistic_row(XorRuns.of(name), median, len(table), "median over runs"))
    shaped = (table["cube"] >= cube) & (table["even"] >= even) & table["agrees"].astype(bool)
    shaped &= table["solved"].astype(bool)
    good = table[table["solved"].astype(bool) & table["clear"].astype(bool)]
    among = mean_estimate(good["mid_rank_840"].to_numpy(float), resampling)
    return [
        *rows,
        _share(XorRuns.SHAPED, shaped, confidence, "solved, cube, even, and best of the 840"),
        _share(XorRuns.AGREES, table["agrees"], confidence, "best of the 840 arrangements"),
        statistic_row(
            XorRuns.SETTLED_SHARE,
            median_estimate((good["settled_step"] / good["last_step"]).to_numpy(float), resampling),
            len(good),
            "first checkpoint from which the cube is the final one, over the last step",
        ),
        _share(XorRuns.BEST, good["best"], confidence, "the most complete of the 28 at the start"),
        statistic_row(XorRuns.MID_RANK_840, among, len(good), "among all 840 arrangements"),
    ]


def identity_rows(seeds: int, m: int, d: int) -> list[Row]:
    """Derived statements checked on random embeddings (K10, K11; methods 2.1, 2.2).

    Args:
        seeds: random embeddings. m: classes, few enough to list all orders. d: dimensions.
    """
    generator = np.random.default_rng(0)
    worst = 0.0

    def compare(ours: ArrayLike, exact: ArrayLike) -> None:
        nonlocal worst
        off = np.abs(np.asarray(ours, dtype=np.float64) / np.asarray(exact) - 1)
        worst = max(worst, float(off.max()))

    every = list(permutations(range(m)))
    for _ in range(seeds):
        centres = generator.standard_normal((m, d))
        order = generator.permutation(m)
        f: list[float] = [orders.completeness(centres, q) for q in every]
        h = orders.cut_values(centres)
        compare(h[np.cumsum(1 << order)[:-1]].sum(), orders.completeness(centres, order))
        compare(orders.extremes(centres), [min(f), float(np.mean(f)), max(f)])
        compare(orders.completeness(centres, orders.most_complete(centres)), max(f))
        rank = standing(f, orders.completeness(centres, order))
        counts = (rank.greater + 1, rank.equal, rank.total)
        found = orders.rank_counts(centres, order)
        compare((found[0] + 1, *found[1:]), counts)
        embedding = generator.standard_normal((cubes.TOKENS, d))
        power = np.square(cubes.walsh(embedding)).sum(-1)
        chosen = np.array(cubes.bases()) - 1
        g = cubes.completeness(embedding, cubes.cubes())
        compare(g, 96 * power.sum() + 32 * power[chosen].sum(axis=1))
        compare(g.mean(), 768 / 7 * power.sum())
    unique = np.unique(cubes.cubes().reshape(len(cubes.bases()), -1), axis=0)
    times = [sum(set(b) == set(o) for o in cubes.ordered_bases()) for b in cubes.bases()]
    return [
        statistic_row(Derived.ARRANGEMENTS, len(cubes.arrangements()), 1, "of 8 tokens"),
        statistic_row(Derived.ORDERED_BASES, len(cubes.ordered_bases()), 1, "that fit XOR", 168),
        statistic_row(Derived.CUBES, len(unique), 1, "different alpha among them"),
        statistic_row(Derived.MOST_OFTEN, max(times), len(times), "times of a cube"),
        statistic_row(Derived.LEAST_OFTEN, min(times), len(times), "times of a cube"),
        statistic_row(Derived.IDENTITIES, worst, seeds, "largest relative error"),
    ]
