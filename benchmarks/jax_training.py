"""The same training in JAX: jit, scan over steps, vmap over networks.

Written as one who wants speed from JAX writes it: the whole p x p table at once, a mask for the
train pairs, AdamW by hand, buffers donated. float32.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor

from benchmarks.cases import Case

try:
    import jax
    import jax.numpy as jnp
except ImportError:
    jax = None  # type: ignore[assignment]

Weights = dict[str, Any]


def _logits(w: Weights) -> Any:
    table = w["embedding.weight"]
    weight_a, weight_b = jnp.split(w["input.weight"], 2, axis=1)
    first = table @ weight_a.T + w["input.bias"]
    second = table @ weight_b.T
    hidden = jax.nn.silu((first[:, None] + second[None]).reshape(-1, first.shape[1]))
    hidden = jax.nn.silu(hidden @ w["hidden.weight"].T + w["hidden.bias"])
    return hidden @ w["output.weight"].T + w["output.bias"]


def _loss(w: Weights, labels: Any, train: Any) -> Any:
    logits = _logits(w)
    # A comparison instead of a gather: as fast on the CPU, and it fuses on every device.
    right = labels[:, None] == jnp.arange(logits.shape[1])
    losses = jax.nn.logsumexp(logits, axis=1) - jnp.where(right, logits, 0).sum(axis=1)
    return jnp.where(train, losses, 0).sum() / train.sum()


def _step(optimiser: Any, labels: Any, train: Any, state: Any) -> Any:
    w, first, second, count = state
    beta1, beta2 = optimiser.betas
    count = count + 1
    gradient = jax.grad(_loss)(w, labels, train)
    first = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, first, gradient)
    second = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, second, gradient)
    rate = optimiser.lr / (1 - beta1**count)
    root = jnp.sqrt(1 - beta2**count)
    decay = 1 - optimiser.lr * optimiser.weight_decay
    w = jax.tree.map(
        lambda x, m, v: x * decay - rate * m / (jnp.sqrt(v) / root + optimiser.eps),
        w,
        first,
        second,
    )
    return w, first, second, count


def _scan(step: Any, length: int, train: Any, state: Any) -> Any:
    return jax.lax.scan(lambda s, _: (step(train, s), None), state, None, length=length)[0]


class JaxTraining:
    """An ensemble of `networks`; a single one goes without vmap."""

    def __init__(self, case: Case, networks: int) -> None:
        self.name = f"jax_{networks}"
        self.networks = networks
        self.stride = case.stride
        ensemble = case.ensemble(networks)
        self._labels = jnp.asarray(ensemble.feed.labels.numpy())
        self._initial = {k: self._array(v) for k, v in ensemble.initial.items()}
        self._train = jnp.asarray(self._array(ensemble.feed.train_mask))
        step = partial(_step, case.run(0).optimiser, self._labels)
        if networks > 1:
            step = jax.vmap(step)
        self.reset()
        start = time.perf_counter()
        advance = jax.jit(partial(_scan, step, self.stride), donate_argnums=1)
        self._advance = advance.lower(self._train, self._state).compile()
        self.compile_seconds = time.perf_counter() - start

    def _array(self, stacked: Tensor) -> np.ndarray:
        array = stacked.numpy()
        return array if self.networks > 1 else array[0]

    def reset(self) -> None:
        """Back to step 0."""
        # The compiled step takes its arguments' memory, so each start needs arrays of its own.
        w = {k: jnp.array(v) for k, v in self._initial.items()}
        first, second = ({k: jnp.zeros_like(v) for k, v in w.items()} for _ in range(2))
        count = np.zeros(self.networks if self.networks > 1 else (), np.float32)
        self._state = (w, first, second, jnp.array(count))

    def advance(self, steps: int) -> None:
        """As many compiled stretches as make up `steps`."""
        if steps % self.stride:
            raise ValueError(f"{steps} is no multiple of {self.stride} steps")
        for _ in range(steps // self.stride):
            self._state = self._advance(self._train, self._state)
        jax.block_until_ready(self._state)

    def train_loss(self) -> float:
        """Mean train loss of the first network."""
        w, train = self._state[0], self._train
        if self.networks > 1:
            w, train = {k: v[0] for k, v in w.items()}, train[0]
        return float(_loss(w, self._labels, train))


def version() -> str | None:
    """Version of JAX; None where it is not installed."""
    return None if jax is None else str(jax.__version__)
