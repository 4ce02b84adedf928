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

    def until(self, last: int) -> list[int]:
        """Every step that a run records which ends at `last`."""
        dense = range(min(self.dense_until, last) + 1)
        sparse = range((len(dense) - 1) // self.every * self.every, last + 1, self.every)
        return sorted({*dense, *sparse, last})

    def after(self, step: int) -> int:
        """The first scheduled step after `step`."""
        if step < self.dense_until:
            return step + 1
        return (step // self.every + 1) * self.every
