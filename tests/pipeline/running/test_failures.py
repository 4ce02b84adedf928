"""The last word of a run in which jobs failed."""

from __future__ import annotations

import os
from pathlib import Path

from fittest.pipeline.running.failures import summary


def write(path: Path, text: str, age: float = 0.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    time = path.stat().st_mtime - age
    os.utime(path, (time, time))
    return path


def test_every_failed_job_is_named_with_its_logs_and_reason(tmp_path: Path) -> None:
    own = write(tmp_path / "own.log", "starting\nERROR the disk is full\n")
    write(tmp_path / "slurm/rule_train/perturb_0003/7.log", "first attempt", age=60)
    last = write(tmp_path / "slurm/rule_train/perturb_0003/12.log", "second attempt")
    text = summary(
        [
            ("train", ["perturb", "0003"], [str(own)]),
            ("survival_rates", [], [str(tmp_path / "none.log")]),
        ],
        tmp_path / "slurm",
    )
    lines = [line.strip() for line in text.splitlines()]
    assert lines.index("survival_rates") < lines.index("train perturb 0003")
    assert f"log: {own}" in lines and f"log: {last}" in lines
    assert "ERROR the disk is full" in lines
    assert "it left no log" in lines
    assert "7.log" not in text


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    log = write(tmp_path / "a.log", "x" * 100_000 + "\nKILLED \N{SNOWMAN}\n\n")
    assert "KILLED \N{SNOWMAN}" in summary([("train", [], [str(log)])])
    empty = write(tmp_path / "b.log", "")
    assert str(empty) in summary([("train", [], [str(empty)])])


def test_nothing_failed_by_itself() -> None:
    assert "no job failed" in summary([])
