"""Derived statements of the survival paper: exact, true at every scale. A measure counts what
contradicts them, so that 0 is the only right answer."""

from __future__ import annotations

import numpy as np

from fittest.analysis.circles.planes import token_step
from fittest.analysis.fates.alive import alive_two_mean
from fittest.claims.measures import Evidence, Measured, measure
from fittest.fourier import count, half_spectrum

# Decimals of the derived threshold may fall on either side of it.
_MARGIN = 1e-9
# What a projection misses of a unit vector by rounding alone; a real miss is far larger.
_ROUNDING = 1e-8


@measure("survival.step_identity")
def step_identity(evidence: Evidence, pairs: dict[int, int], p: int) -> Measured:
    """Frequencies k whose token step does not fulfil k Delta = +-1 mod p: those the paper prints
    with their Delta, and every frequency of every prime up to `p` (S07)."""
    wrong = sum(
        (k * delta) % p not in (1, p - 1) or min(delta, p - delta) != token_step(k, p)
        for k, delta in pairs.items()
    )
    checked = len(pairs)
    for prime in (q for q in range(5, p + 1) if all(q % r for r in range(2, int(q**0.5) + 1))):
        for k in half_spectrum(prime):
            wrong += (k * token_step(k, prime)) % prime not in (1, prime - 1)
            checked += 1
    return Measured(float(wrong), n=checked, of="frequencies")


@measure("survival.measured_steps")
def measured_steps(evidence: Evidence) -> Measured:
    """Survivors of trained runs whose printed token step is not the inverse of k (S07)."""
    table = evidence.tables.get("geometry")
    survivors = int(table["survivors"].sum())
    return Measured(float(table["step_violations"].sum()), n=survivors, of="survivors")


def _spectrum(p: int, circles: int, ratio: float) -> tuple[np.ndarray, float]:
    """Signals of `circles` survivors at `ratio` and all other bins at 1; their mean over p bins."""
    signals = np.ones(count(p))
    signals[:circles] = ratio
    return signals, (p + 2 * circles * (ratio - 1)) / p


@measure("survival.alive_limits")
def alive_limits(evidence: Evidence, most: dict[int, int], factor: float) -> Measured:
    """Violations of the limits of the 2-mean rule on synthetic spectra (methods 2.3, S45).

    most: p -> largest number of circles that the rule can ever count, over dead bins of exactly 0.
    Checked too, for every p of `most` and every countable m: the threshold ratio
    2 (1 - 2m/p) / (1 - 4m/p) of survivors over a uniform background, just below and above; and
    that a spectrum in which all are equal counts none.
    """
    wrong = checked = 0
    for p, limit in most.items():
        counts = []
        for circles in range(count(p) + 1):
            signals = np.zeros(count(p))
            signals[:circles] = 1.0
            counts.append(int(alive_two_mean(signals, 2 * circles / p, factor).sum()))
        wrong += max(counts) != limit
        flat, mean = _spectrum(p, 0, 1.0)
        wrong += bool(alive_two_mean(flat, mean, factor).any())
        checked += 2
        for circles in range(1, limit + 1):
            edge = 2 * (1 - 2 * circles / p) / (1 - 4 * circles / p)
            for ratio, expected in ((edge * (1 - _MARGIN), 0), (edge * (1 + _MARGIN), circles)):
                signals, mean = _spectrum(p, circles, ratio)
                wrong += int(alive_two_mean(signals, mean, factor).sum()) != expected
                checked += 1
    return Measured(float(wrong), n=checked, of="cases")


@measure("survival.projected_circles")
def projected_circles(evidence: Evidence, p: int, dimensions: list[int], seeds: int) -> Measured:
    """Random embeddings that contradict the statement on projections (S54, paper footnote 4).

    Of p tokens in d dimensions, Gaussian as at the start, a linear projection shows the circle of
    frequency k exactly if and only if cos and sin of 2 pi k n / p lie in the span of the columns:
    for d >= p that of everything, below it not, with probability one.
    """
    wrong = 0
    angles = 2 * np.pi * np.outer(np.arange(p), half_spectrum(p)) / p
    circles = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    circles /= np.linalg.norm(circles, axis=0)
    for d in dimensions:
        for seed in range(seeds):
            embedding = np.random.default_rng([seed, d]).standard_normal((p, d))
            span, _ = np.linalg.qr(embedding)
            missed = np.linalg.norm(circles - span @ (span.T @ circles), axis=0)
            exact = missed < _ROUNDING
            wrong += not bool(exact.all() if d >= p else not exact.any())
    return Measured(float(wrong), n=len(dimensions) * seeds, of="embeddings")
