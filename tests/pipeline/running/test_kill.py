"""Jobs that are killed or asked to stop, in processes of their own: nothing is lost."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from fittest.pipeline.jobs import EXIT_INTERRUPTED
from fittest.pipeline.project import Project
from fittest.store import read_table
from small_world import BACKENDS, plain, train_all, write_project

# Some seconds of training: long enough to be killed in the middle, on either backend.
STEPS = 1000 if "native" in BACKENDS else 200
EVERY = STEPS // 10
WORKER = """
import os
from fittest.pipeline.jobs import run_training
from fittest.pipeline.project import Project
from fittest.pipeline.running import train
from fittest.pipeline.script import job
# It trains while it gives way to whoever watches it, who would miss its moments on a busy machine.
os.nice(10)
project = Project.load()
paths = project.paths
with job("logs/train.log"):
    run_training(
        project.config.model_dump(mode="json"), "long", "0000",
        paths.trajectory("long", "0000"), paths.weights("long", "0000"), 1,
    )
"""
SETTINGS = {
    "task": {"p": 23},
    "model": {"d": 32},
    "steps": STEPS,
    "recording": {"every": EVERY, "checkpoints_every": 2 * EVERY},
}
# Two ensembles in one shard; the second one has a stop rule, whose memory must survive too.
LONG = {
    "description": "Long enough to be killed",
    "scales": {
        "smoke": [
            {"settings": SETTINGS, "axes": {"seed": [0, 1], "optimiser.lr": [0.01, 0.003]}},
            {
                "settings": {
                    **SETTINGS,
                    "optimiser": {"lr": 0.03},
                    "stop": {"first": 2 * EVERY, "window": 2 * EVERY, "separation": 1},
                },
                "axes": {"seed": [0, 1, 2]},
            },
        ]
    },
}


def project_in(folder: Path) -> Project:
    return write_project(folder, {"long": LONG}, {"training": {"restart_minutes": 0.001}})


def start(project: Project) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=project.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture
def jobs() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Jobs started by a test; whatever happens, none outlives it."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for job in started:
        job.kill()
        job.wait()


def finish(project: Project, jobs: list[subprocess.Popen[bytes]]) -> None:
    jobs.append(start(project))
    assert jobs[-1].wait(timeout=300) == 0, (project.root / "logs/train.log").read_text()


def snapshots(project: Project) -> list[Path]:
    folder = project.root / project.paths.restart("long", "0000")
    return sorted(folder.glob("*/state-*.pt"))


def newest_step(project: Project) -> int:
    """Steps of both ensembles that are safe on disk."""
    newest: dict[Path, int] = {}
    for path in snapshots(project):
        newest[path.parent] = int(path.stem.split("-")[1])
    return sum(newest.values())


def wait_for_step(project: Project, job: subprocess.Popen[bytes], step: int) -> bool:
    """True once a restart point at or after `step` is there; False if the job ended before."""
    while job.poll() is None:
        if newest_step(project) >= step:
            return True
        time.sleep(0.01)
    return False


def tables(project: Project) -> dict[str, pd.DataFrame]:
    return {
        kind: plain(read_table(project.root / path("long", "0000"), kind))
        for kind, path in (
            ("trajectory", project.paths.trajectory),
            ("weights", project.paths.weights),
        )
    }


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    project = project_in(tmp_path_factory.mktemp("whole"))
    train_all(project, "long")
    return tables(project)


def assert_same(project: Project, expected: dict[str, pd.DataFrame]) -> None:
    for kind, table in tables(project).items():
        pd.testing.assert_frame_equal(table, expected[kind], check_exact=True)
    assert snapshots(project) == [], "restart points go when the shard is done"


def test_the_shard_is_worth_killing(uninterrupted: dict[str, pd.DataFrame]) -> None:
    last = uninterrupted["trajectory"].groupby("run_id")["step"].max()
    assert len(last) == 7
    assert sorted(last)[-4:] == [STEPS] * 4
    assert min(last) < STEPS, "a run has to stop by the rule"


def test_killed_at_random_moments(
    tmp_path: Path,
    jobs: list[subprocess.Popen[bytes]],
    uninterrupted: dict[str, pd.DataFrame],
) -> None:
    project = project_in(tmp_path)
    moments = random.Random(1)
    killed = 0
    for third in range(3):
        jobs.append(start(project))
        # Anywhere in training, and a moment later: also while a file is being written.
        wanted = int(STEPS * (third + moments.random()) / 2)
        if wait_for_step(project, jobs[-1], wanted):
            time.sleep(0.02 * moments.random())
            killed += jobs[-1].poll() is None
        jobs[-1].kill()
        jobs[-1].wait()
    assert killed > 0
    assert not (project.root / project.paths.trajectory("long", "0000")).exists()
    newest = snapshots(project)[-1]
    newest.write_bytes(newest.read_bytes()[:-100])
    finish(project, jobs)
    assert newest.name in (project.root / "logs/train.log").read_text(), "it has to be refused"
    assert_same(project, uninterrupted)


def test_asked_to_stop(
    tmp_path: Path,
    jobs: list[subprocess.Popen[bytes]],
    uninterrupted: dict[str, pd.DataFrame],
) -> None:
    """SIGTERM, as a cluster sends it before its time limit."""
    project = project_in(tmp_path)
    jobs.append(start(project))
    assert wait_for_step(project, jobs[0], EVERY)
    before = newest_step(project)
    jobs[0].send_signal(signal.SIGTERM)
    assert jobs[0].wait(timeout=60) == EXIT_INTERRUPTED == 75
    assert newest_step(project) >= before
    assert "resumes" in (project.root / "logs/train.log").read_text()
    finish(project, jobs)
    assert "resumed" in (project.root / "logs/train.log").read_text()
    assert_same(project, uninterrupted)


def test_a_second_job_leaves_the_first_alone(
    tmp_path: Path,
    jobs: list[subprocess.Popen[bytes]],
    uninterrupted: dict[str, pd.DataFrame],
) -> None:
    """As after `--unlock`, while a training job outlives the workflow that started it."""
    project = project_in(tmp_path)
    jobs.append(start(project))
    assert wait_for_step(project, jobs[0], 1)
    jobs[0].send_signal(signal.SIGSTOP)
    before = {path: path.read_bytes() for path in snapshots(project)}
    jobs.append(start(project))
    assert jobs[1].wait(timeout=120) == 1
    message = (project.root / "logs/train.log").read_text()
    assert f"process {jobs[0].pid} on " in message
    assert "Traceback" not in message
    assert {path: path.read_bytes() for path in snapshots(project)} == before
    jobs[0].send_signal(signal.SIGCONT)
    assert jobs[0].wait(timeout=300) == 0
    assert_same(project, uninterrupted)
