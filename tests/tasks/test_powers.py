"""Sums of powers, and how often they leave each remainder."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fittest.tasks import ModularAddition, Powers, train_pairs
from fittest.tasks.residues import residues

SMALL_PRIMES = st.sampled_from([3, 5, 7, 11, 13, 17, 19])


@given(p=st.integers(3, 20), a=st.integers(1, 12), b=st.integers(1, 12))
def test_every_pair_has_its_sum_of_powers(p: int, a: int, b: int) -> None:
    task = Powers(p=p, exponents=(a, b)).build()
    expected = [[x, y, p, (x**a + y**b) % p] for x in range(p) for y in range(p)]
    assert np.column_stack([task.tokens, task.labels]).tolist() == expected
    assert task.grid
    assert (task.vocabulary, task.length, task.classes) == (p + 1, 3, p)


def test_powers_are_exact_where_they_are_over_every_integer_type() -> None:
    """112^9 still fits into 63 bits, 112^10 does not, and Fermat says what 10^18 gives."""
    high = Powers(exponents=(10, 10**18)).build()
    assert [int(label) for label in high.labels[112 * 113 : 112 * 113 + 113]] == [
        (112**10 + pow(y, 10**18 % 112 or 112, 113)) % 113 for y in range(113)
    ]


def test_the_reports_sizes() -> None:
    settings = Powers()
    task = settings.build()
    assert (task.vocabulary, task.length, task.classes) == (114, 3, 113)
    assert train_pairs(task, settings.train_fraction) == 3830
    assert Powers(equals="none").build().length == 2
    assert Powers(equals="input_and_output").build().classes == 114


def test_first_powers_are_modular_addition() -> None:
    one = Powers(p=11, exponents=(1, 1)).build()
    assert np.array_equal(one.labels, ModularAddition(p=11).build().labels)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"exponents": (0, 3)}, "greater than or equal to 1"),
        ({"exponents": (3,)}, "exponents"),
        ({"exponents": (3, 10**30)}, "the limit MAX_EXPONENT"),
        ({"p": 10**9}, "the limit MAX_P"),
    ],
)
def test_wrong_powers_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Powers.model_validate(settings)


def test_powers_that_miss_remainders_are_a_fact_and_no_error() -> None:
    assert len(np.unique(Powers(p=29, exponents=(7, 7)).build().labels)) == 29 - 16


@pytest.mark.parametrize(
    ("p", "exponents", "divisors", "images", "missing", "zeros", "chi_squared", "entropy"),
    [
        (113, (1, 1), (1, 1), (113, 113), 0, 113, 0, 1),
        (113, (3, 3), (1, 1), (113, 113), 0, 113, 0, 1),
        (113, (5, 5), (1, 1), (113, 113), 0, 113, 0, 1),
        (113, (9, 9), (1, 1), (113, 113), 0, 113, 0, 1),
        (113, (3, 4), (1, 4), (113, 29), 0, 113, 0, 1),
        (113, (5, 4), (1, 4), (113, 29), 0, 113, 0, 1),
        (113, (4, 5), (4, 1), (29, 113), 0, 113, 0, 1),
        (113, (8, 9), (8, 1), (15, 113), 0, 113, 0, 1),
        (113, (7, 7), (7, 7), (17, 17), 16, 785, 10730.2, 0.9148),
        (101, (7, 7), (1, 1), (101, 101), 0, 101, 0, 1),
        (103, (7, 7), (1, 1), (103, 103), 0, 103, 0, 1),
        (53, (7, 7), (1, 1), (53, 53), 0, 53, 0, 1),
        (113, (2, 2), (2, 2), (57, 57), 0, 225, 112, 0.9993),
        (113, (6, 6), (2, 2), (57, 57), 0, 225, 112, 0.9993),
        (113, (4, 4), (4, 4), (29, 29), 0, 449, 2098.3, 0.9856),
        (113, (8, 8), (8, 8), (15, 15), 28, 897, 13159.5, 0.8932),
        (43, (7, 7), (7, 7), (7, 7), 24, 295, 3600.3, 0.7506),
        (29, (7, 7), (7, 7), (5, 5), 16, 197, 2180.1, 0.6763),
    ],
)
def test_facts_of_the_remainders(
    p: int,
    exponents: tuple[int, int],
    divisors: tuple[int, int],
    images: tuple[int, int],
    missing: int,
    zeros: int,
    chi_squared: float,
    entropy: float,
) -> None:
    """The oracles of exponents methods 2, by arithmetic alone."""
    facts = residues(p, *exponents)
    assert (facts.divisors, facts.images) == (divisors, images)
    assert (facts.missing, facts.zeros) == (missing, zeros)
    assert facts.chi_squared == (0 if chi_squared == 0 else pytest.approx(chi_squared, abs=0.05))
    assert facts.entropy == pytest.approx(entropy, abs=1e-12 if entropy == 1 else 5e-5)


@pytest.mark.parametrize(
    ("exponents", "coverage"),
    [((1, 1), 0), ((3, 4), 0.657), ((8, 9), 0.918), ((4, 4), 0.995), ((7, 7), 1)],
)
def test_coverage_of_a_train_set(exponents: tuple[int, int], coverage: float) -> None:
    assert residues(113, *exponents).coverage(0.3) == pytest.approx(coverage, abs=5e-4)


@given(p=SMALL_PRIMES, a=st.integers(1, 9), b=st.integers(1, 9))
def test_remainders_are_counted_as_the_labels_are(p: int, a: int, b: int) -> None:
    facts = residues(p, a, b)
    labels = Powers(p=p, exponents=(a, b)).build().labels
    assert np.array_equal(facts.counts, np.bincount(labels, minlength=p))
    assert facts.images == tuple(len({x**e % p for x in range(p)}) for e in (a, b))
    assert facts.images == tuple(1 + (p - 1) // d for d in facts.divisors)
    assert int(facts.counts.sum()) == p * p
    assert (facts.chi_squared == 0) == (facts.missing == 0 and facts.counts.std() == 0)
    shares = [n / p**2 for n in facts.counts.tolist() if n]
    assert facts.entropy == pytest.approx(-sum(s * log(s) for s in shares) / log(p))


def test_uniform_unless_both_exponents_share_a_divisor_with_p_minus_1() -> None:
    """All 81 pairs at p = 113 (exponents methods 2)."""
    uneven = {(a, b) for a in range(1, 10) for b in range(1, 10) if residues(113, a, b).chi_squared}
    assert uneven == {(a, b) for a in (2, 4, 6, 7, 8) for b in (2, 4, 6, 7, 8)}
