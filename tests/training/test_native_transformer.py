"""The one-layer transformer of the native kernel against its module as the paper writes it:
gradients by autograd, updates by torch.optim, whatever its sizes, operands and examples."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import functional_call

from fittest.models import TransformerSettings
from fittest.models.networks.transformer import Transformer
from fittest.tasks.task import Task
from fittest.training import native_backend as native
from fittest.training import native_library
from fittest.training.backend import Dropout, Ensemble, Parameters
from fittest.training.feed import ListedFeed, TableFeed
from fittest.training.loss import cross_entropy
from fittest.training.native_backend import NativeBackend
from fittest.training.optimisers import AdamW
from fittest.training.torch_backend import TorchBackend

if not native_library.available():
    pytest.skip(f"no native kernel: {native_library.unavailable_reason()}", allow_module_level=True)

VARIANTS = native_library.variants()


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Runs the test with every build that this processor supports."""
    monkeypatch.setenv("FITTEST_NATIVE_VARIANT", request.param)
    return str(request.param)


@dataclass(frozen=True)
class Case:
    """A network and its examples: so many trained on at random, and others, as many unless it is
    said. equals: a token of its own ends them. gain: of the unembedding."""

    p: int = 7
    d: int = 6
    heads: int = 2
    size: int = 3
    mlp: int | None = 10
    operands: int = 2
    equals: bool = True
    classes: int | None = None
    examples: int = 40
    others: int | None = None
    listed: bool = True
    attention: Literal["softmax", "constant"] = "softmax"
    causal: bool = True
    positions: Literal["learned", "none"] = "learned"
    biases: bool = True
    dropout: float = 0.0
    runs: int = 2
    gain: float = 1.0
    lr: float = 1e-3
    frozen: tuple[str, ...] = ()

    def build(self, dtype: torch.dtype = torch.float64) -> Ensemble:
        rng = np.random.default_rng(0)
        classes = self.classes or self.p + self.equals
        count = self.examples + (self.examples if self.others is None else self.others)
        tokens = rng.integers(self.p, size=(count, self.operands))
        if self.equals:
            tokens = np.column_stack([tokens, np.full(len(tokens), self.p)])
        labels = rng.integers(classes, size=len(tokens))
        task = Task(self.p, classes, tokens, labels, grid=False, signs=int(self.equals))
        # Not validated: the kernel takes heads of any size.
        settings = TransformerSettings.model_construct(
            d=self.d,
            heads=self.heads,
            head_size=self.size,
            mlp=self.mlp,
            attention=self.attention,
            causal=self.causal,
            positions=self.positions,
            biases=self.biases,
            dropout=self.dropout,
        )
        initial = {}
        for name, shape in settings.shapes(task).items():
            spread = 0.5 if name.endswith("bias") else shape[-1] ** -0.5
            # Scores far apart; float32 throughout, so that both types start alike.
            spread *= 3 if name.endswith("query") else self.gain if "unembed" in name else 1
            drawn = rng.standard_normal((self.runs, *shape)) * spread
            initial[name] = torch.from_numpy(drawn).float().to(dtype)
        trained = np.stack([rng.permutation(len(tokens)) for _ in range(self.runs)])
        trained = trained[:, : self.examples]
        ramp = torch.linspace(0, 1, self.runs, dtype=torch.float64)
        return Ensemble(
            model=settings.build(task),
            feed=self.feed(torch.from_numpy(tokens), torch.from_numpy(labels), trained),
            optimiser=AdamW(
                lr=self.lr * (1 + ramp),
                beta1=0.9 - 0.1 * ramp,
                beta2=0.98 + 0 * ramp,
                eps=1e-8 + 0 * ramp,
                weight_decay=2 * ramp,
                warmup=0 * ramp,
                l1=0 * ramp,
            ),
            initial=initial,
            frozen=frozenset(self.frozen),
            dropout=self.drops(),
        )

    def feed(self, tokens: Tensor, labels: Tensor, trained: np.ndarray) -> TableFeed | ListedFeed:
        mask = torch.zeros(len(trained), len(tokens), dtype=torch.bool)
        for row, indices in zip(mask, trained, strict=True):
            row[indices] = True
        if not self.listed:
            return TableFeed(tokens, labels, mask, grid=False)
        others = tuple((~row).nonzero().flatten() for row in mask)
        parts = tuple(torch.from_numpy(indices) for indices in trained)
        return ListedFeed(tokens, labels, parts, others, size=None, seeds=(0,) * len(trained))

    def drops(self) -> Dropout | None:
        if not self.dropout or self.mlp is None:
            return None
        return Dropout(self.dropout, (1, self.mlp), tuple(range(self.runs)))


