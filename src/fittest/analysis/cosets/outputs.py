"""What a cluster adds to the logits, as a wave around the right answer (paper 5.2 and 5.3; cosets
methods 2, cluster contribution and equivariance).

`contribution` is always L_f(a, b, k) of all pairs: (n, n, n), first operand, second, answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fittest.analysis.cosets.neurons import Floats
from fittest.analysis.cosets.pca import explained_by_residue


@dataclass(frozen=True)
class WaveFit:
    """A cos(2 pi f (k - k*) / n) + constant, fitted to each row of a contribution.

    amplitude, explained (R^2), steps (distance of k* from the answer, in steps from one member of
    the coset to the next): (n, n) each. A row without variance has explained NaN.
    """

    amplitude: Floats
    explained: Floats
    steps: Floats


def answers(n: int) -> NDArray[np.int64]:
    """(a + b) mod n of all pairs: (n, n)."""
    numbers = np.arange(n)
    return (numbers[:, None] + numbers[None, :]) % n


def wave_fit(contribution: Floats, f: int) -> WaveFit:
    """Least squares of one wave of frequency f, 1..n // 2, per pair."""
    n = contribution.shape[-1]
    centred = contribution - contribution.mean(axis=-1, keepdims=True)
    wave = np.exp(-2j * np.pi * ((f * np.arange(n)) % n) / n)
    found = centred @ wave
    # The mirror frequency is the same one for f = n / 2.
    twice = 1.0 if 2 * f == n else 2.0
    power = twice * np.square(np.abs(found)) / n
    total = np.square(centred).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        explained = np.where(total > 0, power / total, np.nan)
    place = -np.angle(found) * n / (2 * np.pi)
    return WaveFit(
        amplitude=twice * np.abs(found) / n,
        explained=explained,
        steps=_apart(place - f * answers(n), n) / math.gcd(f, n),
    )


def _apart(difference: Floats, n: int) -> Floats:
    """Distance on a circle of n places."""
    around = np.mod(difference, n)
    return np.minimum(around, n - around)


def coset_share(contribution: Floats, f: int) -> float:
    """Share of the variance over answers that an answer's residue modulo n / gcd(f, n) explains, of
    all pairs together; NaN without variance."""
    n = contribution.shape[-1]
    return explained_by_residue(contribution.reshape(n * n, n).T, n // math.gcd(f, n))


@dataclass(frozen=True)
class Answers:
    """How a contribution answers by itself.

    accuracy: share of pairs whose right answer is strictly the largest. margin: its value less the
    largest wrong one, mean over pairs.
    """

    accuracy: float
    margin: float


def answered(contribution: Floats) -> Answers:
    """Of all pairs of (n, n, n) values. A tie is not an answer."""
    n = contribution.shape[-1]
    right = answers(n)[..., None]
    own = np.take_along_axis(contribution, right, axis=-1)[..., 0]
    others = contribution.copy()
    np.put_along_axis(others, right, -np.inf, axis=-1)
    margin = own - others.max(axis=-1)
    return Answers(float((margin > 0).mean()), float(margin.mean()))


@dataclass(frozen=True)
class Equivariance:
    """Whether a contribution moves by 2 s where both operands move by s.

    score: share of pairs whose best shift is at most a step of the coset from 2 s. turned: share of
    those whose best shift is at most some degrees of the cluster's wave from it, whatever the
    coset's step is. correlation: mean over pairs at the shift 2 s.
    """

    score: float
    turned: float
    correlation: float


def equivariance(contribution: Floats, f: int, shift: int, degrees: float) -> Equivariance:
    """Compare L(a, b, k) with L(a + s, b + s, k + t) for every pair and every t (paper appendix C).

    Args:
        f: of the cluster: a shift counts modulo n / gcd(f, n), and a step is gcd(f, n) places of
            the remapped answers. degrees: of `turned`.
    """
    n = contribution.shape[-1]
    spectra = np.fft.rfft(contribution - contribution.mean(axis=-1, keepdims=True), axis=-1)
    moved = np.roll(spectra, (-shift, -shift), axis=(0, 1))
    by_shift = np.fft.irfft(moved * spectra.conj(), n, axis=-1)
    expected = 2 * shift % n
    best = by_shift.argmax(axis=-1)
    places = _apart((f * (best - expected)).astype(np.float64), n)
    steps = places / math.gcd(f, n)
    weights = np.full(spectra.shape[-1], 2.0)
    weights[0] = 1.0
    if n % 2 == 0:
        weights[-1] = 1.0
    norms = np.sqrt(np.square(np.abs(spectra)) @ weights / n)
    product = norms * np.roll(norms, (-shift, -shift), axis=(0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.where(product > 0, by_shift[..., expected] / product, 0.0)
    # A pair without any output does not move with its operands.
    return Equivariance(
        score=float(((steps <= 1 + 1e-9) & (product > 0)).mean()),
        turned=float(((360 * places / n <= degrees + 1e-9) & (product > 0)).mean()),
        correlation=float(correlation.mean()),
    )
