"""The price of a target, and the command line that prints it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkouts import checkout, snakemake
from fittest.__main__ import main
from fittest.models import EmbeddingMLPSettings
from fittest.pipeline.forecasts.forecast import Rate, shard_seconds
from fittest.pipeline.forecasts.job_memory import shard_memory
from fittest.pipeline.forecasts.memory import torch_memory
from fittest.pipeline.price import calibrate
from fittest.pipeline.price.calibrate import Measurement, calibrated
from fittest.pipeline.price.plan import as_json, pending_seconds, price
from fittest.pipeline.price.remaining import is_finished, remaining
from fittest.pipeline.project import Project
from fittest.runs.catalogue import Shard
from fittest.runs.cost import flops, forward_flops, recorded_rows
from fittest.runs.optimisers import SGD
from fittest.runs.run import Run
from fittest.training import native_library
from fittest.training.schedule import Schedule
from small_world import REPOSITORY, runset, small_run, train_all, write_project

RATE = Rate.constant(1e9)
STEPS = {"steps": 20}
FIGURES = {"fig1_a": {"title": "A", "runsets": ["one", "two"]}}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """`two` borrows two of its three runs from `one`; two runs to a shard."""
    declared = {
        "one": runset(STEPS, {"seed": [0, 1, 2]}),
        "two": runset(STEPS, {"seed": [1, 2, 3]}, reuse=["one"]),
        "idle": runset(STEPS, {"seed": [9]}),
    }
    over = {"shards": {"smoke": {"runs": 2, "pflop": 1.0}}}
    return write_project(tmp_path, declared, over, FIGURES)


def recording_flops(run: Run) -> float:
    """Of what is recorded on the way."""
    return forward_flops(run) * recorded_rows(run)


def test_borrowed_runs_cost_nothing(project: Project) -> None:
    rows = {row.runset: row for row in price(project, ["test"], RATE)}
    each = flops(small_run(**STEPS))
    assert set(rows) == {"one", "two"}
    assert (rows["one"].runs, rows["one"].jobs, rows["one"].steps) == (3, 2, 60)
    assert (rows["two"].runs, rows["two"].jobs, rows["two"].steps) == (1, 1, 20)
    assert rows["one"].flops == pytest.approx(3 * each)
    recorded = recording_flops(small_run(**STEPS))
    assert rows["one"].seconds == pytest.approx(3 * (each + recorded) / 1e9)


def test_a_run_set_alone_brings_those_it_borrows_from(project: Project) -> None:
    rows = {row.runset: row.runs for row in price(project, ["two"], RATE)}
    # The shard of seeds 0 and 1, that of seed 2, and its own.
    assert rows == {"two": 1, "one": 3}


def test_finished_shards_are_done(project: Project) -> None:
    train_all(project, "one")
    rows = {row.runset: row for row in price(project, ["fig1_a"], RATE)}
    assert (rows["one"].jobs, rows["one"].jobs_left, rows["one"].seconds_left) == (2, 0, 0)
    assert (rows["two"].jobs_left, rows["two"].flops_left) == (1, rows["two"].flops)
    own = project.shard("two", "0000")
    seconds = shard_seconds(own, RATE)
    assert pending_seconds(project, ["all"], ("", ""), RATE) == pytest.approx(seconds)
    assert pending_seconds(project, ["all"], (own.runset, own.name), RATE) == 0


@pytest.mark.parametrize("harm", ["truncated", "of another configuration"])
def test_what_is_not_ours_or_not_whole_is_to_do(harm: str, project: Project) -> None:
    train_all(project, "one")
    shard = project.shard("one", "0000")
    path = project.root / project.paths.trajectory("one", "0000")
    assert is_finished(project, shard)
    if harm == "truncated":
        path.write_bytes(path.read_bytes()[:-9])
    else:
        config = project.config.model_dump(mode="json")
        config["training"]["dtype"] = "float64"
        project = Project(config, project.root)
        shard = project.shard("one", "0000")
    assert not is_finished(project, shard)


# -- the command line --------------------------------------------------------------------------


def run(project: Project, *arguments: str) -> int:
    return main(["--root", str(project.root), *arguments])


def test_plan_as_json(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(project, "plan", "fig1_a", "--gflops", "2", "--json") == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["scale"] == "smoke"
    assert plan["targets"] == ["fig1_a"]
    assert plan["total"]["runs"] == sum(row["runs"] for row in plan["runsets"]) == 4
    whole = plan["total"]["flops"] + 4 * recording_flops(small_run(**STEPS))
    assert plan["total"]["seconds"] == pytest.approx(whole / 2e9)
    expected = as_json(
        project, ["fig1_a"], price(project, ["fig1_a"], Rate.constant(2e9)), Rate.constant(2e9)
    )
    assert plan == json.loads(json.dumps(expected))


def test_plan_as_text(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(project, "plan", "--gflops", "2") == 0
    text = capsys.readouterr().out
    for word in ("one", "two", "total", "smoke", "2 GFLOP/s"):
        assert word in text
    assert "idle" not in text


def test_plan_at_another_scale(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--root", str(REPOSITORY), "plan", "survival", "--gflops", "100", "--json"]
    totals = {}
    for scale in ("smoke", "full"):
        assert main([*arguments, "--scale", scale]) == 0
        totals[scale] = json.loads(capsys.readouterr().out)["total"]
    assert totals["full"]["runs"] > 20_000
    assert totals["full"]["flops"] > 1e5 * totals["smoke"]["flops"]


def test_unknown_target_is_refused_before_anything_is_measured(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrate, "measure", lambda *_: pytest.fail("measured"))
    assert run(project, "plan", "fig9") == 2
    error = capsys.readouterr().err
    assert "fig9" in error
    assert "fig1_a" in error
    assert "Traceback" not in error


def test_wrong_configuration_is_one_line(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project.root / "config" / "config.yaml"
    path.write_text(path.read_text() + "sclae: full\n")
    assert run(project, "plan") == 2
    error = capsys.readouterr().err
    assert "sclae" in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "--gflops", "0"],
        ["plan", "--gflops", "-3"],
        ["plan", "--gflops", "fast"],
        ["plan", "--scale", "huge"],
        ["prune"],
        [],
    ],
    ids=str,
)
def test_wrong_arguments(
    arguments: list[str], project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(project, *arguments)
    assert "usage" in capsys.readouterr().err


def test_check(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(project, "check", "--scale", "smoke") == 0
    assert "smoke: 3 run-sets, 7 runs" in capsys.readouterr().out
    path = project.root / "config" / "runsets" / "test.yaml"
    path.write_text(path.read_text().replace("p: 7", "p: 2"))
    assert run(project, "check", "--scale", "smoke") == 2
    assert "test.yaml" in capsys.readouterr().err


def test_schemas(project: Project) -> None:
    assert run(project, "schemas") == 0
    assert (project.root / "config" / "schemas" / "run.schema.json").exists()


# -- speed and memory --------------------------------------------------------------------------


def test_rate_between_the_measured_sizes() -> None:
    rate = Rate(((1e6, 1e9), (1e8, 1e11)), "measured")
    assert rate.at(1) == rate.at(1e6) == 1e9
    assert rate.at(1e8) == rate.at(1e12) == 1e11
    assert rate.at(1e7) == pytest.approx(1e10)


def test_what_the_kernel_does_not_know_costs_what_torch_takes() -> None:
    rate = Rate(((1e6, 1e11),), "measured", torch_points=((1e6, 1e9),))
    plain = Run()
    others = (
        plain.model_copy(update={"optimiser": SGD()}),
        Run(model=EmbeddingMLPSettings(activation="relu")),
    )
    step = rate.step_seconds(plain)
    assert [rate.step_seconds(run) / step for run in others] == pytest.approx([100, 100])
    # A rate that somebody gives is that of any training.
    given = Rate.constant(5e9)
    assert given.step_seconds(others[0]) == given.step_seconds(plain)
    one, two = (Shard("a", 0, (run,), lambda: "") for run in (plain, others[1]))
    assert shard_seconds(two, rate) == pytest.approx(100 * shard_seconds(one, rate))


def measured(number: int, got: float | None = 1.0, at: float | None = None) -> Measurement:
    """A measurement that is known by its source."""
    when = time.time() if at is None else at
    return Measurement(((1e6, 1e9 * number),), 0.0, 0.0, 0.0, f"number {number}", got, when)


@pytest.fixture
def measurements(monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """The share of the cores that each measurement got; a test may fill in those to come."""
    shares: list[float | None] = []
    count = iter(range(1, 99))

    def measure(_: Project) -> Measurement:
        number = next(count)
        return measured(number, shares.pop(0) if shares else 1.0)

    monkeypatch.setattr(calibrate, "measure", measure)
    return shares


@pytest.mark.usefixtures("measurements")
def test_measured_once_per_machine_and_settings(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert calibrated(project).source == "number 1"
    assert calibrated(project).source == "number 1"
    assert calibrated(project, again=True).source == "number 2"
    config = project.config.model_dump(mode="json")
    config["training"]["dtype"] = "float64"
    assert calibrated(Project(config, project.root)).source == "number 3"
    cache = project.root / project.paths.calibration()
    for number, spoilt in enumerate(("", "[]", "{}", cache.read_text()[:-5]), start=4):
        cache.write_text(spoilt)
        assert calibrated(Project(config, project.root)).source == f"number {number}", spoilt
    monkeypatch.setattr(calibrate, "usable_cores", lambda: 1000)
    assert calibrated(Project(config, project.root)).source == "number 8"


def test_a_measurement_of_a_busy_machine_is_not_kept_for_good(
    project: Project, measurements: list[float | None]
) -> None:
    measurements += [0.4, 0.3, 0.97]
    busy = calibrated(project)
    assert busy.source == "number 1"
    assert "40%" in busy.note
    # Measured again, and the quieter one counts; a quiet one stays.
    assert calibrated(project).source == "number 1"
    assert calibrated(project).source == "number 3"
    quiet = calibrated(project)
    assert quiet.source == "number 3"
    assert "busy" not in quiet.note


@pytest.mark.parametrize(
    ("hours", "age"), [(0, "just now"), (5, "5.0 h ago"), (72, "3.0 days ago")]
)
def test_the_age_of_a_measurement_is_told(
    hours: int, age: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = measured(1, at=time.time() - 3600 * hours)
    monkeypatch.setattr(calibrate, "measure", lambda _: old)
    calibrated(project)
    note = calibrated(project).note
    assert age in note
    assert "--recalibrate" in note


@pytest.mark.usefixtures("measurements")
def test_a_price_needs_no_file(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    # A file in the place of the folder refuses root as well, whom permissions do not stop.
    (project.root / "results").write_text("")
    before = sorted(project.root.rglob("*"))
    assert run(project, "plan", "fig1_a") == 0
    text = capsys.readouterr().out
    assert "total" in text
    assert "calibration.json" in text
    assert sorted(project.root.rglob("*")) == before


def test_measurement_is_a_speed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate, "_SECONDS_EACH", 0.02)
    found = calibrate.measure(project, [(7, 4), (13, 8)])
    assert len(found.points) == 2
    assert all(speed > 0 for _, speed in found.points)
    assert found.points[0][0] < found.points[1][0]
    assert found.start_seconds > 0.1
    assert found.trace_seconds > 0.1
    assert found.row_seconds >= 0


def test_a_price_waits_seconds_for_its_measurement(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked for, whatever this machine makes of it."""
    asked: list[float] = []

    def speed(*_: object) -> tuple[float, float]:
        asked.append(calibrate._SECONDS_EACH)
        return 1e9, 1.0

    def started(*_: object, **__: object) -> None:
        asked.append(1.0)

    monkeypatch.setattr(calibrate, "_speed_and_share", speed)
    monkeypatch.setattr(calibrate.subprocess, "run", started)
    found = calibrate.measure(project)
    assert sum(asked) < 5
    assert len(found.points) >= 4


