"""A job: its log, its one clear error, its exit status, and the progress that it shows."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fittest.errors import StoreError
from fittest.pipeline.jobs import EXIT_INTERRUPTED, job, run_collect, run_training
from fittest.pipeline.progress import Progress, duration
from fittest.pipeline.project import Project
from fittest.store import read_table
from fittest.training.loop import Interrupted
from small_world import runset, write_project


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """A job takes over the package's logger; other tests want it back."""
    log = logging.getLogger("fittest")
    handlers, level = log.handlers, log.level
    yield
    log.handlers, log.level = handlers, level


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project in the current folder, as the workflow runs its jobs."""
    monkeypatch.chdir(tmp_path)
    return write_project(tmp_path, {"one": runset({"steps": 20}, {"seed": [0, 1]})})


def train(project: Project, **over: object) -> None:
    arguments = {
        "config": project.config.model_dump(mode="json"),
        "runset": "one",
        "shard": "0000",
        "trajectory": project.paths.trajectory("one", "0000"),
        "weights": project.paths.weights("one", "0000"),
        "threads": 1,
        "log_path": "logs/train.log",
    }
    run_training(**arguments | over)  # type: ignore[arg-type]


def test_jobs_make_their_tables_and_logs(project: Project) -> None:
    train(project)
    paths = project.paths
    config = project.config.model_dump(mode="json")
    run_collect(config, "one", paths.runs("one"), paths.frequencies("one"), "logs/collect.log")
    assert len(read_table(paths.runs("one"), "runs")) == 2
    assert "one/0000" in Path("logs/train.log").read_text()
    assert Path("logs/collect.log").exists()


def test_users_error_is_one_message_and_a_status(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        train(project, shard="0009")
    assert caught.value.code == 1
    error = capsys.readouterr().err
    assert "`0009`" in error
    assert "Traceback" not in error
    assert "`0009`" in Path("logs/train.log").read_text()


@pytest.mark.parametrize(
    ("error", "status"), [(Interrupted("later"), EXIT_INTERRUPTED), (StoreError("full"), 1)]
)
def test_exit_status(error: Exception, status: int, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught, job(str(tmp_path / "logs" / "a.log")):
        raise error
    assert caught.value.code == status
    assert str(error) in (tmp_path / "logs" / "a.log").read_text()


def test_unexpected_error_keeps_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), job(str(tmp_path / "a.log")):
        _ = 1 / 0
    assert "Traceback" in (tmp_path / "a.log").read_text()


# -- progress ----------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bar_on_a_terminal_fills_up() -> None:
    stream = Terminal()
    progress = Progress("one 1/2", total=2e12, later=6e12, stream=stream)
    report = progress.part(1e9)
    for done in range(0, 2001, 100):
        report(done)
    progress.close()
    assert "one 1/2" in stream.getvalue()
    assert "100%" in stream.getvalue()
    assert "left" in stream.getvalue()


def test_parts_add_up() -> None:
    progress = Progress("one", total=100.0, later=0.0, stream=None)
    progress.part(2.0)(10)
    progress.part(8.0)(5)
    assert "60 %" in progress.line()


def test_time_left_follows_the_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("fittest.pipeline.progress.time.monotonic", lambda: now[0])
    progress = Progress("one", total=100.0, later=300.0, stream=None)
    report = progress.part(1.0)
    report(1)
    now[0] = 10.0
    report(20)
    assert "20 %, 40 s left" in progress.line()
    assert duration(190) in progress.line(), "80 of this job and 300 of others at 2 per second"


def test_what_a_restart_point_brings_says_nothing_of_the_speed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr("fittest.pipeline.progress.time.monotonic", lambda: now[0])
    progress = Progress("one", total=100.0, later=0.0, stream=None)
    report = progress.part(1.0)
    report(50)
    now[0] = 10.0
    report(60)
    assert "60 %, 40 s left" in progress.line()


@given(seconds=st.floats(0, 1e8))
def test_durations_are_short_and_right(seconds: float) -> None:
    text = duration(seconds)
    number, unit = text.split()
    size = {"s": 1, "min": 60, "h": 3600, "days": 86400}[unit]
    assert abs(float(number) * size - seconds) <= 0.51 * size
    assert len(text) <= 11
