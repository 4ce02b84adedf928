"""Trains ensembles with the fused native kernel (float32 or float64, CPU).

The kernel is a shared library without Python in it (native_library.py), loaded at first use.
Shapes: S runs, n examples.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor, nn

from fittest.training import native_library, native_settings
from fittest.training.backend import Ensemble, Evaluation, Parameters, TrainingState
from fittest.training.feed import Feed, ListedFeed, TableFeed
from fittest.training.native_batches import Stretch, parts_of, stretches
from fittest.training.native_networks import NETWORKS
from fittest.training.native_networks.native_network import Expectation, NativeNetwork
from fittest.training.optimisers import Adam, AdamW

_WEIGHTS = 0
_MOMENTS = {"first": 1, "second": 2}

_LOSSES = ("exact", "float64")
"""The kernel's own is as exact as float64 on the same logits."""

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
    return None


def network_of(model: nn.Module) -> NativeNetwork | None:
    """What the kernel knows of `model`; None where that is nothing."""
    # A subclass may compute anything.
    return next((one for one in NETWORKS if type(model) is one.module), None)


def _expectations(ensemble: Ensemble) -> Iterator[Expectation]:
    """What the kernel takes for granted; each may rely on those before it."""
    network = network_of(ensemble.model)
    known = ", ".join(one.module.__name__ for one in NETWORKS)
    yield network is not None, f"it knows {known}, not {type(ensemble.model).__name__}"
    assert network is not None
    parameters = set(network.parameters(ensemble))
    yield set(ensemble.initial) == parameters, "the parameters are not those of the network"
    yield ensemble.frozen <= parameters, "a frozen parameter is not one of the network"
    on_cpu = all(tensor.device.type == "cpu" for tensor in ensemble.initial.values())
    yield on_cpu, "it computes on the CPU only"
    usual = ensemble.dtype in (torch.float32, torch.float64)
    yield usual, f"it computes in float32 and float64, not in {ensemble.dtype}"
    optimiser, feed = ensemble.optimiser, ensemble.feed
    usual = type(optimiser) in (AdamW, Adam)
    yield usual, f"it knows the optimisers adamw and adam, not {optimiser.name}"
    listed = type(feed) in (TableFeed, ListedFeed)
    yield listed, "it needs examples that are listed: table, batch or minibatches"
    yield ensemble.loss in _LOSSES, f"it knows the loss exact, not {ensemble.loss}"
    yield not ensemble.metrics, f"it measures loss and accuracy, not {ensemble.metrics}"
    without = ensemble.dropout is None or network.drops
    yield without, f"it knows no dropout in {network.module.__name__}"
    yield from network.expectations(ensemble)


