"""Figure 6 through `--profile slurm` on a real Slurm, with what clusters do to jobs.

One training job is requeued as after a preemption, then cancelled, and one cannot succeed until
its obstacle is removed. The tables must be those of an undisturbed run without Slurm.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from local_slurm import GPUS, Job, jobs_after, memory_of, slurm

from checkouts import checkout, snakemake
from fittest.pipeline.price.cluster import collect_request, training_request
from fittest.pipeline.price.plan import needed_shards
from fittest.pipeline.project import Project
from fittest.store import read_table
from small_world import BACKENDS

pytestmark = [pytest.mark.slurm, pytest.mark.usefixtures("cluster")]

TARGET = "figures/fig6_survival.pdf"
# Long enough to be stopped twice in the middle.
STEPS = 10000 if "native" in BACKENDS else 3000
# Of all others: what is learnt does not matter here.
FEW = 200
CONFIG = ["scale=smoke", "training={restart_minutes: 0.01}"]
# A profile's numbers for a patient cluster; nothing else differs from the user's command.
IMPATIENT = ["--slurm-init-seconds-before-status-checks", "2", "--retries", "1"]
LIMIT = 1500.0


def world(folder: Path) -> Path:
    """A checkout whose run-set `manual` trains long enough to be interrupted, and no other long."""
    checkout(folder)
    path = folder / "config/runsets/survival.yaml"
    text = path.read_text()
    short = text.replace("steps: 2000\n", f"steps: {FEW}\n")
    assert short != text
    before, manual, after = re.split(r"(?m)^(  manual:\n)", short, maxsplit=1)
    longer = after.replace("settings: *tiny", f"settings: {{<<: *tiny, steps: {STEPS}}}", 1)
    assert longer != after
    path.write_text(before + manual + longer)
    return folder


# -- the disturbed run ------------------------------------------------------------------


class Running:
    """Snakemake at work in a checkout, and the training job that is disturbed meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "snakemake.log"
        with self.output.open("w") as file:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "snakemake", TARGET, "--profile", "slurm"),
                    *IMPATIENT,
                    *("--config", *CONFIG, "cluster={partition: test}"),
                ],
                cwd=folder,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def newest_step(self) -> int:
        states = self.folder.glob("results/smoke/runs/manual/.restart/0000/*/state-*.pt")
        return max((int(path.stem.split("-")[1]) for path in states), default=0)

    def wait_for(self, step: int) -> Job:
        """The job of `manual` once it is running and has a restart point at or after `step`."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.newest_step() >= step:
                running = [j for j in jobs_after() if (j.name, j.state) == (MANUAL, "RUNNING")]
                assert running, "it ended before it could be disturbed"
                return running[0]
            time.sleep(0.05)
        pytest.fail(f"no restart point at step {step}:\n{self.output.read_text()}")


MANUAL = "train_manual_0000"


def wait_until_pending(job: Job) -> None:
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        if slurm("squeue", "--noheader", "--jobs", str(job.id), "-o", "%T") == "PENDING":
            return
        time.sleep(0.2)
    pytest.fail(f"job {job.id} was not requeued")


@dataclass(frozen=True)
class Story:
    """What is left of both runs: their jobs, and the output of the first."""

    folder: Path
    first: list[Job]
    output: str
    unfinished: bool
    second: list[Job]
    ages: tuple[dict[str, int], dict[str, int]]


def trained(folder: Path) -> dict[str, int]:
    """Modification times of all trajectories."""
    files = folder.glob("results/smoke/runs/*/trajectory/*.parquet")
    return {f"{path.parent.parent.name}/{path.name}": path.stat().st_mtime_ns for path in files}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, cluster: None) -> Iterator[Story]:
    folder = world(tmp_path_factory.mktemp("slurm"))
    obstacle = folder / "results/smoke/runs/perturb/.restart"
    obstacle.parent.mkdir(parents=True)
    obstacle.write_text("restart points cannot be written into a file")
    running = Running(folder)
    try:
        job = running.wait_for(STEPS // 20)
        slurm("scontrol", "requeue", str(job.id))
        wait_until_pending(job)
        # Slurm keeps a requeued job back for two minutes.
        slurm("scontrol", "update", f"jobid={job.id}", "StartTime=now")
        job = running.wait_for(running.newest_step() + STEPS // 20)
        slurm("scancel", str(job.id))
        status = running.process.wait(timeout=LIMIT)
    finally:
        # Ctrl-C: Snakemake cancels its jobs.
        if running.process.poll() is None:
            running.process.send_signal(2)
            running.process.wait(timeout=LIMIT)
    output = running.output.read_text()
    assert status == 1, output
    first, before = jobs_after(), trained(folder)
    unfinished = not (folder / TARGET).exists()
    obstacle.unlink()
    again = snakemake(
        folder,
        *(TARGET, "--profile", "slurm", *IMPATIENT),
        *("--config", *CONFIG, "cluster={partition: test, device: cpu}"),
        fresh=True,
    )
    assert again.returncode == 0, again.stdout + again.stderr
    second = jobs_after(first[-1].id)
    yield Story(folder, first, output, unfinished, second, (before, trained(folder)))


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same target in a checkout of its own, without Slurm."""
    folder = world(tmp_path_factory.mktemp("local"))
    one_thread = ("--cores", "2", "--set-threads", "train=1")
    done = snakemake(folder, TARGET, *one_thread, "--config", *CONFIG)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def of(jobs: list[Job], rule: str) -> list[Job]:
    return [job for job in jobs if job.name.startswith(rule)]


