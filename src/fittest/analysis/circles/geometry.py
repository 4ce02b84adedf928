"""Geometry of final embeddings, a row per run: circles, dead planes, PCA against FFT, neighbours
(survival methods 2.5-2.7, 2.10; claims S05-S07)."""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd

import numpy as np
import pandas as pd

from fittest.analysis.circles.planes import (
    circle_plane,
    circularity,
    principal_planes,
    project,
    purity,
    token_step,
)
from fittest.fourier import Floats, half_spectrum, keep_only

COLUMNS = [
    "run_id",
    "survivors",
    "radius_alive",
    "radius_dead",
    "own_alive",
    "own_dead",
    "circularity_alive",
    "circularity_dead",
    "purity_fft",
    "purity_pca",
    "singular_ratio",
    "angle_error",
    "step_violations",
]


def geometry(embeddings: Mapping[str, Floats], survivors: Mapping[str, list[int]]) -> pd.DataFrame:
    """One row per run.

    Args:
        embeddings: run_id -> final embedding (p, d).
        survivors: run_id -> frequencies alive at the end.

    Returns:
        survivors = their number; radius_* = mean over the alive or dead frequencies of the root
        mean square distance of the tokens from the origin of the frequency's own plane
        (embedding units); own_* = the same with every other frequency taken out of the embedding
        first, so that no survivor leaks into a dead frequency's plane; circularity_* = their
        median; purity_* = mean over the survivors' Fourier
        planes, and over as many PCA planes, of the power share of one frequency; singular_ratio =
        singular value 2m+1 over 2m of the centred embedding, for m survivors; angle_error =
        relative deviation from 2 pi / p of the median angle between tokens n and n + Delta in a
        survivor's plane, median over the survivors; step_violations = survivors whose Delta does
        not fulfil k Delta = +-1 mod p. NaN where there are no survivors or no dead.
    """
    rows = [
        {"run_id": run_id, **_one(np.asarray(embedding, dtype=np.float64), survivors[run_id])}
        for run_id, embedding in embeddings.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _one(embedding: Floats, alive: list[int]) -> dict[str, float]:
    p = embedding.shape[0]
    dead = [k for k in half_spectrum(p) if k not in alive]
    planes = {k: project(embedding, circle_plane(embedding, k)) for k in half_spectrum(p)}
    radius = {k: _radius(xy) for k, xy in planes.items()}
    own = {
        k: _radius(project(keep_only(embedding, (k,), keep_mean=False), circle_plane(embedding, k)))
        for k in planes
    }
    round_ = circularity(embedding)
    steps = {k: token_step(k, p) for k in alive if gcd(k, p) == 1}
    return {
        "survivors": len(alive),
        "radius_alive": _mean([radius[k] for k in alive]),
        "radius_dead": _mean([radius[k] for k in dead]),
        "own_alive": _mean([own[k] for k in alive]),
        "own_dead": _mean([own[k] for k in dead]),
        "circularity_alive": _median([float(round_[k - 1]) for k in alive]),
        "circularity_dead": _median([float(round_[k - 1]) for k in dead]),
        "purity_fft": _mean([_share(planes[k], k) for k in alive]),
        "purity_pca": _mean(
            [purity(plane.coordinates)[0] for plane in principal_planes(embedding, len(alive))]
        ),
        "singular_ratio": _gap(embedding, len(alive)),
        "angle_error": _median([_angle_error(planes[k], step) for k, step in steps.items()]),
        "step_violations": sum((k * step) % p not in (1, p - 1) for k, step in steps.items()),
    }


def _radius(plane: Floats) -> float:
    """Root mean square distance of the tokens from the origin."""
    return float(np.sqrt(np.square(plane).sum(1).mean()))


def _share(plane: Floats, k: int) -> float:
    """Share of a plane's non-constant power that frequency k holds."""
    power = np.square(np.abs(np.fft.fft(plane, axis=0))).sum(-1)
    return float(2 * power[k] / power[1:].sum())


def _gap(embedding: Floats, circles: int) -> float:
    singular = np.linalg.svd(embedding - embedding.mean(0), compute_uv=False)
    if circles == 0 or len(singular) <= 2 * circles:
        return np.nan
    return float(singular[2 * circles] / singular[2 * circles - 1])


def _angle_error(plane: Floats, step: int) -> float:
    """|angle / (2 pi / p) - 1| of the median angle over tokens between n and n + step.

    Which way round the circle is drawn is arbitrary; single angles carry what leaks into the plane
    from other circles, which the median averages out.
    """
    p = len(plane)
    angles = np.arctan2(plane[:, 1], plane[:, 0])
    turn = (np.roll(angles, -step) - angles + np.pi) % (2 * np.pi) - np.pi
    return float(abs(abs(np.median(turn)) * p / (2 * np.pi) - 1))


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else np.nan


def _median(values: list[float]) -> float:
    return float(np.median(values)) if values else np.nan
