"""What a shared folder holds is not priced as training."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fittest.__main__ import main
from fittest.pipeline.forecasts.forecast import Rate, shard_seconds
from fittest.pipeline.price.plan import pending_seconds, price
from fittest.pipeline.price.plan_jobs import jobs
from fittest.pipeline.price.remaining import remaining
from fittest.pipeline.project import Project
from fittest.pipeline.running import shared
from small_world import runset, train_all, write_project

RATE = replace(Rate.constant(1e9), start_seconds=4.0)


def clone(root: Path, common: Path) -> Project:
    """`one` has two shards, `two` another."""
    steps = {"steps": 20}
    declared = {"one": runset(steps, {"seed": [0, 1, 2]}), "two": runset(steps, {"seed": [3]})}
    over = {"shards": {"smoke": {"runs": 2, "pflop": 1.0}}, "paths": {"shared": str(common)}}
    figures = {"fig1_a": {"title": "A", "runsets": ["one", "two"]}}
    return write_project(root, declared, over, figures)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A clone that has nothing yet; another one has trained `one`, of which it has a shard."""
    first = clone(tmp_path / "a", tmp_path / "common")
    train_all(first, "one")
    second = clone(tmp_path / "b", tmp_path / "common")
    shard = second.shard("one", "0001")
    files = {
        "weights": str(second.root / second.paths.weights("one", shard.name)),
        "trajectory": str(second.root / second.paths.trajectory("one", shard.name)),
    }
    assert shared.take(tmp_path / "common", "smoke", shard, files)
    return second


def test_what_is_there_is_to_fetch_and_not_to_do(project: Project) -> None:
    assert remaining(project, ["fig1_a"]).shards == {("one", "0000"), ("two", "0000")}
    assert remaining(project, ["fig1_a"]).fetched == {("one", "0000")}
    rows = {row.runset: row for row in price(project, ["fig1_a"], RATE)}
    one, two = rows["one"], rows["two"]
    assert (one.jobs, one.jobs_left, one.jobs_fetched, one.flops_left) == (2, 0, 1, 0)
    assert (two.jobs, two.jobs_left, two.jobs_fetched, two.flops_left) == (1, 1, 0, two.flops)
    # A job that copies takes its start.
    assert one.seconds_left == pytest.approx(4.0)
    own = shard_seconds(project.shard("two", "0000"), RATE)
    assert two.seconds_left == pytest.approx(own) and own > 4.0
    assert pending_seconds(project, ["all"], ("", ""), RATE) == pytest.approx(4.0 + own)


def test_jobs_that_fetch_are_submitted_all_the_same(project: Project) -> None:
    rows = {(r.rule, r.runset): r for r in jobs(project, ["fig1_a"])}
    assert (rows["train", "one"].jobs_left, rows["train", "one"].jobs_fetched) == (1, 1)
    assert (rows["train", "two"].jobs_left, rows["train", "two"].jobs_fetched) == (1, 0)


@pytest.mark.parametrize("harm", ["of other settings", "without its checksums", "elsewhere"])
def test_what_cannot_be_fetched_is_to_do(harm: str, project: Project, tmp_path: Path) -> None:
    (place,) = (tmp_path / "common" / "smoke" / "one" / "0000").iterdir()
    if harm == "of other settings":
        place.rename(place.with_name("0" * len(place.name)))
    elif harm == "without its checksums":
        (place / shared.DIGESTS).unlink()
    else:
        (tmp_path / "common").rename(tmp_path / "away")
    assert not remaining(project, ["fig1_a"]).fetched
    assert sum(row.jobs_left for row in price(project, ["fig1_a"], RATE)) == 2


def test_the_table_says_so_where_there_is_something_to_fetch(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--root", str(project.root), "plan", "fig1_a", "--gflops", "1"]
    assert main([*words, "--json"]) == 0
    total = json.loads(capsys.readouterr().out)["total"]
    assert (total["jobs_left"], total["jobs_fetched"]) == (1, 1)
    assert main(words) == 0
    table = capsys.readouterr().out.splitlines()
    head = next(line for line in table if line.startswith("run-set"))
    row = next(line for line in table if line.startswith("one"))
    column = head.index("to fetch") + len("to fetch")
    assert row[:column].split()[-1] == "1"
    assert any("1 of the jobs" in line and "shared folder" in line for line in table)
    (tmp_path / "common").rename(tmp_path / "away")
    assert main(words) == 0
    assert "fetch" not in capsys.readouterr().out
