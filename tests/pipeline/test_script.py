"""What every script does around its work: log, one clear error, checked inputs, a record."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from snakemake.iocontainers import InputFiles, OutputFiles, Params

from fittest.errors import StoreError
from fittest.pipeline.identity import made
from fittest.pipeline.script import job, rule_job
from fittest.store import write_csv, write_table


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """A job takes over the package's logger; other tests want it back."""
    log = logging.getLogger("fittest")
    handlers, level = log.handlers, log.level
    yield
    log.handlers, log.level = handlers, level


def snakemake_object(folder: Path, inputs: dict[str, str], **params: Any) -> Any:
    """As Snakemake hands it to a script that makes out.csv."""
    return SimpleNamespace(
        input=InputFiles(fromdict=inputs),
        output=OutputFiles(fromdict={"table": str(folder / "out.csv")}),
        params=Params(fromdict=params),
        log=[str(folder / "logs" / "job.log")],
        config={"scale": "smoke"},
    )


def test_a_users_error_is_one_line_and_a_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught, job(str(tmp_path / "logs" / "a.log")):
        raise StoreError("full")
    assert caught.value.code == 1
    assert "full" in (tmp_path / "logs" / "a.log").read_text()
    assert "Traceback" not in capsys.readouterr().err


def test_an_unexpected_error_keeps_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), job(str(tmp_path / "a.log")):
        _ = 1 / 0
    assert "Traceback" in (tmp_path / "a.log").read_text()


def test_what_a_job_makes_is_recorded_with_its_key(tmp_path: Path) -> None:
    smk = snakemake_object(tmp_path, {}, made="abc")
    with rule_job(smk) as given:
        write_csv(pd.DataFrame({"x": [1]}), given.output.table)
    assert made.is_made_from(smk.output, "abc")
    assert not made.is_made_from(smk.output, "other")


def test_a_job_that_fails_leaves_no_record(tmp_path: Path) -> None:
    smk = snakemake_object(tmp_path, {}, made="abc")
    write_csv(pd.DataFrame({"x": [1]}), smk.output.table)
    made.record(smk.output, "abc")
    with pytest.raises(SystemExit), rule_job(smk):
        raise StoreError("full")
    assert not made.is_made_from(smk.output, "abc")


def test_outputs_of_one_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    paths = [tmp_path / folder / "stats.csv" for folder in ("pca", "fft")]
    for path, text in zip(paths, ("x\n", "x\n1\n"), strict=True):
        path.parent.mkdir()
        path.write_text(text)
    made.record(paths, "abc")
    assert made.is_made_from(paths, "abc")
    paths[0].write_text("x\n1\n")
    assert not made.is_made_from(paths, "abc")


def test_a_file_that_was_replaced_is_not_what_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("x\n1\n")
    made.record([path], "abc")
    assert made.is_made_from([path], "abc")
    path.write_text("x\n1\n2\n")
    assert not made.is_made_from([path], "abc")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"key": "abc"}', '"abc"'])
def test_a_damaged_record_is_none(content: str, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("x\n1\n")
    made.record([path], "abc")
    made.record_path([path]).write_text(content)
    assert not made.is_made_from([path], "abc")


def test_the_input_that_all_rules_share_is_kept_from_scripts(tmp_path: Path) -> None:
    smk = snakemake_object(tmp_path, {"a": "a.csv", "configuration": ".snakemake/x"})
    with rule_job(smk) as given:
        assert list(given.input) == ["a.csv"]
        assert given.input.a == "a.csv"


@pytest.mark.parametrize(
    ("kind", "origin", "named"),
    [
        ("table", {"scale": "reduced", "config_hash": "now"}, "reduced"),
        ("table", {"scale": "smoke", "config_hash": "then"}, None),
        ("table", {"scale": "smoke", "config_hash": "now"}, None),
    ],
)
def test_tables_of_another_scale_are_refused(
    kind: str, origin: dict[str, str], named: str | None, tmp_path: Path
) -> None:
    table = tmp_path / "in.parquet"
    write_table(pd.DataFrame({"x": [1]}), table, origin, kind)
    smk = snakemake_object(tmp_path, {"table": str(table)}, key=["now"])
    if named is None:
        with rule_job(smk):
            pass
        return
    with pytest.raises(SystemExit) as caught, rule_job(smk):
        pytest.fail("the script has begun")
    assert caught.value.code == 1
    log = Path(smk.log[0]).read_text()
    assert named in log and str(table) in log and "Traceback" not in log
