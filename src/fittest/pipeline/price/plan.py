"""The price of a target before anything trains."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from fittest.pipeline.forecasts.forecast import Rate, shard_flops, shard_seconds
from fittest.pipeline.forecasts.job_memory import shard_memory
from fittest.pipeline.forecasts.kinds import kind_of
from fittest.pipeline.forecasts.pace import Pace
from fittest.pipeline.forecasts.progress import Progress, duration
from fittest.pipeline.forecasts.trainer import job_threads
from fittest.pipeline.price import calibrate_kinds
from fittest.pipeline.price.calibrate import known
from fittest.pipeline.price.remaining import (
    Remaining,
    is_finished,
    is_shared,
    needed_shards,
    remaining,
)
from fittest.pipeline.project import Project
from fittest.pipeline.running.cores import usable_cores
from fittest.runs.catalogue import Shard
from fittest.runs.cost import expected_steps
from fittest.runs.run import Run

_DURATIONS = ("time", "time_left")
_ADDED_UP = ("runs", "jobs", "jobs_left", "jobs_fetched", "steps", "flops", "flops_left")


def job_progress(
    project: Project,
    runset: str,
    name: str,
    targets: Iterable[str] = (),
    cores: int | None = None,
) -> Progress:
    """A bar for the job of a shard, and for all training of the targets where the measured speed
    tells how the others compare with it.

    cores: those that its jobs share; None for all that this process may use.
    """
    cores = min(usable_cores(), cores or usable_cores())
    rate = known(project) or Rate.typical(usable_cores())
    shard = project.shard(runset, name)
    alone = _of_job(project, shard, rate, cores)
    number = len(project.catalogue.shards(runset))
    others = pending_shards(project, targets, (runset, name))

    def pending() -> float:
        others[:] = [other for other in others if not is_finished(project, other)]
        return _seconds_of(project, others, rate, cores)

    comparable = _comparable(project, [shard, *others], rate)
    return Progress.on_stderr(
        f"{runset} {shard.index + 1}/{number}",
        total=shard_seconds(shard, replace(alone, start_seconds=0.0, trace_seconds=0.0)),
        later=_seconds_of(project, others, rate, cores) if comparable else 0.0,
        rate=alone,
        share=cores_share(project, shard, rate, cores),
        pace=Pace(project.root / project.paths.pace(), f"{runset}-{name}"),
        pending=pending if comparable else None,
    )


def cores_share(project: Project, shard: Shard, rate: Rate, cores: int | None = None) -> float:
    """What a job takes of the cores (all that this process may use, or so many): others run beside
    it on the rest. One that a rate is given for takes the whole machine."""
    if not rate.side_by_side:
        return 1.0
    cores = cores or usable_cores()
    return job_threads(project.config.training, shard.kinds, cores) / cores


def _of_job(project: Project, shard: Shard, rate: Rate, cores: int | None = None) -> Rate:
    """The rate of a shard's job on the threads that it is given."""
    return rate.on(job_threads(project.config.training, shard.kinds, cores or usable_cores()))


def job_seconds(project: Project, shard: Shard, rate: Rate, cores: int | None = None) -> float:
    """Time of a shard's job on the threads that it is given."""
    return shard_seconds(shard, _of_job(project, shard, rate, cores))


def pending_shards(
    project: Project, targets: Iterable[str], besides: tuple[str, str] = ("", "")
) -> list[Shard]:
    """The unfinished shards of the targets, without the shard `besides`."""
    return [
        shard
        for shard in needed_shards(project, targets)
        if (shard.runset, shard.name) != besides and not is_finished(project, shard)
    ]


def pending_seconds(
    project: Project, targets: Iterable[str], besides: tuple[str, str], rate: Rate
) -> float:
    """Time at `rate` for the unfinished shards of the targets, without the shard `besides`, when
    they share the cores. Those that `paths.shared` holds take their start."""
    return _seconds_of(project, pending_shards(project, targets, besides), rate)


def _seconds_of(
    project: Project, shards: Iterable[Shard], rate: Rate, cores: int | None = None
) -> float:
    def alone(shard: Shard) -> float:
        if is_shared(project, shard):
            return rate.start_seconds
        return job_seconds(project, shard, rate, cores)

    return sum(alone(shard) * cores_share(project, shard, rate, cores) for shard in shards)


