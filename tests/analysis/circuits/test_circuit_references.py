"""The fast forms against plain, slow ones: cubes of p^3 logits, least squares, torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from planted import plain_loss, random_network, some_pairs
from torch.func import functional_call

from fittest.analysis.circuits import attention, forward, losses, reads, regression, spectra
from fittest.analysis.circuits.ablations import project
from fittest.analysis.circuits.basis import waves
from fittest.analysis.circuits.network import network_of
from fittest.analysis.circuits.sums import by_sum, keep_sums, sum_parts
from fittest.models import TransformerSettings
from fittest.tasks import ModularAddition
from fittest.training.loss import cross_entropy

P = 13
TRAIN = some_pairs(P)
RNG = np.random.default_rng(1)
LOGITS = RNG.normal(size=(P, P, P)) * 4
A, B, C = np.indices((P, P, P))


def angle(k: int, x: np.ndarray) -> np.ndarray:
    return 2 * np.pi * k * x / P


def sum_directions(k: int) -> list[np.ndarray]:
    """C_k and S_k over the pairs, normalised (progress methods 2.5)."""
    both = [wave(angle(k, A[:, :, 0] + B[:, :, 0])) for wave in (np.cos, np.sin)]
    return [one / np.linalg.norm(one) for one in both]


def without(logits: np.ndarray, ks: list[int]) -> np.ndarray:
    left = logits.copy()
    for k in ks:
        for direction in sum_directions(k):
            left -= direction[..., None] * np.einsum("ab,abc->c", direction, logits)
    return left


@pytest.mark.parametrize("layers", [1, 2])
def test_the_forward_pass_is_the_trained_networks(layers: int) -> None:
    parameters = random_network(P, layers, seed=3)
    # Biases start at 0, and would not be missed.
    for name in parameters:
        if name.endswith("bias"):
            parameters[name] = RNG.normal(size=parameters[name].shape)
    settings = TransformerSettings(d=16, heads=2, head_size=8, mlp=32, layers=layers)
    task = ModularAddition(p=P, equals="input_and_output").build()
    network = settings.build(task).to_empty(device="cpu").double()
    values = {name: torch.tensor(np.asarray(value)) for name, value in parameters.items()}
    with torch.no_grad():
        given = functional_call(network, values, (torch.from_numpy(task.tokens),))
    wanted = given.numpy()[:, :P].reshape(P, P, P)
    mine = network_of(P, parameters)
    np.testing.assert_allclose(forward.all_logits(mine), wanted, atol=1e-12)
    parts = forward.activity(mine)
    np.testing.assert_allclose(mine.logits(parts.stream, parts.neurons), wanted, atol=1e-12)
    np.testing.assert_allclose(parts.pattern.sum(axis=-1), 1)
    if layers == 1:
        stream = mine.start() + forward.written(mine, parts.pattern)
        np.testing.assert_allclose(stream, parts.stream, atol=1e-12)
    else:
        with pytest.raises(ValueError, match="one layer"):
            forward.written(mine, parts.pattern)


def test_float32_follows_float64() -> None:
    parameters = random_network(P, seed=4)
    double = forward.all_logits(network_of(P, parameters))
    single = forward.all_logits(network_of(P, parameters, np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double, atol=1e-5)


def test_losses_are_those_of_training_down_to_the_smallest() -> None:
    logits = LOGITS.reshape(-1, P) * 10
    labels = (logits.argmax(axis=1)).astype(np.int64)
    wanted = cross_entropy(torch.tensor(logits), torch.tensor(labels)).numpy()
    np.testing.assert_allclose(losses.cross_entropy(logits, labels), wanted, rtol=1e-12)
    tiny = np.zeros((1, P))
    tiny[0, 3] = 60
    given = losses.cross_entropy(tiny, np.array([3]))
    np.testing.assert_allclose(given, 12 * np.exp(-60.0), rtol=1e-12)


def test_scores_are_means_over_the_parts() -> None:
    found = losses.score(LOGITS, TRAIN)
    assert found.loss == pytest.approx(plain_loss(LOGITS))
    assert found.train_loss == pytest.approx(plain_loss(LOGITS, TRAIN))
    assert found.test_loss == pytest.approx(plain_loss(LOGITS, ~TRAIN))
    right = LOGITS.argmax(axis=2) == (A + B)[:, :, 0] % P
    assert found.test_accuracy == pytest.approx(right[~TRAIN].mean())
    by_part = TRAIN.mean() * found.train_accuracy + (~TRAIN).mean() * found.test_accuracy
    assert found.accuracy == pytest.approx(by_part)
    everything = losses.score(LOGITS, np.ones_like(TRAIN))
    assert np.isnan(everything.test_loss) and np.isnan(everything.test_accuracy)


def test_a_function_of_the_sum_scores_as_the_whole_table_does() -> None:
    table = RNG.normal(size=(P, P))
    whole = table[(A + B)[:, :, 0] % P]
    assert vars(losses.score(table, TRAIN)) == pytest.approx(vars(losses.score(whole, TRAIN)))


def test_averages_by_sum_are_those_of_a_loop() -> None:
    wanted = [np.mean([LOGITS[a, (s - a) % P] for a in range(P)], axis=0) for s in range(P)]
    np.testing.assert_allclose(by_sum(LOGITS), wanted)


@pytest.mark.parametrize("ks", [[2], [1, 4, 6]])
def test_projections_are_those_on_explicit_directions(ks: list[int]) -> None:
    means = by_sum(LOGITS)
    sums = (A + B)[:, :, 0] % P
    removed = sum_parts(means, ks).sum(axis=0)[sums]
    np.testing.assert_allclose(LOGITS - removed, without(LOGITS, ks), atol=1e-12)
    kept = LOGITS - without(LOGITS, ks) + LOGITS.mean(axis=(0, 1))
    np.testing.assert_allclose(keep_sums(means, ks)[sums], kept, atol=1e-12)
    restricted = losses.restricted(means, ks, TRAIN)
    assert restricted.test_loss == pytest.approx(plain_loss(kept, ~TRAIN))
    loss, accuracy = losses.excluded(LOGITS, means, ks, TRAIN)
    assert loss == pytest.approx(plain_loss(without(LOGITS, ks), TRAIN))
    right = without(LOGITS, ks).argmax(axis=2) == sums
    assert accuracy == pytest.approx(right[TRAIN].mean())


@pytest.mark.parametrize("size", [1.0, 500.0])
def test_all_single_frequencies_at_once(size: float) -> None:
    """The second size is beyond what exponentials hold without a shift."""
    logits = size * LOGITS
    means = by_sum(logits)
    each = losses.excluded_each(logits, means, TRAIN)
    for k in range(1, 7):
        alone, _ = losses.excluded(logits, means, [k], TRAIN)
        assert each[k - 1] == pytest.approx(alone, rel=1e-10)


@pytest.mark.parametrize("ks", [[3], [1, 2, 5]])
def test_the_fit_of_logits_is_least_squares_on_the_cube(ks: list[int]) -> None:
    logits = LOGITS + 3 * np.cos(angle(2, A + B - C)) + 0.5
    regressors = np.stack([np.cos(angle(k, A + B - C)).reshape(-1) for k in ks], axis=1)
    wanted, *_ = np.linalg.lstsq(regressors, logits.reshape(-1), rcond=None)
    alphas = regression.coefficients(by_sum(logits), ks)
    np.testing.assert_allclose(alphas, wanted, atol=1e-12)
    fitted = (regressors @ wanted).reshape(P, P, P)
    table = regression.fitted_logits(P, ks, alphas)[(A + B)[:, :, 0] % P]
    np.testing.assert_allclose(table, fitted, atol=1e-12)
    residual = np.square(logits - fitted).sum() / np.square(logits - logits.mean()).sum()
    assert regression.share_explained(logits, alphas) == pytest.approx(1 - residual)


def test_blocks_are_polynomials_of_degree_two() -> None:
    neurons = RNG.normal(size=(P, P, 5))
    neurons[..., 1] += 6 * np.cos(angle(4, A[:, :, 0])) * np.sin(angle(4, B[:, :, 0]))
    transform = spectra.transforms_of(neurons)
    best, shares = spectra.best_frequencies(transform)
    for i in range(5):
        values = neurons[..., i].reshape(-1)
        found = {}
        for k in range(1, 7):
            first, second = (
                [np.ones(P * P), np.cos(angle(k, x)), np.sin(angle(k, x))]
                for x in (A[:, :, 0].reshape(-1), B[:, :, 0].reshape(-1))
            )
            design = np.stack([f * s for f in first for s in second], axis=1)
            fit = design @ np.linalg.lstsq(design, values, rcond=None)[0]
            found[k] = 1 - np.square(values - fit).sum() / np.square(values - values.mean()).sum()
            part = spectra.block_part(transform, k)[..., i].reshape(-1)
            np.testing.assert_allclose(part, fit - values.mean(), atol=1e-12)
        assert best[i] == max(found, key=lambda k: found[k])
        assert shares[i] == pytest.approx(max(found.values()))
    assert best[1] == 4


def test_reads_are_projections_on_explicit_directions() -> None:
    neurons, map_ = RNG.normal(size=(P, P, 7)), RNG.normal(size=(P, 7))
    for read in reads.mlp_reads(neurons, map_, [2, 5], 0.15):
        cosines, sines = waves(P, [read.k])
        row = (cosines if read.part == "cos" else sines)[0]
        values = neurons @ (row / np.linalg.norm(row) @ map_)
        direction = sum_directions(read.k)[read.part == "sin"]
        centred = values - values.mean()
        share = (direction * centred).sum() ** 2 / np.square(centred).sum()
        assert read.explained == pytest.approx(share)
        fit = [np.multiply.outer(f, s) for f, s in ((cosines[0], cosines[0]), (sines[0], sines[0]))]
        if read.part == "sin":
            fit = [np.multiply.outer(sines[0], cosines[0]), np.multiply.outer(cosines[0], sines[0])]
        design = np.stack([one.reshape(-1) for one in fit], axis=1)
        wanted = np.linalg.lstsq(design, values.reshape(-1), rcond=None)[0]
        assert [read.first, read.second] == pytest.approx(list(wanted))


def test_expansions_list_the_largest_terms() -> None:
    a, b = A[:, :, 0], B[:, :, 0]
    values = 3 * np.cos(angle(2, a)) - 2 * np.sin(angle(1, a)) * np.cos(angle(4, b)) + 7
    values = values + 0.1 * np.sin(angle(3, b))
    transform = spectra.transforms_of(values)[..., 0]
    assert reads.expansion(transform, 0.15) == "3 cos(w2 a) - 2 sin(w1 a) cos(w4 b)"
    assert reads.expansion(transform, 0.03).endswith("+ 0.1 sin(w3 b)")
    assert reads.expansion(np.zeros((P, P)), 0.15) == "0"


def test_the_fit_of_a_pattern_is_least_squares() -> None:
    network = network_of(P, random_network(P, seed=2))
    parts = forward.activity(network)
    for head in attention.heads(network, parts.pattern):
        pattern = parts.pattern[:, :, head.head]
        looked = pattern[..., 0] / (pattern[..., 0] + pattern[..., 1])
        found, divided = {}, {}
        for k in range(1, 7):
            design = np.stack(
                [
                    (wave(angle(k, A[:, :, 0])) - wave(angle(k, B[:, :, 0]))).reshape(-1)
                    for wave in (np.cos, np.sin)
                ],
                axis=1,
            )
            # Of attention as it is, and of how the two operands divide their part.
            for values, into in ((pattern[..., 0], found), (looked, divided)):
                fit, *_ = np.linalg.lstsq(design, values.reshape(-1) - 0.5, rcond=None)
                left = np.square(values.reshape(-1) - 0.5 - design @ fit).sum()
                share = 1 - left / np.square(values - values.mean()).sum()
                into[k] = (share, *fit)
        best = max(found, key=lambda k: found[k][0])
        assert (head.k, head.pattern_explained) == (best, pytest.approx(found[best][0]))
        assert [head.alpha, head.beta] == pytest.approx(list(found[best][1:]))
        assert head.divided_explained == pytest.approx(max(share for share, *_ in divided.values()))
        scores = attention.lookup(network)[head.head]
        apart = scores[:, None] - scores[None, :] + head.offset
        np.testing.assert_allclose(looked, 1 / (1 + np.exp(-apart)), atol=1e-12)


def test_a_projection_and_its_rest_are_orthogonal() -> None:
    directions = RNG.normal(size=(2, 6))
    # One more that adds nothing to their span.
    directions = np.concatenate([directions, directions.sum(axis=0, keepdims=True)])
    neurons = RNG.normal(size=(P, P, 6))
    along = project(neurons, directions)
    np.testing.assert_allclose((neurons - along) @ directions.T, 0, atol=1e-12)
    np.testing.assert_allclose(project(along, directions), along, atol=1e-12)
    np.testing.assert_array_equal(project(neurons, np.zeros((2, 6))), np.zeros_like(neurons))
