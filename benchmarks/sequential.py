"""The baseline: networks one at a time, as the paper's authors train them.

An nn.Module on the listed pairs, torch.optim.AdamW, full batch, and the test loss at each step.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from benchmarks.cases import Case
from fittest.models.networks.embedding_mlp import EmbeddingMLP


class Sequential:
    """One network in the arithmetic of `dtype`, with torch's own number of threads."""

    networks = 1
    stride = 1
    compile_seconds = 0.0

    def __init__(self, case: Case, dtype: torch.dtype, threads: int) -> None:
        self.name = f"sequential_{str(dtype).removeprefix('torch.')}"
        self._threads = threads
        ensemble = case.ensemble(1, dtype)
        train = ensemble.feed.train_mask[0]
        self._train = ensemble.feed.tokens[train], ensemble.feed.labels[train]
        self._test = ensemble.feed.tokens[~train], ensemble.feed.labels[~train]
        self._initial = {name: value[0] for name, value in ensemble.initial.items()}
        run = case.run(0)
        self._model: nn.Module = EmbeddingMLP(case.p, case.d, run.model.hidden, case.p).to(dtype)
        self._settings = run.optimiser
        self.reset()

    def reset(self) -> None:
        """Initial weights and a new optimiser."""
        self._model.load_state_dict(self._initial)
        self._optimiser = torch.optim.AdamW(
            self._model.parameters(),
            lr=self._settings.lr,
            betas=self._settings.betas,
            eps=self._settings.eps,
            weight_decay=self._settings.weight_decay,
        )

    def _loss(self, tokens: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(self._model(tokens), labels)

    def advance(self, steps: int) -> None:
        """Train steps, each with the test loss beside it."""
        torch.set_num_threads(self._threads)
        for _ in range(steps):
            self._optimiser.zero_grad()
            loss = self._loss(*self._train)
            loss.backward()
            self._optimiser.step()
            with torch.no_grad():
                # What the loop logs; .item() as a logging loop calls it.
                loss.item(), self._loss(*self._test).item()

    def train_loss(self) -> float:
        """Mean train loss of the network."""
        with torch.no_grad():
            return self._loss(*self._train).item()
