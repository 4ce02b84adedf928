"""A network that computes cos(w_k(a + b - c)) exactly, and everything that follows from that."""

from __future__ import annotations

import math

import numpy as np
import pytest
from planted import (
    LOOKUP,
    SLOPES,
    adder,
    plain_loss,
    random_network,
    some_pairs,
    stretched_logits,
    wanted_logits,
)

from fittest.analysis.circuits import attention, forward, keys, losses, reads, regression, spectra
from fittest.analysis.circuits.ablations import ablations, polynomials
from fittest.analysis.circuits.basis import real_basis, waves
from fittest.analysis.circuits.final import circuit, cluster_rows, map_rows
from fittest.analysis.circuits.measures import progress_measures
from fittest.analysis.circuits.network import Network, network_of
from fittest.analysis.circuits.settings import CircuitSettings
from fittest.analysis.circuits.sums import by_sum

P = 13
ALPHAS = {3: 4.0, 5: 2.5}
KEYS = (3, 5)
SETTINGS = CircuitSettings(
    key_share=0.15,
    explained=0.85,
    cluster=5,
    printed_share=0.15,
    formed_accuracy=0.5,
    keys_without_circuit=5,
    slingshot=100,
    last_checkpoints=20,
    neurons_shown=3,
)
TRAIN = some_pairs(P)


def close(value: float, wanted: float, tolerance: float = 1e-9) -> bool:
    return math.isclose(value, wanted, rel_tol=tolerance, abs_tol=tolerance * 1e-3)


@pytest.fixture(scope="module")
def network() -> Network:
    return network_of(P, adder(P, ALPHAS))


@pytest.fixture(scope="module")
def parts(network: Network) -> forward.Activity:
    return forward.activity(network)


def test_it_computes_what_it_was_built_for(network: Network, parts: forward.Activity) -> None:
    wanted = wanted_logits(P, ALPHAS)
    np.testing.assert_allclose(forward.all_logits(network), wanted, atol=1e-10)
    np.testing.assert_allclose(network.logits(parts.stream, parts.neurons), wanted, atol=1e-10)
    np.testing.assert_allclose(forward.from_stream(network, parts.stream), wanted, atol=1e-10)


def test_key_frequencies_are_those_that_were_planted(network: Network) -> None:
    map_ = network.neuron_logit_map()
    assert keys.key_frequencies(map_, 0.15) == KEYS
    assert keys.largest_frequencies(map_, 2) == KEYS
    assert keys.residual(map_, KEYS) < 1e-12
    one = keys.residual(map_, [3])
    # Squares of the rows of 5, over all: both rows carry alpha_k times the same ramps' differences.
    assert 0 < one < 1


def test_all_of_the_logits_is_explained(network: Network) -> None:
    logits = forward.all_logits(network)
    means = by_sum(logits)
    np.testing.assert_allclose(regression.coefficients(means, KEYS), [4.0, 2.5])
    alphas = regression.coefficients(means, KEYS)
    assert close(regression.share_explained(logits, alphas), 1)
    # Of the variance, alpha_k^2 / 2 each.
    alone = regression.share_explained(logits, alphas[:1])
    assert close(alone, 16 / (16 + 6.25))
    fitted = regression.fitted_logits(P, KEYS, alphas)
    assert close(losses.score(fitted, TRAIN).loss, plain_loss(wanted_logits(P, ALPHAS)))


def test_the_spectrum_is_in_the_blocks_alone(network: Network) -> None:
    transform = spectra.transforms_of(forward.all_logits(network))
    share, largest = spectra.energy_in_blocks(spectra.norms_over_classes(transform), KEYS)
    assert close(share, 1)
    assert largest == 1
    share, largest = spectra.energy_in_blocks(spectra.norms_over_classes(transform), [3])
    assert close(share, 16 / (16 + 6.25))


def test_losses_with_and_without_the_waves_are_as_computed(network: Network) -> None:
    logits = forward.all_logits(network)
    means = by_sum(logits)
    whole = wanted_logits(P, ALPHAS)
    kept = losses.restricted(means, KEYS, TRAIN)
    assert close(kept.loss, plain_loss(whole))
    assert close(kept.train_loss, plain_loss(whole, TRAIN))
    assert close(kept.test_loss, plain_loss(whole, ~TRAIN))
    assert kept.accuracy == kept.test_accuracy == 1
    one = losses.restricted(means, [3], TRAIN)
    assert close(one.loss, plain_loss(wanted_logits(P, {3: 4.0})))
    loss, _ = losses.excluded(logits, means, KEYS, TRAIN)
    assert close(loss, math.log(P))
    each = losses.excluded_each(logits, means, TRAIN)
    for k in range(1, 7):
        left = {key: alpha for key, alpha in ALPHAS.items() if key != k}
        assert close(float(each[k - 1]), plain_loss(wanted_logits(P, left), TRAIN))


