"""The cross-entropy without cancellation, against exact arithmetic and plain autograd."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from fittest.training.loss import cross_entropy


def exact(logits: list[float], label: int) -> float:
    """log(sum exp(z - z_label)) in 60 digits."""
    with localcontext() as context:
        context.prec = 60
        right = Decimal(logits[label])
        return float(sum((Decimal(z) - right).exp() for z in logits).ln())


def batch(logits: list[list[float]], dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.tensor(logits, dtype=dtype)


@given(
    logits=st.lists(st.floats(-30, 30), min_size=2, max_size=8),
    lead=st.floats(0, 60),
    label=st.integers(0, 7),
)
def test_small_and_large_losses_are_accurate(logits: list[float], lead: float, label: int) -> None:
    """Losses down to 1e-12 and below, where a plain log-softmax has no digit left."""
    label %= len(logits)
    logits[label] += lead
    loss = float(cross_entropy(batch([logits]), torch.tensor([label]))[0])
    # An ulp of the logits themselves moves the loss by as much, relatively.
    assert loss == pytest.approx(exact(logits, label), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("lead", [1.0, 10.0, 16.0, 20.0, 27.6, 50.0, 80.0])
def test_float32_does_not_quantise(lead: float) -> None:
    logits = [[lead, 0.0, -0.5, 0.25]]
    label = torch.tensor([0])
    loss = float(cross_entropy(batch(logits, torch.float32), label)[0])
    assert loss == pytest.approx(exact(logits[0], 0), rel=2e-6)
    if lead > 20:
        assert float(functional.cross_entropy(batch(logits, torch.float32), label)) == 0


@given(
    size=st.floats(1, 1e4),
    seed=st.integers(0, 100),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_gradient_is_softmax_minus_one_hot(size: float, seed: int, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = (size * torch.randn(5, 7, generator=generator, dtype=torch.float64)).to(dtype)
    labels = torch.randint(7, (5,), generator=generator)
    given_logits = logits.clone().requires_grad_()
    losses = cross_entropy(given_logits, labels)
    losses.sum().backward()
    expected = functional.softmax(logits, dim=-1) - functional.one_hot(labels, 7)
    # An ulp of the largest logit moves the softmax by as much, relatively.
    tolerance = torch.finfo(dtype).eps * (16 + 4 * float(logits.abs().max()))
    assert given_logits.grad is not None
    torch.testing.assert_close(given_logits.grad, expected, rtol=tolerance, atol=tolerance)
    reference = functional.cross_entropy(logits.double(), labels, reduction="none")
    torch.testing.assert_close(losses.detach().double(), reference, rtol=tolerance, atol=tolerance)


def test_gradient_of_a_tiny_loss_keeps_its_digits() -> None:
    logits = batch([[30.0, 0.0, 1.0]], torch.float32).requires_grad_()
    cross_entropy(logits, torch.tensor([0])).sum().backward()
    probabilities = functional.softmax(logits.detach().double(), dim=-1)[0]
    assert logits.grad is not None
    wrong = probabilities[1:]
    expected = torch.stack([-wrong.sum(), *wrong])
    torch.testing.assert_close(logits.grad[0].double(), expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_very_large_logits_stay_finite(dtype: torch.dtype) -> None:
    logits = batch([[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0], [1e30, 0.0, -1e30]], dtype)
    logits.requires_grad_()
    losses = cross_entropy(logits, torch.tensor([0, 0, 1]))
    losses.sum().backward()
    assert losses.tolist() == pytest.approx([0.0, 2e4, 1e30], rel=1e-6)
    assert logits.grad is not None
    assert bool(torch.isfinite(logits.grad).all())


def test_nan_and_infinity_reach_the_loss() -> None:
    logits = batch([[float("nan"), 0.0], [0.0, float("inf")], [0.0, 0.0]])
    finite = torch.isfinite(cross_entropy(logits, torch.tensor([1, 0, 0])))
    assert finite.tolist() == [False, False, True]


def test_a_single_class_has_no_loss() -> None:
    assert float(cross_entropy(batch([[3.0]]), torch.tensor([0]))[0]) == 0
