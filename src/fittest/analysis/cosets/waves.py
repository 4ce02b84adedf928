"""Parts of single neurons as sums of waves: how few make one up, how these are related, and how
the phases of a cluster lie (paper 4.1, B.1.2 and B.3; cosets methods 2)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fittest.analysis.cosets.neurons import Floats, folded, powers
from fittest.analysis.cosets.remap import one_period


def partial_sums(part: Floats, count: int) -> tuple[list[int], Floats, Floats]:
    """A part built up of one frequency after the other, the largest first.

    Args:
        part: (n,) values. count: how many frequencies.

    Returns:
        Their frequencies; the mean with the first 1, 2, .. of them, (count, n); and the share of
        the variance that these explain, (count,): NaN without variance.
    """
    n = len(part)
    spectrum = np.fft.rfft(part)
    order = np.argsort(-np.abs(spectrum[1:]), kind="stable")[:count] + 1
    kept = np.zeros_like(spectrum)
    kept[0] = spectrum[0]
    sums, shares = [], []
    total = float(np.square(part - part.mean()).sum())
    for f in order:
        kept[f] = spectrum[f]
        made = np.fft.irfft(kept, n)
        sums.append(made)
        left = float(np.square(part - made).sum())
        shares.append(1 - left / total if total > 0 else np.nan)
    return [int(f) for f in order], np.array(sums).reshape(-1, n), np.array(shares)


def strong_frequencies(magnitudes: Floats, share: float) -> list[int]:
    """Frequencies of a magnitude above a share of the largest one, the largest first.

    Args:
        magnitudes: (n // 2,), of frequencies 1.. .
    """
    order = np.argsort(-magnitudes, kind="stable")
    return [int(i) + 1 for i in order if magnitudes[i] > share * magnitudes[order[0]]]


def one_of_two(f: int, n: int) -> int:
    """The frequency 0..n // 2 that f stands for: f and -f are the same."""
    return min(f % n, -f % n)


def related_share(frequencies: Iterable[int], n: int) -> float:
    """Share of frequencies that take part in a relation of the form f = g + h or f = g - h, each up
    to sign, with f none of the others and g perhaps equal to h; NaN for none.

    The paper's two clusters, (42, 35, 28, 21, 14, 7) of 91 and (27, 35, 19) of 89, have 1.
    """
    members = sorted({one_of_two(f, n) for f in frequencies})
    if not members:
        return float("nan")
    known = set(members)
    related: set[int] = set()
    for index, g in enumerate(members):
        for h in members[index:]:
            for made in (one_of_two(g + h, n), one_of_two(g - h, n)):
                if made in known and made not in (g, h):
                    related |= {g, h, made}
    return len(related) / len(members)


@lru_cache(maxsize=256)
def related_by_chance(size: int, n: int, draws: int, seed: int) -> float:
    """Mean of `related_share` over sets of so many frequencies of 1..n // 2, drawn at random."""
    generator = np.random.default_rng(seed)
    size = min(size, n // 2)
    found = [
        related_share(generator.choice(n // 2, size, replace=False) + 1, n) for _ in range(draws)
    ]
    return float(np.mean(found))


def rayleigh(phases: Floats) -> float:
    """Probability that phases as uneven as these, or more, come of a uniform distribution.

    Args:
        phases: (m,) radians. Source: Zar, Biostatistical Analysis, equation 27.4, an approximation
            to three digits from five phases on.
    """
    m = len(phases)
    if m == 0:
        return float("nan")
    length = float(np.abs(np.exp(1j * phases).sum()))
    return float(min(1.0, np.exp(np.sqrt(1 + 4 * m + 4 * (m**2 - length**2)) - (1 + 2 * m))))


@lru_cache(maxsize=256)
def rayleigh_by_chance(m: int, uniform: float, draws: int, seed: int) -> float:
    """Share of drawn sets of m pairs of uniform phases that count as even by Rayleigh's test of the
    first phase, of the second and of their difference, each above `uniform`."""
    pairs = np.random.default_rng(seed).uniform(0, 2 * np.pi, (draws, 2, m))
    even = [min(rayleigh(a), rayleigh(b), rayleigh(a - b)) > uniform for a, b in pairs]
    return float(np.mean(even))


def pair_evenness(first: Floats, second: Floats, orders: int, draws: int, seed: int) -> float:
    """Probability that pairs of phases as uneven as these, or more, come of a uniform distribution
    on the torus: lumps, lattices and leans alike.

    Args:
        first, second: (m,) radians. orders: the pairs are as uneven as the longest of the sums of
            exp(i (p first + q second)) is, over whole p and q of at most so much, but for 0 and 0.
        draws: sets of m uniform pairs that they are compared with.

    Returns:
        The share of the draws, with these pairs among them, that are at least as uneven; NaN
        without phases.
    """
    m = len(first)
    if m == 0:
        return float("nan")
    own = _longest(np.asarray(first)[None], np.asarray(second)[None], orders)[0]
    drawn = _longest_by_chance(m, orders, draws, seed)
    # Rounding must not tell a lattice from itself.
    return float((1 + (drawn >= own - 1e-9).sum()) / (1 + draws))


def _longest(first: Floats, second: Floats, orders: int) -> Floats:
    """Of (sets, m) pairs of phases: the longest mean of exp(i (p first + q second)), (sets,)."""
    of_first, of_second = (
        np.exp(1j * np.arange(orders + 1)[:, None, None] * phases) for phases in (first, second)
    )
    best = np.zeros(len(first))
    for p in range(orders + 1):
        for q in range(orders + 1):
            if p == q == 0:
                continue
            # Both signs of q; that of p is one with them.
            for other in (of_second[q], of_second[q].conj()):
                best = np.maximum(best, np.abs((of_first[p] * other).mean(axis=1)))
    return best


@lru_cache(maxsize=256)
def _longest_by_chance(m: int, orders: int, draws: int, seed: int) -> Floats:
    generator = np.random.default_rng(seed)
    first, second = generator.uniform(0, 2 * np.pi, (2, draws, m))
    return _longest(first, second, orders)


def distinct_phases(phases: Floats, degrees: float) -> int:
    """How many phases can be taken, going around once from one of them, each more than so many
    degrees from the last and the first: the most over where to begin."""
    turn = 2 * np.pi
    ordered = np.sort(np.mod(phases, turn))
    gap = np.deg2rad(degrees)
    best = 0
    for start in range(len(ordered)):
        around = np.mod(np.roll(ordered, -start) - ordered[start], turn)
        taken, last = 1, 0.0
        for place in around[1:]:
            if place - last > gap and turn - place > gap:
                taken, last = taken + 1, float(place)
        best = max(best, taken)
    return best


def projected_share(columns: Floats, frequencies: Iterable[int]) -> Floats:
    """Share of each column's energy, its mean left out, at frequencies: (n, c) -> (c,); NaN for a
    column that does not vary."""
    energy = powers(folded(columns), len(columns))
    wanted = [f - 1 for f in frequencies]
    total = energy.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, energy[wanted].sum(axis=0) / total, np.nan)


def varying_columns(columns: Floats, least: float) -> NDArray[np.bool_]:
    """Columns whose standard deviation is at least a share of the largest one's: (c,)."""
    deviations = columns.std(axis=0)
    alive: NDArray[np.bool_] = deviations >= least * deviations.max()
    return alive & (deviations > 0)


def strong_neighbours(part: Floats, f: int, share: float) -> bool:
    """Whether a neuron that is strongest at a number is strong one step before and after it too.

    Args:
        part: (n,) values of a neuron of frequency f; with a common divisor, of means over cosets.
        share: of the largest value, from which on another one is strong.
    """
    means = one_period(part, f)
    top = int(means.argmax())
    beside = min(means[top - 1], means[(top + 1) % len(means)])
    return bool(means[top] > 0 and beside >= share * means[top])