@pytest.mark.skipif(not native_library.available(), reason="no native kernel was built here")
def test_a_loaded_machine_is_noticed_and_allowed_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others' work is made out of a clock: every second of ours lasts four."""
    monkeypatch.setattr(calibrate, "_SECONDS_EACH", 0.05)
    monkeypatch.setattr(calibrate, "start_seconds", lambda _: 0.0)
    monkeypatch.setattr(calibrate, "usable_cores", lambda: 1)
    monkeypatch.setattr(calibrate, "core_time", lambda: 1.0)
    clocks = SimpleNamespace(
        perf_counter=lambda: 4 * time.process_time(),
        process_time=time.process_time,
        thread_time=time.thread_time,
        time=time.time,
    )
    monkeypatch.setattr(calibrate, "time", clocks)
    loaded = calibrate.measure(project, [(7, 4)])
    assert loaded.busy
    assert loaded.got == pytest.approx(0.25, rel=0.01)
    clocks.perf_counter = time.process_time
    alone = calibrate.measure(project, [(7, 4)])
    assert not alone.busy
    # Four times as slow, had it been taken as it came. Processor time is not quite constant.
    assert loaded.points[0][1] > 0.5 * alone.points[0][1]


def test_starts_and_records_of_jobs_are_counted(project: Project) -> None:
    bare, whole = (
        price(project, ["fig1_a"], rate) for rate in (RATE, replace(RATE, start_seconds=4))
    )
    for row, more in zip(bare, whole, strict=True):
        assert more.seconds == pytest.approx(row.seconds + 4 * row.jobs)
        assert more.seconds_left == pytest.approx(row.seconds_left + 4 * row.jobs_left)
    shard = project.shard("one", "0000")
    rows = recorded_rows(shard.runs[0])
    recorded = shard_seconds(shard, replace(RATE, row_seconds=0.5))
    # Once for both networks: they are recorded together.
    assert recorded == pytest.approx(shard_seconds(shard, RATE) + 0.5 * rows)


