"""How examples reach an ensemble: stacked over its runs, asked for by step.

Shapes: S runs, n examples, T tokens, A answers. Runs with fewer examples than others have some
without weight. Pure functions of the step: a feed remembers nothing but what it may work out anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, Self

import numpy as np
import torch
from torch import Tensor

from fittest.data import batch_indices
from fittest.tasks.task import Examples


@dataclass(frozen=True)
class Batch:
    """Examples of every run.

    tokens: (S, n, T) int64, or (n, T) where all runs have the same. labels: (S, n, A) or (n, A)
    int64 likewise. weights: (S, n, A) float64.
    """

    tokens: Tensor
    labels: Tensor
    weights: Tensor

    @property
    def shared(self) -> bool:
        """Whether all runs have the same examples, though each with its weights."""
        return self.tokens.dim() == 2


Evaluated = list[tuple[Batch, dict[str, Tensor]]]
"""Examples to measure networks on, each with the weights (S, n, A) by the names of what is
measured: train, test."""


class Feed(Protocol):
    """Examples of an ensemble's runs. grid: `tokens` are the whole table, in its order."""

    @property
    def grid(self) -> bool: ...

    @property
    def runs(self) -> int:
        """Number of runs S."""
        ...

    def batch(self, step: int) -> Batch:
        """Examples of the update number `step`, from 1."""
        ...

    def evaluated(self, step: int) -> Evaluated:
        """What the state after `step` updates is measured on."""
        ...

    def select(self, indices: Tensor) -> Self:
        """The feed of the runs at `indices` (n,) int64 alone."""
        ...

    def to(self, device: torch.device) -> Self:
        """The same on another device."""
        ...


def stacked_examples(tokens: Tensor, labels: Tensor, chosen: Sequence[Tensor]) -> Batch:
    """Of listed examples (N, T) with labels (N,) those with the indices `chosen`, run by run."""
    longest = max(1, *(len(indices) for indices in chosen))
    which = torch.zeros(len(chosen), longest, dtype=torch.int64, device=tokens.device)
    weights = torch.zeros(len(chosen), longest, 1, dtype=torch.float64, device=tokens.device)
    for row, indices in enumerate(chosen):
        which[row, : len(indices)] = indices
        weights[row, : len(indices)] = 1
    return Batch(tokens[which], labels[which][..., None], weights)


GATHERED_GRID = 0.75
"""Share of a grid below which an update takes the examples trained on alone: the grid needs no
look-up (measured at 0.7, eager on one core: 1.2 to 1.3 times as fast gathered)."""


@dataclass(frozen=True)
class TableFeed:
    """All examples of a task, those that a run is not trained on without weight; and where these
    are many, an update's examples alone, gathered.

    tokens: (N, T) int64. labels: (N,) int64. train_mask: (S, N) bool. grid: see Feed.
    """

    tokens: Tensor
    labels: Tensor
    train_mask: Tensor
    grid: bool

    @property
    def runs(self) -> int:
        """Number of runs S."""
        return int(self.train_mask.shape[0])

    def batch(self, step: int) -> Batch:
        """All of them at every step, or those trained on."""
        return self._gathered if self._gathers else self._whole

    @cached_property
    def _gathers(self) -> bool:
        most = self.train_mask.sum(dim=1).max() if self.runs else 0
        share = int(most) / max(1, self.train_mask.shape[1])
        return share < (GATHERED_GRID if self.grid else 1)

    @cached_property
    def _gathered(self) -> Batch:
        chosen = [mask.nonzero().flatten() for mask in self.train_mask]
        return stacked_examples(self.tokens, self.labels, chosen)

    @cached_property
    def _whole(self) -> Batch:
        weights = self.train_mask[..., None].double()
        return Batch(self.tokens, self.labels[:, None], weights)

    def evaluated(self, step: int) -> Evaluated:
        """All of them, once."""
        weights = self._whole.weights
        return [(self._whole, {"train": weights, "test": 1 - weights})]

    def select(self, indices: Tensor) -> TableFeed:
        """The feed of some runs."""
        return replace(self, train_mask=self.train_mask[indices.to(self.train_mask.device)])

    def to(self, device: torch.device) -> TableFeed:
        """The same on another device."""
        tokens, labels, mask = (v.to(device) for v in (self.tokens, self.labels, self.train_mask))
        return replace(self, tokens=tokens, labels=labels, train_mask=mask)


