"""How fast this machine trains: a short measurement, kept until something that matters changes."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fittest.errors import StoreError
from fittest.models import EmbeddingMLPSettings
from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.forecasts.forecast import BYTE_SECONDS, Rate
from fittest.pipeline.forecasts.kinds import Timed
from fittest.pipeline.forecasts.progress import duration
from fittest.pipeline.forecasts.trainer import compiled_from, kernel_is_used, may_use_gpu
from fittest.pipeline.identity.codehash import training_hash
from fittest.pipeline.price import calibrate_kinds
from fittest.pipeline.project import Project
from fittest.pipeline.running.cores import core_time, usable_cores
from fittest.runs.cost import flops_per_step, forward_flops
from fittest.runs.parts import Seeds
from fittest.runs.run import Run
from fittest.store import write_text
from fittest.tasks import ModularAddition

if TYPE_CHECKING:
    from fittest.training.backend import Backend

_SHAPES = ((13, 16), (31, 128), (59, 128), (113, 128))
# Load makes a machine slower and never faster, so each shape is timed in several rounds, and the
# fastest counts.
_ROUNDS = 3
_SECONDS_EACH = 0.2
_RECORDED = 20
# What a job of the workflow does before it trains: it imports, and where torch trains, it traces a
# step, for which torch imports as much again.
_START = "import snakemake.iocontainers, snakemake.logging, torch, fittest.pipeline.running.train"
_TRACE = "torch.func.vmap(torch.func.grad(torch.sum))(torch.zeros(1, 1))"
# Threads that have their cores to themselves get more than this of the time; the rest is waiting
# for each other.
_QUIET_SHARE = 0.85


@dataclass(frozen=True)
class Measurement:
    """What one calibration found.

    points, cores: as in Rate, for the machine when nothing else runs on it. got: the
    share of the cores' time that training got meanwhile, or None where that cannot be told. at:
    when, seconds since 1970. kinds: as in Rate, of those that have been asked for.
    """

    points: tuple[tuple[float, float], ...]
    row_seconds: float
    start_seconds: float
    trace_seconds: float
    source: str
    got: float | None
    at: float
    cores: int = 1
    kinds: Mapping[str, tuple[Timed, ...]] = field(default_factory=dict)

    @property
    def busy(self) -> bool:
        """True if something else used the cores meanwhile."""
        return self.got is not None and self.got < _QUIET_SHARE

    def rate(self, training: TrainingSettings, note: str = "") -> Rate:
        """The speed of the machine when nothing else runs on it."""
        on_gpu = may_use_gpu(training.device)
        return Rate(
            self.points,
            self.source,
            self.row_seconds,
            self.start_seconds,
            note,
            trace_seconds=self.trace_seconds,
            kinds=self.kinds,
            byte_seconds=BYTE_SECONDS,
            cores=self.cores,
            compiled_from=math.inf if on_gpu else compiled_from(training),
            side_by_side=True,
            kernel=kernel_is_used(training),
        )


def measure(project: Project, shapes: Sequence[tuple[int, int]] = _SHAPES) -> Measurement:
    """Train networks of each shape (p, d) for less than a second, record them, start a job."""
    # Only here: whoever reads the cache need not wait for torch.
    import torch

    from fittest.pipeline.running.backends import choose_backend, resolve_device
    from fittest.pipeline.running.ensembles import DTYPES, build_ensemble, observer_of

    settings = project.config.training
    threads = usable_cores()
    if not may_use_gpu(settings.device) and not kernel_is_used(settings):
        threads = min(threads, settings.torch_threads)
    count = 2 * threads

    def ready(p: int, d: int) -> tuple[Run, Backend]:
        runs = [
            Run(
                task=ModularAddition(p=p),
                model=EmbeddingMLPSettings(d=d),
                seeds=Seeds(embedding=seed, mlp=seed, split=seed),
            )
            for seed in range(count)
        ]
        ensemble = build_ensemble(runs, DTYPES[settings.dtype])
        # No FLOPs announced: compiling for a measurement of a second would not pay.
        backend = choose_backend(settings, ensemble, runs, 0.0, threads)
        backend.advance(1)
        return runs[0], backend

    backends = [ready(p, d) for p, d in shapes]
    cores = min(threads, core_time())
    found = []
    for _ in range(_ROUNDS):
        found.append([_speed_and_share(backend, run, count, cores) for run, backend in backends])
    # Only of the kernel's threads is it known that they never wait for long.
    native = backends[0][1].name == "native"
    points, shares = [], []
    for rounds, (run, _) in zip(zip(*found, strict=True), backends, strict=True):
        speed, share = max(rounds)
        # The fastest round on a loaded machine is still slow; its share tells by how much.
        alone = speed / share if native and 0 < share < _QUIET_SHARE else speed
        points.append((flops_per_step(run), alone))
        shares.append(share)

    run, backend = backends[0]
    # The thread's own time: that of the others is not among it, nor is what it waits for.
    start = time.thread_time()
    observe = observer_of(run)
    for _ in range(_RECORDED):
        backend.evaluate()
        observe(backend.parameters())
    row = (time.thread_time() - start) / _RECORDED - count * forward_flops(run) / points[0][1]
    device_is_gpu = resolve_device(settings).type == "cuda"
    device = torch.cuda.get_device_name() if device_is_gpu else processor()
    start, traced = start_seconds(_START), start_seconds(f"{_START}\n{_TRACE}")
    return Measurement(
        points=tuple(sorted(points)),
        row_seconds=max(0.0, row),
        start_seconds=start,
        trace_seconds=max(0.0, traced - start),
        source=f"measured here: {backend.name} backend, {threads} cores, {device}",
        got=min(shares) if native else None,
        at=time.time(),
        cores=threads if native else 1,
    )


def _speed_and_share(backend: Backend, run: Run, count: int, cores: float) -> tuple[float, float]:
    """FLOPs per second of `count` networks, and the share of the cores' time that they got."""
    steps, start, used = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < _SECONDS_EACH:
        more = max(1, steps // 4)
        backend.advance(more)
        steps += more
    seconds = time.perf_counter() - start
    share = (time.process_time() - used) / seconds / cores
    return flops_per_step(run) * steps * count / seconds, share


def start_seconds(code: str) -> float:
    """What a job takes before it trains: Python and the libraries.

    Processor time, which the load of the machine does not change, nor whether their files are in
    memory already.
    """
    before = os.times()
    subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    after = os.times()
    return (
        after.children_user + after.children_system - before.children_user - before.children_system
    )


def processor() -> str:
    """Model name of the processor."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _key(project: Project) -> list[object]:
    """What a measurement depends on, as JSON gives it back."""
    devices = sorted(path.name for path in Path("/dev").glob("nvidia[0-9]*"))
    key = [
        platform.node(),
        processor(),
        usable_cores(),
        # torch would know exactly, and takes seconds to load.
        [*devices, os.environ.get("CUDA_VISIBLE_DEVICES", "all")],
        training_hash([Run()]),
        project.config.training.model_dump(mode="json"),
    ]
    return list(json.loads(json.dumps(key)))


def _cached(project: Project) -> Measurement | None:
    try:
        found = json.loads((project.root / project.paths.calibration()).read_text())
        if found.pop("key") != _key(project):
            return None
        found["points"] = tuple((float(a), float(b)) for a, b in found["points"])
        found["kinds"] = {
            kind: tuple(_timed(**one) for one in timed) for kind, timed in found["kinds"].items()
        }
        return Measurement(**found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # no cache, or not ours


def _timed(step: Sequence[float], evaluation: Sequence[float], **sizes: Any) -> Timed:
    """As it stands in JSON, which has no tuples."""
    pairs = [(float(one), float(most)) for one, most in (step, evaluation)]
    return Timed(step=pairs[0], evaluation=pairs[1], **sizes)


def known(project: Project) -> Rate | None:
    """The rate of this machine if it has been measured; nothing is measured here."""
    found = _cached(project)
    return None if found is None else found.rate(project.config.training)


def calibrated(
    project: Project, again: bool = False, runs: Iterable[Run] = (), busy_too: bool = False
) -> Rate:
    """The rate of this machine: from the cache, or measured and cached.

    The cache is results/calibration.json; another machine, code or training setting measures
    anew. What was measured while the machine was busy is measured again next time, and the better
    of the two counts. Where nothing can be written, the rate is as good, and its note says so.
    runs: those whose price is asked; kinds of networks among them that were never measured are.
    busy_too: whether what was measured while the machine was busy will do.
    """
    found = _cached(project)
    measured = found
    if found is None or (found.busy and not busy_too) or again:
        measured = measure(project)
        if found is not None and not again:
            measured = replace(_quieter(measured, found), kinds=found.kinds)
    assert measured is not None
    training = project.config.training
    if missing := calibrate_kinds.unknown(runs, measured.kinds, training):
        speeds = calibrate_kinds.measured(missing, training)
        measured = replace(measured, kinds=calibrate_kinds.joined(measured.kinds, speeds))
    note = _age(measured)
    if measured is found:
        return measured.rate(training, note)
    try:
        content = {"key": _key(project), **asdict(measured)}
        write_text(json.dumps(content, indent=1), project.root / project.paths.calibration())
    except StoreError as error:
        note += f"; not kept for next time: {error}"
    return measured.rate(training, note)


def _quieter(new: Measurement, old: Measurement) -> Measurement:
    """The one during which less else was running."""
    best = new if new.got is None or not old.got or new.got >= old.got else old
    return replace(
        best,
        start_seconds=min(new.start_seconds, old.start_seconds),
        trace_seconds=min(new.trace_seconds, old.trace_seconds),
    )


def _age(found: Measurement) -> str:
    """When it was measured, and on how quiet a machine."""
    seconds = max(0.0, time.time() - found.at)
    when = "just now" if seconds < 60 else f"{duration(seconds)} ago"
    text = f"measured {when}; --recalibrate measures again"
    if found.got is not None and found.busy:
        text += (
            f"; the machine was busy, training got {found.got:.0%} of the cores: corrected for"
            " that, and measured again next time"
        )
    return text
