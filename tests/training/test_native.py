"""The native kernel against plain PyTorch: gradients, optimiser, losses, independence of runs.

The reference is written as directly as possible: the module's own forward on single pairs,
autograd in float64, torch.optim.AdamW, one network at a time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import functional_call

from fittest.models.networks.embedding_mlp import EmbeddingMLP
from fittest.training import native_backend as native
from fittest.training import native_library
from fittest.training.backend import Ensemble, Evaluation, Parameters, TrainingState
from fittest.training.feed import TableFeed
from fittest.training.loss import cross_entropy
from fittest.training.native_backend import NativeBackend
from fittest.training.native_networks.embedding_mlp import PARAMETERS
from fittest.training.optimisers import AdamW
from small_world import table_of

if not native_library.available():
    pytest.skip(f"no native kernel: {native_library.unavailable_reason()}", allow_module_level=True)

VARIANTS = native_library.variants()


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Runs the test with every build that this processor supports."""
    monkeypatch.setenv("FITTEST_NATIVE_VARIANT", request.param)
    assert native_library.loaded_variant() == request.param
    return str(request.param)


@dataclass(frozen=True)
class Case:
    """Sizes of an ensemble; `gain` multiplies the output weights (large logits)."""

    p: int = 7
    d: int = 5
    hidden: tuple[int, int] = (11, 9)
    classes: int | None = None
    runs: int = 2
    share: float = 0.8
    frozen: tuple[str, ...] = ()
    gain: float = 1.0
    seed: int = 0

    def build(self, dtype: torch.dtype = torch.float32) -> Ensemble:
        generator = torch.Generator().manual_seed(self.seed)
        pairs, runs = self.p**2, self.runs
        classes = self.classes or self.p
        tokens = torch.cartesian_prod(torch.arange(self.p), torch.arange(self.p))
        labels = tokens.sum(dim=1) % self.p
        if classes != self.p:
            labels = torch.randint(classes, (pairs,), generator=generator)
        model = EmbeddingMLP(self.p, self.d, self.hidden, classes)
        initial = {}
        for name, value in model.named_parameters():
            spread = 1.0 if name == "embedding.weight" else value.shape[-1] ** -0.5
            gain = self.gain if name == "output.weight" else 1.0
            drawn = torch.randn(runs, *value.shape, generator=generator, dtype=torch.float64)
            # Rounded to float32 in every dtype: both precisions start from the same numbers.
            initial[name] = (drawn * spread * gain).float().to(dtype)
        count = round(self.share * pairs)
        mask = torch.zeros(runs, pairs, dtype=torch.bool)
        for row in mask:
            row[torch.randperm(pairs, generator=generator)[:count]] = True
        ramp = torch.linspace(0, 1, runs, dtype=torch.float64)
        return Ensemble(
            model=model,
            feed=TableFeed(tokens, labels, mask, grid=True),
            optimiser=AdamW(
                lr=1e-3 * (1 + ramp),
                beta1=0.9 - 0.1 * ramp,
                beta2=0.98 + 0.019 * ramp,
                eps=10 ** (-8 + 2 * ramp),
                weight_decay=2 * ramp,
                warmup=0 * ramp,
                l1=0 * ramp,
            ),
            initial=initial,
            frozen=frozenset(self.frozen),
        )


def case_name(case: Case) -> str:
    return f"p{case.p}-d{case.d}-h{case.hidden[0]}x{case.hidden[1]}-c{case.classes or case.p}"


SHAPES = [
    Case(p=2, d=1, hidden=(1, 1)),
    Case(p=3, d=4, hidden=(7, 100)),
    Case(p=7, d=33, hidden=(100, 7)),
    Case(p=13, d=16, hidden=(100, 100)),
    Case(p=16, d=1, hidden=(128, 128), classes=2),
    Case(p=59, d=128, hidden=(100, 100)),
    Case(p=97, d=33, hidden=(7, 33), classes=5),
    Case(p=127, d=4, hidden=(24, 56)),
    Case(p=211, d=128, hidden=(128, 100), runs=1),
    Case(p=5, d=8, hidden=(300, 130), classes=400),
    Case(p=12, d=8, hidden=(20, 20), share=0.04),
    Case(p=10, d=8, hidden=(20, 20), share=1.0),
]


