"""Optimisers, data and records that all networks of the native kernel share, against torch."""

from __future__ import annotations

import ctypes
import platform
from typing import Any

import pytest
import torch

from fittest.runs.run import Run
from fittest.training import native_library
from fittest.training.backend import Backend
from fittest.training.native_backend import NativeBackend
from fittest.training.torch_backend import TorchBackend
from small_world import TINY, ensemble_of

pytestmark = pytest.mark.skipif(not native_library.available(), reason="no native kernel here")

SETTINGS: dict[str, dict[str, Any]] = {
    "embedding_mlp": TINY,
    "two_table_mlp": {
        "task": {"p": 7},
        "model": {"name": "two_table_mlp", "d": 3, "hidden": 11},
    },
    "transformer": {
        "task": {"p": 7, "equals": "input_and_output"},
        "model": {"name": "transformer", "d": 12, "heads": 3, "head_size": 4, "mlp": 20},
    },
}
"""A small run of each network."""

UPDATES: dict[str, dict[str, Any]] = {
    "decoupled": {"optimiser": {"weight_decay": 0.5}},
    "L2 in the loss": {"optimiser": {"name": "adam", "weight_decay": 0.01}},
    "warm-up": {"optimiser": {"warmup": 10}},
    "l1": {"optimiser": {"l1": 0.001, "weight_decay": 0.0}},
    "all of these": {"optimiser": {"name": "adam", "weight_decay": 0.01, "warmup": 5, "l1": 1e-4}},
    "the trained part alone": {"data": {"name": "batch"}},
    "minibatches": {"data": {"name": "minibatches", "size": 7}},
    "float64 loss": {"arithmetic": {"loss": "float64"}},
}


def runs_of(network: str, **more: Any) -> list[Any]:
    settings = {**SETTINGS[network], **more, "recording": {"every_loss": True}}
    return [
        Run.model_validate(settings | {"seeds": {"embedding": seed, "mlp": seed, "split": seed}})
        for seed in (0, 1, 2)
    ]


def assert_equal(native: Backend, plain: Backend, rel: float = 1e-10) -> None:
    for name, values in plain.parameters().items():
        torch.testing.assert_close(native.parameters()[name], values, rtol=rel, atol=rel)
    for name, values in plain.evaluate().items():
        torch.testing.assert_close(native.evaluate()[name], values.double(), rtol=rel, atol=rel)
    expected, found = plain.losses(), native.losses()
    assert expected is not None and found is not None
    torch.testing.assert_close(found, expected, rtol=rel, atol=rel)


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("network", SETTINGS)
def test_it_trains_as_torch_does(network: str, update: str) -> None:
    ensemble = ensemble_of(runs_of(network, **UPDATES[update]), torch.float64)
    native, plain = NativeBackend(ensemble, threads=2), TorchBackend(ensemble)
    for steps in (1, 2, 47):
        native.advance(steps)
        plain.advance(steps)
    assert_equal(native, plain)


@pytest.mark.parametrize("update", ["all of these", "minibatches"])
@pytest.mark.parametrize("network", SETTINGS)
def test_stops_resumes_and_loses_company_bit_for_bit(network: str, update: str) -> None:
    ensemble = ensemble_of(runs_of(network, **UPDATES[update]), torch.float32)
    straight, interrupted = NativeBackend(ensemble, threads=2), NativeBackend(ensemble)
    straight.advance(40)
    interrupted.advance(13)
    state = interrupted.state()
    interrupted = NativeBackend(ensemble)
    interrupted.load(state)
    interrupted.keep(torch.tensor([0, 2]))
    interrupted.advance(27)
    straight.keep(torch.tensor([0, 2]))
    for name, values in straight.parameters().items():
        assert torch.equal(interrupted.parameters()[name], values), name
    losses = straight.losses()
    assert losses is not None and losses.shape == (2, 40)
    assert torch.equal(interrupted.losses(), losses)
    interrupted.forget_losses()
    interrupted.advance(1)
    assert interrupted.losses().shape == (2, 1)


@pytest.mark.parametrize(("variant", "width"), [("avx512", 64), ("avx2", 32), ("baseline", 16)])
def test_each_build_has_the_vectors_of_its_name(variant: str, width: int) -> None:
    """They are compiled side by side from one source."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        pytest.skip("builds of another processor")
    path = native_library._path(variant)
    if path is None and not native_library.runs_here(variant):
        pytest.skip("a checkout builds what its processor runs; tests/test_wheel.py builds it too")
    assert path is not None
    assert ctypes.CDLL(str(path)).fittest_vector_bytes() == width
