"""What jobs ask a cluster for, and that a plan tells it before they do."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fittest.__main__ import main
from fittest.errors import ConfigError
from fittest.pipeline.forecasts import trainer
from fittest.pipeline.forecasts.job_memory import collect_memory, run_disk, shard_memory
from fittest.pipeline.price.cluster import (
    analysis_request,
    collect_request,
    placement,
    sbatch_options,
    training_hours,
    training_options,
    training_request,
)
from fittest.pipeline.price.plan_jobs import jobs, jobs_as_json, jobs_as_text
from fittest.pipeline.project import Project
from fittest.runs.axes import merged
from fittest.runs.cost import flops
from small_world import REPOSITORY, runset, small_run, train_all, write_project

DECLARED = {
    "one": runset({"steps": 20}, {"seed": [0, 1, 2]}),
    "two": runset({"steps": 20}, {"seed": [2, 3]}, reuse=["one"]),
}
FIGURES = {"fig1_a": {"title": "A", "runsets": ["two"]}}


def project_with(folder: Path, **cluster: Any) -> Project:
    over = {"shards": {"smoke": {"runs": 2, "pflop": 1.0}}, "cluster": cluster}
    return write_project(folder, DECLARED, over, FIGURES)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has the native kernel, for what it knows."""
    monkeypatch.setattr(trainer, "kernel_is_used", lambda _: True)


def full(**cluster: Any) -> Project:
    return Project.load(REPOSITORY, {"scale": "full", "cluster": cluster})


@pytest.mark.parametrize(
    ("cluster", "speed"),
    [
        ({"gpu": {"gflops": 2000}}, 2e12),
        ({"device": "cpu", "cpu": {"cores": 10, "gflops_per_core": 50}}, 5e11),
    ],
)
@pytest.mark.usefixtures("kernel")
def test_time_limits_follow_from_the_cost_model(cluster: dict[str, Any], speed: float) -> None:
    project = full(**cluster)
    limits = project.config.cluster.limits
    shard = project.shard("perturb", "0003")
    seconds = sum(flops(run) for run in shard.runs) / speed
    assert training_hours(project, shard) == pytest.approx(seconds / 3600)
    wanted = limits.start_minutes + limits.time_margin * seconds / 60
    assert training_request(project, shard).minutes == math.ceil(wanted)
    # From an ordinary shard, not one that costs nothing.
    assert wanted > 1.3 * limits.start_minutes


@given(attempt=st.integers(1, 6), growth=st.floats(1.0, 3.0))
def test_every_retry_asks_for_more(attempt: int, growth: float) -> None:
    project = full(limits={"growth": growth})
    shard = project.shard("wd0", "0000")
    before, after = (training_request(project, shard, attempt + i) for i in (0, 1))
    assert after.minutes == pytest.approx(growth * before.minutes, abs=1 + growth)
    assert after.memory_mb == pytest.approx(growth * before.memory_mb, abs=1 + growth)
    assert (before.gpus, before.cores) == (after.gpus, after.cores)


def test_no_time_limit_beyond_the_partitions() -> None:
    project = full(limits={"longest_minutes": 20})
    shard = project.shard("perturb", "0000")
    assert training_request(full(), shard).minutes > 20
    assert {training_request(project, shard, attempt).minutes for attempt in (1, 2, 5)} == {20}
    assert collect_request(project, "perturb", 5).minutes == 20


def test_memory_follows_from_the_memory_model() -> None:
    gpu, cpu = full(), full(device="cpu")
    shard = gpu.shard("perturb", "0000")
    margin = gpu.config.cluster.limits.memory_margin
    forecast = shard_memory(gpu, shard) / 2**20
    host = gpu.config.cluster.gpu.host_memory_mb
    assert training_request(gpu, shard).memory_mb == math.ceil(margin * (forecast + host))
    assert training_request(cpu, shard).memory_mb == math.ceil(margin * forecast)
    catalogue = gpu.catalogue
    forecast = collect_memory(catalogue.sources("perturb"), catalogue.runset("perturb").runs)
    summary = collect_request(gpu, "perturb").memory_mb
    assert summary == math.ceil(margin * forecast / 2**20)
    assert summary > collect_request(gpu, "wd0").memory_mb


