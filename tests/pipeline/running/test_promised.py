"""What is recorded is what was promised, or nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fittest.errors import FittestError
from fittest.pipeline.project import Project
from fittest.pipeline.running import train
from fittest.pipeline.running.train import train_shard
from fittest.training.loop import Loop
from fittest.training.record import Record, Rows, WeightSpool
from small_world import runset, train_all, write_project

CHECKPOINTS = {"steps": 25, "recording": {"every": 10, "dense_until": 3, "checkpoints_every": 10}}
Harm = Callable[[Record], None]


def lose_a_row(record: Record) -> None:
    record.rows = [rows for rows in record.rows if rows.step != 10]


def lose_a_row_of_one_run(record: Record) -> None:
    at = next(i for i, rows in enumerate(record.rows) if rows.step == 20)
    rows = record.rows[at]
    record.rows[at] = Rows(20, rows.runs[:1], {k: v[:1] for k, v in rows.columns.items()})


def double_a_row(record: Record) -> None:
    record.rows.insert(3, replace(record.rows[3]))


def end_early(record: Record) -> None:
    record.rows = [rows for rows in record.rows if rows.step <= 20]
    record.last_step[1] = 20


def never_end(record: Record) -> None:
    del record.last_step[0]


HARMS: dict[str, tuple[Harm, str]] = {
    "a step": (lose_a_row, "rows lack 1 of 7, the first at 10"),
    "a step of one run": (lose_a_row_of_one_run, "rows lack 1 of 7, the first at 20"),
    "a step twice": (double_a_row, "rows are 8 where 7 are promised"),
    "the end": (end_early, "ended at step 20 instead of 25|rows lack 1 of 7"),
    "no end": (never_end, "ended at step None instead of 25"),
}


def project_in(folder: Path, settings: dict[str, Any] = CHECKPOINTS) -> Project:
    return write_project(folder, {"one": runset(settings, {"seed": [0, 1]})})


def tables(project: Project) -> list[Path]:
    return list((project.root / "results").rglob("*.parquet"))


@pytest.mark.parametrize(("harm", "words"), HARMS.values(), ids=HARMS)
def test_rows_that_are_not_all_there_are_not_written(
    harm: Harm, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, run = project_in(tmp_path), Loop.run

    def spoilt(self: Loop) -> Record:
        record = run(self)
        harm(record)
        return record

    monkeypatch.setattr(Loop, "run", spoilt)
    with pytest.raises(FittestError, match=words) as caught:
        train_all(project, "one")
    assert "\n" not in str(caught.value)
    assert f"delete {tmp_path / project.paths.restart('one', '0000')}" in str(caught.value)
    assert tables(project) == []


@pytest.mark.parametrize(
    "lost", ["000000000-checkpoint", "000000010-checkpoint", "000000025-final"]
)
def test_weights_that_are_not_all_there_are_not_written(
    lost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, files = project_in(tmp_path), WeightSpool.files

    def spoilt(self: WeightSpool) -> Any:
        for path in tmp_path.rglob(f"weights-{lost}.bin"):
            path.unlink()
        return files(self)

    monkeypatch.setattr(WeightSpool, "files", spoilt)
    with pytest.raises(FittestError, match=rf"weights lack 7 of 28.*{int(lost[:9])}, '"):
        train_all(project, "one")
    assert tables(project) == []


@pytest.mark.parametrize(
    "settings",
    [
        CHECKPOINTS,
        {**CHECKPOINTS, "stop": {"first": 10, "window": 5, "separation": 1}},
        {**CHECKPOINTS, "optimiser": {"lr": 1e30}},
        {"steps": 0},
        {"steps": 7, "recording": {"every": 10, "dense_until": 20, "final": []}},
        {"steps": 20, "recording": {"every": 7, "dense_until": 0, "gradients": True}},
    ],
    ids=["checkpoints", "stopping", "failing", "untrained", "dense", "sparse"],
)
def test_every_way_of_recording_keeps_its_promise(settings: dict[str, Any], tmp_path: Path) -> None:
    project = project_in(tmp_path, settings)
    train_all(project, "one")
    assert len(tables(project)) == 2


def outputs(project: Project) -> tuple[str, str]:
    paths = project.paths
    return (
        str(project.root / paths.trajectory("one", "0000")),
        str(project.root / paths.weights("one", "0000")),
    )


def test_what_another_job_has_finished_meanwhile_is_not_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = project_in(tmp_path)
    train_all(project, "one")
    before = {path: path.stat().st_mtime_ns for path in tables(project)}

    def refuse(*_: object) -> None:
        raise AssertionError("trained again")

    with monkeypatch.context() as patch:
        patch.setattr(train, "build_ensemble", refuse)
        train_shard(project, "one", "0000", *outputs(project), threads=1)
    assert {path: path.stat().st_mtime_ns for path in tables(project)} == before
    # Tables of another configuration are another matter, and so is a pair of which one is gone.
    train_shard(project_in(tmp_path, {"steps": 5}), "one", "0000", *outputs(project), threads=1)
    changed = {path: path.stat().st_mtime_ns for path in tables(project)}
    assert all(changed[path] != time for path, time in before.items())
    Path(outputs(project)[1]).unlink()
    train_shard(project_in(tmp_path, {"steps": 5}), "one", "0000", *outputs(project), threads=1)
    assert len(tables(project)) == 2


def test_weights_taken_away_while_writing_are_an_error_that_keeps_the_restart_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a second Snakemake does, which removes the output of its own failed job."""
    project = project_in(tmp_path)
    trajectory, weights = outputs(project)
    write = train.write_table

    def taken(*arguments: Any) -> None:
        Path(weights).unlink()
        write(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(train, "write_table", taken)
        with pytest.raises(FittestError, match=r"weights/0000\.parquet: removed while"):
            train_shard(project, "one", "0000", trajectory, weights, threads=1)
    assert list(tmp_path.rglob("state-*.pt"))
    train_shard(project, "one", "0000", trajectory, weights, threads=1)
    assert len(tables(project)) == 2
