"""Bases of numbers and of powers, and directions of a sum: against naive computations."""

from __future__ import annotations

import numpy as np
import pytest

from fittest.analysis.circuits.losses import cross_entropy
from fittest.analysis.circuits.regression import coefficients as plain_coefficients
from fittest.analysis.circuits.spectra import best_frequencies, transforms_of
from fittest.analysis.circuits.sums import by_sum, keep_sums, sum_parts, sum_table
from fittest.analysis.exponents.bases import (
    bases,
    block_energies,
    covering,
    largest_shares,
    norms,
    powered,
    raw,
    transform,
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


@pytest.mark.parametrize(("p", "a"), [(13, 1), (13, 5), (13, 2), (29, 7), (29, 4), (113, 8)])
def test_functions_of_the_power_are_a_basis(p: int, a: int) -> None:
    basis = powered(p, a)
    values = powers(p, a)
    assert basis.size == len(np.unique(values))
    assert basis.rows @ basis.rows.T == pytest.approx(np.eye(basis.size), abs=1e-9)
    for row in basis.rows:  # of the power alone
        assert all(np.ptp(row[values == value]) < 1e-9 for value in np.unique(values))
    of_power = drawn(p, 3)[values]
    assert np.square(norms(basis, of_power)).sum() == pytest.approx(np.square(of_power).sum())


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
    blocks = block_energies(np.square(made), basis, basis)
    _, shares = best_frequencies(made)
    assert largest_shares(blocks, spread, 1) == pytest.approx(shares)
    assert np.isnan(largest_shares(blocks, np.zeros(3), 1)).all()


@pytest.mark.parametrize(("b", "whole"), [(5, 0.999), (4, 0.75)])
def test_a_product_of_waves_of_powers_is_one_block(b: int, whole: float) -> None:
    """Of powers that are no permutation, mostly: their waves are not orthogonal."""
    p, a, k = 29, 3, 2
    x, y = powers(p, a), powers(p, b)
    values = np.cos(2 * np.pi * k * (x[:, None] + y[None]) / p)[..., None]
    spread = np.square(values - values.mean()).sum(axis=(0, 1))
    for kind, least, most in (("powered", whole, 1.001), ("raw", 0.0, 0.5)):
        first, second = bases(kind, p, a, b)  # type: ignore[arg-type]
        blocks = block_energies(np.square(transform(values, first, second)), first, second)
        assert least <= largest_shares(blocks, spread, 1)[0] <= most
        assert kind == "raw" or blocks[:, 0].argmax() == k - 1


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
