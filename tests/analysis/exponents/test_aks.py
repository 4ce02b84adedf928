"""The primality test, as a whole and step by step."""

from __future__ import annotations

import pytest

from fittest.analysis.exponents import aks
from fittest.runs.primes import is_prime


def test_every_number_is_told_right() -> None:
    found = [aks.aks(n) for n in range(2, 400)]
    assert [one.n for one in found if one.prime] == [n for n in range(2, 400) if is_prime(n)]
    # Numbers of each kind: powers, such with a small divisor, small primes, and larger ones.
    assert {one.step for one in found} == {1, 3, 4, 6}


@pytest.mark.parametrize("n", [91, 119, 143, 187, 209, 221, 341, 561, 703, 899])
def test_the_congruences_alone_tell_composites_from_primes(n: int) -> None:
    """Divisors are looked for before, so that at this size no number gets as far. Among these are
    pseudoprimes to base 2 and a Carmichael number."""
    r = aks._parameter(n)
    assert not aks._congruent(n, r, 3)


@pytest.mark.parametrize("n", [89, 113, 331, 997])
def test_the_congruences_hold_for_primes(n: int) -> None:
    assert aks._congruent(n, aks._parameter(n), 20)


def test_powers_of_the_parameter_are_far_apart() -> None:
    """By counting: the order of n modulo r is the least k with n^k = 1."""
    n = 31
    r = aks._parameter(n)
    order = next(k for k in range(1, r) if pow(n, k, r) == 1)
    assert order > 24.5 > 4.954**2 - 0.1
    for smaller in range(2, r):
        orders = [k for k in range(1, smaller) if pow(n, k, smaller) == 1]
        assert not orders or orders[0] <= 24.6


@pytest.mark.parametrize("n", [-3, 0, 1])
def test_what_has_no_primality_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="from 2"):
        aks.aks(n)
