"""The native kernel against torch on the completeness paper's tasks, as the pipeline builds them:
outputs other than p, 8 dimensions, weight decay 3, trained and frozen embeddings."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from fittest.models import EMBEDDING
from fittest.pipeline.running.ensembles import build_ensemble
from fittest.runs.run import Run
from fittest.training import native_backend, native_library
from fittest.training.native_backend import NativeBackend
from fittest.training.torch_backend import TorchBackend

if not native_library.available():
    pytest.skip(f"no native kernel: {native_library.unavailable_reason()}", allow_module_level=True)

TASKS: dict[str, dict[str, Any]] = {
    "remainder": {"name": "remainder"},
    "small remainder": {"name": "remainder", "p": 12, "m": 4},
    "remainder with p outputs": {"name": "remainder", "p": 12, "m": 4, "outputs": "tokens"},
    "xor": {"name": "xor"},
    "five digits": {"name": "xor", "digits": 5},
}


def runs_of(task: dict[str, Any], frozen: list[str]) -> list[Run]:
    content = {
        "task": task,
        "model": {"d": 8},
        "optimiser": {"weight_decay": 3},
        "frozen": frozen,
    }
    return [
        Run.model_validate(content | {"seeds": {"embedding": s, "mlp": s, "split": s}})
        for s in range(2)
    ]


@pytest.mark.parametrize("frozen", [[], [EMBEDDING]], ids=["trained", "frozen"])
@pytest.mark.parametrize("name", TASKS)
def test_native_is_torch(name: str, frozen: list[str]) -> None:
    ensemble = build_ensemble(runs_of(TASKS[name], frozen), torch.float64)
    assert native_backend.supports(ensemble) is None
    backends = (NativeBackend(ensemble), TorchBackend(ensemble))
    for steps in (0, 1, 5, 20):
        for backend in backends:
            backend.advance(steps)
        ours, theirs = (backend.evaluate() for backend in backends)
        for field in ("train_loss", "test_loss"):
            torch.testing.assert_close(ours[field], theirs[field], rtol=1e-9, atol=1e-13)
        for field in ("train_accuracy", "test_accuracy"):
            assert torch.equal(ours[field], theirs[field])
    native, torch_ = (backend.parameters() for backend in backends)
    for parameter, value in native.items():
        torch.testing.assert_close(value, torch_[parameter], rtol=1e-7, atol=1e-10)
    assert torch.equal(native[EMBEDDING], ensemble.initial[EMBEDDING]) == bool(frozen)
