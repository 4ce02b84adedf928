"""Lists and their sorted copies."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from drawing import assert_answers_come_next, assert_uniform, drawn
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fittest.tasks import Sorting


@given(
    length=st.integers(1, 8),
    spare=st.integers(0, 6),
    shortest=st.integers(1, 8) | st.none(),
    repeats=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_every_list_is_followed_by_itself_in_order(
    length: int, spare: int, shortest: int | None, repeats: bool, seed: int
) -> None:
    shortest = None if shortest is None else min(shortest, length)
    values = length + spare
    settings = Sorting(
        length=length,
        shortest=shortest,
        vocabulary=values + (2 if shortest is None else 3),
        repeats=repeats,
    )
    examples = drawn(settings, 20, seed)
    assert_answers_come_next(settings, examples)
    for row, weights in zip(examples.tokens.tolist(), examples.weights.tolist(), strict=True):
        n = int(sum(weights))
        assert (length if shortest is None else shortest) <= n <= length
        given, answers = row[1 : n + 1], row[length + 2 : length + 2 + n]
        assert answers == sorted(given)
        assert max(given) < values
        assert repeats or len(set(given)) == n
        pads = [values + 1] * (length - n)
        assert row == [values, *given, *pads, settings.vocabulary - 1, *answers, *pads]
        assert weights == [1.0] * n + [0.0] * (length - n)


def test_the_reports_sizes() -> None:
    fixed = Sorting().build()
    assert (fixed.length, fixed.vocabulary, fixed.classes) == (52, 50, 50)
    assert fixed.answers == tuple(range(26, 51))
    row = drawn(Sorting(), 1).tokens[0]
    assert (int(row[0]), int(row[26])) == (48, 49)
    variable = Sorting(length=102, shortest=1, vocabulary=202)
    row = drawn(variable, 1).tokens[0]
    assert (len(row), int(row[0]), int(row[103])) == (206, 199, 201)
    assert Sorting().metrics() == ("exact",)


def test_a_fixed_length_can_have_the_layout_of_variable_ones() -> None:
    """For a comparison at the same vocabulary: a padding token that never occurs."""
    examples = drawn(Sorting(length=5, shortest=5, vocabulary=12), 200)
    assert bool((examples.weights == 1).all())
    assert 10 not in examples.tokens


def test_every_order_is_equally_likely() -> None:
    examples = drawn(Sorting(length=3, vocabulary=5), 12_000)
    orders = list(permutations(range(3)))
    found = np.array([orders.index(tuple(row)) for row in examples.tokens[:, 1:4].tolist()])
    assert_uniform(found, 6)


def test_values_and_lengths_are_uniform() -> None:
    assert_uniform(drawn(Sorting(length=4, vocabulary=12), 5000).tokens[:, 1], 10)
    assert_uniform(drawn(Sorting(length=4, vocabulary=12, repeats=True), 5000).labels, 10)
    lengths = drawn(Sorting(length=9, shortest=3, vocabulary=20), 7000).weights.sum(axis=1)
    assert_uniform(lengths.astype(np.int64) - 3, 7)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"length": 49}, "50 tokens are 48 values beside the signs, and a list needs 49"),
        ({"length": 48, "shortest": 1}, "are 47 values"),
        ({"shortest": 26}, "shortest: 26, and the longest list has 25"),
        ({"shortest": 0}, "shortest"),
        ({"length": 10**9}, "the limit MAX_TOKENS"),
        ({"vocabulary": 10**9}, "the limit MAX_TOKENS"),
    ],
)
def test_wrong_lists_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Sorting.model_validate(settings)


def test_repeats_need_no_more_values_than_one() -> None:
    assert set(drawn(Sorting(length=49, vocabulary=3, repeats=True), 5).labels.ravel()) == {0}