CASES: dict[str, Case] = {
    "p = 13": Case(p=13, d=12, heads=4, size=4, mlp=20, examples=60),
    "p = 53": Case(p=53, d=16, heads=4, size=4, mlp=33, examples=500),
    "p = 59": Case(p=59, d=24, heads=4, size=8, mlp=48, examples=500),
    "p = 109": Case(p=109, d=16, heads=4, size=4, mlp=31, examples=1500),
    "as in the paper": Case(p=113, d=128, heads=4, size=32, mlp=512, examples=600, runs=1),
    "no sign": Case(equals=False),
    "no sign, many": Case(p=31, equals=False, heads=4, size=5, d=17, mlp=29, examples=300),
    "one operand": Case(operands=1, p=17),
    "one token": Case(operands=1, equals=False, p=17),
    "three operands": Case(operands=3),
    "four operands": Case(operands=4, p=5, heads=3),
    "three operands, no sign": Case(operands=3, equals=False, p=5),
    "constant": Case(attention="constant", causal=False),
    "constant, no sign": Case(attention="constant", equals=False, p=59, examples=700),
    "constant, three operands": Case(attention="constant", operands=3, positions="none"),
    "all see all": Case(causal=False),
    "one head": Case(heads=1, size=7),
    "five heads": Case(heads=5, size=1),
    "nine heads": Case(heads=9, size=2),
    "nineteen heads": Case(heads=19, size=3, examples=90),
    "width 1": Case(d=1, heads=1, size=1, mlp=1, p=3, examples=9),
    "odd widths": Case(d=33, heads=3, size=5, mlp=65, p=11),
    "whole vectors": Case(d=32, heads=4, size=16, mlp=64, p=15, classes=16),
    "few classes": Case(classes=2),
    "many classes": Case(classes=131, p=4),
    "no positions": Case(positions="none"),
    "no biases": Case(biases=False),
    "neither": Case(biases=False, positions="none", equals=False),
    "no neurons": Case(mlp=None),
    "no neurons, no sign": Case(mlp=None, equals=False, attention="constant"),
    "one example": Case(examples=1),
    "a table": Case(listed=False),
    "frozen": Case(frozen=("embedding.weight", "layers.0.query")),
    "large logits": Case(gain=60.0),
}


def forward(ensemble: Ensemble, run: int, parameters: Parameters, examples: Tensor) -> Tensor:
    """Logits by the module as the paper writes it."""
    assert isinstance(ensemble.feed, TableFeed | ListedFeed)
    tokens = ensemble.feed.tokens[examples]
    own = {name: value[run] for name, value in parameters.items()}
    logits: Tensor = functional_call(ensemble.model, own, (tokens,))
    return logits


def trained_on(ensemble: Ensemble, run: int) -> Tensor:
    if isinstance(ensemble.feed, TableFeed):
        return ensemble.feed.train_mask[run].nonzero().flatten()
    assert isinstance(ensemble.feed, ListedFeed)
    return ensemble.feed.train[run]


def mean_loss(ensemble: Ensemble, run: int, parameters: Parameters) -> Tensor:
    assert isinstance(ensemble.feed, TableFeed | ListedFeed)
    examples = trained_on(ensemble, run)
    logits = forward(ensemble, run, parameters, examples)
    return cross_entropy(logits, ensemble.feed.labels[examples]).mean()


