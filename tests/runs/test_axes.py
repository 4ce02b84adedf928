"""Axes: the values they stand for, and how they are laid over settings."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fittest.errors import ConfigError
from fittest.runs.axes import Axis, assign, combinations, merged


def test_values() -> None:
    assert Axis(range=(2, 5)).values() == [2, 3, 4]
    assert Axis(range=(0, 10, 4)).values() == [0, 4, 8]
    assert Axis(linspace=(0.85, 1.15, 3)).values() == pytest.approx([0.85, 1.0, 1.15])
    ratios = Axis(exp_linspace=(-4, 0, 16)).values()
    assert ratios == pytest.approx([math.exp(-4 + 4 * i / 15) for i in range(16)])
    assert Axis(exp_linspace=(-4, 0, 16), take=(15, 0)).values() == [ratios[15], ratios[0]]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({}, "exactly one"),
        ({"range": [0, 3], "linspace": [0, 1, 2]}, "exactly one"),
        ({"take": [0]}, "exactly one"),
        ({"range": [0, 3], "take": [3]}, "0..2"),
        ({"range": [0, 3], "take": [-1]}, "0..2"),
        ({"range": [0, 3, 0]}, "step"),
        ({"linspace": [0, 1, -2]}, "-2"),
        ({"range": [0, 1.5]}, "range"),
        ({"range": [0]}, "range"),
        ({"rnage": [0, 3]}, "rnage"),
    ],
    ids=str,
)
def test_wrong_axes_are_refused(content: dict, named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        Axis.model_validate(content)


def test_every_combination_first_axis_slowest() -> None:
    found = list(combinations({"a": 1}, {"b": [1, 2], "c.d": ["x", "y"]}))
    assert [(one["b"], one["c"]["d"]) for one in found] == [
        (1, "x"),
        (1, "y"),
        (2, "x"),
        (2, "y"),
    ]
    assert all(one["a"] == 1 for one in found)


def test_no_axes_are_one_combination() -> None:
    assert list(combinations({"a": 1}, {})) == [{"a": 1}]


def test_aliases_set_their_seeds() -> None:
    seeds = [one["seeds"] for one in combinations({}, {"seed": [3]})]
    assert seeds == [{"embedding": 3, "mlp": 3, "split": 3}]
    both = combinations({}, {"seeds.embedding": [9], "trial": [4]})
    assert [one["seeds"] for one in both] == [{"embedding": 9, "mlp": 4, "split": 4}]


def test_combinations_share_nothing() -> None:
    settings = {"seeds": {"mlp": 0}}
    first, second = combinations(settings, {"seeds.split": [1, 2]})
    first["seeds"]["mlp"] = 7
    assert second["seeds"] == {"mlp": 0, "split": 2}
    assert settings == {"seeds": {"mlp": 0}}


def test_assign_replaces_an_explicit_null_and_refuses_a_value() -> None:
    settings: dict = {"intervention": None, "steps": 5}
    assign(settings, "intervention.factor", 2)
    assert settings["intervention"] == {"factor": 2}
    with pytest.raises(ConfigError, match=r"steps\.every.*`steps`"):
        assign(settings, "steps.every", 1)


trees = st.recursive(
    st.integers() | st.none(), lambda c: st.dictionaries(st.sampled_from("abc"), c), max_leaves=8
)


@given(
    base=st.dictionaries(st.sampled_from("abc"), trees),
    over=st.dictionaries(st.sampled_from("abc"), trees),
)
def test_merged_lays_one_on_the_other(base: dict, over: dict) -> None:
    """Every leaf of `over` is there; every other one is that of `base`."""

    def leaves(tree: object, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], object]:
        if isinstance(tree, dict):
            found: dict[tuple[str, ...], object] = {}
            for key, value in tree.items():
                found |= leaves(value, (*path, key))
            return found
        return {path: tree}

    result = leaves(merged(base, over))
    assert result.items() >= leaves(over).items()
    for path, value in result.items():
        assert value == leaves(over).get(path, leaves(base).get(path))
