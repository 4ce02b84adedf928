"""The training loop: from one recorded step to the next, until every run has left.

A run leaves the ensemble when it reaches its own limit, when the stop rule says that it is
settled, or when its loss is no longer finite; the others go on without it. What is recorded
beside losses is named by the caller (`observe`), which is all this module knows of analysis.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

import torch
from torch import Tensor

from fittest.errors import Interrupted
from fittest.training.backend import Backend, Evaluation, Parameters, TrainingState
from fittest.training.observers import Observe
from fittest.training.record import Record, Rows, WeightSpool
from fittest.training.restart import RestartFolder
from fittest.training.schedule import Schedule

log = logging.getLogger(__name__)

ObserveGradient = tuple[str, Callable[[Tensor], dict[str, Tensor]]]
"""A parameter, and what to record of the train loss's gradient (n, ...) by it."""


class StopRule(Protocol):
    """Decides, from the rows recorded so far, which runs need not go on."""

    def settled(self, rows: Rows) -> Tensor:
        """(n,) bool for the runs of `rows`; called once for every recorded step, in order."""


@dataclass(frozen=True)
class Keep:
    """Which weights to keep.

    final: parameter names kept at each run's last step. checkpoints_every: all parameters at
    step 0, every so many steps and the last one; 0 for none.
    """

    final: tuple[str, ...]
    checkpoints_every: int = 0


@dataclass
class Control:
    """How the loop talks to the outside while it runs.

    request_stop: set it (from a signal handler) to end at the next opportunity.
    progress: called with the network-steps done so far, out of the sum of `expected`.
    worked: called with the network-steps and recorded rows that were just computed. Not what
    `progress` rises by: that jumps where a run leaves early, and stands where one runs on.
    slice_seconds: longest time between two looks at `request_stop`.
    restart_seconds: time between restart points.
    """

    progress: Callable[[int], None] = lambda _: None
    worked: Callable[[int, int], None] = lambda _steps, _rows: None
    request_stop: bool = False
    slice_seconds: float = 2.0
    restart_seconds: float = 180.0


