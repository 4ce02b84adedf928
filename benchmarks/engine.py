"""This engine, through the interface by which the pipeline uses it."""

from __future__ import annotations

import time

import torch

from benchmarks.cases import Case
from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.running.backends import choose_backend
from fittest.training.backend import TrainingState


class Engine:
    """`networks` of a case on the backend that `settings` lead to."""

    stride = 1

    def __init__(
        self,
        case: Case,
        settings: TrainingSettings,
        networks: int,
        threads: int,
        name: str | None = None,
    ) -> None:
        self.networks = networks
        self.threads = threads
        start = time.perf_counter()
        self._ensemble = case.ensemble(networks)
        self._backend = choose_backend(
            settings, self._ensemble, case.runs(networks), networks * case.flops_per_run, threads
        )
        self.build_seconds = time.perf_counter() - start
        self.name = name or f"engine_{networks}"
        self.backend = self._backend.name
        initial = self._ensemble.initial
        self._start = TrainingState(initial, self._ensemble.optimiser.start(initial), 0)
        self.first_step_seconds = self._timed_step()
        # The native kernel is compiled when the package is installed.
        compiles = self.backend != "native" and settings.compile != "never"
        self.compile_seconds = (
            max(0.0, self.first_step_seconds - self._timed_step()) if compiles else 0.0
        )

    def _timed_step(self) -> float:
        start = time.perf_counter()
        self.advance(1)
        return time.perf_counter() - start

    def reset(self) -> None:
        """Back to step 0."""
        self._backend.load(self._start)

    def advance(self, steps: int) -> None:
        """A stretch of steps, as between two recorded ones."""
        if self.backend != "native":
            torch.set_num_threads(self.threads)
        self._backend.advance(steps)
        if torch.cuda.is_available():
            torch.cuda.synchronize()

    def train_loss(self) -> float:
        """Mean train loss of the first network."""
        return float(self._backend.evaluate()["train_loss"][0])
