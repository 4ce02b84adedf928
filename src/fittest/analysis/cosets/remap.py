"""Remapping by isomorphism: a wave of any frequency becomes one of the lowest (cosets methods
2.7)."""

from __future__ import annotations

from math import gcd

import numpy as np

from fittest.analysis.cosets.neurons import Floats


def reduced_frequency(n: int, frequency: int) -> tuple[int, int]:
    """f' and n' of a frequency: both over their greatest common divisor.

    Raises ValueError for a frequency that is a multiple of n.
    """
    shared = gcd(frequency, n)
    if shared == n:
        raise ValueError(f"frequency: {frequency} is 0 modulo {n}")
    return frequency // shared, n // shared


def unit(n: int, frequency: int) -> int:
    """The least u coprime to n with u = f' modulo n': k -> u k moves the wave to frequency
    gcd(f, n)."""
    own, period = reduced_frequency(n, frequency)
    return next(u for u in range(own % period, n + period, period) if gcd(u, n) == 1)


def step(n: int, frequency: int) -> int:
    """d: what is added to k where the remapped place moves on by one."""
    own, period = reduced_frequency(n, frequency)
    return pow(own, -1, period) if period > 1 else 0


def remapped(values: Floats, frequency: int) -> Floats:
    """(n, ...) values of k, at the places u k mod n."""
    n = len(values)
    moved = np.empty_like(values)
    moved[unit(n, frequency) * np.arange(n) % n] = values
    return moved


def one_period(values: Floats, frequency: int) -> Floats:
    """Means (n', ...) of remapped values over places that are equal modulo n': one period."""
    _, period = reduced_frequency(len(values), frequency)
    moved = remapped(values, frequency)
    return moved.reshape(-1, period, *moved.shape[1:]).mean(axis=0)


def steps_apart(n: int, frequency: int, first: Floats, second: Floats) -> Floats:
    """Distance of two answers in steps d, around the n' places of the frequency."""
    own, period = reduced_frequency(n, frequency)
    apart = np.mod(own * (np.asarray(first) - np.asarray(second)), period)
    return np.minimum(apart, period - apart)