# -- what is to do -----------------------------------------------------------------------------


def test_without_products_files_tell_what_is_to_do(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Training asks git for the commit.
    train_all(project, "one")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("asked Snakemake"))
    found = remaining(project, ["fig1_a"])
    assert found.shards == {("two", "0000")}
    assert found.summaries == {"one", "two"}
    assert found.note == ""


@pytest.mark.parametrize(("place", "asked"), [("fig1_a", True), ("foreign", False)])
def test_only_products_of_the_targets_own_runs_are_a_reason_to_ask_snakemake(
    project: Project, monkeypatch: pytest.MonkeyPatch, place: str, asked: bool
) -> None:
    """Which takes seconds: a figure of other runs, and what nobody makes, are none."""
    train_all(project, "one")
    file = project.root / project.paths.kept_figure("test", place)
    file.parent.mkdir(parents=True)
    file.write_text("")
    (file.parents[1] / "nobody's.csv").write_text("")
    (project.root / "Snakefile").write_text("")
    calls = []

    def ask(*words: object, **_: object) -> object:
        calls.append(words)
        raise OSError("no Snakemake in this test")

    monkeypatch.setattr(subprocess, "run", ask)
    remaining(project, ["fig1_a"])
    assert bool(calls) == asked


def test_weights_that_are_gone_are_to_do(project: Project) -> None:
    train_all(project, "one")
    (project.root / project.paths.weights("one", "0000")).unlink()
    assert ("one", "0000") in remaining(project, ["fig1_a"]).shards


