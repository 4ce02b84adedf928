"""Basis, norms and sparsity on numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fittest.analysis.circuits.basis import (
    by_frequency,
    component_norms,
    gini,
    real_basis,
    rows_of,
    transform_pairs,
    waves,
)


@pytest.mark.parametrize("p", [3, 13, 113])
def test_the_basis_is_orthonormal(p: int) -> None:
    np.testing.assert_allclose(real_basis(p) @ real_basis(p).T, np.eye(p), atol=1e-13)


def test_rows_are_constant_then_cosine_and_sine() -> None:
    x = np.arange(13)
    np.testing.assert_allclose(real_basis(13)[0], 1 / math.sqrt(13))
    np.testing.assert_allclose(
        real_basis(13)[5], np.cos(2 * np.pi * 3 * x / 13) * math.sqrt(2 / 13)
    )
    np.testing.assert_allclose(
        real_basis(13)[6], np.sin(2 * np.pi * 3 * x / 13) * math.sqrt(2 / 13)
    )
    assert list(rows_of([3, 1])) == [5, 6, 1, 2]


@pytest.mark.parametrize("p", [1, 2, 12])
def test_an_even_modulus_is_refused(p: int) -> None:
    with pytest.raises(ValueError, match=f"p: {p} .* odd"):
        real_basis(p)


def test_norms_of_planted_components() -> None:
    first, second = waves(13, [2])
    table = np.stack([3 * first[0], 4 * second[0], np.ones(13)], axis=1)
    norms = component_norms(table)
    root = math.sqrt(13 / 2)
    assert norms[3] == pytest.approx(3 * root) and norms[4] == pytest.approx(4 * root)
    assert norms[0] == pytest.approx(math.sqrt(13))
    np.testing.assert_allclose(by_frequency(norms), [0, 5 * root, 0, 0, 0, 0], atol=1e-12)


def test_the_transform_of_pairs_is_that_of_both_operands() -> None:
    values = np.random.default_rng(0).normal(size=(13, 13, 2))
    f = real_basis(13)
    for channel in range(2):
        wanted = f @ values[..., channel] @ f.T
        np.testing.assert_allclose(transform_pairs(values)[..., channel], wanted, atol=1e-12)


@pytest.mark.parametrize(
    ("norms", "wanted"),
    [
        ([1, 1, 1, 1], 0),
        ([0, 0, 0, 5], 0.75),
        ([3, 1], 0.25),
        # 1 - 2 (1/6 5/6 + 2/6 3/6 + 3/6 1/6)
        ([2, 3, 1], 2 / 9),
    ],
)
def test_gini_by_hand(norms: list[float], wanted: float) -> None:
    assert gini(np.array(norms, dtype=float)) == pytest.approx(wanted, abs=1e-14)
    assert gini(7 * np.array(norms, dtype=float)) == pytest.approx(wanted, abs=1e-14)


def test_gini_of_nothing_is_undefined() -> None:
    assert math.isnan(gini(np.zeros(4)))


@pytest.mark.parametrize(
    ("k", "x", "wanted"),
    [
        *((14, 8, 0.998), (14, 105, 0.998), (14, 16, 0.994), (35, 8, -0.990), (35, 16, 0.9616)),
        # Misprinted in the paper as f14(89) = 0.994 and f52(16) = -0.56.
        *((14, 97, 0.994), (14, 89, 0.986), (52, 16, -0.651)),
    ],
)
def test_waves_of_the_papers_frequencies(k: int, x: int, wanted: float) -> None:
    cosines, _ = waves(113, [k])
    assert cosines[0, x] == pytest.approx(wanted, abs=5e-4)