def test_every_ablation_has_its_known_answer(network: Network, parts: forward.Activity) -> None:
    found = {
        (name, k): losses.score(logits, TRAIN)
        for name, k, logits in ablations(network, parts, KEYS, 0.99)
    }
    whole = plain_loss(wanted_logits(P, ALPHAS))
    chance = math.log(P)
    start = wanted_logits(P, ALPHAS)[0, 0]
    stretched = plain_loss(stretched_logits(P, ALPHAS))
    same = ["none", "polynomials", "sums", "restricted", "fitted", "key_blocks", "directions"]
    same += ["directions_alone", "skip_zero", "skip_mean", "around_heads_zero"]
    wanted = dict.fromkeys(same, whole)
    wanted |= dict.fromkeys(["complement", "complement_alone", "without_sums"], chance)
    wanted["heads_zero"] = plain_loss(np.broadcast_to(start, (P, P, P)))
    # Its first head has no preference, which a line through 0.5 says as well.
    wanted |= dict.fromkeys(["not_itself", "linear_not_itself"], stretched)
    # It carries the numbers alone: nothing of what it pays to the sign, which A12 leaves as it is.
    wanted |= dict.fromkeys(["itself_zero", "linear_attention"], whole)
    for name, loss in wanted.items():
        assert close(found[name, None].loss, loss, 1e-8), name
    for k in range(1, 7):
        left = {key: alpha for key, alpha in ALPHAS.items() if key != k}
        assert close(found["without_k", k].loss, plain_loss(wanted_logits(P, left))), k
    assert set(found) == {
        *((name, None) for name in wanted),
        *(("without_k", k) for k in range(1, 7)),
    }


def test_a_key_that_is_left_out_is_missing_everywhere(
    network: Network, parts: forward.Activity
) -> None:
    found = {name: logits for name, k, logits in ablations(network, parts, [3], 0.99) if k is None}
    alone = plain_loss(wanted_logits(P, {3: 4.0}))
    for name in ("sums", "restricted", "fitted", "key_blocks"):
        assert close(losses.score(found[name], TRAIN).loss, alone, 1e-8), name
    rest = plain_loss(wanted_logits(P, {5: 2.5}))
    assert close(losses.score(found["without_sums"], TRAIN).loss, rest, 1e-8)


def test_the_logits_read_the_waves_of_the_sum(network: Network, parts: forward.Activity) -> None:
    found = reads.mlp_reads(parts.neurons, network.neuron_logit_map(), KEYS, 0.15)
    assert [(read.k, read.part) for read in found] == [
        *((3, "cos"), (3, "sin"), (5, "cos"), (5, "sin"))
    ]
    for read in found:
        size = ALPHAS[read.k] * math.sqrt(P / 2)
        assert close(read.explained, 1)
        assert close(read.first, size)
        assert close(read.second, -size if read.part == "cos" else size)
        assert close(read.merged, size)
    assert found[0].expansion in (
        "10.2 cos(w3 a) cos(w3 b) - 10.2 sin(w3 a) sin(w3 b)",
        "- 10.2 sin(w3 a) sin(w3 b) + 10.2 cos(w3 a) cos(w3 b)",
    )


def test_heads_look_up_what_was_planted(network: Network, parts: forward.Activity) -> None:
    uniform, looking = attention.heads(network, parts.pattern)
    assert close(uniform.itself, 1 / 3)
    assert math.isnan(uniform.pattern_explained) and math.isnan(uniform.lookup_explained)
    assert looking.itself < 1e-12
    assert uniform.itself_sd < 1e-12 and close(uniform.itself_most, 1 / 3)
    assert looking.lookup_k == looking.k == LOOKUP
    assert close(looking.lookup_cos, SLOPES[0]) and close(looking.lookup_sin, SLOPES[1])
    assert close(looking.lookup_explained, 1)
    assert looking.offset == 0
    # The sigmoid is nearly linear here, with slope 1/4.
    assert 0.24 < looking.slope < 0.25 and looking.linear_explained > 0.9999
    assert looking.pattern_explained > 0.9999
    assert math.isclose(looking.alpha, SLOPES[0] / 4, rel_tol=0.02)
    assert math.isclose(looking.beta, SLOPES[1] / 4, rel_tol=0.02)
    scores = attention.lookup(network)[1]
    apart = scores[:, None] - scores[None, :]
    np.testing.assert_allclose(parts.pattern[:, :, 1, 0], 1 / (1 + np.exp(-apart)), atol=1e-12)
    assert close(looking.highest, float(apart.max())) and close(looking.lowest, float(apart.min()))