@dataclass
class Loop:
    """One ensemble on its way.

    limits: (S,) int64, the last step of each run. expected: (S,) int64, the step at which each
    is expected to end, for progress alone; `limits` where left out. observe_gradient: what to
    record of a gradient; it costs about a step at every recorded one.
    """

    backend: Backend
    limits: Tensor
    schedule: Schedule
    observe: Observe
    spool: WeightSpool
    keep: Keep
    stop_rule: StopRule | None = None
    restart: RestartFolder | None = None
    control: Control = field(default_factory=Control)
    expected: Tensor | None = None
    observe_gradient: ObserveGradient | None = None

    def __post_init__(self) -> None:
        self._alive = torch.arange(len(self.limits))
        self._step = 0
        self._record = Record()
        self._seconds_per_step = 0.0
        self._last_restart = time.monotonic()

    def run(self) -> Record:
        """Train every run to its end and return what was recorded.

        Raises Interrupted after writing a restart point when asked to stop.
        """
        if not self._resume():
            self._record_step()
        while len(self._alive):
            self._advance_to(self._next_step())
            self._record_step()
            self._save_if_due()
        # So that a job that dies while writing its tables, or in its next ensemble, keeps this.
        self._save()
        return self._record

    # -- moving ------------------------------------------------------------------------

    def _next_step(self) -> int:
        nearest_limit = int(self.limits[self._alive].min())
        return min(self.schedule.after(self._step), nearest_limit)

    def _advance_to(self, target: int) -> None:
        """Advance in slices short enough to answer a signal in time."""
        while self._step < target:
            if self.control.request_stop:
                self._save()
                raise Interrupted(
                    f"stopped on request at step {self._step}; the same command resumes there"
                )
            wanted = target - self._step
            if self._seconds_per_step > 0:
                fitting = int(self.control.slice_seconds / self._seconds_per_step)
                wanted = min(wanted, max(1, fitting))
            else:
                wanted = 1
            start = time.monotonic()
            self.backend.advance(wanted)
            self._seconds_per_step = (time.monotonic() - start) / wanted
            self._step += wanted
            self.control.worked(wanted * len(self._alive), 0)
            self._report()
            if self._step < target:
                self._save_if_due()

    def _report(self) -> None:
        expected = self.limits if self.expected is None else self.expected
        done = expected.clone()
        done[self._alive] = expected[self._alive].clamp(max=self._step)
        self.control.progress(int(done.sum()))

    # -- recording ---------------------------------------------------------------------

    def _record_step(self) -> None:
        evaluation = self.backend.evaluate()
        parameters = self.backend.parameters()
        at_limit = self.limits[self._alive] == self._step
        observed = self.observe(parameters)
        if self.observe_gradient is not None:
            name, observe = self.observe_gradient
            observed = observed | observe(self.backend.gradient_of(name))
        losses = self.backend.losses()
        if losses is not None:
            observed = observed | {"train_losses": losses}
        columns = _columns(evaluation, observed)
        recorded = torch.ones_like(at_limit) if self.schedule.contains(self._step) else at_limit
        # Only where a run is recorded anyway: a stop for another run's limit must not show.
        failed = ~torch.isfinite(evaluation["train_loss"]) & recorded
        rows = Rows(self._step, self._alive[recorded], {k: v[recorded] for k, v in columns.items()})
        self._record.rows.append(rows)
        if self.schedule.contains(self._step):
            self.backend.forget_losses()
        self.control.worked(0, len(rows.runs))
        leaving = at_limit | failed
        if self.stop_rule is not None:
            settled = torch.zeros_like(at_limit)
            settled[recorded] = self.stop_rule.settled(rows)
            leaving = leaving | settled
        self._keep_weights(parameters, leaving)
        for run in self._alive[failed].tolist():
            log.warning("run %d: the loss is not finite at step %d; it ends here", run, self._step)
            self._record.failed.add(run)
        self._leave(leaving)

    def _keep_weights(self, parameters: Parameters, leaving: Tensor) -> None:
        every = self.keep.checkpoints_every
        if every and self._step % every == 0:
            self.spool.add("checkpoint", self._step, self._alive, parameters)
        elif bool(leaving.any()):
            names = parameters if every else self.keep.final
            rows = leaving.nonzero().flatten()
            values = {k: parameters[k][rows.to(parameters[k].device)] for k in names}
            self.spool.add("final", self._step, self._alive[leaving], values)

    def _leave(self, leaving: Tensor) -> None:
        if not bool(leaving.any()):
            return
        for run in self._alive[leaving].tolist():
            self._record.last_step[run] = self._step
        staying = (~leaving).nonzero().flatten()
        self._alive = self._alive[staying]
        if len(staying):
            self.backend.keep(staying)
        self._report()

    # -- restart points ----------------------------------------------------------------

    def _save_if_due(self) -> None:
        if time.monotonic() - self._last_restart > self.control.restart_seconds:
            self._save()

    def _save(self) -> None:
        if self.restart is None:
            return
        state = None
        if len(self._alive):
            full = self.backend.state()
            state = {f.name: getattr(full, f.name) for f in fields(TrainingState)}
        payload = {
            "step": self._step,
            "state": state,
            "alive": self._alive,
            "record": self._record.dump(),
            "weights": self.spool.names,
        }
        self.restart.save(self._step, payload)
        self._last_restart = time.monotonic()

    def _resume(self) -> bool:
        payload = self.restart.load(_check_payload) if self.restart is not None else None
        if payload is None or not self.spool.is_whole(payload["weights"]):
            if payload is not None and self.restart is not None:
                log.warning("starting over: what is recorded would have gaps")
                # A later restart point left behind would be taken for the newest.
                self.restart.clear()
            self.spool.clear()
            return False
        self._alive = payload["alive"]
        self._record = Record.restored(payload["record"])
        self._step = payload["step"]
        self.spool.restore(payload["weights"])
        if len(self._alive):
            if len(self._alive) < len(self.limits):
                self.backend.keep(self._alive)
            self.backend.load(TrainingState(**payload["state"]))
        if self.stop_rule is not None:
            for rows in self._record.rows:
                self.stop_rule.settled(rows)
        self._report()
        log.info("resumed at step %d with %d runs", self._step, len(self._alive))
        return True


def _check_payload(payload: dict[str, Any]) -> None:
    """Raises for a restart point that lacks something, whatever its checksum says."""
    Record.restored(payload["record"])
    if len(payload["alive"]):
        TrainingState(**payload["state"])
    for name in ("step", "weights"):
        payload[name]


def _columns(evaluation: Evaluation, observed: dict[str, Tensor]) -> dict[str, Tensor]:
    return evaluation | {k: v.detach().cpu() for k, v in observed.items()}
