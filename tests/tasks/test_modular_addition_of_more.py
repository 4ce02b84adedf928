"""Modular addition with a sign of equality, and of more than two numbers."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fittest.errors import ConfigError
from fittest.tasks import ModularAddition, Remainder, TableTask, Xor, train_mask, train_pairs
from fittest.tasks.task import Equals


@given(p=st.integers(3, 8), operands=st.integers(2, 4), equals=st.booleans())
def test_every_sequence_has_its_sum(p: int, operands: int, equals: bool) -> None:
    sign = (p,) if equals else ()
    task = ModularAddition(p=p, operands=operands, equals="input" if equals else "none").build()
    expected = [(*terms, *sign, sum(terms) % p) for terms in product(range(p), repeat=operands)]
    assert np.column_stack([task.tokens, task.labels]).tolist() == [list(e) for e in expected]
    assert (task.tokens.dtype, task.labels.dtype) == (np.int64, np.int64)
    assert task.grid == (operands == 2)
    assert task.vocabulary == p + len(sign)
    assert task.answers == (operands - 1 + len(sign),)


@pytest.mark.parametrize(
    ("equals", "length", "vocabulary", "classes"),
    [("none", 2, 113, 113), ("input", 3, 114, 113), ("input_and_output", 3, 114, 114)],
)
def test_sign_of_equality(equals: Equals, length: int, vocabulary: int, classes: int) -> None:
    """As the progress paper has it: three tokens, and one class that is never right."""
    task = ModularAddition(p=113, equals=equals).build()
    assert (task.length, task.vocabulary, task.classes) == (length, vocabulary, classes)
    assert task.grid
    assert int(task.labels.max()) == 112
    assert train_pairs(task, 0.3) == 3830


def test_a_grid_keeps_its_pairs_in_front_of_the_sign() -> None:
    tokens = ModularAddition(p=5, equals="input").build().tokens
    assert all(tokens[a * 5 + b].tolist() == [a, b, 5] for a in range(5) for b in range(5))


@pytest.mark.parametrize(
    ("task", "json"),
    [
        (ModularAddition(), '{"name":"modular_addition","p":59,"train_fraction":0.8}'),
        (
            Remainder(),
            '{"name":"remainder","p":100,"m":10,"outputs":"answers","train_fraction":0.8}',
        ),
        (Xor(), '{"name":"xor","digits":3,"train_fraction":0.8}'),
    ],
)
def test_runs_of_today_keep_their_json(task: TableTask, json: str) -> None:
    """A run's identity is its JSON: fields in their order, none that joined at its default."""
    assert task.model_dump_json() == json


def test_later_fields_stand_in_the_json_where_they_are_set() -> None:
    more = ModularAddition(p=11, operands=4, equals="input")
    assert ModularAddition.model_validate_json(more.model_dump_json()) == more


def test_the_split_of_sequences_has_the_right_size() -> None:
    task = ModularAddition(p=11, operands=4).build()
    mask = train_mask(task, 0.3, 598)
    assert (len(mask), int(mask.sum())) == (14641, 4392)


def test_the_authors_draw_is_one_of_pairs() -> None:
    with pytest.raises(ConfigError, match="rng: `authors` draws pairs"):
        train_mask(ModularAddition(p=5, operands=3).build(), 0.3, 0, "authors")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"p": 113, "operands": 4}, r"operands: 113\^4 = 163,047,361 sequences .*MAX_TABLE"),
        ({"p": 3, "operands": 10**9}, "1,000,000,000, and the limit MAX_OPERANDS"),
        ({"p": 10**12}, "1,000,000,000,000, and the limit MAX_P"),
        ({"p": 5, "operands": 1}, "operands"),
        ({"p": 5, "equals": "yes"}, "equals"),
    ],
)
def test_absurd_sizes_are_refused_before_there_is_a_table(
    settings: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message) as error:
        ModularAddition.model_validate(settings)
    assert error.value.error_count() == 1


def test_the_largest_table_of_pairs_is_allowed() -> None:
    assert ModularAddition(p=4096, equals="input").p == 4096
