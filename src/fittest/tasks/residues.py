"""How often x^a + y^b leaves each remainder (exponents methods 2): facts of the numbers alone,
known before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np

from fittest.tasks.powers import powers
from fittest.tasks.task import Integers


@dataclass(frozen=True)
class Residues:
    """Of z = (x^a + y^b) mod p over all pairs, p prime.

    counts: (p,), n_z, pairs that leave z. images: how many values x^a takes, and y^b. divisors:
    d_a = gcd(a, p - 1) and d_b: that many x share each x^a but 0.
    """

    counts: Integers
    images: tuple[int, int]
    divisors: tuple[int, int]

    @property
    def p(self) -> int:
        """The modulus."""
        return len(self.counts)

    @property
    def missing(self) -> int:
        """Remainders that no pair leaves."""
        return int((self.counts == 0).sum())

    @property
    def zeros(self) -> int:
        """n_0, pairs that leave 0: p of them where remainders are uniform."""
        return int(self.counts[0])

    @property
    def chi_squared(self) -> float:
        """X^2 = sum of (n_z - p)^2 / p; 0 exactly where remainders are uniform."""
        return int(((self.counts - self.p) ** 2).sum()) / self.p

    @property
    def entropy(self) -> float:
        """H, entropy of the remainders as a share of ln p, 0..1."""
        shares = self.counts[self.counts > 0] / self.counts.sum()
        return float(-(shares * np.log(shares)).sum() / np.log(self.p))

    def coverage(self, train_fraction: float) -> float:
        """kappa: chance that a test pair (no operand 0) has its two powers in a train pair too."""
        alike = self.divisors[0] * self.divisors[1]
        return float(1.0 - (1.0 - train_fraction) ** (alike - 1))


def residues(p: int, a: int, b: int) -> Residues:
    """The remainders of x^a + y^b modulo a prime p, counted from all pairs."""
    first, second = powers(p, a), powers(p, b)
    # How often each power occurs; a sum leaves z as often as their cyclic convolution says.
    often, shifted = np.bincount(first, minlength=p), np.bincount(second, minlength=p)
    counts = np.zeros(p, dtype=np.int64)
    for value in np.flatnonzero(often):
        counts += often[value] * np.roll(shifted, value)
    images = (int((often > 0).sum()), int((shifted > 0).sum()))
    return Residues(counts, images, (gcd(a, p - 1), gcd(b, p - 1)))
