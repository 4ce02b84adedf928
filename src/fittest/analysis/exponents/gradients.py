"""Gradients of stored networks, computed as their training computes them (exponents methods 2.11).

Torch is imported where it is used: plans and claims import this wing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from fittest.analysis.circuits.basis import Floats
from fittest.analysis.circuits.checkpoints import checkpoint_steps, read_checkpoints
from fittest.runs.run import Run
from fittest.tasks.settings import TableTask
from fittest.tasks.task import train_mask

UNEMBEDDING = "unembedding.weight"
NORMS = ["run_id", "step", "gradient", "unembedding_gradient", "unembedding"]
"""Of the gradient of the train loss by all parameters, of that by the unembedding, and of the
unembedding itself: Euclidean norms."""


def gradient_norms(
    run: Run, last_step: int, weights: Sequence[str], dtype: str = "float32"
) -> Iterator[dict[str, Any]]:
    """A row of NORMS for every checkpoint of a run that is trained in full batches.

    weights: tables that hold it. dtype: of the network, where the run does not say.
    """
    import torch
    from torch.func import functional_call

    from fittest.training.loss import LOSSES

    assert isinstance(run.task, TableTask)
    task = run.task.build()
    mask = train_mask(task, run.task.train_fraction, run.seeds.split, run.rng)
    tokens = torch.from_numpy(task.tokens[mask])
    labels = torch.from_numpy(task.labels[mask])
    network, loss = run.model.build(task), LOSSES[run.arithmetic.loss]
    kind: torch.dtype = getattr(torch, run.arithmetic.dtype or dtype)
    for window in read_checkpoints(weights, run.run_id, checkpoint_steps(run, last_step)):
        for step, stored in window:
            named = {
                name: torch.tensor(np.array(value), dtype=kind).requires_grad_()
                for name, value in stored.items()
            }
            logits = functional_call(network, named, (tokens,))
            given = torch.autograd.grad(loss(logits, labels).mean(), list(named.values()))
            squares = {
                name: float(one.double().square().sum())
                for name, one in zip(named, given, strict=True)
            }
            yield {
                "run_id": run.run_id,
                "step": step,
                "gradient": math.sqrt(sum(squares.values())),
                "unembedding_gradient": math.sqrt(squares[UNEMBEDDING]),
                "unembedding": _norm(stored),
            }


def _norm(parameters: Mapping[str, Floats]) -> float:
    return float(np.linalg.norm(np.asarray(parameters[UNEMBEDDING], dtype=np.float64)))
