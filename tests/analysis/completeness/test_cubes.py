"""Cubes: their number, the Walsh identity, and reading one off an embedding."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fittest.analysis.completeness import cubes
from fittest.analysis.completeness.ranks import Standing, standing


def embedding_of(seed: int, d: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((8, d))


def by_definition(embedding: np.ndarray, alpha: np.ndarray) -> float:
    return sum(
        float(np.sum((embedding[i] - embedding[j]) ** 2)) * alpha[i, j]
        for i, j in combinations(range(8), 2)
    )


def test_840_arrangements_168_bases_28_cubes() -> None:
    every = {alpha.tobytes() for alpha in cubes.arrangements().astype(np.int64)}
    assert len(every) == len(cubes.arrangements()) == 840
    assert len(set(cubes.ordered_bases())) == len(cubes.ordered_bases()) == 168
    fitting = [cubes.distances_of(basis) for basis in cubes.ordered_bases()]
    distinct, times = np.unique(np.stack(fitting), axis=0, return_counts=True)
    assert len(distinct) == len(cubes.bases()) == 28
    assert (times == 6).all()
    assert {alpha.tobytes() for alpha in cubes.cubes()} <= every


@pytest.mark.parametrize("alphas", [cubes.cubes(), cubes.arrangements()], ids=["28", "840"])
def test_every_alpha_is_a_cubes_distances(alphas: np.ndarray) -> None:
    for alpha in alphas:
        assert (alpha == alpha.T).all() and (np.diag(alpha) == 0).all()
        # Each corner has three neighbours, three corners across a face, and one opposite.
        assert (np.sort(alpha, axis=1) == [0, 1, 1, 1, 2, 2, 2, 3]).all()


def test_edges_of_a_cube_are_translations() -> None:
    """In a cube that fits XOR, adding a token moves neighbours to neighbours."""
    for alpha in cubes.cubes():
        for shift in range(8):
            moved = np.arange(8) ^ shift
            assert (alpha[np.ix_(moved, moved)] == alpha).all()


@given(seed=st.integers(0, 500), d=st.integers(1, 9))
def test_walsh_identity_and_mean(seed: int, d: int) -> None:
    embedding = embedding_of(seed, d)
    power = np.square(cubes.walsh(embedding)).sum(axis=1)
    g = cubes.completeness(embedding, cubes.cubes())
    for basis, alpha, value in zip(cubes.bases(), cubes.cubes(), g, strict=True):
        assert value == pytest.approx(by_definition(embedding, alpha), rel=1e-10)
        own = sum(power[s - 1] for s in basis)
        assert value == pytest.approx(96 * power.sum() + 32 * own, rel=1e-10)
    assert g.mean() == pytest.approx(768 / 7 * power.sum(), rel=1e-10)


@given(seed=st.integers(0, 500))
def test_the_greedy_basis_is_the_most_complete_cube(seed: int) -> None:
    embedding = embedding_of(seed, 4)
    norms = np.linalg.norm(cubes.walsh(embedding), axis=1)
    g = cubes.completeness(embedding, cubes.cubes())
    assert cubes.greedy_basis(norms) == cubes.bases()[int(np.argmax(g))]


def test_expected_mean() -> None:
    draws = np.random.default_rng(0).standard_normal((2000, 8, 4))
    assert cubes.completeness(draws, cubes.cubes()).mean() == pytest.approx(96 * 4, rel=0.02)


@pytest.mark.parametrize("basis", cubes.bases())
def test_a_planted_cube_is_read(basis: cubes.Basis) -> None:
    corners = np.array([[cubes.parity(s & x) for s in basis] for x in range(8)], dtype=float) * [
        1.0,
        1.2,
        0.9,
    ]
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((5, 5)))[0]
    embedding = np.pad(corners, ((0, 0), (0, 2))) @ rotation + 3.0
    found = cubes.learned_cube(embedding)
    assert found.basis == basis
    assert found.agrees
    assert found.cube == pytest.approx(1)
    assert found.even == pytest.approx(0.75)
    assert found.skew < 1e-12
    # The neighbours of 000 differ from it along one axis each.
    for token in found.neighbours:
        assert sum(cubes.parity(s & token) for s in basis) == 1


def test_the_papers_neighbours_of_000_are_cubes() -> None:
    shown = {cubes.neighbours(basis) for basis in cubes.bases()}
    assert {tuple(sorted(v)) for v in ((0b110, 0b001, 0b011), (0b110, 0b001, 0b101))} <= shown
    assert len(shown) == 28


def test_what_is_no_cube_says_so() -> None:
    line = np.arange(8.0)[:, None] * np.ones((1, 3))
    assert cubes.learned_cube(line).skew > 0.9
    assert cubes.learned_cube(embedding_of(0)).cube < 0.9


@given(values=st.lists(st.integers(0, 6), min_size=1, max_size=30), data=st.data())
def test_mid_ranks(values: list[int], data: st.DataObject) -> None:
    own = data.draw(st.sampled_from(values))
    rank = standing(np.array(values, dtype=float) + 1, own + 1)
    assert rank.greater == sum(v > own for v in values)
    assert rank.equal == values.count(own)
    # Listing every alternative six times changes nothing; mid-ranks are 0.5 on average.
    six = standing(np.repeat(values, 6) + 1.0, own + 1)
    assert six.mid_rank == pytest.approx(rank.mid_rank)
    every = [standing(np.array(values) + 1.0, v + 1).mid_rank for v in values]
    assert np.mean(every) == pytest.approx(0.5)
    assert Standing(0, 1, 4).top_share == 0
