"""The axes of a sketch: run-sets with few of the many runs that differ in their seeds alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from fittest.runs.axes import Axis
from fittest.runs.expansion import sets_seeds

_ENDS = 10
"""Of so many seeds in a row a sketch has the first, and the last."""

Declared = Mapping[str, Axis | list[Any]]


def sketched(
    blocks: Sequence[Declared], axes: Sequence[Mapping[str, list[Any]]]
) -> list[dict[str, list[Any]]]:
    """Of each block the axes (name -> values), those of seeds in a row with their ends alone.

    `axes` are all values of what `blocks` declare. Two blocks that have a run in common have one
    here as well: where two rows overlap, the first seed that they share is the first of one of
    them, and an end of one block is kept in all. Only blocks with the same axes of seeds can be
    compared so; any others stay whole.
    """
    of_seeds = [{name for name in block if sets_seeds(name)} for block in blocks]
    if any(names != of_seeds[0] for names in of_seeds):
        return [dict(one) for one in axes]
    kept: dict[str, set[Any]] = defaultdict(set)
    for block, values in zip(blocks, axes, strict=True):
        for name in of_seeds[0]:
            row = values[name]
            ends = [*row[:_ENDS], *row[-1:]] if _in_a_row(block[name]) else row
            kept[name].update(map(_key, ends))
    return [
        {
            name: _found(row, kept[name], _in_a_row(block[name])) if name in kept else row
            for name, row in values.items()
        }
        for block, values in zip(blocks, axes, strict=True)
    ]


def _found(row: list[Any], kept: set[Any], numbers: bool) -> list[Any]:
    """The values of an axis that are kept. numbers: all of them are."""
    if numbers:
        return [value for value in row if value in kept]
    return [value for value in row if _key(value) in kept]


def _key(value: Any) -> Any:
    """The value itself, or what stands for a mapping of seeds, which is in no set."""
    return value if isinstance(value, int) else repr(value)


def _in_a_row(axis: Axis | list[Any]) -> bool:
    """Whether its values follow each other by one."""
    if not isinstance(axis, Axis) or axis.range is None or axis.take is not None:
        return False
    return (*axis.range, 1)[2] == 1
