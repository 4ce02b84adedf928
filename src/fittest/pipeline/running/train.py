"""One job: train a shard, and put its two tables in place when it is whole."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import torch

from fittest.analysis.reductions import REDUCTIONS, Reduction
from fittest.errors import StoreError, TrainingError
from fittest.models import EMBEDDING
from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.forecasts.progress import Progress
from fittest.pipeline.project import Project
from fittest.pipeline.running import shared
from fittest.pipeline.running.backends import choose_backend, resolve_device
from fittest.pipeline.running.ensembles import (
    DTYPES,
    build_ensemble,
    groups,
    keep_of,
    observe_gradient_of,
    observer_of,
    schedule_of,
    stop_rule_of,
)
from fittest.pipeline.running.lock import sole_holder
from fittest.pipeline.running.promised import check_rows, check_weights
from fittest.pipeline.running.reductions import reduced
from fittest.pipeline.running.references import ready
from fittest.pipeline.running.tables import trajectory_table, weight_tables
from fittest.runs.catalogue import Shard
from fittest.runs.cost import expected_steps, flops
from fittest.runs.run import Run
from fittest.store import check_origin, explain_os_error, write_batches, write_table
from fittest.training.backend import Backend
from fittest.training.kicked import Kick, KickedBackend
from fittest.training.loop import Control, Loop
from fittest.training.record import Record, RunWeights, WeightSpool
from fittest.training.restart import RestartFolder

log = logging.getLogger(__name__)


def train_shard(
    project: Project,
    runset: str,
    name: str,
    trajectory: str,
    weights: str,
    threads: int,
    progress: Progress | None = None,
    reductions: Mapping[str, str] | None = None,
) -> None:
    """Train the shard `name` of `runset` and write its trajectory, its weights, and what
    `reductions` (name -> path) make of these.

    Resumes from a restart point where there is one. Where all tables of this very shard are in
    place, nothing is trained: Snakemake removes outputs before it starts a job, so another job has
    put them there since; nor where `paths.shared` holds them. Raises Interrupted after SIGTERM or
    SIGINT, with a restart point in place, StoreError where the disk refuses, and TrainingError
    where another job is training this shard or what is recorded has gaps.
    """
    shard = project.shard(runset, name)
    folder = project.root / project.paths.restart(runset, name)
    progress = progress or Progress.silent()
    # Where the demanded device is not to be had, nothing is touched.
    resolve_device(project.config.training)
    try:
        with sole_holder(folder):
            # The trajectory last: in place, it says that the shard is whole.
            files = {**(reductions or {}), "weights": weights, "trajectory": trajectory}
            common = project.config.paths.shared
            if _in_place(shard, trajectory, weights, reductions or {}):
                log.info("%s/%s is in place already: another job has trained it", runset, name)
            elif common and shared.take(project.root / common, project.scale, shard, files):
                log.info("%s/%s is taken from %s: it has been trained before", runset, name, common)
            else:
                finished = _train_groups(project, shard, folder, threads, progress)
                _write(project, shard, finished, trajectory, weights, reductions or {})
                RestartFolder(folder, shard.key).clear()
                if common:
                    shared.offer(project.root / common, project.scale, shard, files)
    except OSError as error:
        raise StoreError(explain_os_error(folder, error)) from error


def _in_place(shard: Shard, trajectory: str, weights: str, reductions: Mapping[str, str]) -> bool:
    try:
        for kind, path in reductions.items():
            check_origin(path, kind=kind, config_hash=shard.key)
        check_origin(weights, kind="weights", config_hash=shard.key)
        check_origin(trajectory, kind="trajectory", config_hash=shard.key)
    except StoreError:
        return False
    return True


def _train_groups(
    project: Project, shard: Shard, folder: Path, threads: int, progress: Progress
) -> list[_Finished]:
    control = Control(restart_seconds=60 * project.config.training.restart_minutes)
    finished = []
    with _stopping_on_signals(control):
        for number, indices in enumerate(groups(shard.runs)):
            runs = [shard.runs[i] for i in indices]
            control.progress, control.worked = progress.part(runs)
            finished.append(
                _train_group(project, shard, runs, folder / str(number), control, threads)
            )
    return finished


def _write(
    project: Project,
    shard: Shard,
    finished: Sequence[_Finished],
    trajectory: str,
    weights: str,
    reductions: Mapping[str, str],
) -> None:
    origin = project.provenance(
        shard.key,
        runset=shard.runset,
        shard=shard.name,
        dtype=", ".join(sorted({done.dtype for done in finished})),
        backend=sorted({done.backend for done in finished}),
        device=sorted({done.device for done in finished}),
    )
    for done in finished:
        check_rows(done.runs, done.record, done.folder)
        with _whole(done):
            check_weights(done.runs, done.record, done.spool.files(), done.folder)
    tables = [trajectory_table(done.runs, done.record) for done in finished]
    for kind, path in reductions.items():
        reduction = REDUCTIONS[kind]
        rows = (t for done in finished for t in reduced(reduction, done.runs, done.all(reduction)))
        write_batches(rows, path, origin, kind, reduction.columns)
    # The trajectory last: in place, it says that the shard is whole.
    kept = project.catalogue.runset(shard.runset).keeps_weights
    batches = (t for done in finished for t in weight_tables(done.runs, done.kept(kept)))
    write_batches(batches, weights, origin, "weights")
    write_table(pa.concat_tables(tables), trajectory, origin, "trajectory")
    # A second workflow on the same files removes what it takes for the output of its failed job.
    if not Path(weights).exists():
        raise StoreError(
            f"{weights}: removed while the shard was being written; run the same command again,"
            " and only one at a time"
        )


@contextmanager
def _whole(done: _Finished) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise TrainingError(
            f"recorded weights in {done.folder} are damaged ({error}); nothing is written; run the"
            " same command again: the shard starts over"
        ) from error


class _Finished:
    """A trained ensemble: its runs, what was recorded, and by what."""

    def __init__(
        self,
        runs: Sequence[Run],
        record: Record,
        spool: WeightSpool,
        folder: Path,
        backend: str,
        device: str,
        dtype: str,
    ) -> None:
        self.runs = runs
        self.record = record
        self.spool = spool
        self.folder = folder
        self.backend = backend
        self.device = device
        self.dtype = dtype

    def all(self, reduction: Reduction) -> Iterator[RunWeights]:
        """The recorded weights that a reduction is made of: all, or those of the last step."""
        return self._by_run(self.runs, None if reduction.every_step else self.record.last_step)

    def kept(self, keeps: Callable[[Run], bool]) -> Iterator[RunWeights]:
        """The recorded weights of the runs that keep them."""
        return self._by_run([run for run in self.runs if keeps(run)], None)

    def _by_run(self, runs: Sequence[Run], only: Mapping[int, int] | None) -> Iterator[RunWeights]:
        """In the order of run_ids, so that the row groups of a shard are of ranges of them."""
        index = {run.run_id: number for number, run in enumerate(self.runs)}
        order = [index[run_id] for run_id in sorted(run.run_id for run in runs)]
        with _whole(self):
            yield from self.spool.by_run(order, only=only)


def _train_group(
    project: Project,
    shard: Shard,
    runs: list[Run],
    folder: Path,
    control: Control,
    threads: int,
) -> _Finished:
    settings = project.config.training
    factor = project.config.analysis.alive.two_mean_factor
    spool = WeightSpool(folder)
    restart = RestartFolder(folder, shard.key)
    loop = loop_of(ready(project, runs), settings, factor, threads, spool, restart, control)
    first, backend = runs[0], loop.backend
    sizes = {**first.task.describe(), **first.model.describe()}
    log.info(
        "%s/%s: %d networks %s, %s, %s",
        shard.runset,
        shard.name,
        len(runs),
        first.model.name,
        ", ".join(f"{k} = {v}" for k, v in sizes.items() if isinstance(v, int)),
        backend.name,
    )
    record = loop.run()
    for index in sorted(record.failed):
        log.warning(
            "run %s (%s): the loss became infinite or NaN at step %d; its rows end there",
            runs[index].run_id,
            runs[index].seeds,
            record.last_step[index],
        )
    # What a run says of its own numbers goes before what the project says of all.
    own = first.arithmetic.dtype or settings.dtype
    dtype = settings.model_copy(update={"dtype": own}).arithmetic()
    device = _device_name(backend, project)
    return _Finished(runs, record, spool, folder, backend.name, device, dtype)


def loop_of(
    runs: Sequence[Run],
    settings: TrainingSettings,
    two_mean_factor: float,
    threads: int,
    spool: WeightSpool,
    restart: RestartFolder,
    control: Control,
) -> Loop:
    """The training of runs that `groups` put together, ready to start.

    runs: with every choice of their interventions made. two_mean_factor: of the survivor rule, for
    runs with a `stop`. Raises as `choose_backend`.
    """
    ensemble = build_ensemble(runs, DTYPES[settings.dtype])
    first = runs[0]
    backend = choose_backend(settings, ensemble, runs, sum(map(flops, runs)), threads)
    kicks = [_kick_of(run) for run in runs]
    return Loop(
        backend=KickedBackend(backend, kicks) if any(kicks) else backend,
        limits=torch.tensor([run.steps for run in runs]),
        schedule=schedule_of(first),
        observe=observer_of(first),
        spool=spool,
        keep=keep_of(first),
        stop_rule=stop_rule_of(first, two_mean_factor),
        restart=restart,
        control=control,
        expected=torch.tensor([expected_steps(run) for run in runs]),
        observe_gradient=observe_gradient_of(first),
    )


def _kick_of(run: Run) -> Kick | None:
    """What happens to a run once it trains, if anything."""
    if run.intervention is None or (step := run.intervention.kick_step()) is None:
        return None
    return Kick(step, EMBEDDING, run.intervention.kicked)


def _device_name(backend: Backend, project: Project) -> str:
    device = resolve_device(project.config.training)
    if device.type == "cuda" and backend.name != "native":
        return torch.cuda.get_device_name(device)
    return "cpu"


@contextmanager
def _stopping_on_signals(control: Control) -> Iterator[None]:
    """Let SIGTERM (a cluster's time limit) and SIGINT ask the loop to stop."""

    def ask(number: int, _frame: object) -> None:
        log.warning("%s: writing a restart point", signal.Signals(number).name)
        control.request_stop = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
