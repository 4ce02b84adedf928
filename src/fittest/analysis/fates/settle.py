"""When a run's survivor set is settled, decided while it trains (survival methods 2.20)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fittest.analysis.fates.alive import alive_two_mean, separation
from fittest.runs.parts import Stop

if TYPE_CHECKING:
    from torch import Tensor

    from fittest.training.record import Rows

Floats = NDArray[np.float64]


class SettleRule:
    """Stops a run from `stop.first` on, once its survivor set has not changed over `stop.window`
    steps, stands `stop.separation` times above the dead, and has no member about to die: none
    below `stop.weakest` of the survivors' mean, none that lost more than `stop.decline` against
    that mean over the window. A run without survivors goes on.

    It sees every recorded row once, in order, so replaying a trajectory through it finds the
    step at which the run would have stopped.
    """

    def __init__(self, stop: Stop, two_mean_factor: float) -> None:
        self._stop = stop
        self._factor = two_mean_factor
        self._alive: dict[int, NDArray[np.bool_]] = {}
        self._since: dict[int, int] = {}
        self._window: dict[int, deque[tuple[int, Floats]]] = {}

    def settled(self, rows: Rows) -> Tensor:
        """(n,) bool: which runs of `rows` may stop at this step."""
        # Here alone: `collect` replays trajectories from tables, and starts faster without torch.
        import torch

        signals = rows.columns["signals"].double().numpy()
        mean = rows.columns["signal_mean"].double().numpy()
        return torch.from_numpy(self.settled_at(rows.step, rows.runs.tolist(), signals, mean))

    def settled_at(
        self, step: int, runs: Sequence[int], signals: Floats, mean: Floats
    ) -> NDArray[np.bool_]:
        """(n,) bool: which of `runs` (n,) may stop at `step`.

        signals: (n, K), mean: (n,), as recorded at that step.
        """
        alive = alive_two_mean(signals, mean, self._factor)
        apart = separation(signals, alive) >= self._stop.separation
        done = [
            self._may_stop(run, step, signals[i], alive[i]) and bool(apart[i])
            for i, run in enumerate(runs)
        ]
        return np.array(done, dtype=np.bool_)

    def _may_stop(self, run: int, step: int, signals: Floats, alive: NDArray[np.bool_]) -> bool:
        before = self._alive.get(run)
        if before is None or not np.array_equal(before, alive):
            self._alive[run], self._since[run] = alive, step
        window = self._window.setdefault(run, deque())
        window.append((step, signals))
        # One row at or before the window's start stays, to compare with.
        while len(window) > 1 and window[1][0] <= step - self._stop.window:
            window.popleft()
        if step < self._stop.first or step - self._since[run] < self._stop.window:
            return False
        now = signals[alive]
        then = window[0][1][alive]
        if len(now) == 0 or now.min() < self._stop.weakest * now.mean():
            return False
        kept = (now / now.mean()) / (then / then.mean())
        return bool(kept.min() >= 1 - self._stop.decline)


def stop_position(rows: pd.DataFrame, stop: Stop, two_mean_factor: float) -> int | None:
    """Position of the row at which a run would have stopped; None where it would not.

    rows: one run's trajectory (step, signals, signal_mean), ascending in step.
    """
    rule = SettleRule(stop, two_mean_factor)
    signals = np.stack(rows["signals"].to_list()).astype(np.float64)
    means = rows["signal_mean"].to_numpy(np.float64)
    for position, step in enumerate(rows["step"].tolist()):
        here = slice(position, position + 1)
        if rule.settled_at(step, [0], signals[here], means[here])[0]:
            return position
    return None
