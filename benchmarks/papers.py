"""What each paper costs at each scale: on 2 cores, on 16, and on a GPU of a given rate.

From the speeds that `fittest plan` measures here, of every kind of network that a paper trains.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fittest.pipeline.forecasts.forecast import Rate, shard_flops, shard_seconds
from fittest.pipeline.forecasts.progress import duration
from fittest.pipeline.forecasts.trainer import job_threads
from fittest.pipeline.price.calibrate import calibrated
from fittest.pipeline.price.price_page import at_every_scale
from fittest.pipeline.price.remaining import needed_shards
from fittest.pipeline.project import Project
from fittest.pipeline.running.cores import usable_cores
from fittest.runs.catalogue import Shard
from fittest.runs.cost import expected_steps

CORES = (2, 16)


def shards_of(project: Project, paper: str) -> list[Shard]:
    """All that a paper trains: for its figures and claims, and what else it declares."""
    found = {(s.runset, s.name): s for s in needed_shards(project, [paper])}
    for name in project.catalogue.names():
        if project.catalogue.runset(name).paper == paper:
            found |= {(s.runset, s.name): s for s in project.catalogue.needed(name)}
    return list(found.values())


def prices(
    projects: Iterable[Project], rate: Rate, cores: int, gpu_gflops: float
) -> list[dict[str, Any]]:
    """A row for each paper and scale.

    rate: of this machine with so many `cores`; others are taken to be as fast each, and a job to
    use no more of them than it has networks. gpu_gflops: what a GPU sustains, whatever the network.
    """
    rows = []
    for project in projects:
        for paper in project.papers:
            shards = shards_of(project, paper)
            runs = [run for shard in shards for run in shard.runs]
            flops = sum(shard_flops(shard) for shard in shards)
            jobs = [_job(project, shard, rate, cores) for shard in shards]
            rows.append(
                {
                    "paper": paper,
                    "scale": project.scale,
                    "runs": len(runs),
                    "steps": sum(expected_steps(run) for run in runs),
                    "flops": flops,
                    "seconds_by_cores": {str(n): _together(jobs, n) for n in CORES},
                    "seconds_gpu": flops / (1e9 * gpu_gflops),
                }
            )
    return rows


def _job(project: Project, shard: Shard, rate: Rate, cores: int) -> tuple[float, int]:
    """Core-seconds of a job, and how many cores it can use: one for each network where the kernel
    trains them, those of one thread where torch does."""
    networks = len(shard.runs)
    if not rate.side_by_side:  # the speed of a whole machine
        return cores * shard_seconds(shard, rate), networks
    training = project.config.training
    threads = job_threads(training, shard.runs, cores)
    most = min(networks, job_threads(training, shard.runs, max(cores, networks)))
    return threads * shard_seconds(shard, rate.on(threads)), most


def _together(jobs: Sequence[tuple[float, int]], cores: int) -> float:
    """Seconds on so many cores of jobs (core-seconds, cores that it can use): all of it shared out
    evenly, or the longest of them where that is more."""
    longest = max(seconds / min(cores, most) for seconds, most in jobs)
    return max(sum(seconds for seconds, _ in jobs) / cores, longest)


def measured(project: Project, gpu_gflops: float) -> dict[str, Any]:
    """The entry `papers` of the JSON."""
    projects = at_every_scale(project)
    runs = [
        run
        for one in projects
        for paper in one.papers
        for shard in shards_of(one, paper)
        for run in shard.runs
    ]
    rate = calibrated(project, runs=runs)
    return {
        "source": rate.source,
        "note": rate.note,
        "gpu_gflops": gpu_gflops,
        "rows": prices(projects, rate, usable_cores(), gpu_gflops),
    }


def table(found: Mapping[str, Any]) -> list[str]:
    """The rows in Markdown, a paper after the other."""
    rows: Sequence[Mapping[str, Any]] = found["rows"]
    heads = ["paper", "scale", "runs", "steps", "FLOPs", *(f"{n} cores" for n in CORES)]
    heads.append(f"GPU at {found['gpu_gflops'] / 1000:g} TFLOP/s")
    lines = ["| " + " | ".join(heads) + " |", "|---|---|" + "---:|" * (len(heads) - 2)]
    order = list(dict.fromkeys(row["paper"] for row in rows))
    for row in sorted(rows, key=lambda row: order.index(row["paper"])):
        times = [row["seconds_by_cores"][str(n)] for n in CORES] + [row["seconds_gpu"]]
        cells = [row["paper"], row["scale"], f"{row['runs']:,}", f"{row['steps']:,}"]
        cells += [f"{row['flops']:.1e}", *(duration(seconds) for seconds in times)]
        lines.append("| " + " | ".join(cells) + " |")
    return lines
