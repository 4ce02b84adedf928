"""Completeness of orders: exact distribution, rank and extremes, against brute force."""

from __future__ import annotations

import math
import time
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fittest.analysis.completeness import orders
from fittest.analysis.completeness.ranks import Standing, standing


def centres_of(m: int, d: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((m, d))


def by_definition(centres: np.ndarray, order: tuple[int, ...]) -> float:
    """The paper's sum, term by term."""
    return sum(
        float(np.sum((centres[order[i]] - centres[order[j]]) ** 2)) * (j - i)
        for i in range(len(order))
        for j in range(i + 1, len(order))
    )


@given(seed=st.integers(0, 1000), d=st.integers(1, 5), m=st.integers(2, 7), data=st.data())
def test_definition_cut_form_and_reversal(seed: int, d: int, m: int, data: st.DataObject) -> None:
    centres = centres_of(m, d, seed)
    order = tuple(data.draw(st.permutations(range(m))))
    expected = by_definition(centres, order)
    assert orders.completeness(centres, order) == pytest.approx(expected, rel=1e-12)
    assert orders.completeness(centres, order[::-1]) == pytest.approx(expected, rel=1e-12)
    prefixes = np.cumsum([1 << r for r in order])[:-1]
    cuts = orders.cut_values(centres)[prefixes].sum()
    assert cuts == pytest.approx(expected, rel=1e-10)


def test_cut_values_are_sums_of_squared_distances() -> None:
    m = 5
    centres = centres_of(m, 3, 1)
    h = orders.cut_values(centres)
    for a in range(2**m):
        inside = [r for r in range(m) if a >> r & 1]
        outside = [r for r in range(m) if not a >> r & 1]
        direct = sum(np.sum((centres[i] - centres[j]) ** 2) for i in inside for j in outside)
        assert h[a] == pytest.approx(direct, abs=1e-12)


@pytest.mark.parametrize("m", [2, 3, 5, 6])
@pytest.mark.parametrize("seed", range(3))
def test_everything_against_brute_force(m: int, seed: int) -> None:
    centres = centres_of(m, 4, seed)
    f = {q: by_definition(centres, q) for q in permutations(range(m))}
    values = np.array(list(f.values()))
    low, mean, high = orders.extremes(centres)
    assert [low, mean, high] == pytest.approx(
        [values.min(), values.mean(), values.max()], rel=1e-12
    )
    best = orders.most_complete(centres)
    assert f[best] == pytest.approx(values.max(), rel=1e-12)
    assert best[0] < best[-1]
    counts, edges = orders.distribution(centres, 7)
    assert counts.sum() == math.factorial(m)
    # An order and its reverse may differ by rounding at an edge.
    assert np.abs(counts - np.histogram(values, edges)[0]).sum() <= 4
    for order in list(f)[:: max(1, len(f) // 12)]:
        ours = Standing(*orders.rank_counts(centres, order))
        assert ours == standing(values, f[order])
        assert ours.equal >= 2


@given(m=st.integers(2, 6), seed=st.integers(0, 100))
@settings(max_examples=25)
def test_a_batch_is_one_by_one(m: int, seed: int) -> None:
    batch = np.random.default_rng(seed).standard_normal((3, m, 2))
    whole = orders.extremes(batch)
    for number, one in enumerate(batch):
        assert [v[number] for v in whole] == pytest.approx([float(v) for v in orders.extremes(one)])


@given(seed=st.integers(0, 200))
def test_on_a_line_the_sorted_order_is_the_most_complete(seed: int) -> None:
    m = 7
    generator = np.random.default_rng(seed)
    places = generator.standard_normal(m)
    centres = places[:, None] * generator.standard_normal(3)
    assert orders.most_complete(centres) == orders.canonical(np.argsort(places))


def test_ten_classes_in_well_under_a_second() -> None:
    centres = centres_of(10, 8, 0)
    start = time.process_time()
    counts, edges = orders.distribution(centres, 100)
    greater, equal, total = orders.rank_counts(centres, orders.most_complete(centres))
    assert time.process_time() - start < 1.0
    assert counts.sum() == total == math.factorial(10)
    assert (greater, equal) == (0, 2)
    # The mean over all orders is exact.
    middles = (edges[:-1] + edges[1:]) / 2
    width = edges[1] - edges[0]
    assert abs((counts * middles).sum() / total - orders.extremes(centres)[1]) < width


def test_expected_mean_at_the_papers_size() -> None:
    """E f = 33 d for p = 100, m = 10, and a spread of about 4.5 % at d = 8."""
    generator = np.random.default_rng(3)
    embeddings = generator.standard_normal((400, 100, 8))
    centres = orders.class_centres(embeddings, 10)
    means = orders.extremes(centres)[1]
    assert means.mean() / 8 == pytest.approx(33, rel=0.03)
    counts, edges = orders.distribution(centres[0], 200)
    middles = (edges[:-1] + edges[1:]) / 2
    mean = (counts * middles).sum() / counts.sum()
    sd = math.sqrt((counts * (middles - mean) ** 2).sum() / counts.sum())
    assert 0.03 < sd / mean < 0.06


def test_class_centres() -> None:
    embedding = np.arange(24.0).reshape(12, 2)
    centres = orders.class_centres(embedding, 4)
    for r in range(4):
        np.testing.assert_allclose(centres[r], embedding[r::4].mean(axis=0))
    with pytest.raises(ValueError, match="no multiple"):
        orders.class_centres(embedding, 5)


def test_too_many_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="too many orders"):
        orders.distribution(centres_of(13, 2, 0), 5)
