"""A backend made of smaller ones: bounded memory, and a smaller ensemble when memory runs out.

Runs never influence each other, so how they are divided changes nothing but speed, and with torch
the last digits: its products round according to their size.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor

from fittest.errors import TrainingError
from fittest.training.backend import Backend, Ensemble, Evaluation, Parameters, TrainingState

log = logging.getLogger(__name__)

Build = Callable[[Ensemble], Backend]


def is_out_of_memory(error: BaseException) -> bool:
    """True for the ways in which Python, torch and CUDA say that memory ran out."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in text or "not enough memory" in text or "can't allocate memory" in text
    )


class _Part:
    def __init__(self, ensemble: Ensemble, backend: Backend, step: int) -> None:
        self.ensemble = ensemble
        self.backend = backend
        self.step = step


class SplittingBackend:
    """Trains `ensemble` in parts of at most `size` runs, built by `build`.

    When a part runs out of memory it is split in two from its last finished step, with a
    warning, down to single runs; then a TrainingError says so.
    """

    def __init__(self, ensemble: Ensemble, build: Build, size: int) -> None:
        self._build = build
        self._parts: list[_Part] = []
        for rows in torch.arange(ensemble.size).split(max(1, size)):
            self._parts += self._built(ensemble.select(rows), None)
        self.name = self._parts[0].backend.name

    def _built(self, ensemble: Ensemble, state: TrainingState | None) -> list[_Part]:
        try:
            backend = self._build(ensemble)
            if state is not None:
                backend.load(state)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            return self._halved(ensemble, state, error)
        return [_Part(ensemble, backend, state.step if state else 0)]

    def _halved(
        self, ensemble: Ensemble, state: TrainingState | None, error: BaseException
    ) -> list[_Part]:
        if ensemble.size == 1:
            raise TrainingError(
                "out of memory with a single network: free memory on the device, or set"
                " `device: cpu` in config/config.yaml"
            ) from error
        log.warning("out of memory with %d networks at once; splitting them", ensemble.size)
        _release_cached_memory()
        parts = []
        for rows in torch.arange(ensemble.size).chunk(2):
            part_state = state.select(rows) if state else None
            parts += self._built(ensemble.select(rows), part_state)
        return parts

    def _on_each(self, work: Callable[[_Part], object]) -> list[object]:
        """Results of `work` for each part, splitting the parts that run out of memory."""
        results, waiting, done = [], self._parts[::-1], []
        while waiting:
            part = waiting.pop()
            try:
                results.append(work(part))
                done.append(part)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                waiting += self._halved(part.ensemble, part.backend.state(), error)[::-1]
        self._parts = done
        return results

    def advance(self, steps: int) -> None:
        """Apply `steps` updates to every run."""
        target = max(part.step for part in self._parts) + steps

        def work(part: _Part) -> None:
            part.backend.advance(target - part.step)
            part.step = target

        self._on_each(work)

    def evaluate(self) -> Evaluation:
        """Losses and accuracies of every run, in order."""
        return _joined(cast(list[Evaluation], self._on_each(lambda part: part.backend.evaluate())))

    def losses(self) -> Tensor | None:
        """Train losses of every run, in order."""
        return _optional([part.backend.losses() for part in self._parts])

    def forget_losses(self) -> None:
        """They have been recorded."""
        for part in self._parts:
            part.backend.forget_losses()

    def parameters(self) -> Parameters:
        """Stacked parameters of every run, in order."""
        return _joined([part.backend.parameters() for part in self._parts])

    def gradient_of(self, name: str) -> Tensor:
        """Gradient of every run's train loss by one trained parameter, in order."""
        parts = self._on_each(lambda part: {name: part.backend.gradient_of(name)})
        return _joined(cast(list[Parameters], parts))[name]

    def state(self) -> TrainingState:
        """A CPU copy of everything a restart needs."""
        states = [part.backend.state() for part in self._parts]
        return TrainingState(
            _joined([s.parameters for s in states]),
            {name: _joined([s.moments[name] for s in states]) for name in states[0].moments},
            states[0].step,
            _optional([s.losses for s in states]),
        )

    def load(self, state: TrainingState) -> None:
        """Go on from `state`."""
        start = 0
        for part in self._parts:
            rows = torch.arange(start, start + part.ensemble.size)
            part.backend.load(state.select(rows))
            part.step = state.step
            start += part.ensemble.size

    def keep(self, indices: Tensor) -> None:
        """Drop every run but those at `indices`."""
        start, kept = 0, []
        for part in self._parts:
            inside = (indices >= start) & (indices < start + part.ensemble.size)
            rows = indices[inside] - start
            start += part.ensemble.size
            if len(rows) == 0:
                continue
            if len(rows) < part.ensemble.size:
                part.backend.keep(rows)
                part.ensemble = part.ensemble.select(rows)
            kept.append(part)
        self._parts = kept


def _joined(groups: list[Parameters]) -> Parameters:
    if len(groups) == 1:
        return groups[0]
    return {name: torch.cat([g[name] for g in groups]) for name in groups[0]}


def _optional(values: list[Tensor | None]) -> Tensor | None:
    found = [value for value in values if value is not None]
    return torch.cat(found) if found else None


def _release_cached_memory() -> None:
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
