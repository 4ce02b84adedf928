"""The generic backend against plain autograd with torch.optim.AdamW, and against itself.

The reference is the textbook form: embedding, concatenation, three linear layers and torch's own
cross-entropy, one network at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from fittest import fourier
from fittest.models import EMBEDDING
from fittest.training.backend import Ensemble, Parameters
from fittest.training.torch_backend import TorchBackend
from small_world import backend_of, ensemble_of, evaluation_rows, seeded_runs, small_run, table_of

STEPS = 200


class Network(nn.Module):
    """logits = output(SiLU(hidden(SiLU(input([E_a, E_b])))))"""

    def __init__(self, values: Parameters) -> None:
        super().__init__()
        (p, d), (h2, h1) = values[EMBEDDING].shape, values["hidden.weight"].shape
        self.embedding = nn.Embedding(p, d)
        self.input = nn.Linear(2 * d, h1)
        self.hidden = nn.Linear(h1, h2)
        self.output = nn.Linear(h2, len(values["output.bias"]))
        self.to(values[EMBEDDING].dtype)
        self.load_state_dict(values)

    def forward(self, tokens: Tensor) -> Tensor:
        pair = torch.cat([self.embedding(tokens[:, 0]), self.embedding(tokens[:, 1])], dim=1)
        return self.output(functional.silu(self.hidden(functional.silu(self.input(pair)))))


class Reference:
    """One run of an ensemble, trained as anybody would train it."""

    def __init__(self, ensemble: Ensemble, run: int) -> None:
        self.network = Network({k: v[run] for k, v in ensemble.initial.items()})
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(name not in ensemble.frozen)
        hyper = {name: float(values[run]) for name, values in ensemble.optimiser.settings().items()}
        self.optimiser = torch.optim.AdamW(
            [q for q in self.network.parameters() if q.requires_grad],
            lr=hyper["lr"],
            betas=(hyper["beta1"], hyper["beta2"]),
            eps=hyper["eps"],
            weight_decay=hyper["weight_decay"],
        )
        self.tokens, self.labels = table_of(ensemble).tokens, table_of(ensemble).labels
        self.train = table_of(ensemble).train_mask[run]

    def advance(self, steps: int) -> None:
        for _ in range(steps):
            self.optimiser.zero_grad()
            logits = self.network(self.tokens[self.train])
            functional.cross_entropy(logits, self.labels[self.train]).backward()
            self.optimiser.step()

    @torch.no_grad()
    def evaluate(self) -> tuple[float, ...]:
        logits = self.network(self.tokens)
        right = (logits.argmax(dim=1) == self.labels).double()
        masks = (self.train, ~self.train)
        losses = [float(functional.cross_entropy(logits[m], self.labels[m])) for m in masks]
        return (*losses, *(float(right[m].mean()) for m in masks))


def assert_same_parameters(first: Parameters, second: Parameters, **tolerance: float) -> None:
    assert set(first) == set(second)
    for name, value in first.items():
        torch.testing.assert_close(
            value, second[name], **tolerance, msg=lambda text, name=name: f"{name}: {text}"
        )


def of_run(parameters: Parameters, run: int) -> Parameters:
    return {k: v[run] for k, v in parameters.items()}


@pytest.mark.parametrize("steps", [1, STEPS])
def test_training_is_plain_adamw(steps: int) -> None:
    """Losses and every parameter, with hyperparameters of its own for each run."""
    ensemble = ensemble_of(seeded_runs(3))
    backend = TorchBackend(ensemble)
    backend.advance(steps)
    rows = evaluation_rows(backend.evaluate())
    for run in range(ensemble.size):
        reference = Reference(ensemble, run)
        reference.advance(steps)
        assert rows[run] == pytest.approx(reference.evaluate(), rel=1e-9)
        expected = {k: v.detach() for k, v in reference.network.state_dict().items()}
        assert_same_parameters(of_run(backend.parameters(), run), expected, rtol=1e-9, atol=1e-11)


def test_first_update_in_float32_is_that_of_adamw() -> None:
    """1 - beta2 has to be exact: computed in float32 it is off by 5e-5."""
    ensemble = ensemble_of(seeded_runs(1), torch.float32)
    backend, reference = TorchBackend(ensemble), Reference(ensemble, 0)
    backend.advance(1)
    reference.advance(1)
    second = backend.state().moments["second"]
    for name, parameter in reference.network.named_parameters():
        expected = reference.optimiser.state[parameter]["exp_avg_sq"]
        large = expected > 1e-3 * expected.max()
        torch.testing.assert_close(second[name][0][large], expected[large], rtol=1e-5, atol=0)


@pytest.mark.parametrize("frozen", [(EMBEDDING,), ("input.weight", "hidden.bias")], ids=str)
def test_frozen_parameters_are_neither_trained_nor_decayed(frozen: tuple[str, ...]) -> None:
    ensemble = ensemble_of(seeded_runs(2, frozen=frozen))
    backend = TorchBackend(ensemble)
    backend.advance(30)
    after = backend.parameters()
    for name, before in ensemble.initial.items():
        assert torch.equal(after[name], before) == (name in frozen)
    reference = Reference(ensemble, 1)
    reference.advance(30)
    assert_same_parameters(
        of_run(after, 1), dict(reference.network.state_dict()), rtol=1e-9, atol=1e-11
    )


def test_batched_equals_one_by_one() -> None:
    """The slow switch: the single-network step in a loop."""
    ensemble = ensemble_of(seeded_runs(4))
    fast, slow = TorchBackend(ensemble), TorchBackend(ensemble, slow=True)
    for _ in range(3):
        fast.advance(20)
        slow.advance(20)
        for one, other in zip(
            evaluation_rows(fast.evaluate()), evaluation_rows(slow.evaluate()), strict=True
        ):
            assert one == pytest.approx(other, rel=1e-10)
    assert_same_parameters(fast.parameters(), slow.parameters(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    ("dtype", "rtol"), [(torch.float64, 1e-12), (torch.float32, 1e-4)], ids=["float64", "float32"]
)
def test_alone_as_in_company(dtype: torch.dtype, rtol: float) -> None:
    runs = seeded_runs(8)
    together = TorchBackend(ensemble_of(runs, dtype))
    together.advance(50)
    rows = evaluation_rows(together.evaluate())
    for index in (0, 5):
        alone = TorchBackend(ensemble_of([runs[index]], dtype))
        alone.advance(50)
        assert evaluation_rows(alone.evaluate())[0] == pytest.approx(rows[index], rel=10 * rtol)
        torch.testing.assert_close(
            fourier.signals(alone.parameters()[EMBEDDING][0]),
            fourier.signals(together.parameters()[EMBEDDING][index]),
            rtol=rtol,
            atol=0,
        )


def follow(backend_name: str, settings: dict, steps: int, every: int) -> None:
    """float32 against float64 from the same seeds: losses and signals within 1e-3 (S48)."""
    pair = [
        backend_of(backend_name, ensemble_of([small_run(**settings)], dtype))
        for dtype in (torch.float32, torch.float64)
    ]
    for _ in range(steps // every):
        seen = []
        for backend in pair:
            backend.advance(every)
            losses = evaluation_rows(backend.evaluate())[0][:2]
            signals = fourier.signals(backend.parameters()[EMBEDDING][0]).double()
            seen.append((losses, signals))
        (losses, signals), (losses64, signals64) = seen
        assert losses == pytest.approx(losses64, rel=1e-3)
        assert float(((signals - signals64) / signals64.max()).abs().max()) < 1e-3
    assert losses64[0] < 0.05, "it has to reach small losses for this to mean anything"


DEFAULT_NETWORK = {"model": {"d": 128, "hidden": [100, 100]}}


def test_float32_follows_float64_on_a_small_task() -> None:
    follow("torch", {"task": {"p": 13}, **DEFAULT_NETWORK}, steps=500, every=100)


def test_float32_follows_float64_on_the_default_task() -> None:
    follow("torch", {"task": {"p": 59}, **DEFAULT_NETWORK}, steps=150, every=50)


def test_no_test_pairs_give_nan_not_zero() -> None:
    run = small_run(task={"train_fraction": 1.0})
    row = evaluation_rows(TorchBackend(ensemble_of([run])).evaluate())[0]
    assert [math.isnan(value) for value in row] == [False, True, False, True]


def test_state_is_a_copy_and_load_is_exact() -> None:
    ensemble = ensemble_of(seeded_runs(3))
    backend = TorchBackend(ensemble)
    backend.advance(4)
    state = backend.state()
    backend.advance(6)
    resumed = TorchBackend(ensemble)
    resumed.load(state)
    assert resumed.state().step == 4
    resumed.advance(6)
    assert resumed.state().step == 10
    ours, theirs = resumed.state(), backend.state()
    assert_same_parameters(ours.parameters, theirs.parameters, rtol=0, atol=0)
    for name in ("first", "second"):
        assert_same_parameters(ours.moments[name], theirs.moments[name], rtol=0, atol=0)


def test_keep_leaves_the_others() -> None:
    runs = seeded_runs(5)
    backend, whole = TorchBackend(ensemble_of(runs)), TorchBackend(ensemble_of(runs))
    backend.advance(5)
    backend.keep(torch.tensor([1, 3, 4]))
    backend.advance(5)
    backend.keep(torch.tensor([2]))
    backend.advance(5)
    whole.advance(15)
    assert_same_parameters(
        of_run(backend.parameters(), 0), of_run(whole.parameters(), 4), rtol=1e-10, atol=1e-12
    )


def test_nan_stays_in_its_network() -> None:
    ensemble = ensemble_of(seeded_runs(3))
    clean = TorchBackend(ensemble)
    initial = {k: v.clone() for k, v in ensemble.initial.items()}
    ensemble.initial["hidden.weight"][1, 2, 3] = float("nan")
    spoilt = TorchBackend(ensemble)
    ensemble.initial.update(initial)
    for backend in (clean, spoilt):
        backend.advance(5)
    assert spoilt.evaluate()["train_loss"].isnan().tolist() == [False, True, False]
    for run in (0, 2):
        assert_same_parameters(
            of_run(spoilt.parameters(), run), of_run(clean.parameters(), run), rtol=0, atol=0
        )


def compare(make: Callable[[Ensemble], TorchBackend], dtype: torch.dtype, rtol: float) -> None:
    """Another way of running the same step."""
    ensemble = ensemble_of(seeded_runs(3), dtype)
    other, eager = make(ensemble), TorchBackend(ensemble)
    for backend in (other, eager):
        backend.advance(20)
    for one, expected in zip(
        evaluation_rows(other.evaluate()), evaluation_rows(eager.evaluate()), strict=True
    ):
        assert one == pytest.approx(expected, rel=rtol)
    mine, theirs = (fourier.signals(b.parameters()[EMBEDDING].cpu()) for b in (other, eager))
    torch.testing.assert_close(mine, theirs, rtol=rtol, atol=0)


@pytest.mark.slow
def test_compiled_step() -> None:
    compare(lambda e: TorchBackend(e, compile_step=True), torch.float64, 1e-10)


@pytest.mark.cuda
@pytest.mark.parametrize(
    ("dtype", "rtol"), [(torch.float64, 1e-9), (torch.float32, 1e-4)], ids=["float64", "float32"]
)
def test_cuda_agrees_with_cpu(dtype: torch.dtype, rtol: float) -> None:
    compare(lambda e: TorchBackend(e, "cuda"), dtype, rtol)


@pytest.mark.cuda
@pytest.mark.slow
def test_compiled_step_on_cuda() -> None:
    compare(lambda e: TorchBackend(e, "cuda", compile_step=True), torch.float32, 1e-4)


@pytest.mark.cuda
def test_cuda_state_comes_back_to_the_cpu_and_keep_works() -> None:
    ensemble = ensemble_of(seeded_runs(4), torch.float32)
    backend = TorchBackend(ensemble, "cuda")
    backend.advance(3)
    state = backend.state()
    assert {v.device.type for v in state.parameters.values()} == {"cpu"}
    backend.keep(torch.tensor([0, 2]))
    backend.advance(3)
    resumed = TorchBackend(ensemble.select(torch.tensor([0, 2])), "cuda")
    resumed.load(state.select(torch.tensor([0, 2])))
    resumed.advance(3)
    assert_same_parameters(resumed.state().parameters, backend.state().parameters, rtol=0, atol=0)
