"""Modular addition and its split."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fittest.tasks import ModularAddition, train_mask, train_pairs


@given(p=st.integers(3, 40))
def test_every_pair_has_its_sum(p: int) -> None:
    task = ModularAddition(p=p).build()
    expected = [(a, b, (a + b) % p) for a in range(p) for b in range(p)]
    assert task.grid
    assert task.classes == p
    assert [
        (*pair, c) for pair, c in zip(task.tokens.tolist(), task.labels.tolist(), strict=True)
    ] == expected


@pytest.mark.parametrize(("p", "fraction", "size"), [(59, 0.8, 2784), (100, 0.8, 8000), (7, 1, 49)])
def test_size_of_the_train_set(p: int, fraction: float, size: int) -> None:
    task = ModularAddition(p=p).build()
    assert train_pairs(task, fraction) == size
    for rng in ("streams", "authors"):
        assert int(train_mask(task, fraction, 3, rng).sum()) == size


@given(seed=st.integers(0, 10**6), other=st.integers(0, 10**6))
def test_split_is_a_function_of_its_seed(seed: int, other: int) -> None:
    task = ModularAddition(p=23).build()
    first = train_mask(task, 0.8, seed)
    assert np.array_equal(first, train_mask(task, 0.8, seed))
    assert np.array_equal(first, train_mask(task, 0.8, other)) == (seed == other)


def test_every_pair_is_equally_likely_to_be_trained_on() -> None:
    task = ModularAddition(p=5).build()
    share = sum(train_mask(task, 0.8, seed).astype(float) for seed in range(2000)) / 2000
    # Standard error 0.009; five of them.
    assert float(np.abs(share - 0.8).max()) < 0.045


def test_split_of_the_authors() -> None:
    """Their pair ids count the first operand fastest: id i is (i mod p, i // p)."""
    p, seed = 11, 5
    task = ModularAddition(p=p).build()
    drawn = np.random.RandomState(seed).choice(p * p, 96, replace=False)
    pairs = {(int(i) % p, int(i) // p) for i in drawn}
    mask = train_mask(task, 0.8, seed, "authors")
    assert {tuple(pair) for pair in task.tokens[mask].tolist()} == pairs
