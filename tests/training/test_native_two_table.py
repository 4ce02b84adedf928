"""The native kernel's two-table MLP against plain PyTorch, in full batch and in minibatches.

The reference is written as directly as possible: the module's own forward on single pairs,
autograd in float64, torch.optim.Adam or AdamW, one network at a time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cache

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.func import functional_call

from fittest.data import batch_indices
from fittest.models.networks.two_table_mlp import TwoTableMLP
from fittest.training import native_backend as native
from fittest.training import native_library
from fittest.training.backend import Ensemble, Parameters
from fittest.training.feed import ListedFeed
from fittest.training.loss import cross_entropy
from fittest.training.native_backend import NativeBackend
from fittest.training.native_networks.two_table_mlp import PARAMETERS
from fittest.training.optimisers import Adam, AdamW

if not native_library.available():
    pytest.skip(f"no native kernel: {native_library.unavailable_reason()}", allow_module_level=True)


@pytest.fixture(params=native_library.variants())
def variant(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Runs the test with every build that this processor supports."""
    monkeypatch.setenv("FITTEST_NATIVE_VARIANT", request.param)
    assert native_library.loaded_variant() == request.param
    return str(request.param)


@dataclass(frozen=True)
class Case:
    """Sizes of an ensemble; counts: on how many pairs each run is trained, all of them where it is
    0; size: of minibatches, None for the full batch; gain: of the output weights (large logits)."""

    p: int = 7
    d: int = 5
    hidden: int = 11
    classes: int | None = None
    counts: tuple[int, ...] = (38, 38)
    size: int | None = None
    gain: float = 1.0
    frozen: tuple[str, ...] = ()
    optimiser: type[AdamW] = Adam
    seed: int = 0

    def build(self, dtype: torch.dtype = torch.float64) -> Ensemble:
        generator = torch.Generator().manual_seed(self.seed)
        pairs, runs, classes = self.p**2, len(self.counts), self.classes or self.p
        tokens = torch.cartesian_prod(torch.arange(self.p), torch.arange(self.p))
        labels = (tokens[:, 0] - tokens[:, 1]) % self.p
        if classes != self.p:
            labels = torch.randint(classes, (pairs,), generator=generator)
        model = TwoTableMLP(self.p, self.d, self.hidden, classes)
        initial = {}
        for name, value in model.named_parameters():
            gain = self.gain if name == "output.weight" else 1.0
            drawn = torch.randn(runs, *value.shape, generator=generator, dtype=torch.float64)
            # Rounded, so that sums before the activation are exact in both precisions: where they
            # are nearly 0, a neuron is active in one as it is in the other.
            initial[name] = (drawn * value.shape[-1] ** -0.5 * gain * 256).round().to(dtype) / 256
        orders = [torch.randperm(pairs, generator=generator) for _ in self.counts]
        cut = [n or pairs for n in self.counts]
        ramp = torch.linspace(0, 1, runs, dtype=torch.float64)
        return Ensemble(
            model=model,
            feed=ListedFeed(
                tokens,
                labels,
                train=tuple(o[:n].sort().values for o, n in zip(orders, cut, strict=True)),
                test=tuple(o[n:].sort().values for o, n in zip(orders, cut, strict=True)),
                size=self.size,
                seeds=tuple(range(runs)),
            ),
            optimiser=self.optimiser(
                lr=8e-3 * (1 - ramp / 2),
                beta1=0.9 - 0.1 * ramp,
                beta2=0.999 - 0.019 * ramp,
                eps=10 ** (-8 + 2 * ramp),
                weight_decay=2e-4 * (1 + ramp),
                warmup=0 * ramp,
                l1=0 * ramp,
            ),
            initial=initial,
            frozen=frozenset(self.frozen),
        )


def case_name(case: Case) -> str:
    return f"n{case.p}-d{case.d}-h{case.hidden}-c{case.classes or case.p}-b{case.size}"


SHAPES = [
    Case(p=2, d=1, hidden=1, counts=(3, 1)),
    Case(p=7, d=5, hidden=11, counts=(40, 7, 49)),
    Case(p=13, d=8, hidden=24, counts=(100, 13)),
    Case(p=53, d=31, hidden=33, counts=(1400, 53)),
    Case(p=59, d=17, hidden=127, counts=(2000, 59)),
    Case(p=89, d=32, hidden=128, counts=(5000, 89)),
    Case(p=91, d=32, hidden=128, counts=(5096, 91, 3)),
    Case(p=91, d=33, hidden=65, counts=(141, 145)),
    Case(p=5, d=300, hidden=7, classes=400, counts=(20, 0)),
    Case(p=17, d=4, hidden=9, classes=2, counts=(1, 200)),
]
"""Full batches as long as a minibatch among them: few rows of the tables occur in these."""


