"""Two trainings that are one: other names for the numbers, operands exchanged (exponents methods
2.4). In float64 their losses agree to rounding, and without the coupling they do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from fittest.models.exchanged_transformer import ExchangedTransformerSettings
from fittest.pipeline.identity.deciding import sources_of
from fittest.pipeline.running.ensembles import build_ensemble
from fittest.runs.run import Run
from fittest.tasks import Powers
from fittest.training.torch_backend import TorchBackend

P = 13
STEPS = 30


def run(task: dict[str, Any], **more: Any) -> Run:
    small = {"d": 16, "heads": 2, "head_size": 8, "mlp": 32, "biases": False}
    content = {
        "task": {"name": "powers", "p": P, "train_fraction": 0.5, **task},
        "optimiser": {"lr": 0.001, "betas": [0.9, 0.98], "weight_decay": 1.0},
        "seeds": {"embedding": 3, "mlp": 4, "split": 5},
        **more,
    }
    content["model"] = {"name": "transformer", **small, **more.get("model", {})}
    return Run.model_validate(content)


def losses(of: Run) -> np.ndarray:
    backend = TorchBackend(build_ensemble([of], torch.float64))
    found = []
    for _ in range(STEPS):
        backend.advance(1)
        seen = backend.evaluate()
        found.append([float(seen["train_loss"][0]), float(seen["test_loss"][0])])
    return np.array(found)


PLAIN = {"exponents": [1, 1]}
POWERS = {"exponents": [5, 5], "listed": "by_powers"}
RELABEL = {"kind": "relabel", "p": P, "exponent": 5}
EXCHANGED = {"model": {"name": "exchanged_transformer"}}


def test_equal_exponents_are_the_first_power_under_other_names() -> None:
    plain = losses(run(PLAIN))
    coupled = losses(run(POWERS, intervention=RELABEL))
    assert np.abs(coupled - plain).max() < 1e-9
    for other in (
        run(POWERS),  # other weights
        run({"exponents": [5, 5]}, intervention=RELABEL),  # another split
        run({"exponents": [2, 2]}),
    ):
        assert np.abs(losses(other) - plain).max() > 1e-3


def test_exchanged_exponents_are_exchanged_operands() -> None:
    plain = losses(run({"exponents": [4, 5]}))
    exchanged = {"exponents": [5, 4], "listed": "exchanged"}
    assert np.abs(losses(run(exchanged, **EXCHANGED)) - plain).max() < 1e-9
    for other in (run(exchanged), run({"exponents": [5, 4]}, **EXCHANGED)):
        assert np.abs(losses(other) - plain).max() > 1e-3


def test_pairs_in_another_order_have_their_own_answers() -> None:
    for listed in ("by_powers", "exchanged"):
        task = Powers(p=P, exponents=(5, 7), listed=listed).build()
        x, y, _ = task.tokens.T
        assert (task.labels == (x**5 + y**7) % P).all()
        assert len(np.unique(x * P + y)) == P**2 and not task.grid
    powers = Powers(p=P, exponents=(5, 7), listed="by_powers").build()
    assert (powers.tokens[:, 0] ** 5 % P == np.arange(P).repeat(P)).all()


def test_what_is_no_permutation_is_refused() -> None:
    for wrong in (
        {"task": {"exponents": [2, 5], "listed": "by_powers"}},
        {"task": {"exponents": [5, 5]}, "intervention": {**RELABEL, "exponent": 6}},
    ):
        task = wrong.pop("task")
        with pytest.raises(ValidationError, match=r"share 2|share 6"):
            run(task, **wrong)
    with pytest.raises(ValidationError, match=r"intervention.p = 11, and the task has p = 13"):
        run(PLAIN, intervention={**RELABEL, "p": 11})
    with pytest.raises(ValidationError, match="powers are a permutation modulo a prime only"):
        run({"p": 15, "exponents": [5, 5], "listed": "by_powers"})
    with pytest.raises(ValidationError, match="there are none to exchange"):
        ExchangedTransformerSettings(positions="none")


def test_the_code_of_both_networks_decides() -> None:
    found = sources_of([run(PLAIN, **EXCHANGED)])
    assert {"models/exchanged_transformer.py", "models/transformer.py"} <= set(found)
    assert "models/networks/transformer.py" in found


def test_the_first_power_changes_nothing() -> None:
    assert run(PLAIN).run_id == run(PLAIN, intervention={**RELABEL, "exponent": 1}).run_id