class Reference:
    """One run of an ensemble, trained by torch.optim.AdamW on the module itself."""

    def __init__(self, ensemble: Ensemble, run: int, dtype: torch.dtype) -> None:
        self.ensemble, self.run = ensemble, run
        self.parameters = {
            name: tensor[run].to(dtype, copy=True).requires_grad_(name not in ensemble.frozen)
            for name, tensor in ensemble.initial.items()
        }
        optimiser = ensemble.optimiser
        hyper = {f.name: float(getattr(optimiser, f.name)[run]) for f in fields(optimiser)}
        self.optimiser = torch.optim.AdamW(
            [value for value in self.parameters.values() if value.requires_grad],
            lr=hyper["lr"],
            betas=(hyper["beta1"], hyper["beta2"]),
            eps=hyper["eps"],
            weight_decay=hyper["weight_decay"],
        )

    def losses(self, pairs: torch.Tensor) -> torch.Tensor:
        table = table_of(self.ensemble)
        tokens, labels = table.tokens[pairs], table.labels[pairs]
        return cross_entropy(self.logits(tokens), labels)

    def logits(self, tokens: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = functional_call(self.ensemble.model, self.parameters, (tokens,))
        return logits

    def gradients(self) -> dict[str, torch.Tensor]:
        self.optimiser.zero_grad()
        self.losses(table_of(self.ensemble).train_mask[self.run]).mean().backward()
        return {k: v.grad for k, v in self.parameters.items() if v.grad is not None}

    def advance(self, steps: int) -> None:
        for _ in range(steps):
            self.gradients()
            self.optimiser.step()

    @torch.no_grad()
    def evaluate(self) -> tuple[float, float, float, float]:
        table = table_of(self.ensemble)
        mask = table.train_mask[self.run]
        right = self.logits(table.tokens).argmax(dim=-1) == table.labels
        values = [self.losses(m).mean().item() for m in (mask, ~mask)]
        values += [right[m].double().mean().item() for m in (mask, ~mask)]
        return values[0], values[1], values[2], values[3]


def references(ensemble: Ensemble, dtype: torch.dtype = torch.float64) -> list[Reference]:
    return [Reference(ensemble, run, dtype) for run in range(ensemble.size)]


def values_of(evaluation: Evaluation, run: int) -> tuple[float, ...]:
    return tuple(
        float(field[run])
        for field in (
            evaluation["train_loss"],
            evaluation["test_loss"],
            evaluation["train_accuracy"],
            evaluation["test_accuracy"],
        )
    )


def signals(embedding: torch.Tensor) -> torch.Tensor:
    """Norm over dimensions of each Fourier component of the embedding over tokens."""
    return torch.fft.rfft(embedding.double(), dim=-2).abs().square().sum(dim=-1).sqrt()


def assert_same_bits(
    first: Parameters, second: Parameters, rows: slice | list[int] = slice(None)
) -> None:
    for name, tensor in second.items():
        assert torch.equal(first[name][rows], tensor), name


def groups_of(state: TrainingState) -> list[Parameters]:
    """Parameters and both moments."""
    return [state.parameters, state.moments["first"], state.moments["second"]]


def assert_gradients(
    ensemble: Ensemble,
    tolerance: float,
    per_tensor: bool = True,
    known: list[Parameters] | None = None,
) -> None:
    """Errors are relative to the largest gradient, of each tensor or of the whole network."""
    computed = native.gradients(ensemble, threads=2)
    for reference in references(ensemble):
        expected = known[reference.run] if known else reference.gradients()
        largest = {name: float(value.abs().max()) for name, value in expected.items()}
        for name, value in expected.items():
            error = float((computed[name][reference.run].double() - value).abs().max())
            scale = largest[name] if per_tensor else max(largest.values())
            assert error <= tolerance * scale, (name, reference.run)


@cache
def reference_gradients(case: Case) -> list[Parameters]:
    return [reference.gradients() for reference in references(case.build())]


@pytest.mark.parametrize("case", SHAPES, ids=case_name)
def test_gradients(variant: str, case: Case) -> None:
    known = reference_gradients(case)
    assert_gradients(case.build(), 1e-5, known=known)
    assert_gradients(case.build(torch.float64), 1e-11, known=known)


@given(
    case=st.builds(
        Case,
        p=st.integers(2, 20),
        d=st.integers(1, 40),
        hidden=st.tuples(st.integers(1, 70), st.integers(1, 70)),
        classes=st.integers(2, 70),
        runs=st.integers(1, 3),
        share=st.floats(0.2, 1.0),
        gain=st.sampled_from([1.0, 30.0, 300.0]),
        seed=st.integers(0, 100),
    )
)
@settings(max_examples=60, deadline=None)
def test_gradients_of_any_shape(case: Case) -> None:
    # Logits in the hundreds are rounded by 1e-5 in float32: only float64 can be compared there.
    # The gradient of a single weight may be a sum that cancels.
    assert_gradients(case.build(torch.float64), 1e-9, per_tensor=False)
    if case.gain == 1:
        assert_gradients(case.build(), 1e-5, per_tensor=False)


def test_rows_without_training_pairs(variant: str) -> None:
    ensemble = Case(p=9, d=4, hidden=(10, 12)).build()
    mask = table_of(ensemble).train_mask.clone()
    mask[0, : 3 * 9] = False
    mask[1] = False
    mask[1, 40] = True
    assert_gradients(replace(ensemble, feed=replace(table_of(ensemble), train_mask=mask)), 1e-5)


@cache
def reference_evaluations(case: Case) -> list[tuple[float, ...]]:
    return [reference.evaluate() for reference in references(case.build())]


@pytest.mark.parametrize("case", SHAPES, ids=case_name)
def test_evaluation(variant: str, case: Case) -> None:
    evaluation = NativeBackend(case.build(), threads=2).evaluate()
    for run, expected in enumerate(reference_evaluations(case)):
        assert values_of(evaluation, run) == pytest.approx(expected, rel=1e-5, nan_ok=True)


TRAINED = Case(p=17, d=24, hidden=(40, 36), runs=3)


@cache
def reference_trajectories() -> list[list[tuple[tuple[float, ...], torch.Tensor]]]:
    """Per run of TRAINED and every 100 steps up to 500: losses and accuracies, signals."""
    trajectories: list[list[tuple[tuple[float, ...], torch.Tensor]]] = []
    for reference in references(TRAINED.build()):
        trajectories.append([])
        for _ in range(5):
            reference.advance(100)
            embedding = reference.parameters["embedding.weight"].detach()
            trajectories[-1].append((reference.evaluate(), signals(embedding)))
    return trajectories


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_training_follows_adamw(variant: str, dtype: torch.dtype) -> None:
    """500 steps, into the region of small losses, with different hyperparameters per run."""
    backend = NativeBackend(TRAINED.build(dtype), threads=2)
    tolerance = 1e-4 if dtype == torch.float32 else 1e-9
    for checkpoint in range(5):
        backend.advance(100)
        evaluation = backend.evaluate()
        embedding = backend.parameters()["embedding.weight"]
        for run, trajectory in enumerate(reference_trajectories()):
            values, expected = trajectory[checkpoint]
            assert values_of(evaluation, run) == pytest.approx(values, rel=tolerance)
            error = (signals(embedding[run]) - expected).abs().max()
            assert error <= tolerance * expected.max()
    assert evaluation["train_loss"].min() < 0.1


def test_default_network_follows_adamw() -> None:
    ensemble = Case(p=59, d=128, hidden=(100, 100), runs=1).build()
    backend, plain = NativeBackend(ensemble, threads=1), Reference(ensemble, 0, torch.float32)
    backend.advance(60)
    plain.advance(60)
    assert values_of(backend.evaluate(), 0)[:2] == pytest.approx(plain.evaluate()[:2], rel=1e-4)
    expected = signals(plain.parameters["embedding.weight"].detach())
    torch.testing.assert_close(
        signals(backend.parameters()["embedding.weight"][0]), expected, rtol=1e-4, atol=0
    )


@cache
def reference_steps(case: Case) -> tuple[int, list[Parameters]]:
    """How many steps were made, and every run's parameters after them."""
    steps = 2 if case.p > 50 else 10
    trained = references(case.build())
    for reference in trained:
        reference.advance(steps)
    return steps, [{k: v.detach() for k, v in r.parameters.items()} for r in trained]


@pytest.mark.parametrize("case", SHAPES, ids=case_name)
def test_few_steps_of_every_shape(variant: str, case: Case) -> None:
    steps, expected = reference_steps(case)
    backend = NativeBackend(case.build(torch.float64), threads=2)
    backend.advance(steps)
    computed = backend.parameters()
    for run, parameters in enumerate(expected):
        for name, value in parameters.items():
            torch.testing.assert_close(computed[name][run], value, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    "frozen",
    [
        ("embedding.weight",),
        ("input.weight", "output.bias"),
        ("embedding.weight", "input.weight", "input.bias"),
        PARAMETERS[:-1],
    ],
    ids=lambda names: f"{len(names)}-{names[0]}",
)
def test_frozen_parameters_stay(variant: str, frozen: tuple[str, ...]) -> None:
    ensemble = Case(p=7, d=5, hidden=(11, 9), frozen=frozen).build(torch.float64)
    backend = NativeBackend(ensemble)
    backend.advance(20)
    after = backend.parameters()
    for reference in references(ensemble):
        reference.advance(20)
        for name, expected in reference.parameters.items():
            torch.testing.assert_close(after[name][reference.run], expected.detach())
    for name in PARAMETERS:
        assert torch.equal(after[name], ensemble.initial[name]) == (name in frozen)


def test_small_losses_are_exact(variant: str) -> None:
    """A network that is sure of itself: losses around 1e-12 keep their relative precision."""
    ensemble = Case(p=5, d=8, hidden=(16, 16)).build()
    zeros = replace(table_of(ensemble), labels=torch.zeros(25, dtype=torch.int64))
    ensemble = replace(ensemble, feed=zeros)
    initial = dict(ensemble.initial)
    initial["output.bias"] = torch.zeros(2, 5)
    initial["output.bias"][:, 0] = 29.0
    ensemble = replace(ensemble, initial=initial)
    backend = NativeBackend(ensemble)
    for reference in references(ensemble):
        expected = reference.evaluate()
        assert 1e-13 < expected[0] < 1e-10
        assert values_of(backend.evaluate(), reference.run) == pytest.approx(expected, rel=2e-5)
    assert_gradients(ensemble, 2e-5)


def test_large_logits_are_safe(variant: str) -> None:
    ensemble = Case(gain=400).build()
    evaluation = NativeBackend(ensemble).evaluate()
    for reference in references(ensemble):
        expected = reference.evaluate()
        assert expected[0] > 100
        assert values_of(evaluation, reference.run) == pytest.approx(expected, rel=1e-5)


def test_bits_do_not_depend_on_company(variant: str) -> None:
    """Threads, ensemble size and splitting into stretches leave every bit as it was."""
    ensemble = Case(p=11, d=6, hidden=(20, 17), runs=5).build()
    whole = NativeBackend(ensemble, threads=2)
    whole.advance(30)
    single = NativeBackend(ensemble, threads=1)
    for steps in (1, 1, 13, 0, 15):
        single.advance(steps)
        single.evaluate()
    assert_same_bits(whole.parameters(), single.parameters())
    alone = replace(
        ensemble,
        feed=ensemble.feed.select(torch.tensor([3])),
        optimiser=ensemble.optimiser.select(torch.tensor([3])),
        initial={k: v[3:4] for k, v in ensemble.initial.items()},
    )
    other = NativeBackend(alone, threads=3)
    other.advance(30)
    assert_same_bits(whole.parameters(), other.parameters(), slice(3, 4))
    assert float(other.evaluate()["test_loss"]) == float(whole.evaluate()["test_loss"][3])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_state_and_load_are_exact(variant: str, dtype: torch.dtype) -> None:
    ensemble = Case(p=11, d=6, hidden=(20, 17), runs=3).build(dtype)
    backend = NativeBackend(ensemble)
    backend.advance(7)
    state = backend.state()
    assert state.step == 7
    backend.advance(8)
    resumed = NativeBackend(ensemble)
    resumed.load(state)
    for ours, theirs in zip(groups_of(resumed.state()), groups_of(state), strict=True):
        assert_same_bits(ours, theirs)
    resumed.advance(8)
    for ours, theirs in zip(groups_of(backend.state()), groups_of(resumed.state()), strict=True):
        assert_same_bits(ours, theirs)


def test_state_is_a_copy() -> None:
    backend = NativeBackend(Case().build())
    state, parameters = backend.state(), backend.parameters()
    before = {name: tensor.clone() for name, tensor in state.parameters.items()}
    backend.advance(1)
    assert_same_bits(state.parameters, before)
    assert_same_bits(parameters, before)


def test_keep_drops_the_others(variant: str) -> None:
    ensemble = Case(p=11, d=6, hidden=(20, 17), runs=5).build()
    whole, part = NativeBackend(ensemble), NativeBackend(ensemble, threads=2)
    whole.advance(10)
    part.advance(4)
    part.keep(torch.tensor([1, 4]))
    part.advance(3)
    part.keep(torch.tensor([1]))
    part.advance(3)
    assert part.state().step == 10
    assert_same_bits(whole.parameters(), part.parameters(), slice(4, 5))
    assert float(part.evaluate()["train_loss"]) == float(whole.evaluate()["train_loss"][4])
    with pytest.raises(ValueError, match="ascend"):
        part.keep(torch.tensor([1]))


def test_nan_stays_in_its_network(variant: str) -> None:
    ensemble = Case(p=7, d=5, hidden=(100, 9), runs=3).build()
    clean = NativeBackend(ensemble)
    clean.advance(5)
    initial = {name: tensor.clone() for name, tensor in ensemble.initial.items()}
    initial["hidden.weight"][1, 2, 3] = math.nan
    spoilt = NativeBackend(replace(ensemble, initial=initial), threads=1)
    first = spoilt.evaluate()
    assert first["train_loss"].isnan().tolist() == [False, True, False]
    assert first["test_loss"].isnan().tolist() == [False, True, False]
    spoilt.advance(5)
    assert spoilt.evaluate()["train_loss"].isnan().tolist() == [False, True, False]
    others = [0, 2]
    expected = {name: tensor[others] for name, tensor in clean.parameters().items()}
    assert_same_bits(spoilt.parameters(), expected, others)


def test_infinity_reaches_the_loss(variant: str) -> None:
    ensemble = Case().build()
    ensemble.initial["output.bias"][0, 1] = math.inf
    losses = NativeBackend(ensemble).evaluate()["train_loss"]
    assert losses.isfinite().tolist() == [False, True]


def test_argmax_takes_the_first_of_equals(variant: str) -> None:
    ensemble = Case(p=5, d=3, hidden=(4, 4), classes=20).build()
    initial = {name: torch.zeros_like(tensor) for name, tensor in ensemble.initial.items()}
    initial["output.bias"][:, [3, 17]] = 1.0
    evaluation = NativeBackend(replace(ensemble, initial=initial)).evaluate()
    for run in range(ensemble.size):
        expected = Reference(replace(ensemble, initial=initial), run, torch.float64).evaluate()
        assert values_of(evaluation, run)[2:] == pytest.approx(expected[2:])


def test_supports_says_why_not() -> None:
    ensemble = Case().build()
    assert native.supports(ensemble) is None
    assert native.supports(Case().build(torch.float64)) is None
    half = {name: tensor.half() for name, tensor in ensemble.initial.items()}
    for other, reason in [
        (replace(ensemble, model=torch.nn.Linear(2, 2)), "Linear"),
        (replace(ensemble, initial=half), "float16"),
    ]:
        assert reason in str(native.supports(other))
        with pytest.raises(ValueError, match="cannot train"):
            NativeBackend(other)


def test_unknown_variant_is_an_error_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FITTEST_NATIVE_VARIANT", "abacus")
    assert not native_library.available()
    assert "abacus" in str(native_library.unavailable_reason())


def test_nothing_built_is_an_answer_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FITTEST_NATIVE_VARIANT", raising=False)
    monkeypatch.setattr(native_library, "variants", tuple)
    assert not native_library.available()
    assert "no native kernel" in str(native_library.unavailable_reason())


@pytest.mark.parametrize(
    ("flags", "built", "missing"),
    [
        ({"avx2", "fma"}, {"avx2", "baseline"}, None),
        ({"avx2", "fma"}, {"baseline"}, "avx2"),
        (native_library._NEEDS["avx512"], {"avx2", "baseline"}, "avx512"),
        (native_library._NEEDS["avx512"], {"avx512", "avx2", "baseline"}, None),
        (set(), {"baseline"}, None),
        # Who asked for one of his own has what he wants.
        (native_library._NEEDS["avx512"], {"march", "baseline"}, None),
    ],
)
def test_a_faster_build_that_is_missing_is_known(
    flags: set[str], built: set[str], missing: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout gets the builds of the machine that it is set up on, and others may use it."""
    monkeypatch.delenv("FITTEST_NATIVE_VARIANT", raising=False)
    monkeypatch.setattr(native_library, "_cpu_flags", lambda: frozenset(flags))
    monkeypatch.setattr(native_library, "_path", lambda v: Path(v) if v in built else None)
    assert native_library.better_variant() == missing
