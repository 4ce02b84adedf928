"""Measures of single networks on planted ones, where they are exact, and on noise, where what they
look for is absent."""

from __future__ import annotations

import numpy as np
import pytest

from fittest.analysis.cosets import outputs, pca, waves
from fittest.analysis.cosets.clusters import clusters_of, contribution
from fittest.analysis.cosets.neurons import describe, folded, split_two_tables
from fittest.analysis.cosets.perturbations import Judged, ablation_curve, noise_curve
from fittest.analysis.cosets.remap import step
from planted_cosets import LIMIT, planted_network, square_wave

N = 91
FREQUENCIES = (35, 25, 8)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape)


@pytest.fixture(scope="module")
def planted() -> dict[str, np.ndarray]:
    return planted_network(N, FREQUENCIES)


@pytest.fixture(scope="module")
def added(planted: dict[str, np.ndarray]) -> dict[int, np.ndarray]:
    """What each cluster adds: (n, n, n)."""
    split = split_two_tables(planted, N)
    return {
        cluster.frequency: contribution(split, cluster.neurons).reshape(N, N, N)
        for cluster in clusters_of(describe(split))
    }


# -- components --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def components(planted: dict[str, np.ndarray]) -> pca.Components:
    # Waves of different sizes: those of one size may be mixed.
    sizes = np.repeat([3.0, 2.0, 1.0], 2)
    return pca.principal_components([planted["first.weight"] * sizes] * 2, 6)


def test_each_component_has_one_frequency(components: pca.Components) -> None:
    assert components.frequencies.tolist() == [35, 35, 25, 25, 8, 8]
    np.testing.assert_allclose(components.shares, 1.0)
    np.testing.assert_allclose(components.explained.sum(), 1.0)
    np.testing.assert_allclose(components.magnitudes[0], folded(components.scores[:, 0]), atol=1e-9)


def test_a_pair_is_a_circle_where_it_has_one_frequency(components: pca.Components) -> None:
    for first in range(6):
        for second in range(first):
            variation = pca.radius_variation(
                components.scores[:, first], components.scores[:, second]
            )
            same = components.frequencies[first] == components.frequencies[second]
            assert (variation < 1e-9) if same else (variation > 0.25)
    assert pca.radius_variation(np.ones(5), np.arange(5.0)) == np.inf


def test_cosets_are_points_that_fall_together(components: pca.Components) -> None:
    assert pca.explained_by_residue(components.scores[:, :2], 13) == pytest.approx(1)
    # Frequency 25 has no common divisor with 91: 13 residues say nothing of it.
    assert pca.explained_by_residue(components.scores[:, 2:4], 13) == pytest.approx(0, abs=1e-9)
    assert pca.explained_by_residue(noise(91, 2), 13) < 0.4
    assert np.isnan(pca.explained_by_residue(np.ones((4, 2)), 2))


def test_components_of_noise_have_no_frequency() -> None:
    found = pca.principal_components([noise(N, 16)], 6)
    assert found.shares.max() < 0.5


# -- what clusters add -------------------------------------------------------------------------


def test_a_cluster_adds_one_wave_about_the_answer(added: dict[int, np.ndarray]) -> None:
    for f, values in added.items():
        fit = outputs.wave_fit(values, f)
        assert fit.explained.min() > 0.99
        np.testing.assert_allclose(fit.amplitude, 64 * LIMIT, rtol=0.05)
        assert fit.steps.max() < 0.2
        # One step of the coset away.
        moved = outputs.wave_fit(np.roll(values, step(N, f), axis=-1), f)
        np.testing.assert_allclose(moved.steps, 1, atol=0.2)


def test_a_fit_of_noise_or_of_nothing() -> None:
    assert np.median(outputs.wave_fit(noise(15, 15, 15), 2).explained) < 0.4
    assert np.isnan(outputs.wave_fit(np.zeros((7, 7, 7)), 2).explained).all()


def test_exact_cosets_are_told_from_approximate_ones(added: dict[int, np.ndarray]) -> None:
    assert outputs.coset_share(added[35], 35) == pytest.approx(1)
    # With no common divisor every number is a coset of its own.
    assert outputs.coset_share(added[25], 25) == pytest.approx(1)
    assert outputs.coset_share(noise(91, 91, 91), 35) < 0.2


