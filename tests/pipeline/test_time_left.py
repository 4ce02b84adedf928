"""The progress that a training job shows, and the time left of it and of all training."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fittest.pipeline.configuration.targets import training_targets
from fittest.pipeline.forecasts.forecast import EnsembleCost, Rate, shard_seconds
from fittest.pipeline.forecasts.kinds import Timed, kind_of
from fittest.pipeline.forecasts.pace import NOTHING, Pace, Told
from fittest.pipeline.forecasts.progress import Progress, duration
from fittest.pipeline.price import plan
from fittest.pipeline.price.plan import cores_share, job_progress
from fittest.pipeline.project import Project
from fittest.pipeline.running.cores import usable_cores
from fittest.pipeline.running.train import train_shard
from fittest.runs.cost import flops, flops_per_step, forward_flops
from fittest.runs.run import Run
from small_world import runset, seeded_runs, small_run, write_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project in the current folder, as the workflow runs its jobs."""
    monkeypatch.chdir(tmp_path)
    return write_project(tmp_path, {"one": runset({"steps": 20}, {"seed": [0, 1]})})


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


RUNS = seeded_runs(4, steps=1000, recording={"every": 1000, "dense_until": 0})


class Machine:
    """Trains by a clock of its own. load: how many times longer than forecast everything takes."""

    def __init__(self) -> None:
        self.now = 0.0
        self.load = 1.0

    def clock(self) -> float:
        return self.now

    def train(self, progress: Progress, upto: int, since: int = 0, slices: int = 10) -> None:
        """Steps of RUNS, reported `slices` times for each hundredth."""
        reached, worked = progress.part(RUNS)
        cost = EnsembleCost.of(RUNS, RATE)
        if since:  # as the loop does when it resumes
            reached(since * len(RUNS))
        for step in range(since + slices, upto + 1, slices):
            self.now += self.load * cost.step * slices * len(RUNS)
            worked(slices * len(RUNS), 0)
            reached(step * len(RUNS))


SECONDS = 600.0
"""Forecast of training RUNS at RATE."""
RATE = Rate.constant(sum(map(flops, RUNS)) / SECONDS)


@pytest.fixture
def machine() -> Machine:
    return Machine()


def progress_on(
    machine: Machine, later: float = 0.0, stream: io.StringIO | None = None
) -> Progress:
    return Progress("one 1/2", SECONDS, later, stream, RATE, machine.clock)


def left(progress: Progress) -> tuple[float, float]:
    found = progress.seconds_left()
    assert found is not None
    return found


def test_bar_on_a_terminal_fills_up(machine: Machine) -> None:
    stream = Terminal()
    progress = progress_on(machine, later=600, stream=stream)
    machine.train(progress, 1000)
    progress.close()
    assert "one 1/2" in stream.getvalue()
    assert "100%" in stream.getvalue()
    assert "all training of this target" in stream.getvalue()


def test_parts_add_up(machine: Machine) -> None:
    progress = progress_on(machine)
    machine.train(progress, 500)
    machine.train(progress, 200)
    assert "70 %" in progress.line()


def test_time_left_follows_the_speed(machine: Machine) -> None:
    machine.load = 3.0
    progress = progress_on(machine, later=900.0)
    machine.train(progress, 500)
    assert left(progress) == pytest.approx((300 * 3, (300 + 900) * 3), rel=0.02)
    assert f"50 %, {duration(900)} left" in progress.line()


def test_loading_and_warming_up_say_nothing_of_the_speed(machine: Machine) -> None:
    progress = progress_on(machine, later=900.0)
    machine.now += 200.0
    machine.train(progress, 100)
    assert left(progress) == pytest.approx((540, 540 + 900), rel=0.02)


class Beside:
    """Two jobs that share the cores, told apart by how much slower than forecast they are."""

    def __init__(self, folder: Path, machine: Machine, loads: Sequence[float]) -> None:
        self.machine, self.loads = machine, loads
        self.jobs = []
        for number in range(len(loads)):
            pace = Pace(folder, f"job-{number}", machine.clock)
            job = Progress("one", SECONDS, 3600.0, None, RATE, machine.clock, 0.5, pace)
            self.jobs.append(job)
        self._parts = [job.part(RUNS) for job in self.jobs]
        self._owed = [0.0] * len(loads)
        self.done = [0] * len(loads)

    def train(self, seconds: float, slices: int = 10) -> None:
        cost = EnsembleCost.of(RUNS, RATE).step
        for _ in range(int(seconds)):
            self.machine.now += 1.0
            for number, (load, (reached, worked)) in enumerate(
                zip(self.loads, self._parts, strict=True)
            ):
                self._owed[number] += 1.0 / load / cost
                steps, self._owed[number] = divmod(self._owed[number], 1.0)
                self.done[number] += int(steps)
                worked(int(steps), 0)
                reached(self.done[number])

    def left(self) -> list[float]:
        return [left(job)[1] for job in self.jobs]