class NativeBackend:
    """Moves an ensemble forward with the native kernel.

    Every network is trained by one thread from the start of a stretch to its end, so a run gives
    the same bits whatever the number of threads, its companions and the stretches.
    """

    name = "native"

    def __init__(self, ensemble: Ensemble, threads: int = 1) -> None:
        if (reason := supports(ensemble)) is not None:
            raise ValueError(f"the native kernel cannot train this ensemble: {reason}")
        network = network_of(ensemble.model)
        assert network is not None
        self._network = network
        self._kernel = native_library.library()
        self._threads = threads
        self._dtype = ensemble.dtype
        self._size = ensemble.size
        self._names = network.parameters(ensemble)
        self._shapes = {name: ensemble.initial[name].shape[1:] for name in self._names}
        self._feed = ensemble.feed
        self._dropout = ensemble.dropout
        # What is dropped of the whole table, or of the examples of an update alone.
        self._by_example = self._dropout is not None and _whole_table(ensemble.feed)
        self._losses: list[Tensor] | None = [] if ensemble.every_loss else None
        self._handle: int | None = self._create(ensemble)
        self._write(_WEIGHTS, ensemble.initial)

    def __del__(self) -> None:
        if handle := getattr(self, "_handle", None):
            self._kernel.fittest_destroy(handle)
            self._handle = None

    def advance(self, steps: int) -> None:
        """Apply `steps` optimiser updates to every run."""
        first = self._kernel.fittest_step(self._handle) + 1
        for stretch in stretches(self._feed, first, steps, self._dropout):
            self._advance(stretch)

    def _advance(self, stretch: Stretch) -> None:
        losses = None
        if self._losses is not None:
            losses = torch.empty(self._size, stretch.steps, dtype=torch.float64)
        given = (stretch.offsets, stretch.indices, losses, stretch.dropped)
        pointers = (None if one is None else one.data_ptr() for one in given)
        rate = 0.0 if self._dropout is None else self._dropout.rate
        self._check(
            self._kernel.fittest_advance(
                *(self._handle, stretch.steps, self._threads, *pointers, rate, self._by_example)
            )
        )
        if self._losses is not None and losses is not None:
            self._losses.append(losses)

    def evaluate(self) -> Evaluation:
        """Losses and accuracies of the state as it stands.

        Losses are accurate however small: the right class never enters the sum it is compared
        with. A network with NaN logits has NaN losses.
        """
        out = torch.empty(self._size, 4, dtype=torch.float64)
        self._check(self._kernel.fittest_evaluate(self._handle, self._threads, out.data_ptr()))
        names = ("train_loss", "test_loss", "train_accuracy", "test_accuracy")
        return dict(zip(names, out.T.contiguous(), strict=True))

    def losses(self) -> Tensor | None:
        """Train losses before each update since they were last forgotten."""
        if self._losses is None:
            return None
        return torch.cat([torch.zeros(self._size, 0, dtype=torch.float64), *self._losses], dim=1)

    def forget_losses(self) -> None:
        """They have been recorded."""
        if self._losses is not None:
            self._losses = []

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
            losses=self.losses(),
        )

    def load(self, state: TrainingState) -> None:
        """Go on from `state`, which must hold the same runs in the same order."""
        self._write(_WEIGHTS, state.parameters)
        for name, kind in _MOMENTS.items():
            self._write(kind, state.moments[name])
        self._kernel.fittest_set_step(self._handle, state.step)
        if self._losses is not None:
            self._losses = [] if state.losses is None else [state.losses.double()]

    def keep(self, indices: Tensor) -> None:
        """Drop every run but those at `indices` (ascending); their order stays."""
        kept = indices.to(torch.int64).contiguous()
        if kept.numel() and not (
            0 <= int(kept.min()) and int(kept.max()) < self._size and bool((kept.diff() > 0).all())
        ):
            raise ValueError(f"indices must ascend within 0..{self._size - 1}: {kept.tolist()}")
        self._check(self._kernel.fittest_keep(self._handle, kept.data_ptr(), kept.numel()))
        self._size = kept.numel()
        self._feed = self._feed.select(kept)
        if self._dropout is not None:
            self._dropout = self._dropout.select(kept)
        if self._losses is not None:
            self._losses = [values[kept] for values in self._losses]

    def gradients(self) -> Parameters:
        """Gradients of the mean loss of all that is trained on, at the current parameters; the
        state stays.

        Those of frozen parameters may be left at zero.
        """
        out = self._empty()
        pointers = (ctypes.c_void_p * len(self._names))(*(out[n].data_ptr() for n in self._names))
        self._check(self._kernel.fittest_gradients(self._handle, self._threads, pointers))
        return out

    def _create(self, ensemble: Ensemble) -> int:
        feed = ensemble.feed
        assert isinstance(feed, TableFeed | ListedFeed)
        network, operands = self._network, self._network.operands(ensemble)
        tokens = feed.tokens[:, :operands].to("cpu", torch.int32).contiguous()
        labels = feed.labels.to("cpu", torch.int32).contiguous()
        network.check_examples(ensemble, tokens, labels)
        sizes = network.sizes(ensemble)
        frozen = [name in ensemble.frozen for name in self._names]
        handle = self._kernel.fittest_create(
            network.architecture,
            self._dtype.itemsize,
            (ctypes.c_int64 * len(sizes))(*sizes),
            self._size,
            *(len(tokens), operands, tokens.data_ptr(), labels.data_ptr()),
            *((ctypes.c_uint8 * len(frozen))(*frozen), len(frozen)),
        )
        if not handle:
            raise MemoryError("not enough memory for the ensemble")
        h = ensemble.optimiser
        assert isinstance(h, AdamW)
        decoupled = torch.full_like(h.lr, type(h) is AdamW)
        columns = [h.lr, h.beta1, h.beta2, h.eps, h.weight_decay, h.warmup, h.l1, decoupled]
        hyper = torch.stack(columns, dim=1).to("cpu", torch.float64).contiguous()
        for run, (train, test) in enumerate(parts_of(feed)):
            status = self._kernel.fittest_set_run(
                *(handle, run, train.data_ptr(), len(train), test.data_ptr(), len(test)),
                hyper[run].data_ptr(),
            )
            self._check(status)
        return int(handle)

    def _empty(self) -> Parameters:
        return {
            name: torch.zeros(self._size, *shape, dtype=self._dtype)
            for name, shape in self._shapes.items()
        }

    def _read(self, kind: int) -> Parameters:
        out = self._empty()
        for number, name in enumerate(self._names):
            self._kernel.fittest_read(self._handle, kind, number, out[name].data_ptr())
        return out

    def _write(self, kind: int, values: Parameters) -> None:
        for number, name in enumerate(self._names):
            tensor = values[name].detach().to("cpu", self._dtype).contiguous()
            if tensor.shape != (self._size, *self._shapes[name]):
                raise ValueError(f"{name} has shape {tuple(tensor.shape)}")
            self._kernel.fittest_write(self._handle, kind, number, tensor.data_ptr())

    @staticmethod
    def _check(status: int) -> None:
        if status:
            raise MemoryError("not enough memory in the native kernel")


def _whole_table(feed: Feed) -> bool:
    return isinstance(feed, TableFeed) and feed.batch(1).shared


def gradients(ensemble: Ensemble, threads: int = 1) -> Parameters:
    """Gradients of the mean training loss at the initial parameters of `ensemble`."""
    return NativeBackend(ensemble, threads).gradients()
