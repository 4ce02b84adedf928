"""What the logits read of the neurons: u_k and v_k times the neurons, as functions of both operands
(progress methods 2.10; tables 1 and 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fittest.analysis.circuits.basis import Floats, transform_pairs
from fittest.analysis.circuits.keys import read_directions


@dataclass(frozen=True)
class Read:
    """One direction of the neurons over all pairs.

    part: `cos`, of u_k, or `sin`, of v_k. first, second: coefficients of the functions that make up
    cos(w_k(a + b)), cos cos and sin sin, or sin(w_k(a + b)), sin cos and cos sin. merged: the
    amplitude that the two stand for. explained: share of the variance that the wave of the sum
    explains. expansion: the largest terms, as a formula.
    """

    k: int
    part: str
    first: float
    second: float
    merged: float
    explained: float
    expansion: str


def mlp_reads(
    neurons: Floats, neuron_logit_map: Floats, ks: Sequence[int], least: float
) -> list[Read]:
    """Both reads of each frequency.

    Args:
        neurons: (p, p, F). neuron_logit_map: (p, F).
        least: terms below this share of the largest one are left out of the expansions.

    Returns:
        Coefficients of the waves as they are (amplitude 1), with u_k and v_k from the orthonormal
        basis: they carry the logits' unit, and only their ratios mean something by themselves.
    """
    p = len(neurons)
    directions = read_directions(neuron_logit_map, ks)
    transforms = transform_pairs(neurons @ directions.T)
    found = []
    for index, k in enumerate(ks):
        for part in ("cos", "sin"):
            transform = transforms[..., 2 * index + (part == "sin")].astype(np.float64)
            cos, sin = 2 * k - 1, 2 * k
            # cos(x + y) = cos cos - sin sin; sin(x + y) = sin cos + cos sin.
            sign = -1 if part == "cos" else 1
            at = ((cos, cos), (sin, sin)) if part == "cos" else ((sin, cos), (cos, sin))
            first, second = (float(transform[place]) * 2 / p for place in at)
            spread = float(np.square(transform).sum() - transform[0, 0] ** 2)
            along = float(transform[at[0]] + sign * transform[at[1]]) ** 2 / 2
            found.append(
                Read(
                    k=k,
                    part=part,
                    first=first,
                    second=second,
                    merged=(first + sign * second) / 2,
                    explained=along / spread if spread > 0 else float("nan"),
                    expansion=expansion(transform, least),
                )
            )
    return found


def expansion(transform: Floats, least: float) -> str:
    """The largest terms of a function of both operands, as a formula, the largest first.

    transform: (p, p) as of `transform_pairs`; the constant is left out. least: terms below this
    share of the largest coefficient are left out.
    """
    p = len(transform)
    size = np.full(p, np.sqrt(2 / p))
    size[0] = np.sqrt(1 / p)
    terms = transform * np.outer(size, size)
    terms[0, 0] = 0
    flat = terms.reshape(-1)
    largest = np.abs(flat).max()
    if largest == 0:
        return "0"
    order = np.argsort(-np.abs(flat), kind="stable")
    chosen = [int(i) for i in order if abs(flat[i]) >= least * largest]
    text = ""
    for i in chosen:
        waves = " ".join(filter(None, (_wave(i // p, "a"), _wave(i % p, "b"))))
        text += f" {'-' if flat[i] < 0 else '+'} {abs(flat[i]):.3g} {waves}"
    return text.removeprefix(" + ").strip()


def _wave(row: int, operand: str) -> str:
    if row == 0:
        return ""
    return f"{'cos' if row % 2 else 'sin'}(w{(row + 1) // 2} {operand})"