def test_a_kind_that_is_slower_than_forecast_slows_no_other(
    machine: Machine, tmp_path: Path
) -> None:
    """Of two jobs side by side one takes four times as long as forecast: both say nearly the same
    of all training, and neither that all of it takes as long."""
    both = Beside(tmp_path, machine, [1.0, 4.0])
    both.train(200)
    fast, slow = both.left()
    speed = (1 + 1 / 4) / 2
    assert fast == pytest.approx(200 + 3600 / speed, rel=0.05)
    assert slow == pytest.approx(1100 + 3600 / speed, rel=0.05)
    # Alone each would take itself for all.
    alone = Beside(tmp_path / "alone", machine, [4.0])
    alone.train(200)
    assert alone.left()[0] == pytest.approx(0.5 * 2200 + 4 * 3600, rel=0.05)


def test_a_busy_machine_slows_all_jobs(machine: Machine, tmp_path: Path) -> None:
    both = Beside(tmp_path, machine, [2.0, 2.0])
    both.train(200)
    assert both.left() == pytest.approx([500 + 2 * 3600] * 2, rel=0.05)


def test_what_has_ended_or_is_damaged_says_nothing_of_the_pace(
    machine: Machine, tmp_path: Path
) -> None:
    one, other = (Pace(tmp_path, name, machine.clock) for name in ("one", "other"))
    one.tell(Told(10.0, 40.0, 90.0))
    assert other.others() == (10.0, 40.0, 90.0) and one.others() == NOTHING
    (tmp_path / "third.json").write_text('{"at": ')
    (tmp_path / "fourth.json").write_text('{"did": [1], "at": 0}')
    assert other.others() == (10.0, 40.0, 90.0)
    machine.now += 1000
    assert other.others() == NOTHING
    one.tell(Told(10.0, 40.0, 90.0))
    one.end()
    one.end()
    assert other.others() == NOTHING


def test_all_that_is_left_shrinks_as_other_jobs_go_on_and_end(
    machine: Machine, tmp_path: Path
) -> None:
    """A long job does not say to its end what was left when it began."""
    pending = [1000.0]
    pace = Pace(tmp_path, "long", machine.clock)
    long = Progress(
        "one", SECONDS, 1000.0, None, RATE, machine.clock, 0.5, pace, lambda: pending[0]
    )
    machine.train(long, 300)
    assert left(long)[1] == pytest.approx(0.5 * 420 + 1000, rel=0.05)
    # Another has done 400 s of it, and runs on; then that one, which was 600 s in all, is done.
    beside = Pace(tmp_path, "other", machine.clock)
    beside.tell(Told(45.0, 45.0, 400.0))
    machine.train(long, 100)
    assert left(long)[1] == pytest.approx(0.5 * 360 + 600, rel=0.05)
    beside.end()
    pending[0] = 400.0
    machine.train(long, 100)
    assert left(long)[1] == pytest.approx(0.5 * 300 + 400, rel=0.05)
    pending[0] = 0.0
    machine.train(long, 100)
    assert "all training" not in long.line()


@pytest.mark.parametrize("refused", ["folder", "files"])
def test_where_no_pace_can_be_kept_a_job_knows_itself(
    refused: str, machine: Machine, tmp_path: Path
) -> None:
    if refused == "folder":
        (tmp_path / "pace").write_text("")
    else:
        for number in range(2):
            (tmp_path / "pace" / f"job-{number}.json").mkdir(parents=True)
    both = Beside(tmp_path / "pace", machine, [1.0, 4.0])
    both.train(200)
    assert both.left()[1] == pytest.approx(1100 + 4 * 3600, rel=0.05)


@pytest.mark.parametrize("load", [0.5, 2.0, 4.0])
def test_time_left_is_right_soon_after_the_load_has_changed(load: float, machine: Machine) -> None:
    """Within a quarter of what then happens, a minute and a half later."""
    progress = progress_on(machine, later=3600.0)
    machine.train(progress, 300)
    machine.load = load
    changed = machine.now
    checked = 0
    _, worked = progress.part(RUNS)
    for _ in range(60):
        machine.now += 0.01 * SECONDS * load
        worked(10 * len(RUNS), 0)
        if machine.now > changed + 90:
            assert left(progress)[1] == pytest.approx((420 + 3600) * load, rel=0.25)
            checked += 1
    assert checked > 10


def test_what_a_restart_point_brings_says_nothing_of_the_speed(machine: Machine) -> None:
    machine.load = 2.0
    progress = progress_on(machine)
    machine.train(progress, 600, since=500)
    assert left(progress)[0] == pytest.approx(240 * 2, rel=0.02)


def test_runs_that_leave_early_or_late_say_nothing_of_the_speed(machine: Machine) -> None:
    """What is done jumps where a run leaves early, and stands still where one runs on."""
    progress = progress_on(machine, later=1000.0)
    machine.train(progress, 200)
    reached, worked = progress.part(RUNS)
    reached(600 * len(RUNS))
    assert left(progress)[1] == pytest.approx(600 - 120 - 360 + 1000, rel=0.02)
    for _ in range(30):
        machine.now += 0.01 * SECONDS
        worked(10 * len(RUNS), 0)
    assert left(progress)[1] == pytest.approx(600 - 120 - 360 + 1000, rel=0.02)


