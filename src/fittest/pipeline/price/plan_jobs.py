"""The jobs that a target submits to a cluster, with what each asks for, before it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from fittest.pipeline.forecasts.job_memory import shard_disk
from fittest.pipeline.price.cluster import (
    collect_request,
    other_options,
    training_hours,
    training_options,
    training_request,
)
from fittest.pipeline.price.remaining import Remaining, needed_shards, remaining
from fittest.pipeline.project import Project
from fittest.runs.catalogue import Shard

# Tables, log and benchmark of a training job; tables, configuration and log of a summary.
_TRAINING_FILES = 4
_COLLECT_FILES = 4


@dataclass(frozen=True)
class JobsRow:
    """The jobs of one rule for one run-set. What they ask for is that of their first attempt.

    gpus, cores: of each job. memory_mb: of the largest, MiB. minutes: shortest and longest time
    limit. hours: forecast of all of them together, without start and margin; core_hours: of each
    times its cores. files: what they leave. bytes: of trajectories, reductions and the weights that
    are kept; summaries add a few percent. jobs_left: those not finished; jobs_fetched: those of
    them that train nothing, since `paths.shared` holds what they make.
    """

    rule: str
    runset: str
    jobs: int
    jobs_left: int
    jobs_fetched: int
    gpus: int
    cores: int
    memory_mb: int
    minutes: tuple[int, int]
    hours: float
    core_hours: float
    files: int
    bytes: float


def _training_row(project: Project, runset: str, shards: list[Shard], to_do: Remaining) -> JobsRow:
    requests = [training_request(project, shard) for shard in shards]
    declared = project.catalogue.runset(runset)
    return JobsRow(
        rule="train",
        runset=runset,
        jobs=len(shards),
        jobs_left=sum((runset, shard.name) in to_do.shards for shard in shards),
        jobs_fetched=sum((runset, shard.name) in to_do.fetched for shard in shards),
        gpus=requests[0].gpus,
        cores=max(request.cores for request in requests),
        memory_mb=max(request.memory_mb for request in requests),
        minutes=(min(r.minutes for r in requests), max(r.minutes for r in requests)),
        hours=sum(training_hours(project, shard) for shard in shards),
        core_hours=sum(
            training_hours(project, shard) * request.cores
            for shard, request in zip(shards, requests, strict=True)
        ),
        files=_TRAINING_FILES * len(shards),
        bytes=sum(
            shard_disk(shard, declared.keeps_weights, declared.reductions) for shard in shards
        ),
    )


def _collect_row(project: Project, runset: str, to_do: Remaining) -> JobsRow:
    request = collect_request(project, runset)
    return JobsRow(
        rule="collect",
        runset=runset,
        jobs=1,
        jobs_left=int(runset in to_do.summaries),
        jobs_fetched=0,
        gpus=0,
        cores=request.cores,
        memory_mb=request.memory_mb,
        minutes=(request.minutes, request.minutes),
        hours=0.0,
        core_hours=0.0,
        files=_COLLECT_FILES,
        bytes=0.0,
    )


def jobs(project: Project, targets: Sequence[str], to_do: Remaining | None = None) -> list[JobsRow]:
    """What the targets submit for training and summaries. ConfigError for an unknown target.

    Analyses come on top, one job each; they ask for what the profile gives every rule.
    to_do: as `remaining` tells; asked for here where it is left out.
    """
    to_do = to_do or remaining(project, targets)
    shards: dict[str, list[Shard]] = {}
    for shard in needed_shards(project, targets):
        shards.setdefault(shard.runset, []).append(shard)
    collected = dict.fromkeys(name for t in targets for name in project.runsets_of(t))
    return [
        *(_training_row(project, runset, found, to_do) for runset, found in shards.items()),
        *(_collect_row(project, runset, to_do) for runset in collected),
    ]


def _device_hours(project: Project, rows: Sequence[JobsRow]) -> tuple[str, float]:
    if project.config.cluster.device == "gpu":
        return "GPU-hours", sum(row.hours for row in rows)
    return "core-hours", sum(row.core_hours for row in rows)


def jobs_as_json(project: Project, targets: Sequence[str], rows: Sequence[JobsRow]) -> object:
    """The jobs as plain data."""
    cluster = project.config.cluster
    unit, hours = _device_hours(project, rows)
    return {
        "scale": project.scale,
        "targets": list(targets),
        "training_options": training_options(cluster),
        "other_options": other_options(cluster),
        "jobs": [asdict(row) for row in rows],
        "total": {
            "jobs": sum(row.jobs for row in rows),
            "jobs_left": sum(row.jobs_left for row in rows),
            "jobs_fetched": sum(row.jobs_fetched for row in rows),
            "files": sum(row.files for row in rows),
            "bytes": sum(row.bytes for row in rows),
            unit: hours,
        },
    }


def _data(count: float) -> str:
    return f"{count / 1e6:,.1f} MB" if count else ""


def _limit(minutes: tuple[int, int]) -> str:
    def clock(each: int) -> str:
        return f"{each // 60}:{each % 60:02d}"

    shortest, longest = minutes
    return clock(longest) if shortest == longest else f"{clock(shortest)}-{clock(longest)}"


def jobs_as_text(
    project: Project, targets: Sequence[str], rows: Sequence[JobsRow], note: str = ""
) -> str:
    """The jobs as a table for people. note: a last line, "" for none."""
    cluster = project.config.cluster
    head = f"{'rule':<9}{'run-set':<12}{'jobs':>6}{'to do':>7}{'GPUs':>6}{'cores':>7}"
    head += f"{'memory':>12}{'time limit':>13}{'files':>7}{'data':>11}"
    lines = [f"Cluster jobs for {', '.join(targets)} at scale {project.scale}", "", head]
    for row in rows:
        lines.append(
            f"{row.rule:<9}{row.runset:<12}{row.jobs:>6,}{row.jobs_left:>7,}{row.gpus:>6}"
            f"{row.cores:>7}{row.memory_mb:>8,} MiB{_limit(row.minutes):>13}{row.files:>7,}"
            f"{_data(row.bytes):>11}"
        )
    lines.append(
        f"{'total':<21}{sum(r.jobs for r in rows):>6,}{sum(r.jobs_left for r in rows):>7,}"
        f"{'':>38}{sum(r.files for r in rows):>7,}{_data(sum(r.bytes for r in rows)):>11}"
    )
    unit, hours = _device_hours(project, rows)
    speed = (
        f"{cluster.gpu.gflops:g} GFLOP/s a GPU"
        if cluster.device == "gpu"
        else f"{cluster.cpu.gflops_per_core:g} GFLOP/s a core, torch"
        f" {cluster.cpu.torch_gflops_per_core:g}"
    )
    training = training_options(cluster)
    lines += ["", f"Training: {hours:,.1f} {unit} at {speed} (cluster in config/config.yaml)."]
    lines.append(f"Training jobs ask for {_options(training)}; other jobs for ")
    lines[-1] += _options(other_options(cluster)) + "."
    lines.append("Time limits h:mm and memory grow with every retry; analyses come on top.")
    if fetched := sum(row.jobs_fetched for row in rows):
        lines.append(
            f"{fetched:,} of the jobs to do train nothing: what they would make is in the shared"
            " folder (paths.shared)."
        )
    lines += [note] if note else []
    return "\n".join(lines)


def _options(options: dict[str, str] | dict[str, str | int]) -> str:
    return " ".join(f"{name}={value}" for name, value in options.items()) or "nothing special"