def test_clusters_answer_together_and_not_alone(added: dict[int, np.ndarray]) -> None:
    together = outputs.answered(sum(added.values()))
    assert together.accuracy == 1 and together.margin > 0
    # Seven answers of one coset are equal: none of them is the largest.
    assert outputs.answered(added[35]).margin == pytest.approx(0, abs=1e-9)
    assert outputs.answered(-added[8]).accuracy == 0


def test_a_cluster_moves_with_its_operands(added: dict[int, np.ndarray]) -> None:
    for f, values in added.items():
        found = outputs.equivariance(values, f, 2, 30)
        assert found.score == found.turned == 1
        assert found.correlation == pytest.approx(1, abs=0.01)


def test_noise_does_not_move() -> None:
    found = outputs.equivariance(noise(91, 91, 91), 8, 2, 30)
    # By chance a best shift is within a step three times in 91.
    assert found.score == pytest.approx(3 / 91, abs=0.01)
    # Thirty degrees are 7 of 91 places to each side, whatever the frequency.
    assert found.turned == pytest.approx(15 / 91, abs=0.02)
    seven = outputs.equivariance(noise(91, 91, 91), 35, 2, 30)
    assert seven.turned == pytest.approx(15 / 91, abs=0.1) and seven.score > 2 / 13
    assert abs(found.correlation) < 0.01
    nothing = outputs.Equivariance(0.0, 0.0, 0.0)
    assert outputs.equivariance(np.zeros((7, 7, 7)), 2, 2, 30) == nothing


# -- what is disturbed -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judged(planted: dict[str, np.ndarray]) -> Judged:
    return Judged(planted, np.argwhere(np.arange(N * N).reshape(N, N) % 11 == 0))


def test_a_whole_network_is_judged_as_it_is(planted: dict[str, np.ndarray], judged: Judged) -> None:
    split = split_two_tables(planted, N)
    pairs = np.argwhere(np.arange(N * N).reshape(N, N) % 11 == 0)
    before = split.a[pairs[:, 0]] + split.b[pairs[:, 1]] + split.bias
    logits = np.maximum(before, 0) @ split.output + split.constant
    right = pairs.sum(axis=1) % N
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    loss, accuracy = judged.whole()
    assert loss == pytest.approx(-np.log(chances[np.arange(len(pairs)), right]).mean())
    assert accuracy == 1


def test_noise_harms_the_more_the_larger_it_is(judged: Judged) -> None:
    cluster = np.arange(64)
    curve = noise_curve(judged, cluster, [0.0, 0.2, 2.0], 4, 0)
    assert curve.loss.shape == (3, 4)
    np.testing.assert_allclose(curve.loss[0], judged.whole()[0])
    assert (curve.loss[2] > curve.loss[1]).all()
    again = noise_curve(judged, cluster, [0.2], 4, 0)
    np.testing.assert_array_equal(again.loss[0], curve.loss[1])


def test_neurons_that_do_nothing_can_be_disturbed(judged: Judged) -> None:
    dead = np.arange(192, 194)
    for curve in (noise_curve(judged, dead, [1.0], 2, 0), ablation_curve(judged, dead, 2, 0)):
        np.testing.assert_allclose(curve.loss, judged.whole()[0])


def test_an_ablation_ends_without_the_cluster(judged: Judged) -> None:
    cluster = np.arange(64, 128)
    curve = ablation_curve(judged, cluster, 3, 0)
    assert curve.loss.shape == (65, 3)
    np.testing.assert_allclose(curve.loss[0], judged.whole()[0])
    removed = judged.measured(judged.without(cluster))
    np.testing.assert_allclose(curve.loss[-1], removed[0])
    assert removed[0] > judged.whole()[0]
    # Orders differ.
    assert len(set(curve.loss[32])) == 3


# -- waves -------------------------------------------------------------------------------------


def test_a_square_wave_is_six_frequencies() -> None:
    ks, sums, shares = waves.partial_sums(square_wave(), 6)
    assert ks == [42, 35, 28, 21, 14, 7]
    assert (np.diff(shares) > 0).all() and shares[-1] == pytest.approx(1)
    np.testing.assert_allclose(sums[-1], square_wave(), atol=1e-12)
    assert waves.strong_frequencies(folded(square_wave()), 0.1) == ks
    assert waves.partial_sums(noise(91), 6)[2][-1] < 0.8


