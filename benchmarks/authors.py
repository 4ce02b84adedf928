"""The baseline: one network at a time, as the papers' authors train it.

An nn.Module as its paper writes it, torch.optim, eager, torch's own number of threads.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.cases import Case, Weights
from fittest.runs.optimisers import Adam, AdamW


def optimiser_of(
    case: Case, parameters: list[nn.Parameter], fused: bool | None = None
) -> torch.optim.Optimizer:
    """torch's own optimiser with the settings of a case. Warm-up: `warm_up`."""
    settings = case.base.optimiser
    assert isinstance(settings, AdamW | Adam)
    kind = torch.optim.AdamW if isinstance(settings, AdamW) else torch.optim.Adam
    return kind(
        parameters,
        lr=settings.lr,
        betas=settings.betas,
        eps=settings.eps,
        weight_decay=settings.weight_decay,
        fused=fused,
    )


def warm_up(case: Case, optimiser: torch.optim.Optimizer, step: int) -> None:
    """Set the learning rate of the update number `step`, from 1."""
    settings = case.base.optimiser
    if step - 1 <= settings.warmup:
        optimiser.param_groups[0]["lr"] = settings.lr * min(
            1.0, (step - 1) / settings.warmup if settings.warmup else 1.0
        )


class Authors:
    """One network in the arithmetic of `dtype`.

    The embedding MLP's authors compute the test loss at every step besides, to log it.
    """

    group = "authors"
    networks = 1
    compile_seconds = 0.0

    def __init__(self, case: Case, dtype: torch.dtype, threads: int) -> None:
        self.name = f"sequential_{str(dtype).removeprefix('torch.')}"
        self.stride = case.stride if case.batch is not None else 1
        self._case, self._threads, self._dtype = case, threads, dtype
        tokens, labels = (torch.from_numpy(v) for v in (case.table.tokens, case.table.labels))
        train = torch.from_numpy(case.trained(0))
        others = torch.ones(len(labels), dtype=torch.bool)
        others[train] = False
        self._train = tokens[train], labels[train]
        self._test = (tokens[others], labels[others]) if case.kind == "embedding" else None
        self._initial = {k: v[0] for k, v in case.ensemble(1, dtype).initial.items()}
        model = case.base.model.build(case.base.task.shape())
        self._model: nn.Module = model.to_empty(device="cpu").to(dtype)
        self.reset()

    def reset(self) -> None:
        """Initial weights and a new optimiser."""
        self._model.load_state_dict(self._initial)
        self._optimiser = optimiser_of(self._case, list(self._model.parameters()))
        self._step = 0

    def _loss(self, tokens: Tensor, labels: Tensor) -> Tensor:
        logits = self._model(tokens)
        if self._case.base.arithmetic.loss == "float64":
            logits = logits.double()
        return functional.cross_entropy(logits, labels)

    def advance(self, steps: int) -> None:
        """Train steps."""
        torch.set_num_threads(self._threads)
        tokens, labels = self._train
        for start in range(self._step + 1, self._step + 1 + steps, self.stride):
            if self._case.batch is None:
                self._update(start, tokens, labels)
                continue
            for number, rows in enumerate(self._case.batches(0, start, self.stride)):
                chosen = torch.from_numpy(rows)
                self._update(start + number, tokens[chosen], labels[chosen])
        self._step += steps

    def _update(self, step: int, tokens: Tensor, labels: Tensor) -> None:
        warm_up(self._case, self._optimiser, step)
        self._optimiser.zero_grad()
        loss = self._loss(tokens, labels)
        loss.backward()
        self._optimiser.step()
        if self._test is not None:
            with torch.no_grad():
                # What the loop logs; .item() as a logging loop calls it.
                loss.item(), self._loss(*self._test).item()

    def train_loss(self) -> float:
        """Mean train loss of the network."""
        with torch.no_grad():
            return self._loss(*self._train).item()

    def weights(self) -> Weights:
        """Its parameters."""
        return {k: v.detach().numpy().astype(np.float64) for k, v in self._model.named_parameters()}
