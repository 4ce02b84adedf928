"""Bases of numbers and of powers, and directions of a sum: against naive computations."""

from __future__ import annotations

import numpy as np
import pytest

from fittest.analysis.circuits.losses import cross_entropy
from fittest.analysis.circuits.regression import coefficients as plain_coefficients
from fittest.analysis.circuits.spectra import best_frequencies, transforms_of
from fittest.analysis.circuits.sums import by_sum, keep_sums, sum_parts, sum_table
from fittest.analysis.exponents.bases import Kind, bases, covering, norms, powered, raw, transform
from fittest.analysis.exponents.blocks import (
    block_products,
    explained_by,
    explained_by_any,
    in_blocks,
    largest_shares,
    overlaps,
    share_by_chance,
)
from fittest.analysis.exponents.directions import (
    Numbers,
    coefficients,
    directions,
    loss_and_accuracy,
    part,
    reflection,
)
from fittest.analysis.exponents.residues import answers
from fittest.tasks.powers import powers


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).standard_normal(shape)


def shares(values: np.ndarray, kind: Kind, p: int, a: int, b: int, count: int) -> np.ndarray:
    """What so many frequencies explain of tables (p, p, n)."""
    spread = np.square(values - values.mean(axis=(0, 1))).sum(axis=(0, 1))
    products = block_products(values, *bases(kind, p, a, b))
    return largest_shares(products, spread, count, overlaps(kind, p, a, b))


