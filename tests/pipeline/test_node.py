"""A training job in a Slurm job, and on a machine with several GPUs."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from fittest.pipeline import node
from fittest.pipeline.config import TrainingSettings
from fittest.pipeline.node import own_gpu, project_on_this_node
from small_world import runset, write_project

SLURM = {"SLURM_JOB_ID": "7"}


def config(folder: Path, **over: Any) -> dict[str, Any]:
    project = write_project(folder, {"one": runset()}, over)
    return project.config.model_dump(mode="json")


@pytest.mark.parametrize(
    ("environ", "asked", "training", "device"),
    [
        (SLURM, "cpu", "auto", "cpu"),
        (SLURM, "gpu", "auto", "auto"),
        (SLURM, "cpu", "cuda", "cuda"),
        ({}, "cpu", "auto", "auto"),
    ],
)
def test_a_job_for_cores_leaves_gpus_alone(
    environ: dict[str, str], asked: str, training: str, device: str, tmp_path: Path
) -> None:
    content = config(tmp_path, cluster={"device": asked}, training={"device": training})
    assert project_on_this_node(content, environ).config.training.device == device


def test_a_job_for_a_gpu_without_one_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = config(tmp_path, training={"device": "auto"})
    for seen, warnings in ((True, 0), (False, 1)):
        monkeypatch.setattr(torch.cuda, "is_available", lambda seen=seen: seen)
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="fittest"):
            project_on_this_node(content, SLURM)
        assert len(caplog.records) == warnings
    assert "cluster.device: cpu" in caplog.text


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Two GPUs, as far as the choice goes: only their number, identity and selection count."""
    chosen: list[int] = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda index: SimpleNamespace(uuid=f"id-{index}")
    )
    monkeypatch.setattr(node, "_POLL_SECONDS", 0.01)
    return chosen


HOLD = """
import fcntl, sys
file = open(sys.argv[1], "a")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.readline()
"""


def hold(path: Path) -> subprocess.Popen[str]:
    """Another job that has the GPU."""
    job = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert job.stdout is not None
    assert job.stdout.readline() == "held\n"
    return job


def test_each_job_has_a_gpu_of_its_own(gpus: list[int], tmp_path: Path) -> None:
    auto = TrainingSettings()
    with own_gpu(auto, tmp_path) as first:
        assert first == 0
    with hold(tmp_path / "fittest-gpu-id-0.lock") as other:
        with own_gpu(auto, tmp_path) as second:
            assert second == 1
        other.communicate("\n")
    assert gpus == [0, 1]


def test_a_job_waits_for_a_gpu_and_a_killed_one_leaves_its_own(
    gpus: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        hold(tmp_path / "fittest-gpu-id-0.lock") as first,
        hold(tmp_path / "fittest-gpu-id-1.lock") as second,
    ):
        waited: list[float] = []

        def sleep(seconds: float) -> None:
            waited.append(seconds)
            second.kill()
            second.wait()

        monkeypatch.setattr(node.time, "sleep", sleep)
        with own_gpu(TrainingSettings(), tmp_path) as index:
            assert index == 1 and len(waited) == 1
        first.communicate("\n")


def test_no_choice_where_there_is_none(gpus: list[int], tmp_path: Path) -> None:
    with own_gpu(TrainingSettings(device="cpu"), tmp_path) as index:
        assert index is None
    assert gpus == [] and not list(tmp_path.iterdir())


@pytest.mark.cuda
def test_the_lock_names_a_real_device(tmp_path: Path) -> None:
    name = node._lock_of(tmp_path, 0).name
    assert name.startswith("fittest-gpu-") and "None" not in name
