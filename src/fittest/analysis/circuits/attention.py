"""The heads of a network of one layer: where they look, and what they carry
(progress methods 2.12, 2.13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fittest.analysis.circuits.basis import Floats, component_norms, real_basis, waves
from fittest.analysis.circuits.network import Network
from fittest.analysis.circuits.spectra import best_frequencies, transforms_of
from fittest.fourier import half_spectrum


@dataclass(frozen=True)
class Head:
    """One head.

    itself: mean attention of the sign to itself; itself_sd, itself_most: its deviation over pairs,
    and the most of all. k, alpha, beta, pattern_explained: the best fit of A_0, attention to the
    first operand, by 0.5 + alpha (cos w_k a - cos w_k b) + beta (sin w_k a - sin w_k b) and its
    share of the variance; divided_explained: likewise of A_0 / (A_0 + A_1), how what is left for
    the operands is divided. periodic: share of the variance of A_0 in the block of its best
    frequency.
    lookup_k, lookup_cos, lookup_sin, lookup_explained: the best sinusoid in C_j, centred. offset:
    what positions add to C_j[a] - C_j[b]. slope, linear_explained: the best E_j in
    sigmoid(x) = 0.5 + E_j x at x = C_j[a] - C_j[b], and its share of the variance. lowest,
    highest: range of x. ov_entropy: entropy of the OV circuit's energy over frequencies, nats;
    ov_share: share of that energy at k.
    """

    head: int
    itself: float
    itself_sd: float
    itself_most: float
    k: int
    alpha: float
    beta: float
    pattern_explained: float
    divided_explained: float
    periodic: float
    lookup_k: int
    lookup_cos: float
    lookup_sin: float
    lookup_explained: float
    offset: float
    slope: float
    linear_explained: float
    lowest: float
    highest: float
    ov_entropy: float
    ov_share: float


def lookup(network: Network) -> Floats:
    """C_j of each head (h, p): its score for a number, whatever the position, over sqrt(k)."""
    return _scores(network, network.embedding)


def position_offsets(network: Network) -> Floats:
    """What the positions add to the score of the first operand over that of the second: (h,)."""
    at = _scores(network, network.positions)
    return at[:, 0] - at[:, 1]


def _scores(network: Network, tokens: Floats) -> Floats:
    """Scores (h, n) of residual vectors (n, d) as the sign of equality sees them."""
    block = network.last
    query = block.query @ network.start()
    wanted = np.einsum("hkd,hk->hd", block.key, query) / np.sqrt(query.shape[1])
    return wanted @ tokens.T


def without_itself(pattern: Floats) -> Floats:
    """Attention (..., 3) with that of the sign to itself set to 0 and the rest renormalised."""
    kept = np.array(pattern)
    kept[..., 2] = 0
    kept /= kept.sum(axis=-1, keepdims=True)
    return kept


def linear_pattern(network: Network, pattern: Floats) -> Floats:
    """Attention (p, p, h, 3) with the sigmoid of each head, by which it divides among the operands
    what it does not pay to the sign itself, replaced by its best line through 0.5
    (progress methods 2.11, A12).

    pattern: (p, p, h, 3). What the sign pays to itself is left as it is: of a `without_itself`
    pattern all goes to the operands.
    """
    differences = _differences(lookup(network))
    slopes = np.array([_slope(x) for x in differences])
    first = (0.5 + slopes[:, None, None] * differences).transpose(1, 2, 0)
    itself = pattern[..., 2]
    return np.stack([(1 - itself) * first, (1 - itself) * (1 - first), itself], axis=-1)


def _differences(scores: Floats) -> Floats:
    """C_j[a] - C_j[b]: (h, p) -> (h, p, p)."""
    return scores[:, :, None] - scores[:, None, :]


def _sigmoid(x: Floats) -> Floats:
    halved: Floats = 0.5 * (1 + np.tanh(0.5 * x))
    return halved


def _slope(x: Floats) -> float:
    """E of the best fit of sigmoid(x) - 0.5 by E x. A head that prefers nothing has none: 0."""
    squares = float(np.square(x).sum())
    return float((x * (_sigmoid(x) - 0.5)).sum()) / squares if squares > 0 else 0.0


def heads(network: Network, pattern: Floats) -> list[Head]:
    """Every head of a network of one layer.

    pattern: (p, p, h, 3), as of `forward.activity`. Shares are NaN where there is no variance.
    """
    scores, offsets, energies = lookup(network), position_offsets(network), ov_norms(network) ** 2
    looked, divided = pattern[..., 0], without_itself(pattern)[..., 0]
    _, periodic = best_frequencies(transforms_of(looked))
    found = []
    for j in range(len(scores)):
        carried = energies[j, 1::2] + energies[j, 2::2]
        fit = _pattern_fit(looked[:, :, j])
        head = Head(
            head=j,
            itself=float(pattern[:, :, j, 2].mean()),
            itself_sd=float(pattern[:, :, j, 2].std()),
            itself_most=float(pattern[:, :, j, 2].max()),
            **fit,
            divided_explained=_pattern_fit(divided[:, :, j])["pattern_explained"],
            periodic=float(periodic[j]),
            **_lookup_fit(scores[j]),
            offset=float(offsets[j]),
            **_linearity(_differences(scores[j : j + 1])[0]),
            ov_entropy=_entropy(carried),
            ov_share=_part(carried, fit["k"] - 1),
        )
        found.append(head)
    return found


def _pattern_fit(looked: Floats) -> dict[str, Any]:
    """The best frequency for A_0 (p, p), least squares without intercept on A_0 - 0.5."""
    p = len(looked)
    apart = looked - 0.5
    # Sums over one operand are all that the regressors, which are orthogonal, see.
    balance = apart.sum(axis=1) - apart.sum(axis=0)
    cosines, sines = waves(p, half_spectrum(p))
    alphas, betas = cosines @ balance / p**2, sines @ balance / p**2
    explained = p**2 * (alphas**2 + betas**2)
    best = int(explained.argmax())
    spread = float(np.square(looked - looked.mean()).sum())
    left = float(np.square(apart).sum() - explained[best])
    return {
        "k": best + 1,
        "alpha": float(alphas[best]),
        "beta": float(betas[best]),
        "pattern_explained": _share(left, spread, p**2),
    }


def _lookup_fit(scores: Floats) -> dict[str, Any]:
    """The best sinusoid in a head's scores (p,), about their mean."""
    p = len(scores)
    cosines, sines = waves(p, half_spectrum(p))
    first, second = 2 / p * cosines @ scores, 2 / p * sines @ scores
    explained = p / 2 * (first**2 + second**2)
    best = int(explained.argmax())
    spread = float(np.square(scores - scores.mean()).sum())
    return {
        "lookup_k": best + 1,
        "lookup_cos": float(first[best]),
        "lookup_sin": float(second[best]),
        "lookup_explained": _share(spread - float(explained[best]), spread, p),
    }


