"""Primality and coprimality: listed tasks of yes and no, one with a split of its own."""

from __future__ import annotations

from math import gcd, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fittest.tasks import Coprimality, Primality, train_mask, train_pairs


@given(numbers=st.integers(4, 300), digits=st.booleans())
def test_every_number_is_prime_or_not(numbers: int, digits: bool) -> None:
    task = Primality(numbers=numbers, encoding="digits" if digits else "token").build()
    assert task.classes == 2
    assert not task.grid
    for n, (tokens, label) in enumerate(
        zip(task.tokens.tolist(), task.labels.tolist(), strict=True), start=1
    ):
        assert label == (n > 1 and all(n % d for d in range(2, n)))
        if digits:
            assert tokens[-1] == 10
            assert int("".join(map(str, tokens[:-1]))) == n
        else:
            assert tokens == [n]
    assert task.tokens.shape == (numbers, len(str(numbers)) + 1 if digits else 1)


def test_the_reports_numbers() -> None:
    """125 and 43 primes; what a constant answer scores on the test set (exponents methods 1.2)."""
    settings = Primality()
    task = settings.build()
    assert (task.vocabulary, task.length, task.answers) == (1001, 1, (0,))
    mask = train_mask(task, settings.train_fraction, 6)
    assert np.flatnonzero(mask).tolist() == list(range(700))
    assert train_pairs(task, settings.train_fraction) == 700
    assert (int(task.labels[mask].sum()), int(task.labels[~mask].sum())) == (125, 43)
    assert 1 - float(task.labels[~mask].mean()) == pytest.approx(0.8567, abs=5e-5)
    prior, share = 125 / 700, 43 / 300
    constant = -share * log(prior) - (1 - share) * log(1 - prior)
    assert constant == pytest.approx(0.4154, abs=5e-5)
    assert settings.metrics() == ("balanced_accuracy",)


@given(seed=st.integers(0, 10**6), fraction=st.floats(0.1, 1))
def test_a_given_split_is_no_matter_of_seeds(seed: int, fraction: float) -> None:
    settings = Primality(numbers=50, train_fraction=fraction)
    task = settings.build()
    for rng in ("streams", "authors"):
        mask = train_mask(task, fraction, seed, rng)
        assert int(mask.sum()) == train_pairs(task, fraction)
        assert bool(mask[: int(mask.sum())].all())


def test_the_caller_cannot_change_a_given_split() -> None:
    task = Primality().build()
    train_mask(task, 0.7, 0)[:] = False
    assert int(train_mask(task, 0.7, 0).sum()) == 700


def test_digits_in_a_random_split() -> None:
    settings = Primality(encoding="digits", split="random")
    task = settings.build()
    assert (task.vocabulary, task.length, task.answers) == (11, 5, (4,))
    masks = [train_mask(task, settings.train_fraction, seed) for seed in (6, 7)]
    assert [int(mask.sum()) for mask in masks] == [700, 700]
    assert not np.array_equal(*masks)


@given(p=st.integers(3, 40))
def test_every_pair_is_coprime_or_not(p: int) -> None:
    task = Coprimality(p=p).build()
    expected = [[m - 1, n - 1, p] for m in range(1, p + 1) for n in range(1, p + 1)]
    assert task.tokens.tolist() == expected
    assert task.labels.tolist() == [int(gcd(m + 1, n + 1) == 1) for m, n, _ in expected]
    assert task.grid


def test_share_of_coprime_pairs() -> None:
    task = Coprimality().build()
    assert (task.vocabulary, task.length, task.classes) == (114, 3, 2)
    assert float(task.labels.mean()) == pytest.approx(0.618, abs=5e-4)


@pytest.mark.parametrize("kind", [Primality, Coprimality])
def test_columns_that_describe_them(kind: type[Primality] | type[Coprimality]) -> None:
    settings = kind()
    assert settings.describe() == {"p": settings.build().p}


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (Primality, {"numbers": 10**12}, "the limit MAX_P"),
        (Primality, {"encoding": "binary"}, "encoding"),
        (Coprimality, {"p": 10**12}, "the limit MAX_P"),
        (Coprimality, {"p": 2}, "p"),
    ],
)
def test_wrong_numbers_are_refused(
    kind: type[Primality] | type[Coprimality], settings: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        kind.model_validate(settings)