def test_relations_of_frequencies() -> None:
    assert waves.related_share([42, 35, 28, 21, 14, 7], 91) == 1
    assert waves.related_share([27, 35, 19], 89) == 1
    assert waves.related_share([1, 10], 91) == 0
    assert np.isnan(waves.related_share([], 91))
    assert waves.related_share([90, 89], 91) == waves.related_share([1, 2], 91) == 1
    assert waves.related_share([1, 2, 20], 91) == pytest.approx(2 / 3)
    assert 0.1 < waves.related_by_chance(4, 91, 100, 0) < 0.6
    assert waves.related_by_chance(50, 7, 3, 0) == 1  # all that there are


def test_phases_that_are_even_and_such_that_are_not() -> None:
    even = 2 * np.pi * np.arange(14) / 14
    assert waves.rayleigh(even) == 1
    assert waves.rayleigh(np.full(14, 1.0)) < 1e-5
    assert waves.rayleigh(even / 2) < 0.05
    assert np.isnan(waves.rayleigh(np.array([])))
    # Of uniform phases one in twenty is below 0.05.
    drawn = np.random.default_rng(1).uniform(0, 2 * np.pi, (4000, 12))
    assert np.mean([waves.rayleigh(p) < 0.05 for p in drawn]) == pytest.approx(0.05, abs=0.01)


def test_pairs_of_phases_on_a_lattice_are_told_from_uniform_ones() -> None:
    """Rayleigh's test sees a lean alone; pairs on a lattice, in lumps or in a line are as little
    uniform draws."""
    turns = 2 * np.pi * np.arange(3) / 3
    lattice = [np.tile(x.ravel(), 2) for x in np.meshgrid(turns, turns)]
    generator = np.random.default_rng(2)
    lumps = [x + generator.normal(0, 0.2, 18) for x in lattice]
    line = generator.uniform(0, 2 * np.pi, 18)
    for a, b in (lattice, lumps, (line, line + 1.0), (line, -line)):
        assert min(waves.rayleigh(a), waves.rayleigh(b)) > 0.05
        assert waves.pair_evenness(a, b, 4, 400, 0) < 0.05
    drawn = generator.uniform(0, 2 * np.pi, (300, 2, 18))
    even = [waves.pair_evenness(a, b, 4, 400, 0) > 0.05 for a, b in drawn]
    assert np.mean(even) == pytest.approx(0.95, abs=0.035)
    # With three tests at one in twenty, somewhat fewer uniform draws are even to Rayleigh's.
    assert 0.8 < waves.rayleigh_by_chance(18, 0.05, 600, 0) < 0.92
    assert np.isnan(waves.pair_evenness(np.array([]), np.array([]), 4, 10, 0))


def test_distinct_phases() -> None:
    assert waves.distinct_phases(2 * np.pi * np.arange(14) / 14, 10) == 14
    # Nine degrees apart: every other one counts.
    assert waves.distinct_phases(np.deg2rad(np.arange(0, 180, 9)), 10) == 10
    assert waves.distinct_phases(np.deg2rad([0, 1, 359, 5]), 10) == 1
    assert waves.distinct_phases(np.array([]), 10) == 0


def test_columns_are_projections_of_waves(planted: dict[str, np.ndarray]) -> None:
    table = planted["first.weight"]
    np.testing.assert_allclose(waves.projected_share(table, FREQUENCIES), 1)
    np.testing.assert_allclose(waves.projected_share(table, [1, 2]), 0, atol=1e-12)
    assert waves.projected_share(noise(N, 8), FREQUENCIES).max() < 0.5
    quiet = np.column_stack([table, 0.001 * table[:, 0], np.ones(N)])
    assert waves.varying_columns(quiet, 0.1).tolist() == [True] * 6 + [False] * 2


@pytest.mark.parametrize("f", [15, 4])
def test_steps_beside_the_strongest_number_are_strong(f: int) -> None:
    k = np.arange(59)
    part = np.cos(2 * np.pi * f * (k - 20.2) / 59)
    assert waves.strong_neighbours(part, f, 0.9)
    assert not waves.strong_neighbours(part, 7, 0.9)
    assert not waves.strong_neighbours(-np.ones(59), f, 0.9)
    top = np.argsort(-part)[:3]
    assert {int(t) for t in (top[1:] - top[0]) % 59} == {step(59, f), -step(59, f) % 59}
    drawn = np.random.default_rng(2).standard_normal((200, 59))
    assert np.mean([waves.strong_neighbours(p, f, 0.9) for p in drawn]) < 0.05