def test_jobs_of_another_size_count_by_their_own_speed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small networks reach fewer FLOPs per second, and the forecast knows how many fewer."""
    small, large = small_run(steps=50), small_run(steps=50, model={"d": 64})
    sizes = [flops_per_step(run) for run in (small, large)]
    rate = Rate(((sizes[0], 1e9), (sizes[1], 1e10)), "")
    seconds = [EnsembleCost.of([run], rate).step for run in (small, large)]
    assert seconds == pytest.approx([sizes[0] / 1e9, sizes[1] / 1e10])


def test_training_tells_its_progress_by_what_it_computes(project: Project) -> None:
    """The loop's own reports add up to the forecast of the job."""
    shard = project.shard("one", "0000")
    rate = replace(Rate.constant(1e9), row_seconds=0.01)
    total = shard_seconds(shard, rate)
    now = [0.0]
    progress = Progress("one", total, 0.0, None, rate, lambda: now[0])
    work: list[float] = []
    part = progress.part

    def counted(runs: list[Run]) -> object:
        cost = EnsembleCost.of(runs, rate)
        reached, _ = part(runs)
        return reached, lambda steps, rows: work.append(steps * cost.step + rows * cost.row)

    progress.part = counted  # type: ignore[method-assign, assignment]
    paths = project.paths
    files = paths.trajectory("one", "0000"), paths.weights("one", "0000")
    train_shard(project, "one", "0000", *files, threads=1, progress=progress)
    assert sum(work) == pytest.approx(total)
    assert "100 %" in progress.line()


def test_a_job_counts_what_its_workflow_is_asked_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = runset({"steps": 500}, {"seed": [5]})
    write_project(
        project.root,
        {"one": runset({"steps": 20}, {"seed": [0]}), "more": more},
        {},
        {
            "fig1_a": {"title": "A", "runsets": ["one"]},
            "fig2_b": {"title": "B", "runsets": ["more"]},
        },
    )
    project = Project.load(project.root)

    def later(*targets: str) -> float:
        asked = training_targets(project, targets)
        return job_progress(project, "one", "0000", asked)._later

    assert later("figures/fig1_a.pdf") == 0
    rate, more_to_do = Rate.typical(usable_cores()), project.shard("more", "0000")
    whole = shard_seconds(more_to_do, rate) * cores_share(project, more_to_do, rate)
    assert later("all") == pytest.approx(whole)
    assert later() == 0
    # Of a large machine Snakemake was given one core: nothing runs beside.
    with monkeypatch.context() as large:
        large.setattr(plan, "usable_cores", lambda: 64)
        asked = training_targets(project, ["all"])
        of_all, of_one = (job_progress(project, "one", "0000", asked, n)._later for n in (None, 1))
    assert of_one > 10 * of_all

    # Once the other is trained, nothing is left of it, though this job began before.
    pending = job_progress(project, "one", "0000", training_targets(project, ["all"]))._pending
    assert pending is not None and pending() == pytest.approx(whole)
    paths = project.paths
    files = paths.trajectory("more", "0000"), paths.weights("more", "0000")
    train_shard(project, "more", "0000", *files, threads=1)
    assert pending() == 0


def test_no_time_of_all_training_where_nobody_knows_how_jobs_compare(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transformer that torch trains takes several times what its FLOPs say."""
    one = {"task": {"p": 5}, "model": {"name": "transformer", "layers": 2}, "steps": 500}
    layers = {"description": "test", "scales": {"smoke": [{"settings": one}]}}
    write_project(
        project.root,
        {"one": runset({"steps": 20}, {"seed": [0]}), "layers": layers},
        {},
        {"fig1_a": {"title": "A", "runsets": ["one", "layers"]}},
    )
    project = Project.load(project.root)
    other = project.shard("layers", "0000")
    asked = training_targets(project, ["all"])

    def later() -> float:
        return job_progress(project, "one", "0000", asked)._later

    assert later() == 0
    run = other.runs[0]
    known = Timed(flops_per_step(run), forward_flops(run), 1, (0.5, 0.5), (0.1, 0.1))
    rate = replace(Rate.typical(usable_cores()), kinds={kind_of(run): (known,)})
    monkeypatch.setattr(plan, "known", lambda _: rate)
    assert later() > 500 * 0.5 * cores_share(project, other, rate)


@given(seconds=st.floats(0, 1e8))
def test_durations_are_short_and_right(seconds: float) -> None:
    text = duration(seconds)
    number, unit = text.split()
    size = {"s": 1, "min": 60, "h": 3600, "days": 86400}[unit]
    assert abs(float(number) * size - seconds) <= 0.51 * size
    assert len(text) <= 11
