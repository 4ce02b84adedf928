"""Compiled and captured updates against the step itself; compiling proper is slow and apart."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten

from fittest.pipeline.running.ensembles import build_ensemble
from fittest.runs.parts import Seeds
from fittest.runs.run import Run
from fittest.training import torch_fast
from fittest.training.backend import Ensemble
from fittest.training.splitting import SplittingBackend
from fittest.training.torch_backend import TorchBackend
from fittest.training.torch_fast import CapturedUpdate, padded
from fittest.training.torch_step import StepInputs, TorchStep, Updating

_TRANSFORMER = {"name": "transformer", "d": 8, "heads": 2, "head_size": 4, "mlp": 8}
_SUMS = {"p": 7, "equals": "input", "train_fraction": 0.5}
_BATCH = {"data": {"name": "batch"}}
_FRESH = {"data": {"name": "fresh", "size": 6, "test_size": 4}}
_PAIR = {"d": 8, "heads": 2, "mlp": 8, "encoder_layers": 1, "decoder_layers": 1, "pad": 11}

KINDS: dict[str, dict[str, Any]] = {
    "table": {"task": {"p": 7}, "model": {"d": 4, "hidden": [5, 6]}},
    "gathered": {"task": {"p": 7, "train_fraction": 0.4}, "model": {"d": 4, "hidden": [5, 6]}},
    "frozen": {"task": {"p": 7}, "model": {"d": 4, "hidden": [5, 6]}, "frozen": ["input.bias"]},
    "two_table": {
        "task": {"p": 7},
        "model": {"name": "two_table_mlp", "d": 4, "hidden": 6},
        "optimiser": {"name": "adam", "weight_decay": 0.1},
        "data": {"name": "minibatches", "size": 9},
    },
    "one_layer": {"task": _SUMS, "model": _TRANSFORMER, **_BATCH},
    "two_layers": {"task": _SUMS, "model": {**_TRANSFORMER, "layers": 2}, **_BATCH},
    "dropout": {"task": _SUMS, "model": {**_TRANSFORMER, "dropout": 0.5}, **_BATCH},
    "constant": {
        "task": {"p": 7},
        "model": {**_TRANSFORMER, "attention": "constant", "activation": "gelu"},
        "optimiser": {"name": "sgd", "lr": 0.1, "momentum": 0.9},
        **_BATCH,
    },
    "norm": {"task": _SUMS, "model": {**_TRANSFORMER, "layer_norm": "pre", "layers": 2}, **_BATCH},
    "penalty": {
        "task": _SUMS,
        "model": _TRANSFORMER,
        "optimiser": {"lr": 0.01, "l1": 0.001, "warmup": 3},
        "arithmetic": {"loss": "float64"},
        **_BATCH,
    },
    "digits": {
        "task": {"name": "digit_addition", "digits": 2},
        "model": {**_TRANSFORMER, "layers": 2},
        **_FRESH,
    },
    "encoder_decoder": {
        "task": {"name": "gcd", "largest": 50},
        "model": {"name": "encoder_decoder", **_PAIR},
        **_FRESH,
    },
}

every_kind = pytest.mark.parametrize("kind", KINDS)


def ensemble(kind: str, networks: int = 3, dtype: torch.dtype = torch.float64) -> Ensemble:
    runs = [
        Run.model_validate({**KINDS[kind], "seeds": Seeds(embedding=seed, mlp=seed, split=seed)})
        for seed in range(networks)
    ]
    return build_ensemble(runs, dtype)


@pytest.fixture(autouse=True)
def no_log_of_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest would have torch write down each operator that it traces."""
    monkeypatch.setattr(logging.getLogger("torch.__trace"), "disabled", True)


def assert_same(one: TorchBackend, other: TorchBackend, tolerance: float) -> None:
    expected = tree_flatten((other.state().parameters, other.state().moments))[0]
    found = tree_flatten((one.state().parameters, one.state().moments))[0]
    for value, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(value, wanted, rtol=tolerance, atol=tolerance)


@pytest.fixture
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what was compiled before."""
    monkeypatch.setattr(torch_fast, "_COMPILED", type(torch_fast._COMPILED)())


@pytest.fixture
def not_compiled(nothing_kept: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes alone matter."""
    monkeypatch.setattr(torch_fast, "compiled", lambda step, inputs: step.update)


