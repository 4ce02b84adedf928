"""How networks sort lists that are drawn for the purpose (exponents methods 2.13): long ones, with
fewer neurons, with repeats.

Torch is imported where it is used: plans and claims import this wing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fittest.analysis.exponents.settings import ListSettings
from fittest.analysis.exponents.sort_circuits import (
    Floats,
    SortNetwork,
    attention,
    neurons,
    task_of,
)
from fittest.runs.run import Run
from fittest.streams import TEST_EXAMPLES, stream
from fittest.tasks.task import Examples, SequenceTask

_PART = 128
"""Lists at a time."""
_SEED = 39539
"""Of the lists of all analyses; the notebook's seed of its test lists."""


@dataclass(frozen=True)
class Score:
    """token: share of numbers in their places. exact: share of lists without a mistake."""

    token: float
    exact: float


def lists_of(run: Run, number: int, shortest: int | None = None) -> Examples:
    """So many lists of the run's task, always the same; shortest: of lists of differing lengths."""
    task = task_of(run)
    if shortest is not None:
        task = task.model_copy(update={"shortest": shortest})
    return task.build().draw(stream(TEST_EXAMPLES, _SEED), number)


def long_lists(run: Run, rules: ListSettings) -> Examples | None:
    """Lists of nearly the longest length; None where all are of one length."""
    task = task_of(run)
    if task.shortest is None:
        return None
    return lists_of(run, rules.lists, max(task.shortest, math.ceil(rules.long * task.length)))


def score(run: Run, parameters: Mapping[str, Any], examples: Examples) -> Score:
    """Of a run's network on lists; padding does not count."""
    import torch
    from torch.func import functional_call

    task = task_of(run).build()
    network = run.model.build(task)
    named = {
        name: torch.tensor(np.asarray(value), dtype=torch.float32)
        for name, value in parameters.items()
    }
    hits = []
    with torch.no_grad():
        for begin in range(0, len(examples.tokens), _PART):
            tokens = torch.from_numpy(examples.tokens[begin : begin + _PART])
            logits = functional_call(network, named, (tokens,))
            found = logits.reshape(len(tokens), -1, task.classes).argmax(dim=-1).numpy()
            hits.append(found == examples.labels[begin : begin + _PART])
    right, counts = np.concatenate(hits), examples.weights > 0
    return Score(float(right[counts].mean()), float((right | ~counts).all(axis=1).mean()))


def neurons_kept(
    run: Run, parameters: Mapping[str, Any], network: SortNetwork, rules: ListSettings
) -> pd.DataFrame:
    """kept (share of neurons), token, exact: how a network sorts with its most important neurons
    alone, by the size of what they write.

    Importance is the mean activation over answers times the norm of what a neuron writes.
    """
    examples, rows = lists_of(run, rules.lists), answer_rows(task_of(run).build())
    active = neurons(network, examples.tokens[:_PART], rows)
    used = active[examples.weights[:_PART] > 0].mean(axis=0)
    write = np.asarray(parameters["layers.0.mlp_out.weight"], dtype=np.float64)
    order = np.argsort(-used * np.linalg.norm(write, axis=0), kind="stable")
    made = []
    for share in rules.kept:
        left = write.copy()
        left[:, order[round(share * len(order)) :]] = 0.0
        found = score(run, {**parameters, "layers.0.mlp_out.weight": left}, examples)
        made.append({"kept": share, "token": found.token, "exact": found.exact})
    return pd.DataFrame(made, columns=["kept", "token", "exact"])


def least_kept(curve: pd.DataFrame, lost: float) -> float:
    """The smallest share of neurons from which on the token accuracy is at most `lost` below that
    of the largest share tried. curve: of `neurons_kept`."""
    ordered = curve.sort_values("kept")
    enough = ordered["token"].to_numpy(float) >= float(ordered["token"].iloc[-1]) - lost
    last_bad = np.flatnonzero(~enough)
    return float(ordered["kept"].iloc[last_bad[-1] + 1 if len(last_bad) else 0])


def answer_rows(task: SequenceTask) -> NDArray[np.int64]:
    """Positions (A,) from which answers are given."""
    return np.array(task.answers, dtype=np.int64)


def copies_attended(run: Run, network: SortNetwork, number: int) -> pd.DataFrame:
    """place, cases, relative, weight: how much of the attention a number gets that is next and
    stands in the list several times, by the place of each copy in the list.

    relative: attention to the copy there over the mean of all copies of that number; weight: the
    attention itself, all heads' mean; both means over the cases. Empty for lists without repeats.
    """
    columns = ["place", "cases", "relative", "weight"]
    task = task_of(run)
    if not task.repeats:
        return pd.DataFrame(columns=columns)
    examples = lists_of(run, number)
    pattern = attention(network, examples.tokens, answer_rows(task.build())).mean(axis=1)
    to_list: Floats = pattern[:, :, 1 : task.length + 1]
    given = examples.tokens[:, 1 : task.length + 1]
    copy = (given[:, None, :] == examples.labels[:, :, None]) & (examples.weights[..., None] > 0)
    counts = copy.sum(axis=2, keepdims=True)
    copy &= counts > 1
    whole = np.where(copy, to_list, 0.0)
    mean = whole.sum(axis=2, keepdims=True) / np.maximum(counts, 1)
    relative = np.divide(whole, mean, out=np.zeros_like(whole), where=mean > 0)
    cases = copy.sum(axis=(0, 1))
    many = np.maximum(cases, 1)
    made = pd.DataFrame(
        {
            "place": np.arange(task.length),
            "cases": cases,
            "relative": relative.sum(axis=(0, 1)) / many,
            "weight": whole.sum(axis=(0, 1)) / many,
        }
    )
    return made[made["cases"] > 0].reset_index(drop=True)[columns]
