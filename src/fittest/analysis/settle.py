"""When a run's survivor set is settled, decided while it trains (survival spec 2.20)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from fittest.analysis.alive import alive_two_mean, separation
from fittest.runs.run import Stop
from fittest.training.record import Rows


class SettleRule:
    """Stops a run whose survivor set is unchanged over `stop.window` steps, from `stop.first` on,
    with the weakest survivor `stop.separation` times above the strongest dead frequency.

    It sees every recorded row once, in order, so replaying a trajectory through it finds the
    step at which the run would have stopped.
    """

    def __init__(self, stop: Stop, two_mean_factor: float) -> None:
        self._stop = stop
        self._factor = two_mean_factor
        self._alive: dict[int, np.ndarray] = {}
        self._since: dict[int, int] = {}

    def settled(self, rows: Rows) -> Tensor:
        """(n,) bool: which runs of `rows` may stop at this step."""
        signals = rows.columns["signals"].double().numpy()
        alive = alive_two_mean(signals, rows.columns["signal_mean"].double().numpy(), self._factor)
        ratio = separation(signals, alive)
        done = np.zeros(len(alive), dtype=bool)
        for i, run in enumerate(rows.runs.tolist()):
            before = self._alive.get(run)
            if before is None or not np.array_equal(before, alive[i]):
                self._alive[run], self._since[run] = alive[i], rows.step
            unchanged = rows.step - self._since[run] >= self._stop.window
            done[i] = (
                unchanged and rows.step >= self._stop.first and ratio[i] >= self._stop.separation
            )
        return torch.from_numpy(done)