# Up to the code that torch.compile would generate, which takes half a minute each.
@pytest.mark.parametrize(
    "kind",
    ["table", "two_table", "one_layer", pytest.param("encoder_decoder", marks=pytest.mark.slow)],
)
def test_one_graph_for_every_model(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph that breaks is an error (fullgraph)."""
    compiled = torch_fast.compiled
    monkeypatch.setattr(torch_fast, "compiled", partial(compiled, backend="eager"))
    assert_steps(kind)


@every_kind
def test_what_is_compiled_is_the_step(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_as_traced(step: TorchStep, inputs: StepInputs) -> Updating:
        graph, put_together = torch_fast.traced(step, inputs)
        return lambda inputs: put_together(graph(*torch_fast.flattened(inputs)[0]))

    monkeypatch.setattr(torch_fast, "compiled", run_as_traced)
    assert_steps(kind)


@pytest.mark.usefixtures("nothing_kept")
def test_what_cannot_be_compiled_trains_as_it_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from torch._dynamo.exc import TorchDynamoException

    def fails(*values: object) -> object:
        raise TorchDynamoException("Command:\ng++ x\n/usr/bin/ld: cannot find -ltorch\n")

    monkeypatch.setattr(torch, "compile", lambda graph, **options: fails)
    assert_steps("table")
    assert len(caplog.messages) == 1
    assert "cannot find -ltorch" in caplog.text


@pytest.mark.usefixtures("nothing_kept")
def test_other_faults_are_not_taken_for_the_compilers(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*values: object) -> object:
        raise torch.OutOfMemoryError("full")

    monkeypatch.setattr(torch, "compile", lambda graph, **options: fails)
    with pytest.raises(torch.OutOfMemoryError):
        TorchBackend(ensemble("table"), compile_step=True).advance(1)


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_kept")
def test_compiles_where_the_path_of_torch_has_a_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Linking is what failed; nothing is taken from a cache."""
    from torch.utils import cpp_extension

    folder = tmp_path / "a space"
    folder.mkdir()
    (folder / "lib").symlink_to(cpp_extension.TORCH_LIB_PATH)
    monkeypatch.setattr(cpp_extension, "TORCH_LIB_PATH", str(folder / "lib"))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    torch._dynamo.reset()
    assert_steps("table")
    assert not caplog.messages


def assert_steps(kind: str) -> None:
    given = ensemble(kind)
    backend, eager = TorchBackend(given, compile_step=True), TorchBackend(given)
    for each in (backend, eager):
        each.advance(8)
    assert_same(backend, eager, 1e-12)


@pytest.mark.usefixtures("not_compiled")
def test_parts_of_an_ensemble_share_what_is_compiled() -> None:
    given = ensemble("table", 9)
    whole = TorchBackend(given)
    parts = SplittingBackend(given, lambda part: TorchBackend(part, compile_step=True), 3)
    for backend in (whole, parts):
        backend.advance(4)
    assert len(torch_fast._COMPILED) == 1
    for name, value in parts.parameters().items():
        torch.testing.assert_close(value, whole.parameters()[name], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", ["table", "two_table", "dropout", "digits"])
@pytest.mark.usefixtures("not_compiled")
def test_a_shrinking_ensemble_is_compiled_for_few_sizes(kind: str) -> None:
    given = ensemble(kind, 11)
    backend, eager = TorchBackend(given, compile_step=True), TorchBackend(given)
    for left in range(11, 0, -1):
        for each in (backend, eager):
            each.advance(3)
            each.keep(torch.arange(left)[torch.arange(left) != left // 2])
    assert len(torch_fast._COMPILED) <= 5


@pytest.mark.parametrize(
    ("runs", "size"), [(11, 11), (7, 11), (6, 6), (4, 6), (3, 3), (2, 2), (1, 1)]
)
def test_sizes_are_halves(runs: int, size: int) -> None:
    assert padded(runs, 11) == size


@pytest.mark.usefixtures("not_compiled")
def test_runs_that_fill_up_leave_no_trace() -> None:
    given = ensemble("two_table", 5)
    backend, eager = TorchBackend(given, compile_step=True), TorchBackend(given)
    for each in (backend, eager):
        each.advance(3)
        each.keep(torch.tensor([0, 2, 3, 4]))
        each.advance(9)
    assert_same(backend, eager, 1e-12)


def on_the_cpu(work: Callable[[], None]) -> Callable[[], None]:
    """What capturing does to buffers: runs for warming up, then again at each replay."""
    work()
    work()
    return work


def captured(given: Ensemble) -> TorchBackend:
    backend = TorchBackend(given)
    backend._update = CapturedUpdate(backend._one_step.update, on_the_cpu)
    return backend


@every_kind
def test_captured_steps_are_the_steps(kind: str) -> None:
    """Bit for bit, whatever changes from step to step: minibatches, dropout, warm-up."""
    given = ensemble(kind)
    backend, eager = captured(given), TorchBackend(given)
    for each in (backend, eager):
        each.advance(12)
    assert_same(backend, eager, 0)


def test_captured_steps_follow_what_is_set_from_outside() -> None:
    given = ensemble("two_table", 4)
    backend, eager = captured(given), TorchBackend(given)
    for each in (backend, eager):
        each.advance(3)
        state = each.state()
        each.advance(2)
        each.load(state)
        each.advance(4)
        each.keep(torch.tensor([1, 3]))
        each.advance(5)
    assert_same(backend, eager, 0)


def test_losses_of_captured_steps_are_kept_apart() -> None:
    backend = captured(ensemble("table"))
    update = backend._update
    inputs = backend._inputs()
    parameters, moments, first = update(inputs)
    before = first.clone()
    later = inputs._replace(parameters=parameters, moments=moments, number=inputs.number + 1)
    _, _, second = update(later)
    assert torch.equal(first, before)
    assert not torch.equal(first, second)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["table", "two_table", "two_layers", "dropout", "encoder_decoder"])
def test_compiled_steps_are_the_steps(kind: str) -> None:
    assert_steps(kind)


@pytest.mark.slow
def test_a_choice_by_index_is_compiled_right() -> None:
    """torch.compile over vmap gets its gradient wrong (2.13, on the CPU); over a trace it does
    not."""
    rows = torch.tensor([2, 0, 2])

    def loss(value: Tensor) -> Tensor:
        return (value.index_select(0, rows) * torch.arange(1.0, 4.0)[:, None]).square().sum()

    each = torch.func.vmap(torch.func.grad(loss))
    values = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    graph = torch.fx.experimental.proxy_tensor.make_fx(each, tracing_mode="fake")(values)
    torch.testing.assert_close(torch.compile(graph, fullgraph=True)(values), each(values))
