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
from fittest.training.feed import Batch, Feed, TableFeed
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


def _table_run(share: float, model: dict[str, Any] | None = None) -> Run:
    settings = {"task": {"p": 11, "train_fraction": share}, "data": {"name": "table"}}
    return Run.model_validate({**settings, "model": model or {"d": 6, "hidden": [8, 9]}})


@pytest.mark.parametrize(
    ("shares", "examples"), [((0.2, 0.4), 48), ((0.2, 0.9), 121), ((0.8,), 121)]
)
def test_few_examples_of_a_table_are_gathered(shares: tuple[float, ...], examples: int) -> None:
    runs = [_table_run(share) for share in shares]
    feed = feed_of(runs, runs[0].task.build())
    batch = feed.batch(1)
    assert batch.weights.shape[1] == examples
    assert batch.weights.sum(dim=(1, 2)).tolist() == [int(share * 121) for share in shares]
    # What is measured stays whole.
    assert [whole.tokens.shape for whole, _ in feed.evaluated(1)] == [(121, 2)]


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7])
@pytest.mark.parametrize(
    "model",
    [
        {"d": 6, "hidden": [8, 9]},
        {"name": "two_table_mlp", "d": 6, "hidden": 9},
    ],
    ids=lambda model: model.get("name", "embedding_mlp"),
)
def test_gathered_as_masked(
    share: float, model: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And as each network alone, as its paper writes it."""
    given = build_ensemble([_table_run(share, model), _table_run(share / 2, model)], torch.float64)
    gathered = TorchBackend(given)
    naive = TorchBackend(given, slow=True, as_written=True)
    for backend in (gathered, naive):
        backend.advance(15)
    monkeypatch.setattr(TableFeed, "_gathers", False)
    masked = TorchBackend(given)
    masked.advance(15)
    for name, value in gathered.parameters().items():
        for other in (masked, naive):
            expected = other.parameters()[name]
            torch.testing.assert_close(value, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("size", "same"), [(None, True), (24, True), (7, False)])
def test_a_sample_in_full_batch_is_stacked_once(size: int | None, same: bool) -> None:
    settings = {"task": {"name": "digit_addition", "digits": 2}, "model": {"name": "transformer"}}
    data = {"name": "sample", "examples": 24, "size": size, "test_size": 5}
    runs = [Run.model_validate({**settings, "data": data, "seeds": {"split": s}}) for s in (0, 1)]
    feed = feed_of(runs, runs[0].task.build())
    first, second = feed.batch(1), feed.batch(2)
    assert (first is second) == same
    assert first.tokens.shape[1] == (size or 24)
    chosen = feed.select(torch.tensor([1])).batch(2)
    assert torch.equal(chosen.tokens[0], second.tokens[1])


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_measured_a_few_at_a_time_as_at_once(size: int) -> None:
    model = {"name": "transformer", "d": 8, "heads": 2, "head_size": 4, "mlp": 9}
    run = Run.model_validate({"task": {"p": 11}, "model": model, "data": {"name": "batch"}})
    given = build_ensemble([run, run], torch.float64)
    whole, parts = TorchBackend(given).evaluate(), TorchBackend(given, evaluated=size).evaluate()
    for name, value in whole.items():
        torch.testing.assert_close(parts[name], value, rtol=1e-12, atol=1e-14)


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
