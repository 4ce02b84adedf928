"""A training job in a Slurm job, and on a machine with several GPUs."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from fittest.errors import FittestError
from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.running import node
from fittest.pipeline.running.node import own_gpu, project_on_this_node
from small_world import runset, write_project

SUBMITTED = {"SLURM_JOB_ID": "7", node.SUBMITTED: "1"}
BY_HAND = {"SLURM_JOB_ID": "7"}


def config(folder: Path, **over: Any) -> dict[str, Any]:
    project = write_project(folder, {"one": runset()}, over)
    return project.config.model_dump(mode="json")


@pytest.mark.parametrize(
    ("environ", "asked", "training", "device"),
    [
        (SUBMITTED, "cpu", "auto", "cpu"),
        (SUBMITTED, "gpu", "auto", "auto"),
        (SUBMITTED, "cpu", "cuda", "cuda"),
        ({}, "cpu", "auto", "auto"),
        (BY_HAND, "cpu", "auto", "auto"),
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
            project_on_this_node(content, SUBMITTED)
        assert len(caplog.records) == warnings
    assert "cluster.device: cpu" in caplog.text


def test_an_allocation_made_by_hand_is_told_nothing_about_gpus(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = config(tmp_path, training={"device": "auto"})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with caplog.at_level(logging.WARNING, logger="fittest"):
        project_on_this_node(content, BY_HAND)
    assert not caplog.records


def test_nothing_starts_when_an_allocation_made_by_hand_is_about_to_end(tmp_path: Path) -> None:
    content = config(tmp_path)
    now = int(time.time())
    with pytest.raises(FittestError, match=r"allocation ends .* next allocation"):
        project_on_this_node(content, BY_HAND | {"SLURM_JOB_END_TIME": str(now + 60)})
    project_on_this_node(content, BY_HAND | {"SLURM_JOB_END_TIME": str(now + 3600)})
    # A submitted job is told of its limit, and tried again in a job of its own.
    project_on_this_node(content, SUBMITTED | {"SLURM_JOB_END_TIME": str(now + 60)})


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


def test_two_jobs_do_not_share_the_only_gpu(
    gpus: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with hold(tmp_path / "fittest-gpu-id-0.lock") as other:
        waited: list[float] = []

        def sleep(seconds: float) -> None:
            waited.append(seconds)
            other.communicate("\n")

        monkeypatch.setattr(node.time, "sleep", sleep)
        with own_gpu(TrainingSettings(), tmp_path) as index:
            assert index == 0 and waited


def test_anybody_may_use_a_lock_that_one_user_made(gpus: list[int], tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with own_gpu(TrainingSettings(), tmp_path):
            pass
    finally:
        os.umask(before)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o666


OTHER_USER = """
import os, sys
from pathlib import Path
from fittest.pipeline.running import node
os.setgid(65534)
os.setuid(65534)
with node._taken(Path(sys.argv[1])) as lock:
    print(Path(f"/proc/self/fd/{lock.fileno()}").resolve().name)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="needs root, to become another user"
)
@pytest.mark.parametrize(
    ("mode", "name"), [(0o644, "gpu.lock"), (0o600, "gpu-65534.lock")], ids=["open", "closed"]
)
def test_the_lock_of_another_user_stops_nobody(mode: int, name: str) -> None:
    # Not pytest's own folder, which is closed to other users.
    with tempfile.TemporaryDirectory() as folder:
        # As /tmp is: everybody's, but nobody opens another one's file to create it.
        Path(folder).chmod(0o1777)
        lock = Path(folder) / "gpu.lock"
        lock.touch()
        lock.chmod(mode)
        command = [sys.executable, "-c", OTHER_USER, str(lock)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == name


def test_no_choice_where_there_is_none(gpus: list[int], tmp_path: Path) -> None:
    with own_gpu(TrainingSettings(device="cpu"), tmp_path) as index:
        assert index is None
    assert gpus == [] and not list(tmp_path.iterdir())


@pytest.mark.cuda
def test_the_lock_names_a_real_device(tmp_path: Path) -> None:
    name = node._lock_of(tmp_path, 0).name
    assert name.startswith("fittest-gpu-") and "None" not in name