def kinds_of(shards: Iterable[Shard]) -> list[Run]:
    """A run of each kind that some shards train, of some kinds several."""
    return [run for shard in shards for run, _ in shard.kinds]


def _comparable(project: Project, shards: Iterable[Shard], rate: Rate) -> bool:
    """Whether the rate tells how long some shards take by each other: the kinds of their networks
    were measured, or there is one kind alone."""
    runs = kinds_of(shards)
    known = calibrate_kinds.covered(runs, rate.kinds, project.config.training)
    return known or len({kind_of(run) for run in runs}) == 1


@dataclass(frozen=True)
class Duration:
    """Time of some jobs that share the cores of a machine.

    busy: seconds if the cores were never idle. longest: of the longest job, on the cores that it
    takes.
    """

    busy: float = 0.0
    longest: float = 0.0

    @property
    def seconds(self) -> float:
        """From the first job's start to the last one's end, as far as these two tell."""
        return max(self.busy, self.longest)

    @classmethod
    def of(
        cls,
        project: Project,
        shards: Iterable[Shard],
        rate: Rate,
        fetched: Collection[tuple[str, str]] = (),
    ) -> Duration:
        """Of the jobs of some shards. fetched: those as (run-set, shard) that train nothing."""
        found = []
        for shard in shards:
            # To copy is nothing beside the start.
            copies = (shard.runset, shard.name) in fetched
            seconds = rate.start_seconds if copies else job_seconds(project, shard, rate)
            found.append(cls(seconds * cores_share(project, shard, rate), seconds))
        return cls().joined(found)

    def joined(self, others: Iterable[Duration]) -> Duration:
        """Of these jobs and others, all at once."""
        every = [self, *others]
        return Duration(sum(d.busy for d in every), max(d.longest for d in every))


@dataclass(frozen=True)
class Row:
    """Price of what a run-set trains for the targets.

    steps: of all its runs together, expected where runs may stop early. flops: matrix products
    of training. time: of its jobs, with their start and what they record, if they have the machine
    to themselves. jobs_left: those that are to train; jobs_fetched: those that take what they would
    train from `paths.shared`. flops_left: of the former; time_left: of both. memory_mib: predicted
    peak of its largest job.
    """

    runset: str
    runs: int
    jobs: int
    jobs_left: int
    jobs_fetched: int
    steps: int
    flops: float
    flops_left: float
    time: Duration
    time_left: Duration
    memory_mib: float

    @property
    def seconds(self) -> float:
        """Time of its jobs."""
        return self.time.seconds

    @property
    def seconds_left(self) -> float:
        """Time of those that are to do."""
        return self.time_left.seconds


def price(
    project: Project, targets: Sequence[str], rate: Rate, to_do: Remaining | None = None
) -> list[Row]:
    """One row per run-set that the targets need. ConfigError for an unknown target.

    to_do: as `remaining` tells; asked for here where it is left out.
    """
    to_do = to_do or remaining(project, targets)
    by_runset: dict[str, list[Shard]] = {}
    for shard in needed_shards(project, targets):
        by_runset.setdefault(shard.runset, []).append(shard)
    rows = []
    for runset, shards in by_runset.items():
        left = [shard for shard in shards if (runset, shard.name) in to_do.shards]
        trained = [shard for shard in left if (runset, shard.name) not in to_do.fetched]
        rows.append(
            Row(
                runset=runset,
                runs=sum(len(shard.runs) for shard in shards),
                jobs=len(shards),
                jobs_left=len(trained),
                jobs_fetched=len(left) - len(trained),
                steps=sum(
                    number * expected_steps(run) for shard in shards for run, number in shard.kinds
                ),
                flops=sum(shard_flops(shard) for shard in shards),
                flops_left=sum(shard_flops(shard) for shard in trained),
                time=Duration.of(project, shards, rate),
                time_left=Duration.of(project, left, rate, to_do.fetched),
                memory_mib=max(shard_memory(project, shard) for shard in shards) / 2**20,
            )
        )
    return rows


