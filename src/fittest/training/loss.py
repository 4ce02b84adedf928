"""Cross-entropy without cancellation.

log-softmax in float32 quantises losses at about 1e-7, the size of the final loss. Written
relative to the correct logit, nothing is subtracted from one (survival methods 1.5).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Per-pair cross-entropy in nats.

    logits (N, C), labels (N,) int64 -> (N,). Accurate to a few ulp for losses down to the
    smallest normal number, and safe for logits of any finite size.
    """
    right = labels[:, None] == torch.arange(logits.shape[-1], device=logits.device)
    excess = logits - (logits * right).sum(dim=-1, keepdim=True)
    others = excess.masked_fill(right, -torch.inf)
    # The shift is zero once the right logit leads, which is where precision matters.
    shift = others.amax(dim=-1).clamp(min=0).detach()
    total = torch.exp(others - shift[:, None]).sum(dim=-1)
    return shift + torch.log1p(total + torch.expm1(-shift))


def _rounded(dtype: torch.dtype) -> Callable[[Tensor, Tensor], Tensor]:
    def through_log_softmax(logits: Tensor, labels: Tensor) -> Tensor:
        """As `cross_entropy`, with the cancellation of log-softmax in a type."""
        likely = torch.log_softmax(logits.to(dtype), dim=-1)
        right = labels[:, None] == torch.arange(logits.shape[-1], device=logits.device)
        return -torch.where(right, likely, 0).sum(dim=-1)

    return through_log_softmax


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "exact": cross_entropy,
    "float32": _rounded(torch.float32),
    "float64": _rounded(torch.float64),
}
"""Cross-entropies by name: exact; and as papers compute it, on logits cast to a type."""
