"""The tasks of the completeness paper, and how a task is named in YAML."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fittest.runs.run import Run
from fittest.tasks import ModularAddition, Remainder, Task, Xor, train_mask, train_pairs


def labelled(task: Task) -> dict[tuple[int, int], int]:
    return {(a, b): c for (a, b), c in zip(task.tokens.tolist(), task.labels.tolist(), strict=True)}


@given(m=st.integers(2, 9), size=st.integers(1, 5))
def test_every_pair_has_its_answer(m: int, size: int) -> None:
    task = Remainder(p=m * size, m=m).build()
    expected = {(a, b): int(a % m == b % m) for a in range(m * size) for b in range(m * size)}
    assert labelled(task) == expected
    assert (task.p, task.classes, task.grid) == (m * size, 2, True)
    # One pair in m is positive, whatever the size of the classes.
    assert int(task.labels.sum()) * m == (m * size) ** 2


@given(digits=st.integers(1, 6))
def test_every_pair_has_its_exclusive_or(digits: int) -> None:
    task = Xor(digits=digits).build()
    p = 2**digits

    def by_digits(a: int, b: int) -> int:
        return sum(((a >> i) % 2 + (b >> i) % 2) % 2 << i for i in range(digits))

    assert labelled(task) == {(a, b): by_digits(a, b) for a in range(p) for b in range(p)}
    assert (task.p, task.classes, task.grid) == (p, p, True)


def test_the_papers_sizes() -> None:
    remainder, xor = Remainder(), Xor()
    assert (remainder.p, remainder.m, xor.p) == (100, 10, 8)
    assert train_pairs(remainder.build(), remainder.train_fraction) == 8000
    assert train_pairs(xor.build(), xor.train_fraction) == 51
    assert int(train_mask(xor.build(), 0.8, 3).sum()) == 51
    assert Remainder(outputs="tokens").build().classes == 100


@pytest.mark.parametrize(
    ("task", "kind"),
    [
        ({}, ModularAddition),
        ({"p": 13}, ModularAddition),
        ({"name": "modular_addition"}, ModularAddition),
        ({"name": "remainder", "p": 12, "m": 4}, Remainder),
        ({"name": "xor"}, Xor),
    ],
)
def test_a_task_is_named_or_modular_addition(task: dict[str, Any], kind: type) -> None:
    run = Run.model_validate({"task": task, "model": {"d": 4}})
    assert type(run.task) is kind
    assert Run.model_validate_json(run.model_dump_json()) == run


@pytest.mark.parametrize(
    ("task", "named"),
    [
        ({"name": "remainder", "p": 100, "m": 7}, "no multiple"),
        ({"name": "remainder", "digits": 2}, "digits"),
        ({"name": "xor", "p": 8}, "p"),
        ({"name": "xor", "digits": 0}, "digits"),
        ({"name": "subtraction"}, "unknown name"),
        ({"m": 5}, "m"),
    ],
)
def test_wrong_tasks_are_refused(task: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        Run.model_validate({"task": task})