def listed(ensemble: Ensemble) -> ListedFeed:
    assert isinstance(ensemble.feed, ListedFeed)
    return ensemble.feed


class Reference:
    """One run of an ensemble, trained by torch.optim on the module itself."""

    def __init__(self, ensemble: Ensemble, run: int) -> None:
        self.ensemble, self.run, self.step = ensemble, run, 0
        self.feed = listed(ensemble)
        self.parameters = {
            name: tensor[run].double().clone().requires_grad_(name not in ensemble.frozen)
            for name, tensor in ensemble.initial.items()
        }
        given = ensemble.optimiser
        assert isinstance(given, AdamW)
        hyper = {f.name: float(getattr(given, f.name)[run]) for f in fields(given)}
        kind = torch.optim.Adam if type(given) is Adam else torch.optim.AdamW
        self.optimiser = kind(
            [value for value in self.parameters.values() if value.requires_grad],
            lr=hyper["lr"],
            betas=(hyper["beta1"], hyper["beta2"]),
            eps=hyper["eps"],
            weight_decay=hyper["weight_decay"],
        )

    def losses(self, examples: Tensor) -> Tensor:
        return cross_entropy(self.logits(examples), self.feed.labels[examples])

    def logits(self, examples: Tensor) -> Tensor:
        tokens = self.feed.tokens[examples]
        logits: Tensor = functional_call(self.ensemble.model, self.parameters, (tokens,))
        return logits

    def gradients(self, examples: Tensor) -> Parameters:
        self.optimiser.zero_grad()
        self.losses(examples).mean().backward()
        return {k: v.grad for k, v in self.parameters.items() if v.grad is not None}

    def advance(self, steps: int) -> list[float]:
        """Losses before each update."""
        found = []
        for _ in range(steps):
            self.step += 1
            examples = self.feed.train[self.run]
            if self.feed.size is not None:
                seed = self.feed.seeds[self.run]
                chosen = batch_indices(len(examples), self.feed.size, seed, self.step)
                examples = examples[chosen]
            self.optimiser.zero_grad()
            loss = self.losses(examples).mean()
            loss.backward()
            self.optimiser.step()
            found.append(float(loss.detach()))
        return found

    @torch.no_grad()
    def evaluate(self) -> tuple[float, ...]:
        parts = (self.feed.train[self.run], self.feed.test[self.run])
        losses = [float(self.losses(part).mean()) for part in parts]
        right = [self.logits(part).argmax(dim=-1) == self.feed.labels[part] for part in parts]
        return (*losses, *(float(one.double().mean()) for one in right))


def references(ensemble: Ensemble) -> list[Reference]:
    return [Reference(ensemble, run) for run in range(ensemble.size)]


def evaluated(backend: NativeBackend) -> list[tuple[float, ...]]:
    found = backend.evaluate()
    names = ("train_loss", "test_loss", "train_accuracy", "test_accuracy")
    return list(zip(*(found[name].tolist() for name in names), strict=True))


def assert_parameters(backend: NativeBackend, expected: Sequence[Reference], tol: float) -> None:
    found = backend.parameters()
    for reference in expected:
        for name, value in reference.parameters.items():
            scale = float(value.detach().abs().max())
            error = float((found[name][reference.run] - value.detach()).abs().max())
            assert error <= tol * scale, (name, reference.run, error)


def assert_same_bits(first: Parameters, second: Parameters) -> None:
    for name, tensor in second.items():
        assert torch.equal(first[name], tensor), name


@cache
def known_gradients(case: Case) -> list[Parameters]:
    ensemble = case.build()
    return [r.gradients(r.feed.train[r.run]) for r in references(ensemble)]


def assert_gradients(case: Case, dtype: torch.dtype, tolerance: float) -> None:
    """Errors are relative to the largest gradient of each tensor."""
    computed = native.gradients(case.build(dtype), threads=2)
    for run, expected in enumerate(known_gradients(case)):
        for name, value in expected.items():
            error = float((computed[name][run].double() - value).abs().max())
            assert error <= tolerance * float(value.abs().max()), (name, run)


