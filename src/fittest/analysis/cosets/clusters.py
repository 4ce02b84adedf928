"""Clusters of neurons, and what they contribute to the logits (cosets methods 2.5, 2.6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fittest.analysis.cosets.neurons import Bools, Floats, Integers, Neurons, Split

OPERANDS = 8
"""First operands whose pairs are in memory at once."""

_ROUNDING = 1e-5
"""Of the largest contribution: logits of one coset are equal but for rounding, and are ties."""


@dataclass(frozen=True)
class Cluster:
    """Live neurons of one network with one frequency.

    neurons: (size,), their indices. tuned: how many of them are fine-tuning.
    """

    frequency: int
    neurons: Integers
    tuned: int

    @property
    def size(self) -> int:
        """Number of neurons."""
        return len(self.neurons)

    @property
    def fine_tuning(self) -> bool:
        """Whether most of its neurons are fine-tuning."""
        return 2 * self.tuned > self.size


def clusters_of(neurons: Neurons, least: int = 2) -> list[Cluster]:
    """The clusters of a network with at least so many neurons, by ascending frequency."""
    live = np.flatnonzero(neurons.live)
    found = []
    for frequency in np.unique(neurons.frequency[live]):
        own = live[neurons.frequency[live] == frequency]
        if len(own) >= least:
            found.append(Cluster(int(frequency), own, int(neurons.tuned[own].sum())))
    return found


def activations(split: Split, operands: NDArray[np.integer], neurons: Integers) -> Floats:
    """Activations (len(operands), n, size) of some neurons, for some first operands."""
    first = split.a[np.ix_(operands, neurons)] + split.bias[neurons]
    return np.maximum(first[:, None, :] + split.b[None, :, neurons], 0)


def contribution_blocks(
    split: Split, neurons: Integers, operands: int = OPERANDS
) -> Iterator[tuple[Integers, Floats]]:
    """What some neurons add to the logits, for a few first operands at a time: these, and
    (len, n, n) by second operand and answer."""
    for start in range(0, split.n, operands):
        chosen = np.arange(start, min(start + operands, split.n))
        yield chosen, activations(split, chosen, neurons) @ split.output[neurons]


def contribution(split: Split, neurons: Integers) -> Floats:
    """What some neurons add to the logits of all pairs: (n * n, n), first operand outer."""
    parts = [block for _, block in contribution_blocks(split, neurons)]
    return np.concatenate(parts).reshape(split.n**2, split.n)


def rank_counts(split: Split, clusters: Sequence[Cluster]) -> NDArray[np.int64]:
    """(len(clusters), n): for how many pairs so many answers have a larger logit than the right
    one, by what a cluster alone contributes; ties are not larger."""
    n = split.n
    counts = np.zeros((len(clusters), n), dtype=np.int64)
    for row, cluster in enumerate(clusters):
        for chosen, block in contribution_blocks(split, cluster.neurons):
            right = np.take_along_axis(block, sums(chosen, n)[:, :, None], axis=2)
            larger = block > right + _ROUNDING * np.abs(block).max()
            counts[row] += np.bincount(larger.sum(axis=2).ravel(), minlength=n)
    return counts


def sums(operands: Integers, n: int) -> Integers:
    """Right answers (len(operands), n), by first and second operand."""
    return np.asarray((operands[:, None] + np.arange(n)) % n)


def logit_blocks(split: Split) -> Iterator[tuple[Integers, Floats]]:
    """Whole logits (len, n, n), for a few first operands at a time, beside these."""
    every = np.arange(split.a.shape[1])
    for chosen, block in contribution_blocks(split, every):
        whole = block + split.constant
        if split.around_a is not None and split.around_b is not None:
            whole = whole + split.around_a[chosen][:, None, :] + split.around_b
        yield chosen, whole


def right(split: Split) -> Bools:
    """(n, n): the pairs that the network answers rightly."""
    n = split.n
    return np.concatenate(
        [logits.argmax(axis=2) == sums(chosen, n) for chosen, logits in logit_blocks(split)]
    )
