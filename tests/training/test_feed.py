"""Examples by step: pure functions of seeds and step, whatever the company."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fittest.data import batch_indices, stretch_indices
from fittest.pipeline.running.ensembles import build_ensemble, consecutive, feed_of
from fittest.runs.run import Run
from fittest.tasks.task import Examples
from fittest.training.backend import Dropout
from fittest.training.feed import Batch, Feed
from fittest.training.torch_backend import TorchBackend

ADDITION: dict[str, Any] = {"task": {"p": 7}, "model": {"name": "two_table_mlp", "d": 3}}
DIGITS: dict[str, Any] = {
    "task": {"name": "digit_addition", "digits": 2},
    "model": {"name": "transformer", "d": 8, "heads": 2, "head_size": 4, "mlp": 8},
}
KINDS: dict[str, dict[str, Any]] = {
    "table": ADDITION | {"data": {"name": "table"}},
    "batch": ADDITION | {"data": {"name": "batch"}},
    "minibatches": ADDITION | {"data": {"name": "minibatches", "size": 9}},
    "fresh": DIGITS | {"data": {"name": "fresh", "size": 5, "test_size": 4}},
    "sample": DIGITS | {"data": {"name": "sample", "examples": 12, "size": 5, "test_size": 4}},
}


def runs_of(kind: str, *seeds: int) -> list[Run]:
    return [
        Run.model_validate(KINDS[kind] | {"seeds": {"split": seed, "mlp": seed}}) for seed in seeds
    ]


def feed(kind: str, *seeds: int) -> Feed:
    runs = runs_of(kind, *seeds)
    return feed_of(runs, runs[0].task.build())


def rows(batch: Batch, run: int) -> list[tuple[Any, ...]]:
    """What counts in a batch of a run: tokens, labels, weights."""
    tokens, labels = (
        value if batch.shared else value[run] for value in (batch.tokens, batch.labels)
    )
    heavy = (batch.weights[run] > 0).any(dim=1)
    kept = (tokens[heavy], labels[heavy], batch.weights[run][heavy])
    return list(zip(*(value.tolist() for value in kept), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_has_its_examples_whatever_was_asked_before(kind: str) -> None:
    asked, other = feed(kind, 3, 4), feed(kind, 3, 4)
    forward = [rows(asked.batch(step), 1) for step in range(1, 9)]
    backward = [rows(other.batch(step), 1) for step in range(8, 0, -1)]
    assert forward == backward[::-1]
    for step in (0, 5):
        for (one, _), (two, _) in zip(asked.evaluated(step), other.evaluated(step), strict=True):
            assert rows(one, 0) == rows(two, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_has_its_examples_whatever_the_company(kind: str) -> None:
    together, alone = feed(kind, 3, 4, 5), feed(kind, 4)
    chosen = together.select(torch.tensor([1, 2]))
    assert (together.runs, chosen.runs, alone.runs) == (3, 2, 1)
    for step in (1, 2, 7):
        expected = rows(alone.batch(step), 0)
        assert rows(together.batch(step), 1) == rows(chosen.batch(step), 0) == expected
        assert rows(together.batch(step), 0) != expected


@given(
    trained=st.integers(1, 60),
    size=st.integers(1, 70),
    seed=st.integers(0, 3),
    epoch=st.integers(0, 3),
)
def test_each_pass_takes_every_example_once(trained: int, size: int, seed: int, epoch: int) -> None:
    batches = -(-trained // size)
    steps = range(epoch * batches + 1, (epoch + 1) * batches + 1)
    parts = [batch_indices(trained, size, seed, step) for step in steps]
    assert sorted(np.concatenate(parts).tolist()) == list(range(trained))
    assert [len(part) for part in parts[:-1]] == [size] * (batches - 1)


@given(
    trained=st.integers(1, 60),
    size=st.integers(1, 70),
    first=st.integers(1, 200),
    steps=st.integers(1, 150),
)
def test_a_stretch_is_what_its_updates_are(trained: int, size: int, first: int, steps: int) -> None:
    indices, begins = stretch_indices(trained, size, 3, first, steps)
    assert begins[0] == 0 and begins[-1] == len(indices) and len(begins) == steps + 1
    for update in range(steps):
        found = indices[begins[update] : begins[update + 1]]
        assert np.array_equal(found, batch_indices(trained, size, 3, first + update))


def test_passes_have_orders_of_their_own() -> None:
    orders = {tuple(batch_indices(50, 50, seed, step)) for seed in (0, 1) for step in (1, 2, 3)}
    assert len(orders) == 6


def test_consecutive_batches_go_round() -> None:
    numbers = np.arange(5)[:, None]
    examples = Examples(numbers, numbers, np.ones((5, 1)))
    found = [consecutive(examples, 2, step).tokens.ravel().tolist() for step in range(1, 6)]
    assert found == [[0, 1], [2, 3], [4, 0], [1, 2], [3, 4]]


def test_only_what_is_trained_on_is_computed() -> None:
    shares = (0.1, 0.3)
    runs = [
        Run.model_validate(
            {"task": {"p": 31, "train_fraction": share}, "model": {"name": "two_table_mlp"}}
            | {"data": {"name": "batch"}}
        )
        for share in shares
    ]
    assert runs[0].ensemble_key() == runs[1].ensemble_key()
    batch = feed_of(runs, runs[0].task.build()).batch(1)
    assert batch.tokens.shape[:2] == (2, int(0.3 * 31**2))
    assert batch.weights.sum(dim=(1, 2)).tolist() == [int(share * 31**2) for share in shares]


@pytest.mark.parametrize("data", [None, {"name": "batch"}, {"name": "minibatches", "size": 1000}])
def test_the_full_batch_is_the_same_in_every_form(data: dict[str, Any] | None) -> None:
    """Of runs with more and with fewer examples."""
    runs = [
        Run.model_validate(
            {"task": {"p": 11, "train_fraction": share}, "model": {"d": 6, "hidden": [8, 9]}}
            | ({} if data is None else {"data": data})
        )
        for share in (0.3, 0.8)
    ]
    plain = [run.model_copy(update={"data": None}) for run in runs]
    backend = TorchBackend(build_ensemble(runs, torch.float64))
    backend.advance(20)
    found = backend.evaluate()
    for index, run in enumerate(plain):
        reference = TorchBackend(build_ensemble([run], torch.float64), slow=True)
        reference.advance(20)
        for name, value in reference.evaluate().items():
            torch.testing.assert_close(found[name][index], value[0], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_dropout_is_a_function_of_seed_and_step(rate: float) -> None:
    one, other = Dropout(rate, (3, 50), (1, 2)), Dropout(rate, (3, 50), (2,))
    kept = one.kept(200, 7)
    assert torch.equal(kept, one.kept(200, 7))
    assert torch.equal(kept[1:], other.kept(200, 7))
    assert torch.equal(kept[1:], one.select(torch.tensor([1])).kept(200, 7))
    assert not torch.equal(kept, one.kept(200, 8))
    assert {round(v, 5) for v in kept.unique().tolist()} == {0.0, round(1 / (1 - rate), 5)}
    assert float((kept == 0).double().mean()) == pytest.approx(rate, abs=0.01)
