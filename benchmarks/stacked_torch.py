"""The best torch: stacked networks in their cheap exact form, compiled or not, fused optimiser."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks import torch_forms
from benchmarks.authors import optimiser_of, warm_up
from benchmarks.cases import Case, Weights
from benchmarks.torch_forms import Parameters

Form = Callable[[Parameters, Tensor], Tensor]

# More than a benchmark of all settings compiles.
_CONTENDERS = 64


def forms(case: Case) -> dict[str, tuple[Form, bool]]:
    """The forms of a case by name, and whether each is of the whole table."""
    if case.kind == "embedding":
        return {"grid": (torch_forms.embedding_grid, True)}
    if case.kind == "transformer":
        return {"z": (torch_forms.transformer_z, False)}
    if case.batch is not None:
        return {"direct": (torch_forms.two_table_direct, False)}
    return {
        "tables": (torch_forms.two_table_tables, False),
        "grid": (torch_forms.two_table_grid, True),
    }


class StackedTorch:
    """`networks` of a case, float32, one form for all of them.

    threads: torch's. compiled: the loss with its gradients through torch.compile.
    """

    group = "torch"

    def __init__(
        self, case: Case, form: str, networks: int, threads: int, compiled: bool = False
    ) -> None:
        self.name = f"torch_{form}_{networks}" + "_compiled" * compiled
        self.networks = networks
        self.stride = case.stride if case.batch is not None else 1
        self._case, self._threads = case, threads
        self._form, grid = forms(case)[form]
        tokens, labels = (torch.from_numpy(v) for v in (case.table.tokens, case.table.labels))
        trained = torch.from_numpy(np.stack([case.trained(seed) for seed in range(networks)]))
        weights = None
        if grid:
            weights = torch.zeros(networks, len(labels))
            weights.scatter_(1, trained, 1.0 / trained.shape[1])
            trained = torch.arange(len(labels)).expand(networks, -1)
        self._train = tokens[trained], labels[trained], weights
        self._initial = case.ensemble(networks).initial
        self._loss = self._losses
        if compiled:
            # One function is compiled for each form and number of networks, and past the limit it
            # would stay eager.
            torch._dynamo.config.recompile_limit = _CONTENDERS  # type: ignore[attr-defined]
            self._loss = torch.compile(self._losses, dynamic=False)
        self.reset()
        self.compile_seconds = 0.0
        if compiled:
            start = time.perf_counter()
            self.advance(self.stride)
            self.compile_seconds = time.perf_counter() - start
            self.reset()

    def _losses(
        self, parameters: Parameters, tokens: Tensor, labels: Tensor, weights: Tensor | None
    ) -> Tensor:
        """Mean train loss of each network (S,)."""
        logits = self._form(parameters, tokens)
        flat = functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
        each = flat.view(labels.shape)
        return each.mean(dim=1) if weights is None else (each * weights).sum(dim=1)

    def reset(self) -> None:
        """Initial weights and a new optimiser."""
        self._parameters = {k: nn.Parameter(v.clone()) for k, v in self._initial.items()}
        self._optimiser = optimiser_of(self._case, list(self._parameters.values()), fused=True)
        self._step = 0

    def advance(self, steps: int) -> None:
        """Train steps; the networks' gradients do not meet."""
        torch.set_num_threads(self._threads)
        for start in range(self._step + 1, self._step + 1 + steps, self.stride):
            if self._case.batch is None:
                self._update(start, *self._train)
                continue
            numbers = range(self.networks)
            rows = np.stack([self._case.batches(seed, start, self.stride) for seed in numbers])
            tokens, labels, _ = self._train
            each = torch.arange(self.networks)[:, None, None], torch.from_numpy(rows)
            for number, batch in enumerate(
                zip(tokens[each].unbind(1), labels[each].unbind(1), strict=True)
            ):
                self._update(start + number, *batch, None)
        self._step += steps

    def _update(self, step: int, tokens: Tensor, labels: Tensor, weights: Tensor | None) -> None:
        warm_up(self._case, self._optimiser, step)
        self._optimiser.zero_grad()
        self._loss(self._parameters, tokens, labels, weights).sum().backward()
        self._optimiser.step()

    def train_loss(self) -> float:
        """Mean train loss of the first network."""
        with torch.no_grad():
            return float(self._losses(self._parameters, *self._train)[0])

    def weights(self) -> Weights:
        """Parameters of the first network."""
        return {k: v[0].detach().numpy().astype(np.float64) for k, v in self._parameters.items()}
