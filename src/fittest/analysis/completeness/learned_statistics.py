"""Statistics of what runs learned against how complete it was (K01-K12, K19, K20, K26)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from fittest.analysis.completeness import cubes, orders
from fittest.analysis.completeness.names import FROZEN, Derived, RemainderRuns, XorRuns
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
    within = (names.of("within_first_share"), names.of("within_second_share"))
    for name, most in zip(within, shares, strict=True):
        text = f"share of runs with a rank of at most {most:g}"
        rows.append(_share(name, ranks <= most, resampling.confidence, text))
    return rows


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
    for name in ("line", "tight", "gap"):
        median = median_estimate(table[name].to_numpy(float), resampling)
        rows.append(statistic_row(RemainderRuns.of(name), median, len(table), "median over runs"))
    good = table[table["solved"].astype(bool) & table["clear"].astype(bool)]
    confidence = resampling.confidence
    return [
        *rows,
        _share(RemainderRuns.ABOVE_MEAN, good["above_mean"], confidence, "f above the mean of all"),
        _share(RemainderRuns.AGREES, good["agrees"], confidence, "both readings give one order"),
    ]


def xor_rows(table: pd.DataFrame, resampling: Resampling, cube: float, even: float) -> list[Row]:
    """Cubes (K06-K08, K12). table: ``learned.XOR_COLUMNS``; cube, even: least values of both."""
    confidence = resampling.confidence
    rows = _common(XorRuns, table, "basis", confidence)
    for name in ("cube", "even", "skew", "settled_step"):
        median = median_estimate(table[name].to_numpy(float), resampling)
        rows.append(statistic_row(XorRuns.of(name), median, len(table), "median over runs"))
    shaped = (table["cube"] >= cube) & (table["even"] >= even) & table["agrees"].astype(bool)
    good = table[table["solved"].astype(bool) & table["clear"].astype(bool)]
    among = mean_estimate(good["mid_rank_840"].to_numpy(float), resampling)
    return [
        *rows,
        _share(XorRuns.SHAPED, shaped, confidence, "cube, even, and best of the 840"),
        _share(XorRuns.AGREES, table["agrees"], confidence, "best of the 840 arrangements"),
        _share(XorRuns.BEST, good["best"], confidence, "the most complete of the 28 at the start"),
        statistic_row(XorRuns.MID_RANK_840, among, len(good), "among all 840 arrangements"),
    ]


def frozen_trend_row(task: str, last: pd.DataFrame, resampling: Resampling) -> Row:
    """Spearman correlation of d and test loss at the last step over runs (K19, K20).

    last: d, test_loss (nats), seed; a row per run.
    """
    d, loss = last["d"].to_numpy(float), last["test_loss"].to_numpy(float)
    rho = cluster_bootstrap(lambda i: spearman(d[i], loss[i]), np.arange(len(d)), resampling)
    return statistic_row(FROZEN[task].of("spearman_d_loss"), rho, len(last), "over runs, last step")


def frozen_completeness_row(task: str, last: pd.DataFrame, drawn: pd.DataFrame) -> Row:
    """Correlation over d of the least completeness with the frozen test loss (K26).

    Both vary with d, so it says nothing of a cause.

    Args:
        last: d, test_loss. drawn: ``completeness_range`` of one task.
    """
    share = (drawn["minimum"] / drawn["mean"]).groupby(drawn["d"]).mean()
    loss = last.groupby("d")["test_loss"].mean()
    common = sorted(set(share.index) & set(loss.index))
    x, y = share.loc[common].to_numpy(float), loss.loc[common].to_numpy(float)
    rho = spearman(x, y) if len(common) >= 3 else np.nan
    return statistic_row(FROZEN[task].of("completeness_loss"), rho, len(common), "over dimensions")


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
