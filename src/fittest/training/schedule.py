"""When to record: the steps at which a trajectory has a row."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """Steps 0..dense_until, then every `every` steps, and the last step of each run."""

    every: int
    dense_until: int

    def contains(self, step: int) -> bool:
        """True if `step` is recorded by every run that reaches it."""
        return step <= self.dense_until or step % self.every == 0

    def after(self, step: int) -> int:
        """The first scheduled step after `step`."""
        if step < self.dense_until:
            return step + 1
        return (step // self.every + 1) * self.every