def whole(rows: Sequence[Row]) -> tuple[float, float]:
    """Seconds of everything, and of what is to do: jobs of different run-sets share the cores."""
    return (
        Duration().joined(row.time for row in rows).seconds,
        Duration().joined(row.time_left for row in rows).seconds,
    )


def _plain(row: Row) -> dict[str, object]:
    values = {name: value for name, value in asdict(row).items() if name not in _DURATIONS}
    return values | {"seconds": row.seconds, "seconds_left": row.seconds_left}


def rate_as_json(rate: Rate) -> dict[str, object]:
    """A speed as plain data."""
    return {
        "flops_per_second": [list(p) for p in rate.points],
        "kinds": {kind: [asdict(one) for one in timed] for kind, timed in rate.kinds.items()},
        "source": rate.source,
        "note": rate.note,
        "row_seconds": rate.row_seconds,
        "start_seconds": rate.start_seconds,
        "trace_seconds": rate.trace_seconds,
    }


def as_json(project: Project, targets: Sequence[str], rows: list[Row], rate: Rate) -> object:
    """The plan as plain data."""
    return {
        "scale": project.scale,
        "targets": list(targets),
        "rate": rate_as_json(rate),
        "runsets": [_plain(row) for row in rows],
        "total": {
            **{name: sum(getattr(row, name) for row in rows) for name in _ADDED_UP},
            "seconds": whole(rows)[0],
            "seconds_left": whole(rows)[1],
        },
    }


def as_text(
    project: Project, targets: Sequence[str], rows: list[Row], rate: Rate, note: str = ""
) -> str:
    """The plan as a table for people. note: a last line, "" for none."""
    fetched = sum(row.jobs_fetched for row in rows)

    def to_fetch(text: object) -> str:
        # Most have no shared folder: no column of zeros for them.
        return f"{text:>10}" if fetched else ""

    head = f"{'run-set':<12}{'runs':>8}{'jobs':>7}{'to do':>7}{to_fetch('to fetch')}"
    head += f"{'steps':>12}{'FLOPs':>11}"
    head += f"{'time':>10}{'to do':>10}{'memory':>10}"
    lines = [f"Training for {', '.join(targets)} at scale {project.scale}", "", head]
    for row in rows:
        lines.append(
            f"{row.runset:<12}{row.runs:>8,}{row.jobs:>7,}{row.jobs_left:>7,}"
            f"{to_fetch(f'{row.jobs_fetched:,}')}{row.steps:>12,}"
            f"{row.flops:>11.1e}{duration(row.seconds):>10}{duration(row.seconds_left):>10}"
            f"{row.memory_mib:>6,.0f} MiB"
        )
    lines.append(
        f"{'total':<12}{sum(r.runs for r in rows):>8,}{sum(r.jobs for r in rows):>7,}"
        f"{sum(r.jobs_left for r in rows):>7,}{to_fetch(f'{fetched:,}')}"
        f"{sum(r.steps for r in rows):>12,}"
        f"{sum(r.flops for r in rows):>11.1e}{duration(whole(rows)[0]):>10}"
        f"{duration(whole(rows)[1]):>10}"
    )
    lines += ["", f"Speed: {rate.source}."]
    if rate.note:
        lines.append(rate.note[0].upper() + rate.note[1:] + ".")
    if rate.start_seconds:
        more = rate.trace_seconds
        besides = f" ({more:.1f} s more where torch trains)" if more else ""
        lines.append(
            f"Each job takes {rate.start_seconds:.1f} s to start{besides}, which is counted."
        )
    if any(row.time.busy < row.time.longest for row in rows):
        lines.append("Jobs that leave cores idle run side by side; the total counts that.")
    lines.append("Memory is the largest job's; analyses and figures come on top.")
    if any(run.stop for s in needed_shards(project, targets) for run in s.runs):
        lines.append("Runs that stop when settled are counted with their expected steps.")
    if fetched:
        lines.append(
            f"{fetched:,} of the jobs take what they would train from the shared folder"
            " (paths.shared), where its checksums hold."
        )
    lines += [note] if note else []
    return "\n".join(lines)
