"""How often each remainder is the answer of x^a + y^b modulo p (exponents methods 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

MAX_EXPONENT = 99
"""More than any experiment asks for; the report stays below 10."""

_KEPT = 0.7
"""Share of the pairs that a network does not see (exponents methods 1.1)."""


@dataclass(frozen=True)
class Residues:
    """What is known of the answers of x^a + y^b modulo p before anything is trained.

    p: prime modulus. a, b: exponents. counts: (p,) pairs of operands with each answer; their sum is
    p^2. shared_a, shared_b: gcd of the exponent and p - 1: the powers of so many numbers are one.
    """

    p: int
    a: int
    b: int
    counts: NDArray[np.int64]
    shared_a: int
    shared_b: int

    @property
    def images(self) -> tuple[int, int]:
        """How many values x^a and y^b take."""
        return 1 + (self.p - 1) // self.shared_a, 1 + (self.p - 1) // self.shared_b

    @property
    def missing(self) -> int:
        """Remainders that are never an answer."""
        return int((self.counts == 0).sum())

    @property
    def zeros(self) -> int:
        """Pairs of operands whose answer is 0."""
        return int(self.counts[0])

    @property
    def chi_square(self) -> float:
        """Sum of (count - p)^2 / p: 0 where all answers are equally frequent."""
        return float(np.square(self.counts - self.p).sum() / self.p)

    @property
    def entropy(self) -> float:
        """Of the answers, over that of p equally frequent ones: at most 1."""
        shares = self.counts[self.counts > 0] / self.p**2
        return float(-(shares * np.log(shares)).sum() / np.log(self.p))

    @property
    def uniform_by_gcd(self) -> bool:
        """Whether one of the powers is a permutation, from which equal counts follow: with the
        other operand fixed, each answer comes once."""
        return self.shared_a == 1 or self.shared_b == 1

    @property
    def looked_up(self) -> float:
        """Chance that another pair of the same powers as a pair of the test set was trained on, so
        that its answer could be looked up (operands other than 0)."""
        return float(1 - _KEPT ** (self.shared_a * self.shared_b - 1))


def residues(p: int, a: int, b: int) -> Residues:
    """The answers of x^a + y^b modulo a prime p. ValueError for exponents below 1."""
    if a < 1 or b < 1:
        raise ValueError(f"exponents are 1 or more, unlike {a} and {b}")
    firsts, seconds = (powers(p, exponent) for exponent in (a, b))
    answers = (firsts[:, None] + seconds[None, :]) % p
    counts = np.bincount(answers.ravel(), minlength=p)
    return Residues(p, a, b, counts, gcd(a, p - 1), gcd(b, p - 1))


def powers(p: int, exponent: int) -> NDArray[np.int64]:
    """(p,) x^exponent modulo p, x = 0..p-1."""
    return np.array([pow(x, exponent, p) for x in range(p)], dtype=np.int64)


def answers(p: int, a: int, b: int) -> NDArray[np.int64]:
    """(p, p) x^a + y^b modulo p."""
    return np.asarray((powers(p, a)[:, None] + powers(p, b)[None, :]) % p)


def square_spectrum(p: int) -> NDArray[np.float64]:
    """(p-1, p) sizes of the Fourier coefficients of x -> exp(2 pi i w x^2 / p), w = 1..p-1.

    Quadratic Gauss sums: each is sqrt(p), whatever w and the frequency are, which is why an
    embedding that follows waves of x^2 is even over all frequencies of x (exponents methods 2.1).
    """
    # Remainders first, so that equal angles have equal waves.
    turns = np.outer(np.arange(1, p), powers(p, 2)) % p
    return np.abs(np.fft.fft(np.exp(2j * np.pi * turns / p), axis=1))
