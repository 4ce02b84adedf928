"""Which frequencies sets hold, and which they hold together (cosets methods 2.10 to 2.12)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from math import gcd
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fittest.analysis.cosets.estimates import named, ratio_of_sums
from fittest.analysis.statistics.intervals import NOTHING, Estimate, rate, wilson

Found = NDArray[np.bool_]
LEVEL, POWER = 0.05, 0.8
"""Of a test, and how often what it could see is seen."""


def fold(value: int, n: int) -> int:
    """f or -f modulo n, whichever is smaller."""
    return min(value % n, -value % n)


def units(n: int) -> list[int]:
    """Folded frequencies that are coprime to n."""
    return [f for f in range(1, n // 2 + 1) if gcd(f, n) == 1]


def doubling(n: int) -> set[int]:
    """r = 2 and 1/2, folded; empty where 2 has no inverse."""
    return multiples(n, [(2, 1), (1, 2)])


def multiples(n: int, fractions: Iterable[tuple[int, int]]) -> set[int]:
    """Folded units r = top / bottom modulo n, as far as they are units and not 1."""
    found = {
        fold(top * pow(bottom, -1, n), n)
        for top, bottom in fractions
        if gcd(bottom, n) == 1 and gcd(top, n) == 1
    }
    return found - {1}


def uniformity(found: Found, n: int) -> dict[str, float]:
    """Whether all unit frequencies are found equally often: chi-square of their counts around the
    mean, given how many units each network has; over its degrees of freedom; its p; and the
    standard deviation of the units' rates, over their mean, that would be seen (p below LEVEL) with
    a probability of POWER.

    found: (networks, n // 2).
    """
    from scipy.special import chndtrinc
    from scipy.stats import chi2

    of_units = found[:, np.array(units(n)) - 1]
    count = of_units.shape[1]
    share = of_units.mean(axis=1)
    variance = float((share * (1 - share)).sum()) * count / max(count - 1, 1)
    counts = of_units.sum(axis=0)
    if variance == 0 or count < 2:
        return dict.fromkeys(("chi2", "chi2_p", "dispersion", "spread_seen"), np.nan)
    value = float(np.square(counts - counts.mean()).sum()) / variance
    free = count - 1
    # Rates that spread by s about their mean add count (s mean)^2 / variance to chi-square.
    far = float(chndtrinc(chi2.isf(LEVEL, free), free, 1 - POWER))
    return {
        "chi2": value,
        "chi2_p": float(chi2.sf(value, free)),
        "dispersion": value / free,
        "spread_seen": math.sqrt(far * variance / count) / float(counts.mean()),
    }


def non_units(found: Found, n: int, only: int | None = None, confidence: float = 0.95) -> Estimate:
    """Mean count of the frequencies that share a factor with n, over that of the units.

    only: of those whose greatest common divisor with n it is. NaN at a prime n.
    """
    of_units = np.array(units(n)) - 1
    others = [
        f - 1
        for f in range(1, n // 2 + 1)
        if (gcd(f, n) > 1 if only is None else gcd(f, n) == only)
    ]
    if not others:
        return Estimate(np.nan)
    return ratio_of_sums(found[:, others].mean(axis=1), found[:, of_units].mean(axis=1), confidence)


def related(found: Found, n: int, wanted: set[int]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Ordered pairs of units (f1, f2) of a network by r = f2 / f1: how many a network has for each
    wanted r, and for each other unit r but 1, on average over these; (networks,) each."""
    every = units(n)
    place = {f: index for index, f in enumerate(every)}
    of_units = found[:, np.array(every) - 1].astype(np.float64)
    sizes = of_units.sum(axis=1)
    pairs = np.zeros(len(found))
    for r in wanted:
        partner = [place[fold(r * f, n)] for f in every]
        pairs += (of_units * of_units[:, partner]).sum(axis=1)
    others = len(every) - 1 - len(wanted)
    rest = sizes * (sizes - 1) - pairs
    return pairs / max(len(wanted), 1), rest / max(others, 1)


def pooled(found: Found, n: int) -> pd.DataFrame:
    """Ordered pairs by r = f2 / f1, f1 a unit, over all networks: r, whether it is a unit, pairs,
    and how many there are on average of the other unit r."""
    every = units(n)
    both = found.T.astype(np.float64) @ found.astype(np.float64)
    counts = {r: sum(both[f - 1, fold(r * f, n) - 1] for f in every) for r in range(2, n // 2 + 1)}
    table = pd.DataFrame({"r": list(counts), "pairs": list(counts.values())})
    table["unit"] = table["r"].isin(every)
    return table


def conditional(found: Found, n: int, given: int, confidence: float) -> pd.DataFrame:
    """Over the networks that have `given`: the count of every other frequency, over the mean of
    the others, with its interval; that of a frequency which none of them has ends at Wilson's limit
    of no network of all. No rows where that is no frequency of n."""
    columns = ["given", "frequency", "count", "networks", "ratio", "ratio_lo", "ratio_hi"]
    if not 1 <= given <= n // 2:
        return pd.DataFrame(columns=columns)
    having = found[found[:, given - 1]].astype(np.float64)
    rows = []
    for f in range(1, n // 2 + 1):
        if f == given:
            continue
        rest = np.delete(having, [f - 1, given - 1], axis=1)
        mean = rest.mean(axis=1) if rest.shape[1] else np.zeros(len(having))
        estimate = ratio_of_sums(having[:, f - 1], mean, confidence)
        count = int(having[:, f - 1].sum())
        if count == 0 and mean.sum() > 0:
            most = float(wilson(0, len(having), confidence)[1])
            estimate = Estimate(0.0, 0.0, most / float(mean.mean()))
        rows.append(
            {
                **{"given": given, "frequency": f, "count": count, "networks": len(having)},
                **named("ratio", estimate),
            }
        )
    return pd.DataFrame(rows, columns=columns)


def rate_ends(found: Found, confidence: float) -> tuple[Estimate, Estimate]:
    """The least and the largest share of networks that find a frequency, over all frequencies, each
    with Wilson's interval of its own; NaN without networks.

    found: (networks, n // 2).
    """
    if len(found) == 0:
        return NOTHING, NOTHING
    counts = found.sum(axis=0)
    least, most = (rate(int(end), len(found), confidence) for end in (counts.min(), counts.max()))
    return least, most


def frequency_counts(
    found: Found, band: Found, several: Found, n: int, confidence: float
) -> pd.DataFrame:
    """A row per frequency: networks with a cluster there, with it in the band of a live neuron, and
    in that of a neuron with several there; `_lo` and `_hi` are the ends of Wilson's interval of the
    share of networks."""
    frequencies = np.arange(1, n // 2 + 1)
    table = pd.DataFrame(
        {
            "n": n,
            "frequency": frequencies,
            "gcd": [gcd(int(f), n) for f in frequencies],
            "networks": len(found),
        }
    )
    for name, sets in (("found", found), ("band", band), ("band_several", several)):
        table[name] = sets.sum(axis=0)
        table[f"{name}_lo"], table[f"{name}_hi"] = wilson(table[name], len(found), confidence)
    return table
