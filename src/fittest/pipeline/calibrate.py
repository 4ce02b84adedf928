"""How fast this machine trains: a short measurement, kept until something that matters changes."""

from __future__ import annotations

import json
import math
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from fittest.models import EmbeddingMLPSettings
from fittest.pipeline.backends import choose_backend
from fittest.pipeline.codehash import training_hash
from fittest.pipeline.ensembles import DTYPES, build_ensemble
from fittest.pipeline.project import Project
from fittest.runs.cost import flops_per_step
from fittest.runs.run import Run, Seeds
from fittest.store import write_text
from fittest.tasks import ModularAddition

_SHAPES = ((13, 16), (31, 128), (59, 128), (113, 128))
_SECONDS_EACH = 1.0


@dataclass(frozen=True)
class Rate:
    """Sustained training speed against the size of a network.

    points: (FLOPs per step of one network, FLOPs per second of the machine), ascending; small
    networks reach less. source: where it comes from, in words.
    """

    points: tuple[tuple[float, float], ...]
    source: str

    @classmethod
    def constant(cls, flops_per_second: float) -> Rate:
        """A given rate, for a machine that is not here."""
        return cls(((1.0, flops_per_second),), f"{flops_per_second / 1e9:g} GFLOP/s as given")

    def at(self, step_flops: float) -> float:
        """FLOPs per second for networks of `step_flops` per step, between the measured sizes."""
        if step_flops <= self.points[0][0]:
            return self.points[0][1]
        for (low, slow), (high, fast) in zip(self.points, self.points[1:], strict=False):
            if step_flops <= high:
                share = math.log(step_flops / low) / math.log(high / low)
                return slow * (fast / slow) ** share
        return self.points[-1][1]


def measure(project: Project, shapes: Sequence[tuple[int, int]] = _SHAPES) -> Rate:
    """Train a few networks of each shape (p, d) for about a second, without recording."""
    threads = os.cpu_count() or 1
    points = []
    backend_name = ""
    for p, d in shapes:
        runs = [
            Run(
                task=ModularAddition(p=p),
                model=EmbeddingMLPSettings(d=d),
                seeds=Seeds(embedding=seed, mlp=seed, split=seed),
            )
            for seed in range(2 * threads)
        ]
        ensemble = build_ensemble(runs, DTYPES[project.config.training.dtype])
        # No FLOPs announced: compiling for a measurement of a second would not pay.
        backend = choose_backend(project.config.training, ensemble, 0.0, threads)
        backend_name = backend.name
        backend.advance(1)
        step_flops = flops_per_step(runs[0])
        steps, start = 0, time.perf_counter()
        while time.perf_counter() - start < _SECONDS_EACH:
            count = max(1, steps // 4)
            backend.advance(count)
            steps += count
        elapsed = time.perf_counter() - start
        points.append((step_flops, step_flops * steps * len(runs) / elapsed))
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else processor()
    return Rate(
        tuple(sorted(points)), f"measured here: {backend_name} backend, {threads} cores, {device}"
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


def calibrated(project: Project, again: bool = False) -> Rate:
    """The rate of this machine: from the cache, or measured and cached.

    The cache is results/calibration.json; another machine, code or training setting measures
    anew.
    """
    path = project.root / project.paths.calibration()
    key = [
        platform.node(),
        processor(),
        os.cpu_count(),
        torch.cuda.is_available(),
        training_hash([Run()]),
        project.config.training.model_dump(mode="json"),
    ]
    if not again:
        try:
            found = json.loads(path.read_text())
            if found["key"] == json.loads(json.dumps(key)):
                return Rate(tuple((a, b) for a, b in found["points"]), found["source"])
        except (OSError, ValueError, KeyError, TypeError):
            pass  # no cache, or not ours: measure
    rate = measure(project)
    content = {"key": key, "points": rate.points, "source": rate.source}
    write_text(json.dumps(content, indent=1), path)
    return rate