def test_heads_carry_what_was_planted(network: Network) -> None:
    carrying, idle = attention.ov_norms(network)
    np.testing.assert_allclose(carrying, 3 * np.abs(real_basis(P) @ np.arange(P)), atol=1e-12)
    np.testing.assert_array_equal(idle, 0)


def test_heads_that_attend_to_the_sign_itself_by_pairs() -> None:
    """Scores of the sign between those of the numbers: its attention to itself is no constant, the
    share of the first operand is no sigmoid of their difference, and a line in its place is one of
    what is left for both."""
    parameters = adder(P, ALPHAS)
    parameters["layers.0.key"][1, 0, 3] = 0.0
    parameters["layers.0.query"][1, 0, 3] = 8 * math.sqrt(2)
    network = network_of(P, parameters)
    pattern = forward.activity(network).pattern
    head = attention.heads(network, pattern)[1]
    assert 0.2 < head.itself < head.itself_most < 0.9 and head.itself_sd > 0.05
    scores = attention.lookup(network)[1]
    apart = scores[:, None] - scores[None, :]
    shared = attention.without_itself(pattern)
    np.testing.assert_allclose(shared[:, :, 1, 0], 1 / (1 + np.exp(-apart)), atol=1e-12)
    # The wave explains how they share, and less of what each gets.
    assert head.divided_explained > 0.95 and head.pattern_explained < 0.9
    made = attention.linear_pattern(network, pattern)
    np.testing.assert_allclose(made.sum(axis=-1), 1, atol=1e-12)
    np.testing.assert_allclose(made[..., 2], pattern[..., 2], atol=1e-12)
    alone = attention.linear_pattern(network, shared)
    np.testing.assert_allclose(alone[:, :, 1, 0], 0.5 + head.slope * apart, atol=1e-12)
    np.testing.assert_allclose(alone[..., 2], 0, atol=1e-12)
    np.testing.assert_allclose(
        made[:, :, 1, 0], (1 - pattern[:, :, 1, 2]) * (0.5 + head.slope * apart), atol=1e-12
    )


def test_positions_shift_the_scores_by_a_constant() -> None:
    parameters = adder(P, ALPHAS)
    parameters["positions.weight"][0, 1] = 2.0
    network = network_of(P, parameters)
    offsets = attention.position_offsets(network)
    assert close(offsets[1], 2 * SLOPES[0])
    scores = attention.lookup(network)[1]
    apart = scores[:, None] - scores[None, :] + offsets[1]
    pattern = forward.activity(network).pattern
    np.testing.assert_allclose(pattern[:, :, 1, 0], 1 / (1 + np.exp(-apart)), atol=1e-12)


def test_neurons_that_are_polynomials_are_replaced_by_themselves() -> None:
    cosines, sines = waves(P, [2, 4])
    one = 3 + cosines[0][:, None] * sines[0][None, :] + 0.5 * cosines[0][None, :]
    two = sines[1][:, None] + np.zeros((P, P))
    mixed = cosines[0][:, None] + sines[1][None, :]
    neurons = np.stack([one, two, mixed, np.ones((P, P))], axis=-1)
    best, shares = spectra.best_frequencies(spectra.transforms_of(neurons))
    assert list(best[:2]) == [2, 4]
    np.testing.assert_allclose(shares, [1, 1, 0.5, 0], atol=1e-12)
    np.testing.assert_allclose(polynomials(neurons, 0.85), neurons, atol=1e-12)
    # Below the threshold the mixed one loses its other half.
    half = polynomials(neurons, 0.4)[..., 2]
    np.testing.assert_allclose(half, _part(mixed, best[2]) + mixed.mean(), atol=1e-12)
    assert np.abs(half - mixed).max() > 0.9
    found = keys.clusters(best, shares, 0.85)
    assert {k: list(members) for k, members in found.items()} == {2: [0], 4: [1]}
    assert keys.frequencies_of_clusters(found, 2) == ()


