"""The price of a target before anything trains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from fittest.errors import StoreError
from fittest.pipeline.calibrate import Rate
from fittest.pipeline.memory import shard_memory
from fittest.pipeline.progress import duration
from fittest.pipeline.project import Project
from fittest.runs.catalogue import Shard
from fittest.runs.cost import expected_steps, flops, flops_per_step, recording_flops
from fittest.store import read_provenance

_ADDED_UP = (
    "runs",
    "jobs",
    "jobs_left",
    "steps",
    "flops",
    "flops_left",
    "seconds",
    "seconds_left",
)


def shard_flops(shard: Shard) -> float:
    """FLOPs of all runs of a shard."""
    return sum(flops(run) for run in shard.runs)


def shard_seconds(shard: Shard, rate: Rate) -> float:
    """Time to train a shard at `rate`, what it records included."""
    return sum(
        (flops(run) + recording_flops(run)) / rate.at(flops_per_step(run)) for run in shard.runs
    )


def needed_shards(project: Project, targets: Iterable[str]) -> list[Shard]:
    """Every shard that the targets need, each once, those of reused and reference runs included."""
    found: dict[tuple[str, str], Shard] = {}
    for target in targets:
        for runset in project.runsets_of(target):
            for shard in project.catalogue.needed(runset):
                found[shard.runset, shard.name] = shard
    return list(found.values())


def is_finished(project: Project, shard: Shard) -> bool:
    """True if the shard's trajectory is in place and of this configuration and code."""
    path = project.root / project.paths.trajectory(shard.runset, shard.name)
    try:
        return bool(read_provenance(path)["config_hash"] == shard.key)
    except StoreError:
        return False


def pending_flops(project: Project, targets: Iterable[str], besides: tuple[str, str]) -> float:
    """FLOPs of the unfinished shards of the targets, without the shard `besides`.

    Targets that are no figure, paper or run-set count nothing.
    """
    return sum(
        shard_flops(shard)
        for shard in needed_shards(project, project.targets_among(targets))
        if (shard.runset, shard.name) != besides and not is_finished(project, shard)
    )


@dataclass(frozen=True)
class Row:
    """Price of what a run-set trains for the targets.

    steps: of all its runs together, expected where runs may stop early. flops: matrix products
    of training. seconds: with recording. `_left`: of the jobs that are not finished.
    memory_mib: predicted peak of its largest job.
    """

    runset: str
    runs: int
    jobs: int
    jobs_left: int
    steps: int
    flops: float
    flops_left: float
    seconds: float
    seconds_left: float
    memory_mib: float


def price(project: Project, targets: Sequence[str], rate: Rate) -> list[Row]:
    """One row per run-set that the targets need. ConfigError for an unknown target."""
    by_runset: dict[str, list[Shard]] = {}
    for shard in needed_shards(project, targets):
        by_runset.setdefault(shard.runset, []).append(shard)
    rows = []
    for runset, shards in by_runset.items():
        left = [shard for shard in shards if not is_finished(project, shard)]
        rows.append(
            Row(
                runset=runset,
                runs=sum(len(shard.runs) for shard in shards),
                jobs=len(shards),
                jobs_left=len(left),
                steps=sum(expected_steps(run) for shard in shards for run in shard.runs),
                flops=sum(shard_flops(shard) for shard in shards),
                flops_left=sum(shard_flops(shard) for shard in left),
                seconds=sum(shard_seconds(shard, rate) for shard in shards),
                seconds_left=sum(shard_seconds(shard, rate) for shard in left),
                memory_mib=max(shard_memory(project, shard) for shard in shards) / 2**20,
            )
        )
    return rows


def as_json(project: Project, targets: Sequence[str], rows: list[Row], rate: Rate) -> object:
    """The plan as plain data."""
    return {
        "scale": project.scale,
        "targets": list(targets),
        "rate": {"flops_per_second": [list(p) for p in rate.points], "source": rate.source},
        "runsets": [asdict(row) for row in rows],
        "total": {name: sum(getattr(row, name) for row in rows) for name in _ADDED_UP},
    }


def as_text(project: Project, targets: Sequence[str], rows: list[Row], rate: Rate) -> str:
    """The plan as a table for people."""
    head = f"{'run-set':<12}{'runs':>8}{'jobs':>7}{'to do':>7}{'steps':>12}{'FLOPs':>11}"
    head += f"{'time':>10}{'to do':>10}{'memory':>10}"
    lines = [f"Training for {', '.join(targets)} at scale {project.scale}", "", head]
    for row in rows:
        lines.append(
            f"{row.runset:<12}{row.runs:>8,}{row.jobs:>7,}{row.jobs_left:>7,}{row.steps:>12,}"
            f"{row.flops:>11.1e}{duration(row.seconds):>10}{duration(row.seconds_left):>10}"
            f"{row.memory_mib:>6,.0f} MiB"
        )
    lines.append(
        f"{'total':<12}{sum(r.runs for r in rows):>8,}{sum(r.jobs for r in rows):>7,}"
        f"{sum(r.jobs_left for r in rows):>7,}{sum(r.steps for r in rows):>12,}"
        f"{sum(r.flops for r in rows):>11.1e}{duration(sum(r.seconds for r in rows)):>10}"
        f"{duration(sum(r.seconds_left for r in rows)):>10}"
    )
    lines += ["", f"Speed: {rate.source}; memory is the largest job's."]
    if any(run.stop for s in needed_shards(project, targets) for run in s.runs):
        lines.append("Runs that stop when settled are counted with their expected steps.")
    return "\n".join(lines)