@pytest.mark.usefixtures("kernel")
def test_one_switch_between_gpu_and_cpu_cores() -> None:
    shard = full().shard("base", "0000")
    on_gpu = training_request(full(gpu={"cores": 6}), shard)
    on_cpu = training_request(full(device="cpu", cpu={"cores": 48}), shard)
    assert (on_gpu.gpus, on_gpu.cores) == (1, 6)
    assert (on_cpu.gpus, on_cpu.cores) == (0, 48)
    model = {"model": "a100"}
    assert training_options(full(gpu=model).config.cluster)["gpu_model"] == "a100"
    options = training_options(full(device="cpu", gpu=model).config.cluster)
    assert not {"gpu", "gpu_model"} & options.keys()


def test_torch_asks_for_the_cores_that_it_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "kernel_is_used", lambda _: False)
    cpu = {"cores": 48, "gflops_per_core": 90, "torch_gflops_per_core": 9}
    project = full(device="cpu", cpu=cpu)
    shard = project.shard("base", "0000")
    assert training_request(project, shard).cores == project.config.training.torch_threads == 1
    seconds = sum(flops(run) for run in shard.runs) / 9e9
    assert training_hours(project, shard) == pytest.approx(seconds / 3600)
    # A GPU has its cores beside it whoever trains.
    assert training_request(full(gpu={"cores": 6}), shard).cores == 6


def test_where_jobs_run_is_said_once_and_may_differ_by_kind() -> None:
    cluster = full(
        account=12345,
        qos="long",
        partition="all",
        gpu={"partition": "gpus", "constraint": "h100|a100"},
        analysis={"constraint": "bigmem"},
    ).config.cluster
    common = {"slurm_account": "12345", "qos": "long"}
    gpus = {"slurm_partition": "gpus", "constraint": "h100|a100"}
    assert placement(cluster, training=True) == common | gpus
    others = {"slurm_partition": "all", "constraint": "bigmem"}
    assert placement(cluster, training=False) == common | others
    assert placement(full().config.cluster, training=True) == {}


def test_the_warning_comes_before_the_limit() -> None:
    options = training_options(full(limits={"warning_seconds": 90}).config.cluster)
    assert options["slurm_extra"] == "--signal=TERM@90"


@pytest.mark.parametrize("given", [None, "--nice=3", "--signal=USR1@60", "--signal=B:TERM@300"])
def test_nothing_a_user_adds_drops_the_warning_or_is_dropped(given: str | None) -> None:
    cluster = full(extra="--reservation=course").config.cluster
    words = sbatch_options(cluster, training=True, given=given).split()
    # Of several signals, sbatch takes the last.
    assert words[-1] == "--signal=TERM@120" and "--reservation=course" in words
    assert given is None or given in words
    others = sbatch_options(cluster, training=False, given=given)
    assert "TERM@120" not in others and "--reservation=course" in others


def test_a_user_may_ask_for_an_earlier_warning() -> None:
    given = "--signal=TERM@600"
    assert sbatch_options(full().config.cluster, training=True, given=given) == given


def test_a_gpu_is_asked_for_with_gres_alone_where_that_is_configured() -> None:
    options = training_options(full(gpu={"gres": "gpu:a100:1"}).config.cluster)
    assert options["gres"] == "gpu:a100:1" and not {"gpu", "gpu_model"} & options.keys()
    on_cpu = training_options(full(device="cpu", gpu={"gres": "gpu"}).config.cluster)
    assert not {"gres", "gpu"} & on_cpu.keys()


def test_other_jobs_have_memory_and_time_of_their_own() -> None:
    limits = {"growth": 2.0, "longest_minutes": 90}
    cluster = full(analysis={"memory_mb": 500, "minutes": 50}, limits=limits).config.cluster
    asked = [analysis_request(cluster, attempt) for attempt in (1, 2)]
    assert [(a.memory_mb, a.minutes, a.gpus) for a in asked] == [(500, 50, 0), (1000, 90, 0)]


