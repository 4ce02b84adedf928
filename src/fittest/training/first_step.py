"""The first step of a native training, compared with torch on one network.

The kernel is written apart from the modules that say what networks and optimisers are: where one of
the two is edited, results would go on under the old name. So each training that uses the kernel
makes one step twice beforehand, on copies.

Compared are the parameters and both moments after the step, in float64 whatever the training's
type (the kernel's types share their source, and rounding then stays far below any mistake), on up
to PAIRS of the examples trained on, through the module's `forward` as its paper writes it.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from fittest.errors import TrainingError
from fittest.training.backend import Ensemble, TrainingState
from fittest.training.feed import ListedFeed, TableFeed
from fittest.training.native_backend import NativeBackend
from fittest.training.native_batches import parts_of
from fittest.training.optimisers import AdamW
from fittest.training.torch_backend import TorchBackend

PAIRS = 128
"""Most examples compared on: a mistake shows on few, and all of a large p take long."""

_ROUNDING = 1e-9
"""Gradients differ by this share of the network's largest, per unit of the loss (measured: 1e-14).
Logits, and with them the loss, carry the error of an exponential."""
_SIGNIFICANT = 1e-4
"""Adam's step divides by the gradient, so it says something only where that is not rounding."""


def check_first_step(ensemble: Ensemble, run: str) -> None:
    """TrainingError where the native kernel and torch disagree on the first step of an ensemble's
    first network, called `run` in the message. Changes nothing.

    A network whose gradients are not finite has nothing to compare.
    """
    one = ensemble.select(torch.tensor([0]))
    one = replace(one, initial={k: v.double().cpu() for k, v in one.initial.items()})
    feed = one.feed
    assert isinstance(feed, TableFeed | ListedFeed)
    trained, _ = next(parts_of(feed))
    count = min(PAIRS, len(trained))
    # In whole numbers: no example is taken twice.
    chosen = trained[torch.arange(count) * len(trained) // max(1, count)].long()
    none = torch.zeros(0, dtype=torch.int64)
    few = ListedFeed(feed.tokens, feed.labels, (chosen,), (none,), size=None, seeds=(0,))
    plain = TorchBackend(replace(one, feed=few), slow=True, as_written=True)
    native = NativeBackend(replace(one, feed=few))
    loss = float(plain.evaluate()["train_loss"])
    for backend in (plain, native):
        backend.advance(1)
    difference = _difference(one, plain.state(), native.state(), _ROUNDING * max(1.0, loss))
    if difference is not None:
        raise TrainingError(
            f"run {run}: the native kernel and the torch backend disagree on the first step"
            f" ({difference}); the model's module, the optimiser or the kernel was changed without"
            " the other: set training.backend: torch in config/config.yaml to train what the"
            " modules say, or mend the one that is wrong and build the kernel again (`touch"
            " pyproject.toml` and `make .venv/installed`)"
        )


def _difference(
    one: Ensemble, plain: TrainingState, native: TrainingState, rounding: float
) -> str | None:
    """What differs by more than rounding; None where nothing does."""
    settings = one.optimiser
    assert isinstance(settings, AdamW)
    trained = [name for name in one.initial if name not in one.frozen]
    # A share of the gradient, and of its square: beta1 may be 0, and both may be tiny.
    scale = {
        "first": _largest(plain.moments["first"], trained),
        "second": _largest(plain.moments["second"], trained),
    }
    if not all(torch.isfinite(value) for value in scale.values()):
        return None
    for moment, largest in scale.items():
        for name in trained:
            off = _size(native.moments[moment][name] - plain.moments[moment][name])
            if not off <= rounding * largest:
                return f"{_WORDS[moment]} of {name}: {_share(off, float(largest))}"
    least = _SIGNIFICANT**2 * scale["second"]
    for name, start in one.initial.items():
        expected, found = plain.parameters[name], native.parameters[name]
        change, error = expected - start, found - expected
        if name in trained:
            known = (plain.moments["second"][name] >= least) & expected.isfinite()
            change, error = change.where(known, 0), error.where(known, 0)
        reach = rounding / _SIGNIFICANT * _size(change) + 1e-12 * _size(start)
        if not _size(error) <= reach:
            return f"{name} after it: {_share(_size(error), _size(change))}"
    return None


_WORDS = {"first": "the gradient", "second": "the squared gradient"}


def _largest(group: dict[str, Tensor], names: list[str]) -> Tensor:
    return torch.stack([group[name].abs().max() for name in names] or [torch.zeros(())]).max()


def _size(values: Tensor) -> float:
    return float(values.abs().max())


def _share(error: float, largest: float) -> str:
    return f"off by {error:.2g}, and the largest is {largest:.2g}"
