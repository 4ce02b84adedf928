"""This engine, through the interface by which the pipeline uses it."""

from __future__ import annotations

import time

import numpy as np
import torch

from benchmarks.cases import Case, Weights
from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.running.backends import choose_backend
from fittest.runs.cost import flops
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
        name: str,
    ) -> None:
        self.networks = networks
        self.threads = threads
        start = time.perf_counter()
        self._ensemble = case.ensemble(networks)
        self._backend = choose_backend(
            settings, self._ensemble, case.runs(networks), networks * flops(case.base), threads
        )
        self.build_seconds = time.perf_counter() - start
        self.name = name
        self.backend = self._backend.name
        # torch's own, asked for by name, is an alternative to the kernels and no part of ours.
        self.group = "torch" if settings.backend == "torch" else "engine"
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
        # As where they are recorded.
        self._backend.forget_losses()

    def train_loss(self) -> float:
        """Mean train loss of the first network."""
        return float(self._backend.evaluate()["train_loss"][0])

    def weights(self) -> Weights:
        """Parameters of the first network."""
        return {k: v[0].numpy().astype(np.float64) for k, v in self._backend.parameters().items()}
