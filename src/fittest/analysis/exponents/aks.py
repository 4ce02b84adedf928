"""The primality test of Agrawal, Kayal and Saxena (the report's algorithm 1).

The report prints it without the condition on r, and the congruence once without the polynomial that
it is taken modulo; here stands the published algorithm.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, gcd, log2, sqrt

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Verdict:
    """On one number. r: the test's parameter, 0 where it was not needed. step: 1 perfect power,
    3 common divisor, 4 no larger than r, 5 congruences (composite), 6 prime after all."""

    n: int
    prime: bool
    step: int
    r: int


def aks(n: int) -> Verdict:
    """Whether n is prime, and which step of the algorithm tells. ValueError below 2."""
    if n < 2:
        raise ValueError(f"primality is asked of numbers from 2, unlike {n}")
    if _is_perfect_power(n):
        return Verdict(n, False, 1, 0)
    r = _parameter(n)
    if any(1 < gcd(a, n) < n for a in range(2, r + 1)):
        return Verdict(n, False, 3, r)
    if n <= r:
        return Verdict(n, True, 4, r)
    most = floor(sqrt(_totient(r)) * log2(n))
    if not _congruent(n, r, most):
        return Verdict(n, False, 5, r)
    return Verdict(n, True, 6, r)


def _is_perfect_power(n: int) -> bool:
    for exponent in range(2, n.bit_length() + 1):
        root = round(n ** (1 / exponent))
        if any((root + near) ** exponent == n for near in (-1, 0, 1) if root + near > 1):
            return True
    return False


def _parameter(n: int) -> int:
    """The least r modulo which the powers of n repeat only after more than log2(n)^2 of them."""
    most = floor(log2(n) ** 2)
    r = 2
    while True:
        if gcd(r, n) == 1 and all(pow(n, k, r) != 1 % r for k in range(1, most + 1)):
            return r
        r += 1


def _totient(r: int) -> int:
    return sum(gcd(k, r) == 1 for k in range(1, r + 1))


def _congruent(n: int, r: int, most: int) -> bool:
    """Whether (X + a)^n = X^n + a modulo X^r - 1 and n, for all a up to `most`."""
    offsets = np.arange(1, most + 1) % n
    base = np.zeros((most, r))
    base[:, 0], base[:, 1] = offsets, 1
    found = np.zeros((most, r))
    found[:, 0] = 1
    for bit in bin(n)[2:]:
        found = _product(found, found, n)
        if bit == "1":
            found = _product(found, base, n)
    expected = np.zeros((most, r))
    expected[:, n % r] = 1
    expected[:, 0] += offsets
    return bool((found == expected % n).all())


def _product(
    first: NDArray[np.float64], second: NDArray[np.float64], n: int
) -> NDArray[np.float64]:
    """Of polynomials modulo X^r - 1 and n, row by row. Exact: sums of r products below n^2 are far
    below what rounding could move by a half."""
    length = first.shape[1]
    spectrum = np.fft.rfft(first, axis=1) * np.fft.rfft(second, axis=1)
    return np.rint(np.fft.irfft(spectrum, n=length, axis=1)) % n
