"""How far single clusters come, of counts that are made up."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fittest.analysis.cosets.names import Ranks
from fittest.analysis.cosets.ranks import rank_rows

N = 31


def told(*counts: list[int]) -> dict[str, float]:
    """Statistics of one network with a cluster for each: pairs by rank, from 0 on."""
    ranks = np.zeros((len(counts), 1 + N), dtype=np.int64)
    for row, own in zip(ranks, counts, strict=True):
        row[1 : 1 + len(own)] = own
    return {row["name"]: row["value"] for row in rank_rows(ranks, 0.95)}


def at(rank: int) -> list[int]:
    """A hundred pairs of one rank."""
    return [0] * rank + [100]


def test_one_rank_throughout_varies_by_nothing() -> None:
    for rank in (0, 13):
        found = told(at(rank), at(rank))
        assert found[Ranks.NINTH] == found[Ranks.MODE] == rank
        assert found[Ranks.SPREAD] == 0


def test_ranks_that_vary_between_pairs_or_between_clusters() -> None:
    within = told([20] * 5, [20] * 5)
    assert (within[Ranks.SPREAD], within[Ranks.MODE]) == (4, 0)
    assert within[Ranks.FIRST] == pytest.approx(0.2)
    between = told(at(2), at(15))
    assert between[Ranks.SPREAD] == 13
    # One pair in twenty is no spread.
    assert told([0, 190, *[0] * 20, 10])[Ranks.SPREAD] == 0


def test_nothing_is_said_of_no_clusters() -> None:
    found = rank_rows(np.zeros((0, 1 + N), dtype=np.int64), 0.95)
    assert {row["name"] for row in found} == {str(name) for name in Ranks}
    assert all(math.isnan(row["value"]) for row in found)