@pytest.mark.parametrize("case", SHAPES, ids=case_name)
def test_gradients(variant: str, case: Case) -> None:
    assert_gradients(case, torch.float32, 1e-5)
    assert_gradients(case, torch.float64, 1e-11)


@given(
    case=st.builds(
        Case,
        p=st.integers(2, 20),
        d=st.integers(1, 40),
        hidden=st.integers(1, 70),
        classes=st.integers(2, 70),
        counts=st.lists(st.integers(1, 400), min_size=1, max_size=3).map(tuple),
        gain=st.sampled_from([1.0, 30.0, 300.0]),
        seed=st.integers(0, 100),
    )
)
def test_gradients_of_any_shape(case: Case) -> None:
    # The gradient of a single tensor may be sums that cancel.
    computed = native.gradients(case.build())
    for run, expected in enumerate(known_gradients(case)):
        largest = max(float(value.abs().max()) for value in expected.values())
        for name, value in expected.items():
            assert float((computed[name][run] - value).abs().max()) <= 1e-10 * largest


@pytest.mark.parametrize("case", SHAPES, ids=case_name)
def test_evaluation(variant: str, case: Case) -> None:
    for dtype, tolerance in ((torch.float32, 1e-5), (torch.float64, 1e-12)):
        ensemble = case.build(dtype)
        for found, reference in zip(
            evaluated(NativeBackend(ensemble, threads=2)), references(ensemble), strict=True
        ):
            assert found == pytest.approx(reference.evaluate(), rel=tolerance, nan_ok=True)


TRAINED = {
    "minibatches": (Case(p=13, d=7, hidden=21, counts=(104, 80, 131), size=13), 1000),
    "a short last batch": (Case(p=11, d=8, hidden=16, counts=(100, 45), size=44), 300),
    "a batch of one": (Case(p=7, d=3, hidden=9, counts=(40, 39), size=1), 300),
    "minibatches of the paper": (Case(p=91, d=32, hidden=128, counts=(5096,), size=91), 1000),
    "full batch": (Case(p=13, d=7, hidden=21, counts=(104, 50)), 1000),
    "decoupled": (Case(p=13, d=7, hidden=21, counts=(104, 50), size=13, optimiser=AdamW), 300),
}


@cache
def trained_by_torch(name: str) -> tuple[list[Reference], list[list[float]]]:
    case, steps = TRAINED[name]
    trained = references(case.build())
    return trained, [reference.advance(steps) for reference in trained]


@pytest.mark.parametrize("name", TRAINED)
def test_training_is_that_of_torch_optim(variant: str, name: str) -> None:
    """In float64, with the loss of every step."""
    case, steps = TRAINED[name]
    expected, losses = trained_by_torch(name)
    backend = NativeBackend(replace(case.build(), every_loss=True), threads=2)
    backend.advance(steps)
    found = backend.losses()
    assert found is not None
    # Of the loss at the start: a network sure of its few pairs multiplies what rounding does.
    error = (found - torch.tensor(losses, dtype=torch.float64)).abs().amax(dim=1)
    assert bool((error <= 1e-10 * found[:, 0]).all())
    assert_parameters(backend, expected, 1e-10)
    for values, reference in zip(evaluated(backend), expected, strict=True):
        assert values == pytest.approx(reference.evaluate(), rel=1e-10, abs=1e-10)


