"""Trains ensembles of embedding MLPs with the fused native kernel (float32 or float64, CPU).

The kernel is a shared library without Python in it (native_library.py), loaded at first use.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor

from fittest.models.networks.embedding_mlp import EmbeddingMLP
from fittest.training import native_library, native_settings
from fittest.training.backend import Ensemble, Evaluation, Parameters, TrainingState
from fittest.training.feed import TableFeed
from fittest.training.optimisers import AdamW

PARAMETERS = (
    "embedding.weight",
    "input.weight",
    "input.bias",
    "hidden.weight",
    "hidden.bias",
    "output.weight",
    "output.bias",
)
"""The order in which the kernel numbers the parameters."""

_WEIGHTS = 0
_MOMENTS = {"first": 1, "second": 2}


_KNOWN = frozenset(
    {
        "model",
        "feed",
        "optimiser",
        "initial",
        "frozen",
        "loss",
        "metrics",
        "dropout",
        "every_loss",
    }
)
"""All that an ensemble may hold: a field that joins is refused until it is looked at here."""


def supports(ensemble: Ensemble, settings: Iterable[Mapping[str, Any]] = ()) -> str | None:
    """Why the kernel cannot train `ensemble`; None where it can.

    settings: those of its runs, all of them (`native_settings`). Whatever is not known to be
    trained as it says is refused.
    """
    if unknown := {field.name for field in fields(ensemble)} - _KNOWN:
        return f"it does not know what to do with {', '.join(sorted(unknown))}"
    for one in settings:
        if (obstacle := native_settings.obstacle(one)) is not None:
            return obstacle
    for knows, reason in _expectations(ensemble):
        if not knows:
            return reason
    if set(ensemble.initial) != set(PARAMETERS):
        return "the parameters are not those of the embedding MLP"
    if not ensemble.frozen <= set(PARAMETERS):
        return "a frozen parameter is not one of the embedding MLP"
    if any(tensor.device.type != "cpu" for tensor in ensemble.initial.values()):
        return "it computes on the CPU only"
    return None


def _expectations(ensemble: Ensemble) -> Iterator[tuple[bool, str]]:
    """What the kernel takes for granted, one after the other, and what to say where it is not so:
    each may rely on those before it."""
    model, feed, optimiser = ensemble.model, ensemble.feed, ensemble.optimiser
    # A subclass may compute anything.
    known = type(model) is EmbeddingMLP
    yield known, f"it knows the embedding MLP, not {type(model).__name__}"
    assert isinstance(model, EmbeddingMLP)
    activation = model.activation
    yield activation == "silu", f"it knows the activation silu, not {activation}"
    yield type(optimiser) is AdamW, f"it knows the optimiser adamw, not {optimiser.name}"
    usual = not optimiser.penalises and not bool((optimiser.warmup != 0).any())
    yield usual, "it knows neither warmup nor l1"
    whole = type(feed) is TableFeed and feed.grid
    yield whole, "it needs the full table of token pairs"
    yield ensemble.loss == "exact", f"it knows the loss exact, not {ensemble.loss}"
    yield not ensemble.metrics, f"it measures loss and accuracy, not {ensemble.metrics}"
    yield ensemble.dropout is None, "it knows no dropout"
    yield not ensemble.every_loss, "it does not keep the loss of every step"
    usual = ensemble.dtype in (torch.float32, torch.float64)
    yield usual, f"it computes in float32 and float64, not in {ensemble.dtype}"


class NativeBackend:
    """Moves an ensemble of embedding MLPs forward with the native kernel.

    Every network is trained by one thread from the start of a stretch to its end, so a run gives
    the same bits whatever the number of threads, its companions and the stretches.
    """

    name = "native"

    def __init__(self, ensemble: Ensemble, threads: int = 1) -> None:
        if (reason := supports(ensemble)) is not None:
            raise ValueError(f"the native kernel cannot train this ensemble: {reason}")
        self._kernel = native_library.library()
        self._threads = threads
        self._dtype = ensemble.dtype
        self._size = ensemble.size
        self._shapes = {name: ensemble.initial[name].shape[1:] for name in PARAMETERS}
        self._handle: int | None = self._create(ensemble)
        self._write(_WEIGHTS, ensemble.initial)

    def __del__(self) -> None:
        if handle := getattr(self, "_handle", None):
            self._kernel.fittest_destroy(handle)
            self._handle = None

    def advance(self, steps: int) -> None:
        """Apply `steps` optimiser updates to every run."""
        self._check(self._kernel.fittest_advance(self._handle, steps, self._threads))

    def evaluate(self) -> Evaluation:
        """Losses and accuracies of the state as it stands.

        Losses are accurate however small: the right class never enters the sum it is compared
        with. A network with NaN logits has NaN losses.
        """
        out = torch.empty(self._size, 4, dtype=torch.float64)
        self._check(self._kernel.fittest_evaluate(self._handle, self._threads, out.data_ptr()))
        names = ("train_loss", "test_loss", "train_accuracy", "test_accuracy")
        return dict(zip(names, out.T.contiguous(), strict=True))

    def losses(self) -> None:
        """It keeps none."""

    def forget_losses(self) -> None:
        """It keeps none."""

    def parameters(self) -> Parameters:
        """The stacked parameters as they stand (a copy)."""
        return self._read(_WEIGHTS)

    def gradient_of(self, name: str) -> Tensor:
        """Gradient of every run's train loss by one trained parameter."""
        return self.gradients()[name]

    def state(self) -> TrainingState:
        """A copy of everything a restart needs."""
        return TrainingState(
            parameters=self._read(_WEIGHTS),
            moments={name: self._read(kind) for name, kind in _MOMENTS.items()},
            step=self._kernel.fittest_step(self._handle),
        )

    def load(self, state: TrainingState) -> None:
        """Go on from `state`, which must hold the same runs in the same order."""
        self._write(_WEIGHTS, state.parameters)
        for name, kind in _MOMENTS.items():
            self._write(kind, state.moments[name])
        self._kernel.fittest_set_step(self._handle, state.step)

    def keep(self, indices: Tensor) -> None:
        """Drop every run but those at `indices` (ascending); their order stays."""
        kept = indices.to(torch.int64).contiguous()
        if kept.numel() and not (
            0 <= int(kept.min()) and int(kept.max()) < self._size and bool((kept.diff() > 0).all())
        ):
            raise ValueError(f"indices must ascend within 0..{self._size - 1}: {kept.tolist()}")
        self._check(self._kernel.fittest_keep(self._handle, kept.data_ptr(), kept.numel()))
        self._size = kept.numel()

    def gradients(self) -> Parameters:
        """Gradients of the mean training loss at the current parameters; the state stays.

        Those of frozen parameters may be left at zero.
        """
        out = self._empty()
        pointers = (ctypes.c_void_p * len(PARAMETERS))(*(out[n].data_ptr() for n in PARAMETERS))
        self._check(self._kernel.fittest_gradients(self._handle, self._threads, pointers))
        return out

    def _create(self, ensemble: Ensemble) -> int:
        p, d = ensemble.initial["embedding.weight"].shape[1:]
        h2, h1 = ensemble.initial["hidden.weight"].shape[1:]
        classes = ensemble.initial["output.weight"].shape[1]
        feed = ensemble.feed
        assert isinstance(feed, TableFeed)
        labels = feed.labels.to("cpu", torch.int64).contiguous()
        masks = feed.train_mask.to("cpu", torch.uint8).contiguous()
        if labels.shape != (p * p,) or masks.shape != (self._size, p * p):
            raise ValueError(f"labels and masks must cover the {p} x {p} pairs")
        if labels.min() < 0 or labels.max() >= classes:
            raise ValueError(f"labels must lie in 0..{classes - 1}")
        sizes = (ctypes.c_int64 * 6)(p, d, h1, h2, classes, self._size)
        frozen = (ctypes.c_uint8 * len(PARAMETERS))(*(n in ensemble.frozen for n in PARAMETERS))
        handle = self._kernel.fittest_create(self._dtype.itemsize, sizes, labels.data_ptr(), frozen)
        if not handle:
            raise MemoryError("not enough memory for the ensemble")
        h = ensemble.optimiser
        assert isinstance(h, AdamW)
        hyper = torch.stack([h.lr, h.beta1, h.beta2, h.eps, h.weight_decay], dim=1)
        hyper = hyper.to("cpu", torch.float64).contiguous()
        for run in range(self._size):
            self._check(
                self._kernel.fittest_set_run(
                    handle, run, masks[run].data_ptr(), hyper[run].data_ptr()
                )
            )
        return int(handle)

    def _empty(self) -> Parameters:
        return {
            name: torch.zeros(self._size, *shape, dtype=self._dtype)
            for name, shape in self._shapes.items()
        }

    def _read(self, kind: int) -> Parameters:
        out = self._empty()
        for number, name in enumerate(PARAMETERS):
            self._kernel.fittest_read(self._handle, kind, number, out[name].data_ptr())
        return out

    def _write(self, kind: int, values: Parameters) -> None:
        for number, name in enumerate(PARAMETERS):
            tensor = values[name].detach().to("cpu", self._dtype).contiguous()
            if tensor.shape != (self._size, *self._shapes[name]):
                raise ValueError(f"{name} has shape {tuple(tensor.shape)}")
            self._kernel.fittest_write(self._handle, kind, number, tensor.data_ptr())

    @staticmethod
    def _check(status: int) -> None:
        if status:
            raise MemoryError("not enough memory in the native kernel")


def gradients(ensemble: Ensemble, threads: int = 1) -> Parameters:
    """Gradients of the mean training loss at the initial parameters of `ensemble`."""
    return NativeBackend(ensemble, threads).gradients()
