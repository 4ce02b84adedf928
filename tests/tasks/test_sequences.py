"""The drawn tasks of the progress paper: digit addition, repeated subsequence, skip trigram."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from drawing import assert_answers_come_next, assert_uniform, drawn
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fittest.tasks import DigitAddition, GeneratedTask, RepeatedSubsequence, SkipTrigram

# -- digit addition ---------------------------------------------------------------------------


@given(digits=st.integers(1, 18), n=st.integers(0, 20), seed=st.integers(0, 10**6))
def test_digits_of_a_sum(digits: int, n: int, seed: int) -> None:
    settings = DigitAddition(digits=digits)
    examples = drawn(settings, n, seed)
    assert_answers_come_next(settings, examples)
    assert bool((examples.weights == 1).all())
    for row in examples.tokens.tolist():
        text = "".join("0123456789+="[token] for token in row)
        terms, total = text.split("=")
        first, second = terms.split("+")
        assert (len(first), len(second), len(total)) == (digits, digits, digits + 1)
        assert int(first) + int(second) == int(total)


def test_sizes_of_five_digit_addition() -> None:
    task = DigitAddition().build()
    assert (task.length, task.vocabulary, task.classes) == (18, 12, 10)
    assert task.answers == (11, 12, 13, 14, 15, 16)
    assert DigitAddition().metrics() == ("token_losses",)


def test_digits_are_uniform_and_the_carry_is_a_coin() -> None:
    examples = drawn(DigitAddition(), 20_000)
    assert_uniform(examples.tokens[:, [*range(5), *range(6, 11)]], 10)
    assert set(examples.labels[:, 0].tolist()) == {0, 1}
    # Two numbers below 10^5 reach 10^5 in (10^5 - 1) / (2 * 10^5) of all cases.
    assert float(examples.labels[:, 0].mean()) == pytest.approx(0.5, abs=5 * 0.5 / 20_000**0.5)


# -- repeated subsequence ----------------------------------------------------------------------


def copies_of(weights: np.ndarray, settings: RepeatedSubsequence) -> list[np.ndarray]:
    """Positions of the tokens of all copies but the first, by sequence."""
    first = settings.subsequence
    return [np.flatnonzero(row) + first for row in weights]


@given(
    subsequence=st.integers(1, 6),
    copies=st.integers(2, 4),
    spare=st.integers(0, 9),
    seed=st.integers(0, 10**6),
)
def test_every_later_copy_repeats_the_first(
    subsequence: int, copies: int, spare: int, seed: int
) -> None:
    settings = RepeatedSubsequence(
        vocabulary=50, length=copies * subsequence + spare, subsequence=subsequence, copies=copies
    )
    examples = drawn(settings, 10, seed)
    assert_answers_come_next(settings, examples)
    assert set(np.unique(examples.weights)) <= {0.0, 1.0}
    for row, positions in zip(examples.tokens, copies_of(examples.weights, settings), strict=True):
        later = row[positions].reshape(copies - 1, subsequence)
        assert bool((later == later[0]).all())
        starts = positions.reshape(copies - 1, subsequence)[:, 0]
        assert bool((np.diff(starts) >= subsequence).all())
        # The first copy stands somewhere before the second.
        before = row[: starts[0]].tolist()
        assert later[0].tolist() in [
            before[at : at + subsequence] for at in range(len(before) - subsequence + 1)
        ]


def test_sizes_of_the_papers_sequences() -> None:
    settings = RepeatedSubsequence()
    task = settings.build()
    assert (task.length, task.vocabulary, task.classes) == (85, 128, 128)
    examples = drawn(settings, 200)
    assert bool((examples.weights.sum(axis=1) == 32).all())


def test_floor_of_the_loss() -> None:
    """Who knows all that came before still cannot know where a copy begins: ln(128) / 16."""
    settings = RepeatedSubsequence()
    examples = drawn(settings, 4000)
    known = np.zeros(examples.labels.shape)
    for row, (tokens, positions) in enumerate(
        zip(examples.tokens, copies_of(examples.weights, settings), strict=True)
    ):
        copy = tokens[positions[:16]].tolist()
        for start in (positions[0], positions[16]):
            columns = np.arange(start, start + 16)
            assert tokens[columns].tolist() == copy
            known[row, columns[1:] - 16] = 1.0
    losses = (1 - known) * log(128)
    floor = float((losses * examples.weights).sum() / examples.weights.sum())
    assert floor == pytest.approx(log(128) / 16)
    assert floor == pytest.approx(0.303, abs=5e-4)
    unknown = examples.labels[(known == 0) & (examples.weights == 1)]
    assert_uniform(unknown, 128)


def test_all_places_are_equally_likely() -> None:
    """Two copies of two tokens among six have six arrangements; the second begins at 2, 3 or 4."""
    settings = RepeatedSubsequence(vocabulary=1000, length=6, subsequence=2, copies=2)
    examples = drawn(settings, 30_000)
    second = np.array([p[0] for p in copies_of(examples.weights, settings)])
    shares = np.bincount(second, minlength=5)[2:] / len(second)
    assert shares == pytest.approx([1 / 6, 2 / 6, 3 / 6], abs=5 * 0.5 / len(second) ** 0.5)


def test_tokens_are_uniform() -> None:
    assert_uniform(drawn(RepeatedSubsequence(vocabulary=16), 500, 3).tokens[:, :16], 16)


# -- skip trigram ------------------------------------------------------------------------------


@given(
    ordinary=st.integers(1, 8),
    special=st.integers(2, 8),
    length=st.integers(1, 12),
    seed=st.integers(0, 10**6),
)
def test_the_special_token_is_the_answer(
    ordinary: int, special: int, length: int, seed: int
) -> None:
    settings = SkipTrigram(ordinary=ordinary, special=special, length=length)
    examples = drawn(settings, 20, seed)
    assert bool((examples.weights == 1).all())
    for row, label in zip(examples.tokens.tolist(), examples.labels[:, 0].tolist(), strict=True):
        assert [token - ordinary for token in row if token >= ordinary] == [label]


def test_special_tokens_and_their_places_are_uniform() -> None:
    settings = SkipTrigram()
    task = settings.build()
    assert (task.length, task.vocabulary, task.classes, task.answers) == (20, 20, 10, (19,))
    examples = drawn(settings, 20_000)
    special = examples.tokens >= 10
    assert_uniform(examples.labels, 10)
    assert_uniform(special.argmax(axis=1), 20)
    assert_uniform(examples.tokens[~special], 10)


# -- all of them -------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [DigitAddition(), RepeatedSubsequence(), SkipTrigram()])
def test_another_state_of_the_generator_draws_others(settings: GeneratedTask) -> None:
    task = settings.build()
    generator = np.random.default_rng(5)
    first, second = (task.draw(generator, 64) for _ in range(2))
    assert not np.array_equal(first.tokens, second.tokens)
    assert settings.describe() == {"p": None}


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (DigitAddition, {"digits": 19}, "less than or equal to 18"),
        (DigitAddition, {"p": 5}, "p"),
        (RepeatedSubsequence, {"length": 47}, "3 copies of 16 tokens do not fit into 47"),
        (RepeatedSubsequence, {"copies": 10**12}, "do not fit"),
        (RepeatedSubsequence, {"vocabulary": 10**9}, "the limit MAX_TOKENS"),
        (RepeatedSubsequence, {"length": 10**9}, "the limit MAX_TOKENS"),
        (SkipTrigram, {"length": 0}, "length"),
        (SkipTrigram, {"special": 10**9}, "the limit MAX_TOKENS"),
    ],
)
def test_wrong_sequences_are_refused(
    kind: type[GeneratedTask], settings: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        kind.model_validate(settings)
