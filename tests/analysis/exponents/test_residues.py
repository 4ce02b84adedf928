"""Answers of sums of powers, by numbers known beforehand and by counting pairs one by one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fittest.analysis.exponents.residues import answers, square_spectrum
from fittest.tasks.powers import powers
from fittest.tasks.residues import residues

PRIMES = (3, 5, 7, 11, 13, 17, 29, 31)


@pytest.mark.parametrize(
    ("p", "a", "b", "shared", "images", "missing", "zeros", "chi_square", "entropy", "looked_up"),
    [
        (113, 1, 1, (1, 1), (113, 113), 0, 113, 0, 1, 0),
        (113, 9, 9, (1, 1), (113, 113), 0, 113, 0, 1, 0),
        (113, 3, 4, (1, 4), (113, 29), 0, 113, 0, 1, 0.657),
        (113, 5, 4, (1, 4), (113, 29), 0, 113, 0, 1, 0.657),
        (113, 8, 9, (8, 1), (15, 113), 0, 113, 0, 1, 0.918),
        (113, 7, 7, (7, 7), (17, 17), 16, 785, 10730.2, 0.9148, 1),
        (101, 7, 7, (1, 1), (101, 101), 0, 101, 0, 1, 0),
        (113, 2, 2, (2, 2), (57, 57), 0, 225, 112, 0.9993, 0.657),
        (113, 6, 6, (2, 2), (57, 57), 0, 225, 112, 0.9993, 0.657),
        (113, 4, 4, (4, 4), (29, 29), 0, 449, 2098.3, 0.9856, 0.995),
        (113, 8, 8, (8, 8), (15, 15), 28, 897, 13159.5, 0.8932, 1),
        (43, 7, 7, (7, 7), (7, 7), 24, 295, 3600.3, 0.7506, 1),
        (29, 7, 7, (7, 7), (5, 5), 16, 197, 2180.1, 0.6763, 1),
    ],
)
def test_numbers_known_beforehand(
    p: int,
    a: int,
    b: int,
    shared: tuple[int, int],
    images: tuple[int, int],
    missing: int,
    zeros: int,
    chi_square: float,
    entropy: float,
    looked_up: float,
) -> None:
    found = residues(p, a, b)
    assert found.divisors == shared
    assert found.images == images
    assert (found.missing, found.zeros) == (missing, zeros)
    assert found.chi_squared == pytest.approx(chi_square, abs=0.05)
    assert found.entropy == pytest.approx(entropy, abs=5e-5)
    assert found.coverage(0.3) == pytest.approx(looked_up, abs=5e-4)


@given(st.sampled_from(PRIMES), st.integers(1, 12), st.integers(1, 12))
def test_counts_are_those_of_all_pairs(p: int, a: int, b: int) -> None:
    found = residues(p, a, b)
    plain = Counter((x**a + y**b) % p for x in range(p) for y in range(p))
    assert found.counts.tolist() == [plain[z] for z in range(p)]
    assert found.images == (len({x**a % p for x in range(p)}), len({y**b % p for y in range(p)}))
    assert answers(p, a, b)[p - 1, 1] == ((p - 1) ** a + 1) % p


@given(st.sampled_from(PRIMES), st.integers(1, 12), st.integers(1, 12))
def test_a_permutation_among_the_powers_makes_answers_even(p: int, a: int, b: int) -> None:
    found = residues(p, a, b)
    if 1 in found.divisors:
        assert found.chi_squared == 0 and found.missing == 0


def test_uneven_at_113_are_those_without_a_permutation() -> None:
    numbers = range(1, 10)
    uneven = {(a, b) for a in numbers for b in numbers if residues(113, a, b).chi_squared > 0}
    assert uneven == {(a, b) for a in (2, 4, 6, 7, 8) for b in (2, 4, 6, 7, 8)}


def test_powers_that_no_number_of_64_bits_holds() -> None:
    assert powers(113, 99)[112] == pow(112, 99, 113)


@pytest.mark.parametrize("p", [13, 101, 113])
def test_waves_of_squares_have_even_spectra_and_others_have_not(p: int) -> None:
    sizes = square_spectrum(p)
    assert sizes.shape == (p - 1, p)
    np.testing.assert_allclose(sizes, np.sqrt(p), atol=1e-9)
    plain = np.abs(np.fft.fft(np.exp(2j * np.pi * np.arange(p) / p)))
    assert plain.max() > 2 * np.sqrt(p) and plain.min() < 1e-6


@pytest.mark.parametrize("exponents", [(0, 1), (1, 0), (-1, 2)])
def test_exponents_below_one_are_refused(exponents: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        answers(13, *exponents)