def _linearity(x: Floats) -> dict[str, Any]:
    slope = _slope(x)
    curved = _sigmoid(x) - 0.5
    left, spread = float(np.square(curved - slope * x).sum()), float(np.square(curved).sum())
    return {
        "slope": slope,
        "linear_explained": _share(left, spread, x.size),
        "lowest": float(x.min()),
        "highest": float(x.max()),
    }


def _share(left: float, spread: float, count: int) -> float:
    """1 - left / spread; NaN where `spread` is no more than rounding of numbers of order 1."""
    return 1 - left / spread if spread > 1e-24 * count else float("nan")


def _entropy(energies: Floats) -> float:
    shares = energies[energies > 0] / energies.sum()
    return float(-(shares * np.log(shares)).sum())


def _part(energies: Floats, at: int) -> float:
    """Share of one entry; NaN of a head that carries nothing."""
    total = float(energies.sum())
    return float(energies[at]) / total if total > 0 else float("nan")


def lookup_components(network: Network) -> Floats:
    """C_j in the Fourier basis: (h, p)."""
    return lookup(network) @ real_basis(network.p).T


def ov_norms(network: Network) -> Floats:
    """Norm over the residual stream of each Fourier component of what a head writes of the
    numbers, W_O W_V W_E: (h, p)."""
    block = network.last
    norms = []
    for j in range(len(block.value)):
        carried = network.embedding @ block.value[j].T @ block.output[:, j].T
        norms.append(component_norms(carried))
    return np.stack(norms)
