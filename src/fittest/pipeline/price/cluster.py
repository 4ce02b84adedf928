"""What the workflow's jobs ask a cluster for: cores, GPUs, memory, time and where to run."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from fittest.pipeline.configuration.cluster_config import ClusterSettings, PlaceSettings
from fittest.pipeline.forecasts.job_memory import collect_memory, shard_memory
from fittest.pipeline.forecasts.trainer import cpu_threads, kernel_trains
from fittest.pipeline.project import Project
from fittest.runs.catalogue import Shard
from fittest.runs.cost import alike, flops
from fittest.runs.run import Run

_MIB = 2**20
# Reading and summarising one run of 300 rows takes 8 ms (measured); longer runs have more rows.
_COLLECT_SECONDS = 0.02
# `B:` would tell the batch script only, not the job that has to write a restart point.
_TELLS_THE_JOB = re.compile(r"--signal[= ](R:)?(SIGTERM|TERM|15)(@|\s|$)")


@dataclass(frozen=True)
class Request:
    """What one attempt of a job asks for. memory_mb: MiB. minutes: time limit."""

    gpus: int
    cores: int
    memory_mb: int
    minutes: int


def _by_torch(project: Project, runs: Iterable[Run]) -> bool:
    """Whether torch trains all of some runs on the CPU."""
    training = project.config.training
    return not any(kernel_trains(training, run) for run, _ in alike(runs))


def training_cores(project: Project, runs: Iterable[Run]) -> int:
    """Cores of a training job with these runs."""
    cluster = project.config.cluster
    if cluster.device == "gpu":
        return cluster.gpu.cores
    return cpu_threads(project.config.training, alike(runs), cluster.cpu.cores)


def training_hours(project: Project, shard: Shard) -> float:
    """Forecast of a shard's training time on the cluster, hours, without start and margin."""
    cluster = project.config.cluster
    speed = cluster.gpu.gflops
    if cluster.device == "cpu":
        torch = _by_torch(project, shard.runs)
        each = cluster.cpu.torch_gflops_per_core if torch else cluster.cpu.gflops_per_core
        speed = each * training_cores(project, shard.runs)
    return sum(flops(run) for run in shard.runs) / (speed * 1e9) / 3600


def _grown(cluster: ClusterSettings, minutes: float, attempt: int) -> int:
    limits = cluster.limits
    # Rounded before rounding up: 10.000000000000002 minutes are ten.
    whole = max(1, math.ceil(round(minutes * limits.growth ** (attempt - 1), 6)))
    return whole if limits.longest_minutes is None else min(whole, limits.longest_minutes)


def _minutes(cluster: ClusterSettings, forecast: float, attempt: int) -> int:
    limits = cluster.limits
    return _grown(cluster, limits.start_minutes + forecast * limits.time_margin, attempt)


def _memory_mb(
    cluster: ClusterSettings, forecast: float, attempt: int, margin: float | None = None
) -> int:
    limits = cluster.limits
    margin = limits.memory_margin if margin is None else margin
    return math.ceil(round(forecast * margin * limits.growth ** (attempt - 1), 6))


def training_request(project: Project, shard: Shard, attempt: int = 1) -> Request:
    """What the training of a shard asks for; attempts count from 1."""
    cluster = project.config.cluster
    gpu = cluster.device == "gpu"
    memory = shard_memory(project, shard) / _MIB + (cluster.gpu.host_memory_mb if gpu else 0)
    return Request(
        gpus=int(gpu),
        cores=training_cores(project, shard.runs),
        memory_mb=_memory_mb(cluster, memory, attempt),
        minutes=_minutes(cluster, 60 * training_hours(project, shard), attempt),
    )


def collect_request(project: Project, runset: str, attempt: int = 1) -> Request:
    """What the summary of a run-set asks for."""
    cluster = project.config.cluster
    runs = project.catalogue.runset(runset).runs
    memory = collect_memory(project.catalogue.sources(runset), runs)
    return Request(
        gpus=0,
        cores=1,
        memory_mb=_memory_mb(cluster, memory / _MIB, attempt),
        minutes=_minutes(cluster, len(runs) * _COLLECT_SECONDS / 60, attempt),
    )


def analysis_request(cluster: ClusterSettings, attempt: int = 1) -> Request:
    """What a job asks for whose rule says nothing itself."""
    return Request(
        gpus=0,
        cores=1,
        memory_mb=_memory_mb(cluster, cluster.analysis.memory_mb, attempt, margin=1),
        minutes=_grown(cluster, cluster.analysis.minutes, attempt),
    )


def _named(**options: str | None) -> dict[str, str]:
    return {name: value for name, value in options.items() if value is not None}


def placement(cluster: ClusterSettings, training: bool) -> dict[str, str]:
    """Where jobs run, as the Slurm executor names it: only what is configured."""
    place: PlaceSettings = cluster.analysis
    if training:
        place = cluster.gpu if cluster.device == "gpu" else cluster.cpu
    return _named(
        slurm_account=cluster.account,
        qos=cluster.qos,
        slurm_partition=place.partition or cluster.partition,
        constraint=place.constraint,
    )


def training_options(cluster: ClusterSettings) -> dict[str, str | int]:
    """What all training jobs ask for alike, as the Slurm executor names it."""
    options: dict[str, str | int] = dict(placement(cluster, training=True))
    options["slurm_extra"] = sbatch_options(cluster, training=True)
    if cluster.device != "gpu":
        return options
    if cluster.gpu.gres is not None:
        options["gres"] = cluster.gpu.gres
        # Or sbatch would ask for cores by GPU, and srun within the job for cores by task.
        options["cpus_per_task"] = cluster.gpu.cores
        return options
    options["gpu"] = 1
    if cluster.gpu.model is not None:
        options["gpu_model"] = cluster.gpu.model
    return options


def other_options(cluster: ClusterSettings) -> dict[str, str]:
    """What all other jobs ask for alike, as the Slurm executor names it."""
    return placement(cluster, training=False) | _named(slurm_extra=cluster.extra)


def sbatch_options(cluster: ClusterSettings, training: bool, given: str | None = None) -> str:
    """Options of sbatch that Slurm's executor has no name for; empty where there are none.

    given: what the user asks for on the command line. It stays, and so does the signal that a
    training job needs: without it there is no restart point at the time limit.
    """
    parts = [part for part in (given, cluster.extra) if part]
    if cluster.extra and given and cluster.extra in given:
        parts.remove(cluster.extra)
    if training and not _TELLS_THE_JOB.search(" ".join(parts)):
        # Slurm's own SIGTERM comes at the limit, and SIGKILL soon after: too soon for a large
        # shard. The last of several --signal counts.
        parts.append(f"--signal=TERM@{cluster.limits.warning_seconds}")
    return " ".join(parts)