@pytest.mark.parametrize(
    ("cluster", "named"),
    [
        ({"gpu": {"gres": "gpu:a100:4"}}, r"gpu\.gres.*one GPU"),
        ({"gpu": {"gres": "gpu:2"}}, r"gpu\.gres.*one GPU"),
        ({"gpu": {"gres": "a100:1:1:1"}}, r"gpu\.gres"),
        ({"gpu": {"gres": "gpu:1", "model": "a100"}}, "gres and model"),
        ({"device": "tpu"}, "device"),
        ({"acount": "me"}, "acount"),
        ({"gpu": {"cores": 0}}, r"gpu\.cores"),
        ({"limits": {"growth": 0.5}}, r"limits\.growth"),
        ({"limits": {"longest_minutes": 2}}, "longest_minutes"),
        ({"limits": {"start_minutes": 1}}, "start_minutes"),
    ],
)
def test_mistakes_are_named(cluster: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=rf"config\.yaml: cluster.*{named}"):
        full(**cluster)


def test_scheduling_has_no_influence_on_what_is_trained_again() -> None:
    shards = [full(**c).shard("base", "0000") for c in ({}, {"device": "cpu", "account": "me"})]
    assert shards[0].key == shards[1].key


def test_a_plan_lists_every_job_with_what_it_asks_for(tmp_path: Path) -> None:
    project = project_with(tmp_path, partition="mine")
    rows = {(row.rule, row.runset): row for row in jobs(project, ["fig1_a"])}
    # Two shards of `one`, one of which holds what `two` reuses; its other run is of its own.
    assert set(rows) == {("train", "two"), ("train", "one"), ("collect", "two")}
    row, asked = rows["train", "one"], training_request(project, project.shard("one", "0001"))
    assert (row.jobs, row.jobs_left, row.gpus, row.cores) == (1, 1, asked.gpus, asked.cores)
    assert (row.memory_mb, row.minutes) == (asked.memory_mb, (asked.minutes, asked.minutes))
    content = json.loads(json.dumps(jobs_as_json(project, ["fig1_a"], list(rows.values()))))
    assert content["total"]["jobs"] == content["total"]["jobs_left"] == 3
    assert content["training_options"]["slurm_partition"] == "mine"
    text = jobs_as_text(project, ["fig1_a"], list(rows.values()))
    assert "GPU-hours" in text and "slurm_partition=mine" in text
    train_all(project, "one")
    assert {r.runset: r.jobs_left for r in jobs(project, ["fig1_a"])} == {"one": 0, "two": 1}


def test_the_command_prints_the_plan(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    assert main(["plan", "fig6_survival", "--scale", "full", "--jobs", "--device", "cpu"]) == 0
    printed = capsys.readouterr().out
    assert "core-hours" in printed and "perturb" in printed and "0 " in printed
    assert main(["plan", "nonsense", "--jobs"]) == 2
    assert "nonsense" in capsys.readouterr().err


def test_many_small_runs_become_few_jobs() -> None:
    project = full()
    runs = len(project.catalogue.runset("perturb").runs)
    assert runs >= 20_000
    assert len(project.catalogue.shards("perturb")) < 200
    assert sum(row.jobs for row in jobs(project, ["all"])) < 3000


def test_predicted_bytes_are_those_on_disk(tmp_path: Path) -> None:
    settings = {
        "task": {"p": 23},
        "model": {"d": 32, "hidden": [40, 40]},
        "steps": 400,
        "recording": {"every": 2, "checkpoints_every": 100},
    }
    declared = {"one": runset(settings, {"seed": list(range(4))})}
    project = write_project(tmp_path, declared)
    train_all(project, "one")
    paths = project.paths
    files = [tmp_path / path("one", "0000") for path in (paths.trajectory, paths.weights)]
    written = sum(file.stat().st_size for file in files)
    predicted = 4 * run_disk(small_run(**merged(settings, {"seeds": {"embedding": 0}})))
    assert predicted == pytest.approx(written, rel=0.3)
