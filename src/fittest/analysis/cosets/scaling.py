"""How many clusters there are by width, modulus and batch (cosets methods 2.14; C14, C35, C36,
C41)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from fittest.analysis.cosets.estimates import (
    less,
    mean_of,
    named,
    ratio_of_sums,
    total_variation,
)
from fittest.analysis.cosets.names import Scaling
from fittest.analysis.cosets.populations import final
from fittest.analysis.statistics.intervals import NOTHING, Estimate, share
from fittest.analysis.statistics.table import Row, statistic_row

MEANS = [
    *("runset", "n", "hidden", "networks", "m", "m_lo", "m_hi", "sd", "ln_n", "over_ln_n"),
    *("solved", "solved_lo", "solved_hi", "ceiling"),
]
"""Columns: a run-set, modulus and width; networks, mean number of clusters with its interval and
standard deviation, ln n, and the mean over it; the share of networks that solve the task; and how
many frequencies there are, which no network can exceed."""
BATCHES = ("width", "width_full")
"""Run-sets of widths: batches of n, and full batch."""


def mean_table(networks: pd.DataFrame, confidence: float, solved: float) -> pd.DataFrame:
    """Rows of MEANS.

    networks: NETWORKS of any run-sets. solved: test accuracy of a network that solves the task.
    """
    rows = []
    last = final(networks)
    for _, part in last.groupby(["runset", "n", "hidden"]):
        first = part.iloc[0]
        n = int(first["n"])
        values = part["m2"].to_numpy(dtype=np.float64)
        log = math.log(n)
        accurate = part["test_accuracy"].to_numpy(dtype=np.float64) >= solved
        rows.append(
            {
                **{"runset": first["runset"], "n": n, "hidden": int(first["hidden"])},
                "networks": len(part),
                **named("m", mean_of(values, confidence)),
                "sd": float(values.std(ddof=1)) if len(values) > 1 else math.nan,
                **{"ln_n": log, "over_ln_n": float(values.mean()) / log},
                **named("solved", share(accurate, confidence)),
                "ceiling": n // 2,
            }
        )
    return pd.DataFrame(rows, columns=MEANS)


def fits(n: np.ndarray, m: np.ndarray) -> tuple[float, float, float, float]:
    """Least squares of m = a + b ln n: b, a and R^2; and R^2 of m = a + b n. NaN below three."""
    if len(n) < 3 or np.ptp(m) == 0:
        return math.nan, math.nan, math.nan, math.nan
    slope, start = np.polyfit(np.log(n), m, 1)
    line = np.polyfit(n, m, 1)
    total = float(np.square(m - m.mean()).sum())
    rest = float(np.square(m - start - slope * np.log(n)).sum())
    rest_line = float(np.square(m - np.polyval(line, n)).sum())
    return float(slope), float(start), 1 - rest / total, 1 - rest_line / total


def scaling_rows(
    widths: pd.DataFrame,
    moduli: pd.DataFrame,
    networks: pd.DataFrame,
    least_n: int,
    least_networks: int,
    confidence: float,
) -> list[Row]:
    """Rows of `Scaling`.

    Args:
        widths, moduli: of ``mean_table``. networks: NETWORKS of `pop91`, `pop89` and their twins,
            and of `full91`. least_n: modulus from which on figure 30 is judged. least_networks: of
            a width, from which on its batches are compared.
    """
    return [
        *_width_rows(widths, least_networks),
        *_modulus_rows(moduli[moduli["n"] >= least_n].sort_values("n")),
        *_population_rows(final(networks), confidence),
    ]


def _width_rows(widths: pd.DataFrame, least_networks: int) -> list[Row]:
    most = NOTHING
    if len(widths):
        top = widths.iloc[int(widths["over_ln_n"].to_numpy(float).argmax())]
        most = Estimate(*(float(top[f"m{end}"]) / float(top["ln_n"]) for end in ("", "_lo", "_hi")))
    rows = [
        statistic_row(
            Scaling.WIDTH_MOST,
            most,
            len(widths),
            "mean number of clusters over ln n, the most of all widths and batches",
        )
    ]
    # The least that is known of a width may not be of the one with the largest mean; a single
    # network, which has no interval, leaves it open.
    ends = widths["m_hi"].to_numpy(float) / widths["ln_n"].to_numpy(float)
    rows.append(
        statistic_row(
            Scaling.WIDTH_MOST_END,
            float(ends.max()) if len(ends) else math.nan,
            len(widths),
            "the largest upper end of their intervals, over ln n",
        )
    )
    for name, column, what in (
        (Scaling.WIDTH_N, "n", "modulus of the networks of several widths, the smallest"),
        (Scaling.WIDTH_FEWEST, "networks", "networks of a width and batch, the fewest"),
        (Scaling.WIDTH_SOLVED, "solved", "share of them that solve the task, the least"),
    ):
        least = float(widths[column].min()) if len(widths) else math.nan
        rows.append(statistic_row(name, least, len(widths), what))
    small, full = (
        widths[widths["runset"] == runset].set_index(["n", "hidden"]) for runset in BATCHES
    )
    both = small.add_suffix("_small").join(full.add_suffix("_full"), how="inner")
    large = both[both[["networks_small", "networks_full"]].min(axis=1) >= least_networks]
    for name, table, which in (
        (Scaling.BATCH_WIDTHS, large, f"with {least_networks} networks or more of both"),
        (Scaling.BATCH_WIDTHS_ALL, both, "however few there are"),
    ):
        note = f"mean number of clusters, full batch less batches of n, the most of widths {which}"
        rows.append(statistic_row(name, _furthest(table), len(table), note))
    return rows


def _furthest(table: pd.DataFrame) -> Estimate:
    """The difference of the largest size, of a table of both kinds of batch side by side."""
    if not len(table):
        return NOTHING
    gap = (table["m_full"] - table["m_small"]).abs()
    row = table.iloc[int(gap.to_numpy().argmax())]
    full, small = (
        Estimate(*(float(row[f"m{end}_{kind}"]) for end in ("", "_lo", "_hi")))
        for kind in ("full", "small")
    )
    return less(full, small)


def _modulus_rows(judged: pd.DataFrame) -> list[Row]:
    n, m = judged["n"].to_numpy(float), judged["m"].to_numpy(float)
    slope, start, log, line = fits(n, m)
    gap = NOTHING
    if len(judged):
        top = judged.iloc[int((m - np.log(n)).argmax())]
        gap = Estimate(*(float(top[f"m{end}"] - top["ln_n"]) for end in ("", "_lo", "_hi")))
    return [
        statistic_row(Scaling.GAP, gap, len(n), "mean number less ln n, the most of all n"),
        statistic_row(Scaling.SLOPE, slope, len(n), "b of m = a + b ln n"),
        statistic_row(Scaling.START, start, len(n), "a of it"),
        statistic_row(Scaling.LOG_FIT, log, len(n), "R^2 of it"),
        statistic_row(Scaling.LINE_FIT, line, len(n), "R^2 of m = a + b n"),
        statistic_row(Scaling.LOG_BETTER, log - line, len(n), "the one less the other"),
    ]


def _population_rows(last: pd.DataFrame, confidence: float) -> list[Row]:
    rows = []
    values = {name: part["m2"].to_numpy(dtype=np.int64) for name, part in last.groupby("runset")}
    for name, noise, one, other in (
        (Scaling.TV_LARGE, Scaling.TV_LARGE_NOISE, "pop91", "pop89"),
        (Scaling.TV_SMALL, Scaling.TV_SMALL_NOISE, "pop35", "pop37"),
    ):
        none = np.zeros(0, dtype=np.int64)
        first, second = values.get(one, none), values.get(other, none)
        count = min(len(first), len(second))
        rows += [
            statistic_row(
                name, total_variation(first, second), count, f"m of {one} and of {other}"
            ),
            statistic_row(
                noise, chance(first, second), count, "what 95 % of shuffles of both stay below"
            ),
        ]
    small, full = (last[last["runset"] == name] for name in ("pop91", "full91"))
    m = [mean_of(part["m2"], confidence) for part in (full, small)]
    simple = [ratio_of_sums(part["simple"], part["live"], confidence) for part in (full, small)]
    for name, pair, what in (
        (Scaling.BATCH_M, m, "mean number of clusters"),
        (Scaling.BATCH_SIMPLE, simple, "share of simple neurons"),
    ):
        note = f"{what}, full batch less batches of n"
        rows.append(statistic_row(name, less(*pair), min(len(small), len(full)), note))
    return rows


def chance(first: np.ndarray, second: np.ndarray, shuffles: int = 400, seed: int = 0) -> float:
    """The 95 % point of the total variation of two such samples of one distribution."""
    every = np.concatenate([first, second])
    if len(first) == 0 or len(second) == 0:
        return math.nan
    share = np.bincount(every) / len(every)
    generator = np.random.default_rng(seed)
    one, other = (generator.multinomial(len(x), share, shuffles) / len(x) for x in (first, second))
    return float(np.quantile(np.abs(one - other).sum(axis=1) / 2, 0.95))
