"""What the heads of several runs have in common (progress methods 4, P25, P28 to P32, P67)."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pandas as pd

from fittest.analysis.progress.constants import HeadSettings
from fittest.analysis.progress.names import Circuits
from fittest.analysis.progress.summaries import by_run, least, most
from fittest.analysis.statistics.intervals import Resampling, median_estimate, share
from fittest.analysis.statistics.table import Row, statistic_row


def head_rows(heads: pd.DataFrame, settings: HeadSettings, resampling: Resampling) -> list[Row]:
    """Rows of `Circuits` that are about heads, from the `heads` of one run-set.

    Medians are over all heads, with intervals over runs; `best` is the best head of the worst run.
    """
    n = len(heads)
    rows = _to_itself(heads, settings, resampling)
    for best, median, column, what in (
        (Circuits.PATTERN_BEST, Circuits.PATTERN, "pattern_explained", "attention"),
        (Circuits.LOOKUP_BEST, Circuits.LOOKUP, "lookup_explained", "scores"),
    ):
        worst = least(heads.groupby("run_id")[column].max())
        text = f"{what} by one wave, best head of the worst run"
        rows.append(statistic_row(best, worst, n, text))
        middle = by_run(heads, column, "median", resampling)
        rows.append(statistic_row(median, middle, n, f"{what} by one wave, median head"))
    divided = by_run(heads, "divided_explained", "median", resampling)
    rows += [
        statistic_row(
            Circuits.PATTERN_LEAST, least(heads["pattern_explained"]), n, "attention, least head"
        ),
        statistic_row(
            Circuits.LOOKUP_LEAST, least(heads["lookup_explained"]), n, "scores, least head"
        ),
        statistic_row(
            Circuits.DIVIDED, divided, n, "attention over that to both operands, median head"
        ),
        statistic_row(
            Circuits.DIVIDED_LEAST, least(heads["divided_explained"]), n, "likewise, least head"
        ),
    ]
    reach = heads.assign(reach=heads[["lowest", "highest"]].abs().max(axis=1).astype(float))
    for name, column, text in (
        (Circuits.SIGMOID, "linear_explained", "sigmoid by a line, median head"),
        (Circuits.SIGMOID_REACH, "reach", "largest score of an operand over the other, median"),
        (Circuits.OV_ENTROPY, "ov_entropy", "entropy of what a head carries, nats, median"),
    ):
        rows.append(statistic_row(name, by_run(reach, column, "median", resampling), n, text))
    wide = (reach["reach"] >= settings.reach) & (reach["linear_explained"] >= settings.linear)
    rows.append(
        statistic_row(
            Circuits.SIGMOID_WIDE,
            share(wide.tolist(), resampling.confidence),
            n,
            "share of heads that reach as far as the paper's and are linear over it",
        )
    )
    return rows + _kinds(heads, settings, resampling)


def _to_itself(heads: pd.DataFrame, settings: HeadSettings, resampling: Resampling) -> list[Row]:
    """Attention of the sign to itself, and what the heads that pay it carry beside the others."""
    n = len(heads)
    pays = heads["itself"].astype(float) > settings.itself
    paying, others = heads[pays], heads[~pays]
    little = share((~pays).tolist(), resampling.confidence)
    return [
        statistic_row(Circuits.ITSELF, most(heads["itself"]), n, "attention to itself, most"),
        statistic_row(Circuits.ITSELF_LITTLE, little, n, "share of heads that pay little"),
        statistic_row(Circuits.ITSELF_PAIR, most(heads["itself_most"]), n, "most of one pair"),
        statistic_row(
            Circuits.ITSELF_SPREAD,
            least(paying["itself_sd"]),
            len(paying),
            "deviation over pairs, heads that pay more, least",
        ),
        statistic_row(
            Circuits.ITSELF_PURE,
            least(paying["ov_share"]),
            len(paying),
            "what these carry at the frequency of their attention, least",
        ),
        statistic_row(
            Circuits.OTHERS_PURE, most(others["ov_share"]), len(others), "likewise the others, most"
        ),
    ]


def carried_rows(
    heads: pd.DataFrame, components: pd.DataFrame, circuits: pd.DataFrame, resampling: Resampling
) -> list[Row]:
    """What heads carry (progress methods 2.13): whether most of it is of the frequency by which
    they attend, and how much is of key frequencies.

    Args:
        heads: run_id, head, k. components: run_id, head, k, ov_norm, a row per Fourier component.
        circuits: run_id, keys.
    """
    waves = components[components["k"] > 0]
    keys = dict(zip(circuits["run_id"], circuits["keys"], strict=True))
    largest, of_keys = [], []
    for row in heads[["run_id", "head", "k"]].to_dict("records"):
        mine = waves[(waves["run_id"] == row["run_id"]) & (waves["head"] == row["head"])]
        ks, energy = mine["k"].to_numpy(int), np.square(mine["ov_norm"].to_numpy(float))
        by_k = np.bincount(ks, energy)
        largest.append(int(by_k.argmax()) == int(row["k"]))
        inside = np.isin(ks, [int(k) for k in keys[row["run_id"]]])
        # A head that carries nothing has no share.
        part = float(energy[inside].sum() / energy.sum()) if energy.any() else math.nan
        of_keys.append({"run_id": row["run_id"], "share": part})
    shares = pd.DataFrame(of_keys, columns=["run_id", "share"])
    n = len(largest)
    return [
        statistic_row(
            Circuits.OV_LARGEST,
            share(largest, resampling.confidence),
            n,
            "share of heads that carry most at the frequency by which they attend",
        ),
        statistic_row(
            Circuits.OV_KEYS,
            by_run(shares, "share", "median", resampling),
            n,
            "share at key frequencies of what a head carries, in squares, median",
        ),
    ]


def _kinds(heads: pd.DataFrame, settings: HeadSettings, resampling: Resampling) -> list[Row]:
    """How many heads of a run multiply, and how many come in opposite pairs."""
    runs = [part for _, part in heads.groupby("run_id")]
    products = [products_of(part, settings) for part in runs]
    pairs = [len(opposite_heads(part, settings)) for part in runs]
    both = [a > 0 and b > 0 for a, b in zip(products, pairs, strict=True)]
    n = len(runs)
    return [
        statistic_row(
            Circuits.HEADS_PRODUCT,
            median_estimate(products, resampling),
            n,
            "heads of a run that carry the frequency by which they attend, median",
        ),
        statistic_row(
            Circuits.HEADS_OPPOSITE,
            median_estimate(pairs, resampling),
            n,
            "heads of a run that attend opposite to another one, median",
        ),
        statistic_row(
            Circuits.HEADS_BOTH,
            share(both, resampling.confidence),
            n,
            "share of runs with heads of both kinds",
        ),
    ]


def products_of(heads: pd.DataFrame, settings: HeadSettings) -> int:
    """Heads of one run whose values and outputs carry little but the frequency of their attention:
    they multiply it by itself. One that is opposite to another raises what both carry instead."""
    pure = heads["ov_share"].astype(float) >= settings.one_frequency
    return int((pure & ~heads["head"].isin(list(opposite_heads(heads, settings)))).sum())


def opposite_heads(heads: pd.DataFrame, settings: HeadSettings) -> set[int]:
    """Heads of one run whose attention adds up to a constant with that of another one.

    Of the same frequency, and the sum of their (alpha, beta) shorter than a share of the longer.
    """
    rows = heads[["head", "k", "alpha", "beta"]].to_dict("records")
    found: set[int] = set()
    for one, other in combinations(rows, 2):
        first, second = (np.array([row["alpha"], row["beta"]], float) for row in (one, other))
        longer = max(np.linalg.norm(first), np.linalg.norm(second))
        if one["k"] == other["k"] and np.linalg.norm(first + second) < settings.opposite * longer:
            found |= {int(one["head"]), int(other["head"])}
    return found
