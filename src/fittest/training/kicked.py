"""Networks that are kicked while they train: a parameter of a run changed after one of its steps.

Around any backend, which learns nothing of it: it is stopped at the step, and goes on from its own
state with that parameter changed, by the very way in which a restart goes on. What the optimiser
remembers stays as it is. Runs that are not kicked keep every bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fittest.training.backend import Backend, Evaluation, Parameters, TrainingState

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Kick:
    """What happens to one parameter of a run.

    step: after as many updates, from 1. parameter: its name. kicked: from its values, float64
    whatever the training's type, to new ones of the same shape.
    """

    step: int
    parameter: str
    kicked: Callable[[Floats], Floats]


class KickedBackend:
    """A backend in the state of step 0, and a kick of each of its runs, or None.

    The state of a step is the one after its kicks, in restart points too: a training that goes on
    from there kicks nobody twice.
    """

    def __init__(self, inner: Backend, kicks: Sequence[Kick | None]) -> None:
        self.name = inner.name
        self._inner = inner
        self._kicks = list(kicks)
        self._step = 0

    def advance(self, steps: int) -> None:
        """Apply `steps` updates to every run, and the kicks on the way."""
        target = self._step + steps
        while self._step < target:
            ahead = [kick.step for kick in self._kicks if kick and kick.step > self._step]
            stop = min([target, *ahead])
            self._inner.advance(stop - self._step)
            self._step = stop
            self._kick()

    def _kick(self) -> None:
        due = {
            row: kick for row, kick in enumerate(self._kicks) if kick and kick.step == self._step
        }
        if not due:
            return
        state = self._inner.state()
        parameters = dict(state.parameters)
        for name in {kick.parameter for kick in due.values()}:
            parameters[name] = parameters[name].clone()
        for row, kick in due.items():
            values = parameters[kick.parameter]
            new = np.ascontiguousarray(kick.kicked(values[row].double().numpy()))
            values[row] = torch.from_numpy(new).to(values.dtype)
        self._inner.load(replace(state, parameters=parameters))

    def losses(self) -> Tensor | None:
        """Train losses before each update since they were last forgotten."""
        return self._inner.losses()

    def forget_losses(self) -> None:
        """They have been recorded."""
        self._inner.forget_losses()

    def evaluate(self) -> Evaluation:
        """What is measured of the state as it stands."""
        return self._inner.evaluate()

    def parameters(self) -> Parameters:
        """The stacked parameters as they stand."""
        return self._inner.parameters()

    def gradient_of(self, name: str) -> Tensor:
        """Gradient of every run's train loss by one trained parameter."""
        return self._inner.gradient_of(name)

    def state(self) -> TrainingState:
        """A copy of everything a restart needs."""
        return self._inner.state()

    def load(self, state: TrainingState) -> None:
        """Go on from `state`, which must hold the same runs in the same order."""
        self._inner.load(state)
        self._step = state.step

    def keep(self, indices: Tensor) -> None:
        """Drop every run but those at `indices`; their order stays."""
        self._inner.keep(indices)
        self._kicks = [self._kicks[index] for index in indices.tolist()]