@pytest.mark.parametrize(("p", "a"), [(13, 1), (13, 5), (13, 2), (29, 7), (29, 4), (113, 8)])
def test_functions_of_the_power_are_orthonormal_within_a_frequency(p: int, a: int) -> None:
    basis, values = powered(p, a), powers(p, a)
    assert len(basis.rows) == p and list(basis.k) == list(raw(p).k)
    for k in range(1, (p - 1) // 2 + 1):
        rows = basis.rows[[0, *basis.of_frequency(k)]]
        assert rows @ rows.T == pytest.approx(np.eye(3), abs=1e-9)
        # They and the constant give the waves of the power, whatever the frequency.
        waves = np.exp(2j * np.pi * k * values / p)
        assert rows.T @ (rows @ waves) == pytest.approx(waves, abs=1e-9)
    for row in basis.rows:  # of the power alone
        assert all(np.ptp(row[values == value]) < 1e-9 for value in np.unique(values))


def test_a_permutation_has_a_basis() -> None:
    p, of_power = 13, drawn(13, 3)[powers(13, 5)]
    assert powered(p, 5).rows @ powered(p, 5).rows.T == pytest.approx(np.eye(p))
    assert np.square(norms(powered(p, 5), of_power)).sum() == pytest.approx(
        np.square(of_power).sum()
    )


def test_a_wave_of_the_power_is_one_component() -> None:
    p, a, k = 13, 5, 4
    wave = np.cos(2 * np.pi * k * powers(p, a) / p)[:, None]
    found = norms(powered(p, a), wave)
    assert found.argmax() == 2 * k - 1 and np.delete(found, 2 * k - 1).max() < 1e-9
    assert (powered(p, a).wave[2 * k - 1], powered(p, a).k[2 * k - 1]) == (1, k)
    assert norms(raw(p), wave).max() < 0.9 * found.max()


def test_even_powers_have_cosines_of_the_number_alone() -> None:
    p = 29
    even = drawn(p, 4)[powers(p, 2)]
    found = norms(raw(p), even)
    assert np.square(found[raw(p).wave == 2]).sum() < 1e-18


def test_blocks_are_those_of_the_progress_paper() -> None:
    p = 13
    values = drawn(p, p, 3)
    basis = raw(p)
    made = transform(values, basis, basis)
    assert made == pytest.approx(transforms_of(values))
    spread = np.square(values - values.mean(axis=(0, 1))).sum(axis=(0, 1))
    products = in_blocks(made, basis, basis)
    _, expected = best_frequencies(made)
    assert largest_shares(products, spread, 1) == pytest.approx(expected)
    assert np.isnan(largest_shares(products, np.zeros(3), 1)).all()


EVERY = [(p, a, b) for p in (13, 29) for a in (1, 2, 3, 4, 7) for b in (1, 2, 4, 7) if a < p]
OF_THE_REPORT = [(113, a, b) for a, b in ((1, 1), (2, 2), (3, 4), (4, 4), (7, 7), (8, 9), (8, 8))]


@pytest.mark.parametrize(("p", "a", "b"), [*EVERY, *OF_THE_REPORT])
def test_a_pure_wave_of_powers_is_one_block_whatever_the_frequency(p: int, a: int, b: int) -> None:
    x, y = powers(p, a), powers(p, b)
    ks = np.arange(1, (p - 1) // 2 + 1)
    values = np.cos(2 * np.pi * ks * (x[:, None] + y[None])[..., None] / p)
    for count in (1, 5):
        assert shares(values, "powered", p, a, b, count) == pytest.approx(1, abs=1e-6)
    if len(np.unique(x)) == p > 13 and a > 1:
        assert shares(values, "raw", p, a, b, 1).max() < 0.5


@pytest.mark.parametrize(("p", "a", "b"), OF_THE_REPORT)
def test_a_random_map_has_next_to_nothing_in_five_blocks(p: int, a: int, b: int) -> None:
    values = drawn(p, p, 4)
    for kind in ("raw", "powered"):
        assert shares(values, kind, p, a, b, 5).max() < 0.02  # type: ignore[arg-type]
    # Of a random map of the powers they have the more, the fewer values these have.
    assert share_by_chance("raw", p, a, b, 5) < 0.02
    assert share_by_chance("powered", p, a, b, 5) < 0.5


def test_overlapping_frequencies_count_once() -> None:
    p, a, b = 29, 2, 4
    x, y = powers(p, a), powers(p, b)
    sum_ = (x[:, None] + y[None]) % p
    values = sum(np.cos(2 * np.pi * k * sum_ / p + k) for k in (3, 8, 11))[..., None]
    three, two, one = (shares(values, "powered", p, a, b, n)[0] for n in (3, 2, 1))
    assert three == pytest.approx(1, abs=1e-6) and one < 0.5 < two < 0.9
    # Shares never shrink with more frequencies, and are those of least squares.
    rough = drawn(p, p, 1)[x][:, y]
    found = [shares(rough, "powered", p, a, b, n)[0] for n in range(1, 15)]
    assert all(np.diff(found) > -1e-9) and found[-1] <= 1
    best = int(np.square(block_products(rough, *bases("powered", p, a, b))).sum(axis=1).argmax())
    waves = [
        [
            np.ones(p),
            np.cos(2 * np.pi * (best + 1) * of / p),
            np.sin(2 * np.pi * (best + 1) * of / p),
        ]
        for of in (x, y)
    ]
    given = np.stack([np.outer(u, v).ravel() for u in waves[0] for v in waves[1]], axis=1)
    flat = rough.ravel() - rough.mean()
    fit = given @ np.linalg.lstsq(given, flat, rcond=None)[0]
    assert found[0] == pytest.approx(np.square(fit).sum() / np.square(flat).sum())


def test_fitting_together_is_adding_up_where_blocks_are_orthogonal() -> None:
    p = 13
    values = drawn(p, p, 6)
    spread = np.square(values - values.mean(axis=(0, 1))).sum(axis=(0, 1))
    products = block_products(values, raw(p), raw(p))
    assert overlaps("raw", p, 1, 1) is None and overlaps("powered", p, 5, 7) is None
    together = largest_shares(products, spread, 3, np.eye(products.shape[0] * 8))
    assert together == pytest.approx(largest_shares(products, spread, 3))


@pytest.mark.parametrize("a", [1, 2, 7])
def test_an_embedding_of_some_frequencies_is_explained_by_them_alone(a: int) -> None:
    p, ks = 113, (21, 24, 35)
    angles = 2 * np.pi * np.outer(powers(p, a), ks) / p
    waves = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    embedding = waves @ drawn(6, 8) + 3.0
    assert explained_by(embedding, (a, a), ks) == pytest.approx(1)
    assert explained_by_any(embedding, (a, a), 3) < 0.55
    assert explained_by_any(drawn(p, 8), (a, a), 3) < 0.1
    assert np.isnan(explained_by(np.ones((p, 2)), (a,), ks))


def test_fewest_frequencies() -> None:
    energies = np.array([1.0, 50, 2, 40, 7])
    assert covering(energies, 0.9, 10) == (2, 4)
    assert covering(energies, 0.95, 10) == (2, 4, 5)
    assert covering(energies, 0.95, 2) == (2, 4)
    assert covering(np.zeros(3), 0.95, 10) == (1,)


# -- directions ----------------------------------------------------------------------------------


def test_of_plain_sums_they_are_those_of_the_progress_paper() -> None:
    p, ks = 13, (2, 5)
    logits = drawn(p, p, p)
    numbers = Numbers.from_table(sum_table(p))
    sums = numbers.sums(logits)
    assert sums == pytest.approx(by_sum(logits) * p)
    assert part(directions(numbers, ks, False), sums) == pytest.approx(
        sum_parts(by_sum(logits), ks).sum(axis=0)
    )
    assert part(directions(numbers, ks, True), sums) == pytest.approx(keep_sums(by_sum(logits), ks))
    assert coefficients(numbers, ks, sums) == pytest.approx(plain_coefficients(by_sum(logits), ks))


@pytest.mark.parametrize(("a", "b"), [(3, 3), (2, 2), (6, 6), (1, 4)])
def test_projections_against_least_squares(a: int, b: int) -> None:
    p, ks = 13, (1, 4)
    table = answers(p, a, b)
    values = drawn(p, p, 2)
    flat = values.reshape(p * p, 2)
    angles = 2 * np.pi * np.outer(table.reshape(-1), ks) / p
    regressors = np.concatenate([np.ones((p * p, 1)), np.cos(angles), np.sin(angles)], axis=1)
    numbers = Numbers.from_table(table)
    for constant, given in ((True, regressors), (False, regressors - regressors.mean(axis=0))):
        fit = given @ np.linalg.lstsq(given, flat, rcond=None)[0]
        found = part(directions(numbers, ks, constant), numbers.sums(values))[table]
        assert found.reshape(p * p, 2) == pytest.approx(fit)


def test_the_notebooks_formula_is_a_reflection_of_cosines() -> None:
    p, k = 13, 3
    table = answers(p, 1, 1)
    values = drawn(p, p, 2)
    unit = np.cos(2 * np.pi * k * table / p).reshape(-1)
    unit = unit / np.linalg.norm(unit)
    flat = values.reshape(p * p, 2)
    numbers = Numbers.from_table(table)
    found = reflection(numbers, [k], numbers.sums(values))[table].reshape(p * p, 2)
    assert found == pytest.approx(2 * np.outer(unit, unit @ flat))


def test_losses() -> None:
    logits, labels = drawn(6, 4), np.array([0, 1, 2, 3, 0, 1])
    loss, accuracy = loss_and_accuracy(logits, labels)
    assert loss == pytest.approx(cross_entropy(logits, labels).mean())
    assert accuracy == (logits.argmax(axis=1) == labels).mean()
    assert np.isnan(loss_and_accuracy(logits[:0], labels[:0])).all()
