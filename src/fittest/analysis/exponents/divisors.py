"""How networks give greatest common divisors, each divisor equally often (exponents methods 2.12).

Torch is imported where it is used: plans and claims import this wing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fittest.data import Sample, fixed
from fittest.runs.run import Run
from fittest.streams import TEST_EXAMPLES, stream
from fittest.tasks import Gcd
from fittest.tasks.task import Examples

Integers = NDArray[np.int64]

_PART = 512
"""Pairs at a time."""
_SEED = 52
"""Of the pairs that networks are tested on; the notebook's seed of its data."""


@dataclass(frozen=True)
class Stratified:
    """Pairs by their divisor: examples (n) and divisors (n,), ascending."""

    examples: Examples
    divisors: Integers


@dataclass(frozen=True)
class Answered:
    """loss: mean cross-entropy of the digits, nats. right: (n,), whether all digits are, each given
    after the right ones before it. unaided: (n,), whether they are where each is given after those
    that the network wrote; None where nothing ends an answer."""

    loss: float
    right: NDArray[np.bool_]
    unaided: NDArray[np.bool_] | None


def task_of(run: Run) -> Gcd:
    """The task of a run on divisors; TypeError for another."""
    if not isinstance(run.task, Gcd):
        raise TypeError(f"{run.task.name} is not gcd")
    return run.task


def stratified_pairs(run: Run, largest: int, each: int) -> Stratified:
    """`each` pairs for each divisor from 1 to `largest`, without those that the run is trained on.
    The same for all runs on one range of operands."""
    task, data = task_of(run), run.trained_on
    every = task.stratified(stream(TEST_EXAMPLES, _SEED), largest, each)
    divisors = np.repeat(np.arange(1, largest + 1), each)
    source = task.build().source
    assert isinstance(data, Sample)
    trained = fixed(task.build(), data.examples, run.seeds.split)
    seen = {row.tobytes() for row in np.ascontiguousarray(trained.tokens[:, :source])}
    given = np.ascontiguousarray(every.tokens[:, :source])
    new = np.array([row.tobytes() not in seen for row in given], dtype=np.bool_)
    kept = Examples(every.tokens[new], every.labels[new], every.weights[new])
    return Stratified(kept, divisors[new])


def answered(run: Run, parameters: Mapping[str, Any], examples: Examples) -> Answered:
    """What a run's network makes of pairs."""
    import torch
    from torch import Tensor
    from torch.func import functional_call

    task = task_of(run)
    shape = task.build()
    network = run.model.build(shape)
    named = {
        name: torch.tensor(np.asarray(value), dtype=torch.float32)
        for name, value in parameters.items()
    }

    def logits(tokens: Tensor) -> Tensor:
        made: Tensor = functional_call(network, named, (tokens,))
        return made.reshape(len(tokens), len(shape.answers), shape.classes)

    total, right, unaided = 0.0, [], []
    with torch.no_grad():
        for begin in range(0, len(examples.tokens), _PART):
            part = slice(begin, begin + _PART)
            tokens = torch.from_numpy(examples.tokens[part])
            labels = torch.from_numpy(examples.labels[part])
            weights = torch.from_numpy(examples.weights[part])
            found = logits(tokens).double()
            likely = torch.log_softmax(found, dim=-1).gather(-1, labels[..., None])[..., 0]
            total -= float((likely * weights).sum())
            right.append(_all_right(found.argmax(dim=-1), labels, weights))
            if not task.end:
                continue
            written = tokens.clone()
            answers = torch.zeros_like(labels)
            for index in range(len(shape.answers)):
                answers[:, index] = logits(written)[:, index].argmax(dim=-1)
                if index + 1 < len(shape.answers):
                    written[:, shape.source + index + 1] = answers[:, index]
            unaided.append(_all_right(answers, labels, weights))
    nothing = np.zeros(0, dtype=np.bool_)
    counted = float(examples.weights.sum())
    return Answered(
        loss=total / counted if counted else math.nan,
        right=np.concatenate([nothing, *right]),
        unaided=np.concatenate([nothing, *unaided]) if task.end else None,
    )


def _all_right(found: Any, labels: Any, weights: Any) -> NDArray[np.bool_]:
    """(n,), from (n, A) each."""
    return np.asarray(((found == labels) | (weights == 0)).all(dim=1).numpy())


def by_divisor(of: Stratified, answers: Answered) -> pd.DataFrame:
    """divisor, pairs, accuracy: of each divisor that has pairs."""
    table = pd.DataFrame({"divisor": of.divisors, "right": answers.right})
    found = table.groupby("divisor")["right"].agg(pairs="size", accuracy="mean").reset_index()
    return found[["divisor", "pairs", "accuracy"]]


def stages(table: pd.DataFrame, divisors: Sequence[int], known: float) -> int:
    """At how many different steps divisors of a list became known for good: those over 1, each at
    the first step from which on its accuracy is never below `known` again.

    table: of one run: step, divisor, accuracy.
    """
    times = set()
    for divisor, rows in table[table["divisor"].isin(divisors)].groupby("divisor"):
        if divisor == 1:
            continue
        ordered = rows.sort_values("step")
        low = np.flatnonzero(ordered["accuracy"].to_numpy(float) < known)
        first = int(low[-1]) + 1 if len(low) else 0
        if first < len(ordered):
            times.add(int(ordered["step"].iloc[first]))
    return len(times)


def late_rise(
    steps: Sequence[int], accuracies: Sequence[float], learned: float, within: float
) -> float:
    """The largest rise of an accuracy within so many steps, from the step `learned` on; NaN where
    there are no two values there.

    steps, accuracies: (T,), ascending in step.
    """
    rises = [
        accuracies[later] - accuracies[sooner]
        for sooner in range(len(steps))
        for later in range(sooner + 1, len(steps))
        if steps[sooner] >= learned and steps[later] - steps[sooner] <= within
    ]
    return max(rises, default=math.nan)
