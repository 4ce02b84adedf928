"""How many clusters there are by width and by modulus (cosets methods 2.14; C14, C35, C36)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from fittest.analysis.cosets.estimates import mean_of, named, total_variation
from fittest.analysis.cosets.names import Scaling
from fittest.analysis.cosets.populations import final
from fittest.analysis.statistics.table import Row, statistic_row


def mean_table(networks: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """A row per run-set, modulus and width: networks, mean number of clusters with its interval
    and standard deviation, ln n, and the mean over it.

    networks: NETWORKS of any run-sets.
    """
    rows = []
    last = final(networks)
    for _, part in last.groupby(["runset", "n", "hidden"]):
        first = part.iloc[0]
        n = int(first["n"])
        values = part["m2"].to_numpy(dtype=np.float64)
        log = math.log(n)
        rows.append(
            {
                **{"runset": first["runset"], "n": n, "hidden": int(first["hidden"])},
                "networks": len(part),
                **named("m", mean_of(values, confidence)),
                "sd": float(values.std(ddof=1)) if len(values) > 1 else math.nan,
                **{"ln_n": log, "over_ln_n": float(values.mean()) / log},
            }
        )
    columns = ["runset", "n", "hidden", "networks", "m", "m_lo", "m_hi", "sd", "ln_n", "over_ln_n"]
    return pd.DataFrame(rows, columns=columns)


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
    widths: pd.DataFrame, moduli: pd.DataFrame, networks: pd.DataFrame, least_n: int
) -> list[Row]:
    """Rows of `Scaling`.

    Args:
        widths, moduli: of ``mean_table``. networks: NETWORKS of `pop91`, `pop89` and their twins,
            and of `full91`. least_n: modulus from which on figure 30 is judged.
    """
    judged = moduli[moduli["n"] >= least_n].sort_values("n")
    n, m = judged["n"].to_numpy(float), judged["m"].to_numpy(float)
    slope, start, log, line = fits(n, m)
    gap = float((m - np.log(n)).max()) if len(n) else math.nan
    rows = [
        statistic_row(
            Scaling.WIDTH_MOST,
            float(widths["over_ln_n"].max()) if len(widths) else math.nan,
            len(widths),
            "mean number of clusters over ln n, the most of all widths and batches",
        ),
        statistic_row(Scaling.GAP, gap, len(n), "mean number less ln n, the most of all n"),
        statistic_row(Scaling.SLOPE, slope, len(n), "b of m = a + b ln n"),
        statistic_row(Scaling.START, start, len(n), "a of it"),
        statistic_row(Scaling.LOG_FIT, log, len(n), "R^2 of it"),
        statistic_row(Scaling.LINE_FIT, line, len(n), "R^2 of m = a + b n"),
        statistic_row(Scaling.LOG_BETTER, log - line, len(n), "the one less the other"),
    ]
    last = final(networks)
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
    for name, difference, what in (
        (Scaling.BATCH_M, _mean(full, "m2") - _mean(small, "m2"), "mean number of clusters"),
        (Scaling.BATCH_SIMPLE, _simple(full) - _simple(small), "share of simple neurons"),
    ):
        note = f"{what}, full batch less batches of n"
        rows.append(statistic_row(name, difference, min(len(small), len(full)), note))
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


def _mean(table: pd.DataFrame, column: str) -> float:
    return float(table[column].mean()) if len(table) else math.nan


def _simple(table: pd.DataFrame) -> float:
    live = float(table["live"].sum())
    return float(table["simple"].sum()) / live if live else math.nan