def test_where_snakemake_cannot_be_asked_files_are_counted_and_it_is_said(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    figure = project.root / "figures" / "fig1_a.pdf"
    figure.parent.mkdir()
    figure.write_text("")
    assert run(project, "plan", "fig1_a", "--gflops", "2") == 0
    told = capsys.readouterr().out.splitlines()[-1]
    assert "Counted by files" in told
    assert "Snakefile" in told


@pytest.mark.workflow
def test_plan_and_snakemake_agree_on_what_is_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = checkout(tmp_path)
    paths = Project.load(folder, {"scale": "smoke"}).paths
    target = paths.runs("manual")
    made = snakemake(folder, target, "--cores", "2", "--config", "scale=smoke")
    assert made.returncode == 0, made.stderr

    def to_do() -> list[tuple[int, int]]:
        arguments = ["--root", str(folder), "plan", "manual", "--scale", "smoke", "--gflops", "1"]
        assert main([*arguments, "--json"]) == 0
        price = json.loads(capsys.readouterr().out)["total"]["jobs_left"]
        assert main([*arguments, "--jobs", "--json"]) == 0
        return price, json.loads(capsys.readouterr().out)["total"]["jobs_left"]

    assert to_do() == (0, 0)
    # The summary is there, so nothing asks for what it was made from.
    for made_from in (paths.trajectory("manual", "0000"), paths.weights("manual", "0000")):
        (folder / made_from).unlink()
    assert "Nothing to be done" in snakemake(folder, "-n", target, "--config", "scale=smoke").stdout
    assert to_do() == (0, 0)
    (folder / target).unlink()
    assert to_do() == (1, 2)


def test_plan_is_quick_because_it_loads_no_torch(project: Project) -> None:
    code = (
        "import sys\n"
        "from fittest.pipeline.price import calibrate, plan, remaining\n"
        "from fittest.pipeline.forecasts import forecast, progress\n"
        "from fittest.pipeline.configuration import targets\n"
        "from fittest.runs import run\n"
        "print('torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@given(every=st.integers(1, 30), dense=st.integers(0, 60), steps=st.integers(0, 100))
def test_recorded_rows_are_counted_exactly(every: int, dense: int, steps: int) -> None:
    schedule = Schedule(every, dense)
    recorded = {s for s in range(steps + 1) if schedule.contains(s)} | {steps}
    run_ = small_run(steps=steps, recording={"every": every, "dense_until": dense})
    assert recorded_rows(run_) == len(recorded)


def test_memory_grows_with_the_shard_and_with_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = {
        "one": runset({"model": {"d": 512}}, {"seed": [0]}),
        "three": runset({"model": {"d": 512}}, {"seed": [1, 2, 3]}),
    }
    project = write_project(tmp_path, declared)
    one, three = (project.shard(name, "0000") for name in declared)
    initial = one.runs[0].model.initial(one.runs[0].task.build(), 0, 0)
    numbers = sum(value.size for value in initial.values())
    monkeypatch.setattr(native_library, "available", lambda: True)
    native = shard_memory(project, one)
    # At least the initial values, the weights and both moments, in float32.
    assert shard_memory(project, three) - native >= 2 * 4 * 4 * numbers
    dtype = project.config.training.dtype
    other = replace(one, runs=(small_run(model={"d": 512, "activation": "relu"}),))
    silu = replace(one, runs=(small_run(model={"d": 512}),))
    difference = shard_memory(project, other) - shard_memory(project, silu)
    assert difference == pytest.approx(torch_memory(other.runs[0], dtype)), "torch trains it"
    monkeypatch.setattr(native_library, "available", lambda: False)
    more = shard_memory(project, three) - shard_memory(project, one)
    assert more > 2 * torch_memory(one.runs[0], dtype), "and three of them together"


def test_torch_trains_as_many_at_once_as_its_memory_allows(tmp_path: Path) -> None:
    declared = {"many": runset({"model": {"activation": "relu"}}, {"seed": {"range": [0, 6]}})}
    each = torch_memory(small_run(model={"activation": "relu"}), "float32") / 2**30
    found = []
    for room in (1.5, 3.5, 1000.0):
        training = {"training": {"memory_gib": room * each}}
        project = write_project(tmp_path / str(room), declared, training)
        (shard,) = project.catalogue.shards("many")
        found.append(shard_memory(project, shard) / 2**30 / each)
    assert [more - found[0] for more in found] == pytest.approx([0, 2, 5])
