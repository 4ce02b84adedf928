"""Which backend and device train an ensemble; a demand that cannot be met is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from fittest.errors import DeviceError
from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.running.backends import choose_backend, networks_at_once, resolve_device
from fittest.runs.run import Run
from fittest.training import native_backend, native_library
from small_world import (
    BACKENDS,
    ensemble_of,
    runset,
    seeded_runs,
    train_all,
    write_project,
)

RUNS = seeded_runs(3)
ENSEMBLE = ensemble_of(RUNS, torch.float32)
needs_native = pytest.mark.skipif("native" not in BACKENDS, reason="no native kernel here")


@pytest.fixture
def no_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def chosen(**settings: Any) -> str:
    given = TrainingSettings(**{"device": "cpu", "compile": "never", **settings})
    return choose_backend(given, ENSEMBLE, RUNS, 0.0, 1).name


@pytest.mark.usefixtures("no_cuda")
def test_auto_device_without_cuda() -> None:
    assert resolve_device(TrainingSettings()).type == "cpu"


@pytest.mark.usefixtures("no_cuda")
def test_cuda_demanded_in_vain_is_refused_before_training(tmp_path: Path) -> None:
    project = write_project(tmp_path, {"one": runset()}, {"training": {"device": "cuda"}})
    with pytest.raises(DeviceError, match=r"config\.yaml: training\.device.*device: auto"):
        train_all(project, "one")
    assert not (tmp_path / "results").exists()


@needs_native
def test_native_where_it_applies() -> None:
    assert chosen() == "native"
    assert chosen(backend="native") == "native"
    assert chosen(backend="torch") == "torch"


@pytest.mark.skipif(not torch.set_flush_denormal(False), reason="this CPU cannot switch")
@pytest.mark.parametrize("losses", [("float32", "float64", "float32"), ("exact", "float32")])
def test_what_is_hardly_a_number_is_none_where_a_loss_is_of_low_precision(
    losses: tuple[str, ...],
) -> None:
    """And in no ensemble that is trained after it."""
    given = TrainingSettings(device="cpu", compile="never")
    small = {"task": {"p": 5}, "model": {"name": "transformer"}}
    try:
        for loss in losses:
            runs = [Run.model_validate({**small, "arithmetic": {"loss": loss}})]
            choose_backend(given, ensemble_of(runs, torch.float32), runs, 0.0, 1)
            tiny = torch.full((3,), 1e-39) * torch.ones(3)
            assert bool((tiny == 0).all()) == (loss == "float32")
    finally:
        torch.set_flush_denormal(False)


def test_torch_where_there_is_no_kernel(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Said once per process and reason, not once per job."""
    reason = f"not built, says {caplog.handler!r}"
    monkeypatch.setattr(native_library, "available", lambda: False)
    monkeypatch.setattr(native_library, "unavailable_reason", lambda: reason)
    assert [chosen(), chosen(), chosen()] == ["torch"] * 3
    assert caplog.text.count(reason) == 1
    with pytest.raises(DeviceError, match=r"training\.backend: native.*not built.*backend: auto"):
        chosen(backend="native")


def test_native_demanded_for_what_it_cannot_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_library, "available", lambda: True)
    monkeypatch.setattr(native_backend, "supports", lambda *_: "it only does triangles")
    with pytest.raises(DeviceError, match="triangles"):
        chosen(backend="native")


def test_job_keeps_to_its_threads() -> None:
    """Also beside the native kernel: the record is computed with torch."""
    for backend in ("torch", "auto"):
        torch.set_num_threads(2)
        chosen(backend=backend)
        assert torch.get_num_threads() == 1


@pytest.mark.usefixtures("no_cuda")
def test_ensemble_follows_memory() -> None:
    cpu = torch.device("cpu")
    small, large = (TrainingSettings(memory_gib=gib) for gib in (1e-9, 1000.0))
    assert networks_at_once(small, RUNS[0], cpu) == 1
    assert networks_at_once(large, RUNS[0], cpu) > 1


@pytest.mark.cuda
def test_auto_takes_cuda_where_there_is_one() -> None:
    assert resolve_device(TrainingSettings()).type == "cuda"
    assert choose_backend(TrainingSettings(compile="never"), ENSEMBLE, RUNS, 0.0, 1).name == "torch"


@pytest.mark.cuda
def test_project_on_cuda(tmp_path: Path) -> None:
    project = write_project(
        tmp_path, {"one": runset({"steps": 5})}, {"training": {"device": "cuda"}}
    )
    train_all(project, "one")
    assert (tmp_path / project.paths.trajectory("one", "0000")).exists()