def _part(values: np.ndarray, k: int) -> np.ndarray:
    return spectra.block_part(spectra.transforms_of(values), int(k))[..., 0]


def test_clusters_write_their_own_frequency() -> None:
    cosines, sines = waves(P, [2, 4])
    map_ = np.stack([cosines[0], sines[0] + cosines[0], cosines[1] + cosines[0]], axis=1)
    assert close(keys.written_share(map_, 2, np.array([0, 1])), 1)
    assert close(keys.written_share(map_, 4, np.array([2])), 0.5)


def test_a_row_of_everything() -> None:
    found = circuit(adder(P, ALPHAS), TRAIN, SETTINGS)
    row = found.rows["circuits"][0]
    assert row["formed"] and row["keys"] == list(KEYS)
    assert close(row["logits_explained"], 1) and close(row["reads_mean"], 1)
    assert close(row["spectrum_in_blocks"], 1)
    assert row["map_residual"] < 1e-12
    assert len(found.rows["heads"]) == 2
    assert len(found.rows["components"]) == 2 * P
    assert found.rows["ablations"][0]["ratio"] == 1
    maps = map_rows(found, SETTINGS.neurons_shown)
    assert len(maps) == (2 + 3 + 1) * P * P
    assert [row["value"] for row in maps if row["of"] == "attention" and row["index"] == 0] == (
        pytest.approx([1 / 3] * P * P)
    )


def test_progress_measures_of_a_finished_circuit() -> None:
    found = progress_measures(700, adder(P, ALPHAS), TRAIN, KEYS)
    row = found.measures
    whole = wanted_logits(P, ALPHAS)
    assert row["step"] == 700
    assert close(row["restricted_loss"], plain_loss(whole), 1e-4)
    assert close(row["test_loss"], plain_loss(whole, ~TRAIN), 1e-4)
    assert close(row["excluded_loss"], math.log(P), 1e-4)
    assert row["excluded_largest_k"] == 3
    assert close(row["excluded_largest"], plain_loss(wanted_logits(P, {5: 2.5}), TRAIN), 1e-4)
    assert [f["k"] for f in found.frequencies] == [3, 5]
    assert [f["alpha"] for f in found.frequencies] == pytest.approx([4.0, 2.5], rel=1e-5)
    assert close(row["logits_explained"], 1, 1e-4)
    squares = sum(float((v**2).sum()) for v in adder(P, ALPHAS).values())
    assert close(row["squared_weights"], squares)
    assert close(sum(w["squares"] for w in found.weights), squares)


def test_an_untrained_network_has_no_circuit() -> None:
    found = circuit(random_network(P), TRAIN, SETTINGS)
    row = found.rows["circuits"][0]
    assert not row["formed"] and len(row["keys"]) == 5
    assert row["logits_explained"] < 0.5
    assert row["accuracy"] < 0.4
    network = network_of(P, random_network(P))
    share, largest = spectra.energy_in_blocks(
        spectra.norms_over_classes(spectra.transforms_of(forward.all_logits(network))), [1, 2]
    )
    assert share < 0.5 and largest < 0.9
    measured = progress_measures(0, random_network(P), TRAIN, [1, 2]).measures
    # Nothing to take away: excluded and full losses are alike.
    assert abs(measured["excluded_loss"] - measured["train_loss"]) < 0.3
    assert measured["restricted_accuracy"] < 0.4


def test_two_layers_have_no_rows_of_heads() -> None:
    found = circuit(random_network(P, layers=2), TRAIN, SETTINGS)
    assert found.rows["heads"] == [] and found.rows["head_components"] == []
    assert "heads_zero" not in {row["ablation"] for row in found.rows["ablations"]}
    assert {row["of"] for row in map_rows(found, 2)} == {"neuron", "logits"}


def test_the_smallest_key_cluster_is_drawn() -> None:
    parameters = adder(P, ALPHAS)
    found = circuit(parameters, TRAIN, SETTINGS.model_copy(update={"explained": 0.3}))
    of_keys = {k: m for k, m in found.clusters.items() if k in KEYS}
    rows = cluster_rows(found)
    if not of_keys:
        assert rows == []
        return
    smallest = min(len(m) for m in of_keys.values())
    assert len(rows) == smallest * P
    assert {row["cluster"] for row in rows} <= set(KEYS)