@dataclass(frozen=True)
class ListedFeed:
    """Of a task's examples those that each run is trained on, in full or in minibatches.

    tokens: (N, T) int64. labels: (N,) int64. train, test: for each run indices into them. size:
    examples of a minibatch, None for the full batch. seeds: of the order, for each run.
    """

    tokens: Tensor
    labels: Tensor
    train: tuple[Tensor, ...]
    test: tuple[Tensor, ...]
    size: int | None
    seeds: tuple[int, ...]

    grid = False

    @property
    def runs(self) -> int:
        """Number of runs S."""
        return len(self.train)

    def batch(self, step: int) -> Batch:
        """Those of the step's minibatch, or all that are trained on."""
        if self.size is None:
            return self._parts["train"]
        chosen = []
        for indices, seed in zip(self.train, self.seeds, strict=True):
            taken = torch.from_numpy(batch_indices(len(indices), self.size, seed, step))
            chosen.append(indices[taken.to(indices.device)])
        return self._stacked(chosen)

    def evaluated(self, step: int) -> Evaluated:
        """All of both parts."""
        return [(batch, {name: batch.weights}) for name, batch in self._parts.items()]

    @cached_property
    def _parts(self) -> dict[str, Batch]:
        return {"train": self._stacked(self.train), "test": self._stacked(self.test)}

    def _stacked(self, chosen: Sequence[Tensor]) -> Batch:
        return stacked_examples(self.tokens, self.labels, chosen)

    def select(self, indices: Tensor) -> ListedFeed:
        """The feed of some runs."""
        rows = indices.tolist()
        return replace(
            self,
            train=tuple(self.train[i] for i in rows),
            test=tuple(self.test[i] for i in rows),
            seeds=tuple(self.seeds[i] for i in rows),
        )

    def to(self, device: torch.device) -> ListedFeed:
        """The same on another device."""
        return replace(
            self,
            tokens=self.tokens.to(device),
            labels=self.labels.to(device),
            train=tuple(indices.to(device) for indices in self.train),
            test=tuple(indices.to(device) for indices in self.test),
        )


Drawn = Callable[[int, int], Examples]
"""(seed, step) -> examples of one run."""


@dataclass(frozen=True)
class DrawnFeed:
    """Examples that are drawn: by the step, or once.

    seeds: for each run. train: examples of an update by seed and step. test: those that a state is
    tested on. fixed: for each run the examples that it is trained on all along, None where they
    are new at every step. device: where they go. whole: an update takes all of `fixed`.
    """

    seeds: tuple[int, ...]
    train: Drawn
    test: Drawn
    fixed: tuple[Examples, ...] | None
    device: torch.device
    whole: bool = False

    grid = False

    @property
    def runs(self) -> int:
        """Number of runs S."""
        return len(self.seeds)

    def batch(self, step: int) -> Batch:
        """The examples of an update."""
        if self.whole:
            return self._fixed
        return self._stacked([self.train(seed, step) for seed in self.seeds])

    def evaluated(self, step: int) -> Evaluated:
        """All that a run is trained on, or where this never ends what comes next; and new ones."""
        train = self.batch(step + 1) if self.fixed is None else self._fixed
        test = self._stacked([self.test(seed, step) for seed in self.seeds])
        return [(batch, {n: batch.weights}) for n, batch in (("train", train), ("test", test))]

    @cached_property
    def _fixed(self) -> Batch:
        return self._stacked(self.fixed or ())

    def _stacked(self, examples: Sequence[Examples]) -> Batch:
        parts = ([getattr(e, name) for e in examples] for name in ("tokens", "labels", "weights"))
        return Batch(*(torch.from_numpy(np.stack(part)).to(self.device) for part in parts))

    def select(self, indices: Tensor) -> DrawnFeed:
        """The feed of some runs."""
        rows = indices.tolist()
        return replace(
            self,
            seeds=tuple(self.seeds[i] for i in rows),
            fixed=None if self.fixed is None else tuple(self.fixed[i] for i in rows),
        )

    def to(self, device: torch.device) -> DrawnFeed:
        """The same on another device."""
        return replace(self, device=device)