def test_float32_begins_as_float64_does(variant: str) -> None:
    case = Case(p=31, d=16, hidden=40, counts=(700, 500), size=31)
    backend, trained = NativeBackend(case.build(torch.float32)), references(case.build())
    backend.advance(100)
    for reference, values in zip(trained, evaluated(backend), strict=True):
        reference.advance(100)
        assert values[:2] == pytest.approx(reference.evaluate()[:2], rel=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_any_step_is_a_step_to_stop_at(variant: str, dtype: torch.dtype) -> None:
    """Within a pass, at its short last batch, and at its end: bit for bit, alone or together."""
    case = Case(p=7, d=5, hidden=11, counts=(40, 31, 7), size=9)
    straight = NativeBackend(case.build(dtype), threads=2)
    straight.advance(13)
    expected = straight.state()
    for stop in range(14):
        interrupted = NativeBackend(case.build(dtype))
        interrupted.advance(stop)
        state = interrupted.state()
        resumed = NativeBackend(case.build(dtype), threads=3)
        resumed.load(state)
        resumed.advance(13 - stop)
        for moment in expected.moments:
            assert_same_bits(resumed.state().moments[moment], expected.moments[moment])
        assert_same_bits(resumed.parameters(), expected.parameters)
    for run in range(3):
        alone = NativeBackend(case.build(dtype).select(torch.tensor([run])))
        alone.advance(13)
        assert_same_bits(
            alone.parameters(), {k: v[run : run + 1] for k, v in expected.parameters.items()}
        )


@pytest.mark.parametrize(
    "frozen",
    [
        ("first.weight",),
        ("second.weight", "output.bias"),
        ("first.weight", "second.weight", "hidden.weight", "hidden.bias"),
        ("hidden.weight",),
        PARAMETERS[:-1],
    ],
    ids=lambda names: f"{len(names)}-{names[0]}",
)
def test_frozen_parameters_stay(variant: str, frozen: tuple[str, ...]) -> None:
    ensemble = Case(counts=(40, 12), size=9, frozen=frozen).build()
    backend, trained = NativeBackend(ensemble), references(ensemble)
    backend.advance(20)
    for reference in trained:
        reference.advance(20)
    assert_parameters(backend, trained, 1e-12)
    after = backend.parameters()
    for name in PARAMETERS:
        assert torch.equal(after[name], ensemble.initial[name]) == (name in frozen)


def test_rows_without_examples_move_by_decay_and_moments_alone() -> None:
    """As in torch: their gradient is that of the L2 term."""
    ensemble = Case(p=91, d=4, hidden=8, counts=(2,)).build()
    backend, (reference,) = NativeBackend(ensemble), references(ensemble)
    backend.advance(30)
    reference.advance(30)
    assert_parameters(backend, [reference], 1e-12)
    moved = (backend.parameters()["first.weight"] != ensemble.initial["first.weight"]).all(dim=-1)
    assert bool(moved.all())


@pytest.mark.parametrize("size", [None, 7])
@pytest.mark.parametrize("parameter", PARAMETERS)
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_stays_in_its_network(
    variant: str, size: int | None, parameter: str, value: float
) -> None:
    ensemble = Case(p=7, d=5, hidden=11, counts=(49, 49, 30), size=size).build(torch.float32)
    clean = NativeBackend(ensemble)
    clean.advance(8)
    initial = {name: tensor.clone() for name, tensor in ensemble.initial.items()}
    initial[parameter][1].view(-1)[0] = value
    spoilt = NativeBackend(replace(ensemble, initial=initial), threads=1)
    spoilt.evaluate()
    spoilt.advance(8)
    assert not bool(spoilt.evaluate()["train_loss"][1].isfinite())
    others = [0, 2]
    expected = {name: tensor[others] for name, tensor in clean.parameters().items()}
    assert_same_bits({k: v[others] for k, v in spoilt.parameters().items()}, expected)
    assert torch.equal(spoilt.evaluate()["test_loss"][2], clean.evaluate()["test_loss"][2])


def test_nan_spreads_as_it_does_in_torch(variant: str) -> None:
    """A network with one bad weight has the same bad gradients."""
    ensemble = Case(p=7, d=5, hidden=11, counts=(30,)).build()
    ensemble.initial["hidden.weight"][0, 2, 3] = math.nan
    (reference,) = references(ensemble)
    expected = reference.gradients(reference.feed.train[0])
    found = native.gradients(ensemble)
    for name, value in expected.items():
        assert torch.equal(found[name][0].isnan(), value.isnan()), name


def test_small_losses_are_exact(variant: str) -> None:
    """A network that is sure of itself: losses around 1e-12 keep their relative precision."""
    ensemble = Case(p=5, d=8, hidden=16, counts=(20, 25)).build(torch.float32)
    feed = replace(listed(ensemble), labels=torch.zeros(25, dtype=torch.int64))
    bias = torch.zeros(2, 5)
    bias[:, 0] = 31.0
    ensemble = replace(ensemble, feed=feed, initial={**ensemble.initial, "output.bias": bias})
    for found, reference in zip(
        evaluated(NativeBackend(ensemble)), references(ensemble), strict=True
    ):
        expected = reference.evaluate()
        assert 1e-14 < expected[0] < 1e-10
        assert found == pytest.approx(expected, rel=2e-5, nan_ok=True)


def test_other_activations_are_left_to_torch() -> None:
    for activation in ("silu", "gelu", "square"):
        model = TwoTableMLP(7, 5, 11, 7, activation)
        assert "relu" in str(native.supports(replace(Case().build(), model=model)))