def autograd(ensemble: Ensemble, run: int) -> Parameters:
    values = {k: v.clone().requires_grad_() for k, v in ensemble.initial.items()}
    mean_loss(ensemble, run, values).backward()
    return {
        k: torch.zeros_like(v[run]) if v.grad is None else v.grad[run] for k, v in values.items()
    }


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_gradients_are_those_of_autograd(case: Case, variant: str) -> None:
    ensemble = case.build()
    found = native.gradients(ensemble)
    for run in range(ensemble.size):
        expected = autograd(ensemble, run)
        largest = max(float(value.abs().max()) for value in expected.values())
        for name in set(expected) - ensemble.frozen:
            off = float((found[name][run] - expected[name]).abs().max())
            assert off <= 1e-10 * largest, (run, name, off, largest)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_losses_and_accuracies_are_those_of_the_module(case: Case, variant: str) -> None:
    ensemble = case.build()
    found, expected = NativeBackend(ensemble).evaluate(), TorchBackend(ensemble).evaluate()
    for name, values in expected.items():
        torch.testing.assert_close(found[name], values, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_float32_is_the_same_source(case: Case, variant: str) -> None:
    """To rounding, which a ReLU at zero makes larger."""
    found = native.gradients(case.build(torch.float32))
    expected = native.gradients(case.build())
    largest = max(float(value.abs().max()) for value in expected.values())
    for name, value in expected.items():
        assert float((found[name].double() - value).abs().max()) <= 0.02 * largest, name


OPTIMISED = {
    "softmax": Case(examples=25),
    "constant": Case(attention="constant", causal=False, equals=False, examples=25),
    # A large step makes rounding grow, in torch's own forms as well.
    "no sign": Case(equals=False, examples=25, lr=1e-4),
}


@pytest.mark.parametrize("case", OPTIMISED.values(), ids=OPTIMISED)
def test_a_thousand_steps_are_those_of_torch_optim(case: Case, variant: str) -> None:
    ensemble = case.build()
    backend = NativeBackend(ensemble)
    backend.advance(1000)
    run, h = 1, ensemble.optimiser
    values = {k: v.clone().requires_grad_() for k, v in ensemble.initial.items()}
    assert isinstance(h, AdamW)
    hyper = {field.name: float(getattr(h, field.name)[run]) for field in fields(h)}
    optimiser = torch.optim.AdamW(
        values.values(),
        lr=hyper["lr"],
        betas=(hyper["beta1"], hyper["beta2"]),
        eps=hyper["eps"],
        weight_decay=hyper["weight_decay"],
    )
    for _ in range(1000):
        optimiser.zero_grad(set_to_none=False)
        # Queries and keys that decide nothing have a gradient of zero.
        nothing = sum((0 * value).sum() for value in values.values())
        (mean_loss(ensemble, run, values) + nothing).backward()
        optimiser.step()
    for name, value in backend.parameters().items():
        torch.testing.assert_close(value[run], values[name][run].detach(), rtol=1e-10, atol=1e-10)


DROPPING = {
    "listed": Case(dropout=0.5),
    "an odd number of neurons": Case(dropout=0.3, mlp=13),
    "of a table those trained on": Case(dropout=0.2, listed=False, mlp=9, examples=30),
    "a whole table": Case(dropout=0.2, listed=False, mlp=9, examples=30, others=0),
    "constant": Case(dropout=0.5, attention="constant"),
}


@pytest.mark.parametrize("case", DROPPING.values(), ids=DROPPING)
def test_the_same_neurons_are_dropped(case: Case, variant: str) -> None:
    ensemble = replace(case.build(), every_loss=True)
    backend, plain = NativeBackend(ensemble, threads=2), TorchBackend(ensemble)
    for steps in (1, 3, 20):
        backend.advance(steps)
        plain.advance(steps)
    losses, expected = backend.losses(), plain.losses()
    assert losses is not None and expected is not None
    torch.testing.assert_close(losses, expected, rtol=1e-9, atol=0)
    for name, value in plain.parameters().items():
        torch.testing.assert_close(backend.parameters()[name], value, rtol=1e-9, atol=1e-9)
    # Not when it is measured.
    for name, value in plain.evaluate().items():
        found = backend.evaluate()[name]
        torch.testing.assert_close(found, value, rtol=1e-9, atol=1e-12, equal_nan=True)
    assert torch.isfinite(backend.gradient_of("embedding.weight")).all()


@pytest.mark.parametrize("name", ["embedding.weight", "layers.0.mlp_out.weight", "layers.0.key"])
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("case", [Case(examples=40), Case(p=53, mlp=31, examples=300)])
def test_a_broken_network_is_alone(case: Case, name: str, value: float, variant: str) -> None:
    """On one thread, whose workspace it leaves to the others."""
    whole, broken = case.build(torch.float32), case.build(torch.float32)
    broken.initial[name][0] = value
    one, other = NativeBackend(whole), NativeBackend(broken)
    for backend in (one, other):
        backend.advance(3)
    assert other.evaluate()["train_loss"][0].isnan()
    for key, values in one.parameters().items():
        assert torch.equal(other.parameters()[key][1], values[1]), key
    assert torch.equal(one.evaluate()["test_loss"][1], other.evaluate()["test_loss"][1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_company_and_threads_change_no_bit(dtype: torch.dtype, variant: str) -> None:
    ensemble = Case(p=13, heads=4, size=4, d=16, mlp=40, examples=130, runs=5).build(dtype)
    together, apart = NativeBackend(ensemble, threads=3), NativeBackend(ensemble)
    alone = NativeBackend(ensemble.select(torch.tensor([3])))
    together.advance(12)
    for steps in (5, 7):
        apart.advance(steps)
        alone.advance(steps)
    for name, values in together.parameters().items():
        assert torch.equal(apart.parameters()[name], values), name
        assert torch.equal(alone.parameters()[name][0], values[3]), name


def test_small_losses_are_exact_in_float32(variant: str) -> None:
    """Multiples of 1/8 for weights, so that logits are the same in both types: what is left is the
    error of the loss."""
    case = Case(p=61, d=8, heads=1, size=8, mlp=24, attention="constant", examples=3000, runs=1)
    ensemble = case.build()
    rng = np.random.default_rng(1)
    for name, value in ensemble.initial.items():
        last = name in ("layers.0.mlp_out.weight", "unembedding.weight")
        drawn = rng.integers(-8, 9, value.shape) / 8 if last else rng.integers(-1, 2, value.shape)
        if name == "embedding.weight":
            drawn = drawn * (rng.random(value.shape) < 0.4)
        value[:] = torch.from_numpy(drawn)
    assert isinstance(ensemble.feed, ListedFeed)
    everything = torch.arange(len(ensemble.feed.tokens))
    logits = forward(ensemble, 0, ensemble.initial, everything)
    ensemble.feed.labels[:] = logits.argmax(dim=-1)
    best = logits.topk(2, dim=-1).values
    sure = (best[:, 0] - best[:, 1] >= 8).nonzero().flatten()
    assert len(sure) >= 50
    ensemble = replace(ensemble, feed=replace(ensemble.feed, train=(sure,)))
    single = replace(ensemble, initial={k: v.float() for k, v in ensemble.initial.items()})
    assert torch.equal(forward(single, 0, single.initial, everything).double(), logits)
    expected = float(mean_loss(ensemble, 0, ensemble.initial))
    assert 1e-9 < expected < 1e-3
    for each in (ensemble, single):
        found = NativeBackend(each).evaluate()["train_loss"]
        assert float(found) == pytest.approx(expected, rel=1e-8, abs=0)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"layers": 2}, "parameters"),
        ({"activation": "gelu"}, "gelu"),
        ({"layer_norm": "pre"}, "parameters"),
    ],
)
def test_what_it_does_not_know_is_refused(settings: dict[str, object], reason: str) -> None:
    ensemble = Case().build(torch.float32)
    assert native.supports(ensemble) is None
    assert isinstance(ensemble.model, Transformer)
    own = ensemble.model.settings.model_copy(update=settings)
    tokens = np.zeros((4, 3), dtype=np.int64)
    model = own.build(Task(7, 8, tokens, tokens[:, 0], grid=False, signs=1))
    initial = {name: torch.zeros(2, *v.shape) for name, v in model.named_parameters()}
    assert reason in str(native.supports(replace(ensemble, model=model, initial=initial)))
