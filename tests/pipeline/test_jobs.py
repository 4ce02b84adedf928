"""A job: its log, its one clear error and its exit status."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from fittest.errors import Interrupted
from fittest.pipeline import workflow_start
from fittest.pipeline.forecasts.pace import Told
from fittest.pipeline.forecasts.progress import Progress
from fittest.pipeline.jobs import EXIT_INTERRUPTED, run_collect, run_training
from fittest.pipeline.project import Project
from fittest.pipeline.running.node import SUBMITTED
from fittest.pipeline.script import job
from fittest.store import read_table
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
    }
    with job("logs/train.log"):
        run_training(**arguments | over)  # type: ignore[arg-type]


@pytest.mark.parametrize(("submitted", "targets"), [(False, ["one"]), (True, [])])
def test_only_jobs_that_share_a_machine_tell_the_time_of_all_training(
    submitted: bool, targets: list[str], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[list[str], int | None]] = []

    def asked(_: Project, __: str, ___: str, of: Iterable[str], cores: int | None) -> Progress:
        told.append((list(of), cores))
        return Progress.silent()

    monkeypatch.setattr("fittest.pipeline.price.plan.job_progress", asked)
    monkeypatch.setenv(workflow_start.TARGETS, "")
    monkeypatch.setenv(workflow_start.CORES, "")
    workflow_start.announce(["one"], 3)
    if submitted:
        monkeypatch.setenv(SUBMITTED, "1")
    else:
        monkeypatch.delenv(SUBMITTED, raising=False)
    train(project)
    assert told == [(targets, 3)]


def test_jobs_make_their_tables_and_logs(project: Project) -> None:
    train(project)
    paths = project.paths
    config = project.config.model_dump(mode="json")
    run_collect(config, "one", paths.runs("one"), paths.frequencies("one"))
    assert len(read_table(paths.runs("one"), "runs")) == 2
    assert "one/0000" in Path("logs/train.log").read_text()


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


def test_a_job_told_to_stop_asks_to_be_started_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise Interrupted("later")

    monkeypatch.setattr("fittest.pipeline.running.train.train_shard", stopped)
    with pytest.raises(SystemExit) as caught:
        train(project)
    assert caught.value.code == EXIT_INTERRUPTED
    assert "later" in Path("logs/train.log").read_text()


@pytest.mark.parametrize("end", [Interrupted("later"), RuntimeError("broken"), None])
def test_a_job_that_has_ended_tells_no_other_how_fast_it_is(
    project: Project, monkeypatch: pytest.MonkeyPatch, end: Exception | None
) -> None:
    folder = Path(project.paths.pace())
    seen = []

    def training(*arguments: object) -> None:
        (progress,) = [one for one in arguments if isinstance(one, Progress)]
        assert progress._pace is not None
        progress._pace.tell(Told(1.0, 1.0, 1.0))
        seen.extend(folder.iterdir())
        if end is not None:
            raise end

    monkeypatch.setattr("fittest.pipeline.running.train.train_shard", training)
    with suppress(SystemExit, RuntimeError):
        train(project)
    assert len(seen) == 1 and not list(folder.iterdir())
