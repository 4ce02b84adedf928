"""Every optimiser and activation against a plain loop with nn.Module and torch.optim, and through
restarts, splits and dropped runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from fittest.errors import Interrupted
from fittest.models import EMBEDDING
from fittest.pipeline.running.ensembles import groups
from fittest.runs.run import Run
from fittest.training.backend import Ensemble, Parameters
from fittest.training.loop import Control
from fittest.training.optimisers import OPTIMISERS
from fittest.training.splitting import SplittingBackend
from fittest.training.torch_backend import TorchBackend
from small_world import (
    assert_same_rows,
    ensemble_of,
    evaluation_rows,
    loop_of,
    rows_by_run,
    small_run,
    table_of,
)

KINDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "adamw": lambda i: {"lr": 0.01 / (1 + i), "betas": [0.9 - 0.1 * i, 0.99], "weight_decay": i},
    "adam": lambda i: {"lr": 0.01, "betas": [0.9, 0.999 - 0.1 * i], "weight_decay": 0.02 * i},
    "sgd": lambda i: {"lr": 0.03 / (1 + i), "momentum": 0.2 * i, "weight_decay": 1e-3 * i},
}
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "silu": functional.silu,
    "relu": functional.relu,
    "gelu": functional.gelu,
    "square": lambda x: x * x,
}


def runs_of(kind: str, count: int = 3, **settings: Any) -> list[Run]:
    """Runs that differ in all seeds and in every setting of one kind of optimiser."""
    return [
        small_run(
            seeds={"embedding": i, "mlp": i + 1, "split": i + 2},
            optimiser={"name": kind, **KINDS[kind](i)},
            **settings,
        )
        for i in range(count)
    ]


class Network(nn.Module):
    """logits = output(f(hidden(f(input([E_a, E_b])))))"""

    def __init__(self, values: Parameters, activation: str) -> None:
        super().__init__()
        (p, d), (h2, h1) = values[EMBEDDING].shape, values["hidden.weight"].shape
        self.embedding = nn.Embedding(p, d)
        self.input, self.hidden = nn.Linear(2 * d, h1), nn.Linear(h1, h2)
        self.output = nn.Linear(h2, len(values["output.bias"]))
        self.double().load_state_dict(values)
        self.activation = ACTIVATIONS[activation]

    def forward(self, tokens: Tensor) -> Tensor:
        inner = self.activation(self.input(self.embedding(tokens).flatten(1)))
        return self.output(self.activation(self.hidden(inner)))


def optimiser_of(run: Run, network: nn.Module) -> torch.optim.Optimizer:
    kinds = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam, "sgd": torch.optim.SGD}
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name not in run.frozen)
    trained = [q for q in network.parameters() if q.requires_grad]
    settings = run.optimiser.model_dump(exclude={"name"})
    return kinds[run.optimiser.name](trained, **settings)


def plain_loop(run: Run, ensemble: Ensemble, index: int, steps: int) -> tuple[Parameters, float]:
    """Parameters and train loss after training as anybody would."""
    network = Network({k: v[index] for k, v in ensemble.initial.items()}, run.model.activation)
    optimiser = optimiser_of(run, network)
    train = table_of(ensemble).train_mask[index]
    tokens, labels = table_of(ensemble).tokens[train], table_of(ensemble).labels[train]
    for _ in range(steps):
        optimiser.zero_grad()
        functional.cross_entropy(network(tokens), labels).backward()
        optimiser.step()
    loss = functional.cross_entropy(network(tokens), labels).detach()
    return {k: v.detach() for k, v in network.named_parameters()}, float(loss)


def assert_is_a_plain_loop(runs: list[Run]) -> None:
    ensemble = ensemble_of(runs)
    backend = TorchBackend(ensemble)
    backend.advance(50)
    rows = evaluation_rows(backend.evaluate())
    for index, run in enumerate(runs):
        expected, loss = plain_loop(run, ensemble, index, 50)
        assert rows[index][0] == pytest.approx(loss, rel=1e-10)
        for name, value in expected.items():
            error = float((backend.parameters()[name][index] - value).abs().max())
            assert error <= 1e-10 * float(value.abs().max()), (index, name)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_training_is_the_plain_loop(kind: str, activation: str) -> None:
    assert_is_a_plain_loop(runs_of(kind, model={"activation": activation}))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_frozen_is_not_decayed(kind: str) -> None:
    runs = runs_of(kind, frozen=[EMBEDDING, "hidden.bias"])
    assert_is_a_plain_loop(runs)
    ensemble = ensemble_of(runs)
    backend = TorchBackend(ensemble)
    backend.advance(5)
    for name, before in ensemble.initial.items():
        assert torch.equal(backend.parameters()[name], before) == (name in runs[0].frozen)


def test_the_settings_make_a_difference() -> None:
    """Equal numbers under another name, or another momentum, are another training."""
    common = {"lr": 0.01, "weight_decay": 0.1}
    each = [
        small_run(optimiser={"name": "adamw", **common}),
        small_run(optimiser={"name": "adam", **common}),
        small_run(optimiser={"name": "sgd", **common}),
        small_run(optimiser={"name": "sgd", "momentum": 0.5, **common}),
        *(small_run(model={"activation": name}) for name in ACTIVATIONS),
    ]
    losses, ids = set(), set()
    for run in each:
        backend = TorchBackend(ensemble_of([run]))
        backend.advance(20)
        losses.add(round(evaluation_rows(backend.evaluate())[0][0], 9))
        ids.add(run.run_id)
    assert len(losses) == len(ids) == len(each)


def test_kinds_and_activations_are_not_stacked_together() -> None:
    runs = [run for kind in KINDS for run in runs_of(kind, 2)]
    runs += [small_run(model={"activation": name}) for name in ACTIVATIONS]
    # The last of them are of the default kind; silu is the default activation.
    assert groups(runs) == [[0, 1, 6], [2, 3], [4, 5], [7], [8], [9]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_restart_gives_equal_values(kind: str, tmp_path: Path) -> None:
    """Stopped half way, with runs that have left and through the file of a restart point."""
    ensemble, limits = ensemble_of(runs_of(kind)), [30, 12, 30]

    def loop(folder: str, control: Control | None = None):  # type: ignore[no-untyped-def]
        return loop_of(TorchBackend(ensemble), limits, tmp_path / folder, control=control)

    whole = rows_by_run(loop("whole").run())
    control = Control(slice_seconds=0.0)

    def stop_after(steps: int) -> None:
        control.request_stop = steps > 50

    control.progress = stop_after
    with pytest.raises(Interrupted):
        loop("part", control).run()
    resumed = rows_by_run(loop("part").run())
    for run, rows in whole.items():
        assert_same_rows(resumed[run], rows)


@pytest.mark.parametrize("kind", KINDS)
def test_parts_and_dropped_runs_change_nothing(kind: str) -> None:
    ensemble = ensemble_of(runs_of(kind, 5))
    parts, whole = SplittingBackend(ensemble, TorchBackend, 2), TorchBackend(ensemble)
    for backend in (parts, whole):
        backend.advance(4)
        backend.keep(torch.tensor([0, 2, 4]))
        backend.advance(4)
    state, expected = parts.state(), whole.state()
    assert set(state.moments) == set(expected.moments) == set(OPTIMISERS[kind].moments)
    again = SplittingBackend(ensemble.select(torch.tensor([0, 2, 4])), TorchBackend, 2)
    again.load(state)
    for backend in (again, whole):
        backend.advance(4)
    for name, value in whole.parameters().items():
        torch.testing.assert_close(again.parameters()[name], value, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_batched_equals_one_by_one(kind: str) -> None:
    ensemble = ensemble_of(runs_of(kind))
    fast, slow = TorchBackend(ensemble), TorchBackend(ensemble, slow=True)
    for backend in (fast, slow):
        backend.advance(30)
    for name, value in fast.parameters().items():
        torch.testing.assert_close(slow.parameters()[name], value, rtol=1e-9, atol=1e-11)


def test_yaml_without_a_name_is_adamw() -> None:
    run = Run.model_validate({"optimiser": {"lr": 0.5, "betas": [0.1, 0.2]}})
    assert run.optimiser.name == "adamw"
    assert (
        run.run_id
        == small_run(
            task={"p": 59},
            model={"d": 128, "hidden": [100, 100]},
            optimiser={"name": "adamw", "lr": 0.5, "betas": [0.1, 0.2]},
        ).run_id
    )
