"""The same training in JAX: jit, scan over steps, vmap over networks or a network per core.

Written as one who wants speed from JAX writes it: AdamW by hand, buffers donated. float32.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor

from benchmarks import cases, jax_forms
from benchmarks.cases import Case
from benchmarks.jax_forms import Weights, jax
from fittest.runs.optimisers import AdamW, OptimiserSettings

if jax is not None:
    import jax.numpy as jnp

Form = Callable[[Weights, Any], Any]


def forms(case: Case) -> dict[str, tuple[Form, bool]]:
    """The forms of a case by name, and whether each is of the whole table."""
    if case.kind == "embedding":
        return {
            "naive": (jax_forms.embedding_naive, False),
            "grid": (jax_forms.embedding_grid, True),
        }
    if case.kind == "transformer":
        return {
            "naive": (jax_forms.transformer_naive, False),
            "z": (jax_forms.transformer_z, False),
        }
    found: dict[str, tuple[Form, bool]] = {
        "naive": (jax_forms.two_table_naive, False),
        "tables": (jax_forms.two_table_tables, False),
    }
    return found | ({"grid": (jax_forms.two_table_grid, True)} if case.batch is None else {})


def _loss(form: Form, w: Weights, batch: tuple[Any, Any, Any]) -> Any:
    """Mean over the pairs of a batch: pairs, labels, and weights that sum to one or None."""
    pairs, labels, weights = batch
    logits = form(w, pairs)
    # A comparison instead of a gather: as fast on the CPU, and it fuses on every device.
    right = labels[:, None] == jnp.arange(logits.shape[1])
    losses = jax.nn.logsumexp(logits, axis=1) - jnp.where(right, logits, 0).sum(axis=1)
    return losses.mean() if weights is None else (losses * weights).sum()


def _step(form: Form, optimiser: OptimiserSettings, batch: Any, state: Any) -> Any:
    w, first, second, count = state
    assert isinstance(optimiser, AdamW) or optimiser.name == "adam"
    beta1, beta2 = optimiser.betas
    count = count + 1
    gradient = jax.grad(partial(_loss, form))(w, batch)
    if not isinstance(optimiser, AdamW):
        gradient = jax.tree.map(lambda g, x: g + optimiser.weight_decay * x, gradient, w)
    first = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, first, gradient)
    second = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, second, gradient)
    lr = optimiser.lr
    if optimiser.warmup:
        lr = lr * jnp.minimum((count - 1) / optimiser.warmup, 1.0)
    rate = lr / (1 - beta1**count)
    root = jnp.sqrt(1 - beta2**count)
    decay = 1 - lr * optimiser.weight_decay if isinstance(optimiser, AdamW) else 1.0
    w = jax.tree.map(
        lambda x, m, v: x * decay - rate * m / (jnp.sqrt(v) / root + optimiser.eps),
        w,
        first,
        second,
    )
    return w, first, second, count


def _scan(step: Any, length: int, whole: Any, batches: Any, state: Any) -> Any:
    """batches: one for each step, or None where every step takes the whole."""

    def one(state: Any, batch: Any) -> Any:
        return step(whole if batch is None else batch, state), None

    return jax.lax.scan(one, state, batches, length=length)[0]


class JaxTraining:
    """An ensemble of `networks` with the seeds from `first`; a single one goes without vmap."""

    group = "jax"

    def __init__(self, case: Case, form: str, networks: int, first: int = 0) -> None:
        self.name = f"jax_{form}_{networks}"
        self.networks = networks
        self.stride = case.stride
        self._case = case
        self._seeds = range(first, first + networks)
        self._form, grid = forms(case)[form]
        self._initial = {
            k: self._array(v) for k, v in case.ensemble(networks, first=first).initial.items()
        }
        trained = np.stack([case.trained(seed) for seed in self._seeds])
        self._tokens, self._labels = case.table.tokens[:, :2].astype(np.int32), case.table.labels
        self._rows = trained
        whole: tuple[Any, Any, Any]
        if grid:
            weights = np.zeros((networks, len(self._labels)), np.float32)
            np.put_along_axis(weights, trained, 1 / trained.shape[1], axis=1)
            labels = np.broadcast_to(self._labels, weights.shape)
            whole = (None, labels.astype(np.int32), weights)
        else:
            whole = (*self._taken(trained), None)
        self._whole = jax.tree.map(lambda v: jnp.asarray(self._first(v)), whole)
        step = partial(_step, self._form, case.base.optimiser)
        if networks > 1:
            step = jax.vmap(step)
        self._step = 0
        self.reset()
        start = time.perf_counter()
        scan = jax.jit(partial(_scan, step, self.stride), donate_argnums=2)
        self._advance = scan.lower(self._whole, self._batches(1), self._state).compile()
        self.compile_seconds = time.perf_counter() - start

    def _array(self, stacked: Tensor) -> np.ndarray:
        array: np.ndarray = self._first(stacked.numpy())
        return array

    def _first(self, stacked: Any) -> Any:
        """Without the dimension of the networks where there is only one."""
        return stacked if self.networks > 1 else stacked[0]

    def _taken(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self._tokens[rows], self._labels[rows].astype(np.int32)

    def _batches(self, step: int) -> Any:
        """What the steps from `step` are made on: (stride, networks, batch, ...); None: all."""
        if self._case.batch is None:
            return None
        chosen = [
            rows[self._case.batches(seed, step, self.stride)]
            for seed, rows in zip(self._seeds, self._rows, strict=True)
        ]
        taken = self._taken(np.stack(chosen, axis=1))
        return (*(v if self.networks > 1 else v[:, 0] for v in taken), None)

    def reset(self) -> None:
        """Back to step 0."""
        # The compiled step takes its arguments' memory, so each start needs arrays of its own.
        w = {k: jnp.array(v) for k, v in self._initial.items()}
        first, second = ({k: jnp.zeros_like(v) for k, v in w.items()} for _ in range(2))
        count = np.zeros(self.networks if self.networks > 1 else (), np.float32)
        self._state = (w, first, second, jnp.array(count))
        self._step = 0

    def advance(self, steps: int) -> None:
        """As many compiled stretches as make up `steps`."""
        if steps % self.stride:
            raise ValueError(f"{steps} is no multiple of {self.stride} steps")
        for _ in range(steps // self.stride):
            batches = self._batches(self._step + 1)
            self._state = self._advance(self._whole, batches, self._state)
            self._step += self.stride
        jax.block_until_ready(self._state)

    def _weights(self) -> Weights:
        w: Weights = self._state[0]
        return {k: v[0] for k, v in w.items()} if self.networks > 1 else w

    def train_loss(self) -> float:
        """Mean train loss of the first network."""
        whole = self._whole
        if self.networks > 1:
            whole = jax.tree.map(lambda v: v[0], whole)
        return float(_loss(self._form, self._weights(), whole))

    def weights(self) -> cases.Weights:
        """Parameters of the first network."""
        return {k: np.asarray(v, np.float64) for k, v in self._weights().items()}


class JaxPerCore:
    """A single network on each core, by a thread of Python, which JAX lets run meanwhile."""

    group = "jax"

    def __init__(self, case: Case, form: str, cores: int) -> None:
        self.name = f"jax_{form}_1_per_core"
        self._each = [JaxTraining(case, form, 1, first=core) for core in range(cores)]
        self._pool = ThreadPoolExecutor(cores)
        self.networks = cores
        self.stride = case.stride
        self.compile_seconds = sum(one.compile_seconds for one in self._each)

    def reset(self) -> None:
        """Back to step 0."""
        for one in self._each:
            one.reset()

    def advance(self, steps: int) -> None:
        """All of them."""
        list(self._pool.map(lambda one: one.advance(steps), self._each))

    def train_loss(self) -> float:
        """Mean train loss of the first network."""
        return self._each[0].train_loss()

    def weights(self) -> cases.Weights:
        """Parameters of the first network."""
        return self._each[0].weights()


def version() -> str | None:
    """Version of JAX; None where it is not installed."""
    return None if jax is None else str(jax.__version__)
