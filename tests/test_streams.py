"""Random streams: one per purpose, reproducible, independent."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from fittest import streams
from fittest.streams import INITIAL_MLP, stream

PURPOSES = {name: value for name, value in vars(streams).items() if name.isupper()}


def test_numbers_of_purposes() -> None:
    """Whatever was trained drew from these; a new purpose takes a number of its own."""
    old = {"INITIAL_EMBEDDING": 1, "INITIAL_MLP": 2, "SPLIT": 3, "INTERVENTION": 4}
    assert old.items() <= PURPOSES.items()
    assert len(set(PURPOSES.values())) == len(PURPOSES)


def test_equal_purpose_and_seed_give_equal_numbers() -> None:
    for purpose in PURPOSES.values():
        first, second = (stream(purpose, 4).standard_normal(8) for _ in range(2))
        np.testing.assert_array_equal(first, second)


def test_purposes_and_seeds_do_not_share_a_stream() -> None:
    drawn = {
        (p, s): stream(p, s).standard_normal(2000) for p in PURPOSES.values() for s in range(3)
    }
    for one, other in combinations(drawn.values(), 2):
        # Standard error of a correlation of 2000 pairs: 0.022.
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.12


def test_global_generator_is_left_alone() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    stream(INITIAL_MLP, 1).standard_normal(10)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002
