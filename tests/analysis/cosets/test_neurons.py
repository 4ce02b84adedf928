"""Neurons, clusters and remapping on planted networks (cosets methods 2.16)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from fittest.analysis.cosets.clusters import (
    Cluster,
    clusters_of,
    contribution,
    logit_blocks,
    rank_counts,
    right,
)
from fittest.analysis.cosets.neurons import (
    NeuronRules,
    Split,
    band_of,
    describe,
    folded,
    split_pizza,
    split_two_tables,
)
from fittest.analysis.cosets.remap import one_period, reduced_frequency, remapped, step, unit
from planted_cosets import LIMIT, planted_network, square_wave, with_fine_tuning

N = 91
FREQUENCIES = (8, 25, 35)


@pytest.fixture(scope="module")
def planted() -> Mapping[str, Any]:
    return planted_network(N, FREQUENCIES)


def test_a_planted_cluster_is_a_wave_of_its_frequency(planted: Mapping[str, Any]) -> None:
    split = split_two_tables(planted, N)
    neurons = describe(split)
    found = clusters_of(neurons)
    assert [one.frequency for one in found] == list(FREQUENCIES)
    assert [one.size for one in found] == [64, 64, 64]
    a, b, k = np.meshgrid(*3 * [np.arange(N)], indexing="ij")
    for cluster in found:
        own = contribution(split, cluster.neurons).reshape(N, N, N) / cluster.size
        wave = np.cos(2 * np.pi * cluster.frequency * (k - a - b) / N)
        centred = own - own.mean(axis=2, keepdims=True)
        amplitude = float((centred * wave).mean() / (wave * wave).mean())
        assert amplitude == pytest.approx(LIMIT, rel=0.05)
        assert float(np.square(centred - amplitude * wave).mean()) < 1e-3 * amplitude


def test_planted_neurons_are_simple_and_strict_and_answer_everything(
    planted: Mapping[str, Any],
) -> None:
    split = split_two_tables(planted, N)
    neurons = describe(split)
    live = neurons.live
    assert live.sum() == 3 * 64 and not live[-2:].any()
    assert neurons.simple[live].all() and neurons.strict[live].all() and not neurons.tuned.any()
    np.testing.assert_allclose(neurons.kappa_a[live], 1)
    apart = neurons.phase_a + neurons.phase_b - neurons.phase_d
    np.testing.assert_allclose(np.cos(apart[live]), 1)
    assert right(split).all()


def test_an_exact_coset_alone_ties_and_a_larger_one_does_not_answer(
    planted: Mapping[str, Any],
) -> None:
    split = split_two_tables(planted, N)
    counts = rank_counts(split, clusters_of(describe(split)))
    assert (counts.sum(axis=1) == N * N).all()
    # 7 equal logits of f = 35 are no reason for another rank than 0; nor has any wave another.
    np.testing.assert_array_equal(counts[:, 0], N * N)


def test_ranks_are_those_of_all_logits() -> None:
    generator = np.random.default_rng(0)
    n, hidden = 9, 5
    split = Split(
        *(generator.standard_normal(shape) for shape in ((n, hidden), (n, hidden), hidden)),
        output=generator.standard_normal((hidden, n)),
        constant=np.zeros(n),
    )
    own = Cluster(1, np.array([0, 3]), 0)
    logits = contribution(split, own.neurons).reshape(n, n, n)
    expected = np.zeros(n, dtype=int)
    for a in range(n):
        for b in range(n):
            expected[(logits[a, b] > logits[a, b, (a + b) % n] + 1e-4).sum()] += 1
    np.testing.assert_array_equal(rank_counts(split, [own])[0], expected)
    np.testing.assert_array_equal(rank_counts(split, []), np.zeros((0, n)))


def test_a_square_wave_is_fine_tuning_as_the_paper_has_it() -> None:
    part = square_wave()
    sizes = folded(part)
    order = np.argsort(-sizes)[:6] + 1
    assert list(order) == [42, 35, 28, 21, 14, 7]
    np.testing.assert_allclose(sizes[order - 1], [58, 19.7, 12.3, 9.4, 7.9, 7.2], atol=0.1)
    np.testing.assert_allclose(
        sizes[order - 1] / 7, [8.30, 2.82, 1.76, 1.34, 1.13, 1.03], atol=0.006
    )
    split = split_two_tables(with_fine_tuning(planted_network(N, FREQUENCIES), part), N)
    neurons = describe(split)
    assert neurons.tuned[-2:].all() and not neurons.tuned[:-2].any()
    assert (neurons.frequency[-2:] == 42).all()
    # 35, 28, 21 and 14 stand in the band; 42 is above and 7 below it.
    assert (neurons.in_band[-2:] == 4).all() and (neurons.in_band[:-2] == 0).all()
    (own,) = [one for one in clusters_of(neurons) if one.frequency == 42]
    assert own.size == 2 and own.tuned == 2 and own.fine_tuning
    assert [one.frequency for one in clusters_of(neurons, 3)] == list(FREQUENCIES)


def test_neurons_below_the_limit_are_in_no_cluster(planted: Mapping[str, Any]) -> None:
    weak = {**planted, "first.weight": planted["first.weight"] * 0.4}
    neurons = describe(split_two_tables(weak, N))
    assert clusters_of(neurons) == [] and not (neurons.simple | neurons.tuned).any()
    again = describe(split_two_tables(weak, N), NeuronRules(live=0.1))
    assert len(clusters_of(again)) == 3
    # Unequal parts fail the strict test alone.
    assert again.simple[again.live].all() and not again.strict.any()


def test_the_band_grows_with_the_modulus() -> None:
    rules = NeuronRules()
    assert band_of(91, rules) == (7.5, 30.0)
    assert band_of(182, rules) == (15.0, 60.0)


@pytest.mark.parametrize(("n", "frequency", "expected"), [(59, 15, 4), (91, 25, 51), (91, 35, 8)])
def test_steps(n: int, frequency: int, expected: int) -> None:
    assert step(n, frequency) == expected
    own, period = reduced_frequency(n, frequency)
    assert own * expected % period == 1


def test_remapping_gives_the_lowest_frequency_of_its_kind() -> None:
    assert reduced_frequency(91, 35) == (5, 13)
    for n in (15, 59, 91):
        for f in range(1, n // 2 + 1):
            u = unit(n, f)
            own, period = reduced_frequency(n, f)
            assert math.gcd(u, n) == 1 and u % period == own
            k = np.arange(n)
            wave = np.cos(2 * np.pi * f * k / n - 1)
            shared = math.gcd(f, n)
            np.testing.assert_allclose(
                remapped(wave, f), np.cos(2 * np.pi * shared * k / n - 1), atol=1e-9
            )
            once = np.cos(2 * np.pi * np.arange(period) / period - 1)
            np.testing.assert_allclose(one_period(wave, f), once, atol=1e-9)
    with pytest.raises(ValueError, match="is 0 modulo"):
        unit(7, 7)


def test_the_pizza_model_is_split_exactly() -> None:
    torch = pytest.importorskip("torch")
    from fittest.models import TransformerSettings
    from fittest.tasks import ModularAddition

    task = ModularAddition(p=11).build()
    settings = TransformerSettings(
        d=16, heads=2, head_size=8, mlp=24, attention="constant", causal=False, init="pizza"
    )
    values = settings.initial(task, 0, 1)
    generator = np.random.default_rng(3)
    for name in ("layers.0.mlp_in.bias", "layers.0.mlp_out.bias"):
        values[name] = generator.standard_normal(values[name].shape)
    network = settings.build(task).to_empty(device="cpu").double()
    network.load_state_dict({name: torch.tensor(np.asarray(v)) for name, v in values.items()})
    with torch.no_grad():
        expected = network(torch.tensor(task.tokens)).numpy().reshape(11, 11, 11)
    split = split_pizza({name: np.asarray(v, dtype=np.float64) for name, v in values.items()}, 11)
    found = np.concatenate([logits for _, logits in logit_blocks(split)])
    np.testing.assert_allclose(found, expected, atol=1e-10)