def test_training_asks_for_a_gpu_and_what_the_models_forecast(story: Story) -> None:
    project = Project.load(story.folder, {"scale": "smoke", "cluster": {"partition": "test"}})
    expected = {f"train_{s.runset}_{s.name}": s for s in needed_shards(project, ["fig6_survival"])}
    found = of(story.first, "train_")
    assert {job.name for job in found} == set(expected)
    for name, shard in expected.items():
        for attempt, job in enumerate((j for j in found if j.name == name), start=1):
            asked = training_request(project, shard, attempt)
            memory = memory_of(asked.memory_mb)
            assert job.asked == ("gres:gpu:1", asked.cores, memory, "test", asked.minutes), name


def test_no_more_jobs_run_at_once_than_there_are_gpus(story: Story) -> None:
    spans = [job.span for job in of(story.first, "train_")]
    assert len(spans) > GPUS
    most = max(sum(first <= start < last for first, last in spans) for start, _ in spans)
    assert 1 <= most <= GPUS


def test_other_jobs_ask_for_no_gpu(story: Story) -> None:
    project = Project.load(story.folder, {"scale": "smoke"})
    for name in ("fixemb", "manual"):
        (job,) = of(story.first, f"collect_{name}")
        asked = collect_request(project, name)
        assert job.asked == ("", 1, memory_of(asked.memory_mb), "test", asked.minutes)
        assert job.state == "COMPLETED"
    (rates,) = of(story.second, "survival_rates")
    assert rates.asked == ("", 1, memory_of(8000), "test", 60)


def test_a_requeued_and_cancelled_job_resumes(story: Story) -> None:
    cancelled, finished = (job for job in story.first if job.name == MANUAL)
    assert (cancelled.state, cancelled.fields["Restarts"]) == ("CANCELLED", "1")
    assert (finished.state, finished.fields["Restarts"]) == ("COMPLETED", "0")
    log = (story.folder / "logs/smoke/train/manual/0000.log").read_text()
    step = int(re.findall(r"resumed at step (\d+)", log)[0])
    assert step >= STEPS // 10
    assert not list(story.folder.glob("results/smoke/runs/manual/.restart/*"))


def test_a_failing_shard_stops_no_other_and_is_named_with_its_logs(story: Story) -> None:
    assert story.unfinished
    assert [job.state for job in story.first if job.name == "train_perturb_0000"] == ["FAILED"] * 2
    for name in ("fixemb", "manual"):
        assert (story.folder / f"results/smoke/runs/{name}/runs.parquet").exists()
    summary = story.output.split("these jobs failed")[-1]
    assert "train perturb 0000" in summary
    assert "logs/smoke/train/perturb/0000.log" in summary
    assert re.search(r"logs/slurm/rule_train/perturb_0000/\d+\.log", summary)
    assert "results/smoke/runs/perturb/.restart" in summary
    assert "manual" not in summary


def test_the_next_command_trains_only_what_is_missing(story: Story) -> None:
    assert [job.name for job in of(story.second, "train_")] == ["train_perturb_0000"]
    before, after = story.ages
    assert set(after) - set(before) == {"perturb/0000.parquet"}
    assert all(after[name] == age for name, age in before.items())


def test_one_switch_asks_for_cpu_cores_instead(story: Story) -> None:
    over = {"scale": "smoke", "cluster": {"device": "cpu"}}
    project = Project.load(story.folder, over)
    asked = training_request(project, project.shard("perturb", "0000"))
    # Its models train for seconds: one core, and no GPU.
    assert (asked.gpus, asked.cores) == (0, 1)
    (job,) = of(story.second, "train_")
    assert job.asked == ("", asked.cores, memory_of(asked.memory_mb), "test", asked.minutes)


def test_tables_are_those_of_a_run_without_slurm(story: Story, local: Path) -> None:
    tables = sorted(p.relative_to(local) for p in (local / "results").rglob("*.parquet"))
    assert len(tables) >= 4 * 2 + 3 * 2 + 4
    for table in tables:
        pd.testing.assert_frame_equal(
            read_table(story.folder / table), read_table(local / table), check_exact=True
        )
    plotted = "results/smoke/survival/fig6.csv"
    assert (story.folder / plotted).read_text() == (local / plotted).read_text()
    assert (story.folder / TARGET).read_bytes().startswith(b"%PDF")
