"""The showcase run: which one to show, and its tables for figures 2 and 3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np
import pandas as pd

from fittest.analysis.circles.planes import (
    circle_plane,
    principal_planes,
    project,
    purity,
    token_step,
)
from fittest.analysis.fates.alive import by_signal
from fittest.fourier import Floats

EMBEDDING = "embedding.weight"

FIG2_COLUMNS = ["panel", "fate", "rank", "k", "step", "token", "signal", "x", "y"]
FIG3_COLUMNS = [
    "panel",
    "plane",
    "k",
    "delta",
    "signal",
    "purity",
    "variance_share",
    "singular_value_1",
    "singular_value_2",
    "token",
    "x",
    "y",
]


@dataclass(frozen=True)
class Showcase:
    """The chosen run, what it shows, and why it was chosen.

    Attributes:
        run_id: of the run.
        seed: its embedding seed.
        survivors: by descending final signal.
        dead: the frequencies that did not survive, ascending.
        steps: the checkpoints with an embedding up to the run's end, ascending.
        reason: one sentence.
    """

    run_id: str
    seed: int
    survivors: list[int]
    dead: list[int]
    steps: list[int]
    reason: str


def checkpoint_steps(weights: pd.DataFrame) -> dict[str, list[int]]:
    """run_id -> ascending steps at which its embedding is stored."""
    embeddings = weights[weights["parameter"] == EMBEDDING]
    return {
        str(run_id): sorted(int(step) for step in rows["step"].unique())
        for run_id, rows in embeddings.groupby("run_id", sort=True)
    }


def embedding_at(weights: pd.DataFrame, run_id: str, step: int) -> Floats:
    """The stored embedding of a run: (p, d) float64.

    Raises:
        KeyError: if that run has none at that step.
    """
    rows = weights[
        (weights["run_id"] == run_id)
        & (weights["step"] == step)
        & (weights["parameter"] == EMBEDDING)
    ]
    if len(rows) == 0:
        raise KeyError(f"run {run_id} has no embedding at step {step}")
    row = rows.iloc[0]
    shape = tuple(int(size) for size in row["shape"])
    return np.asarray(row["values"], dtype=np.float64).reshape(shape)


def choose_showcase(
    runs: pd.DataFrame, frequencies: pd.DataFrame, steps: dict[str, list[int]], wanted: int
) -> Showcase:
    """Choose the run to show (survival methods 5.4).

    The lowest embedding seed with exactly ``wanted`` survivors at the end; else the run with the
    most survivors below ``wanted``; else the lowest seed. Only runs with an embedding at step 0
    and at the end can be shown; failed runs cannot.

    Args:
        runs: summarised; run_id, seed_embedding, last_step, n_2mean, failed.
        frequencies: run_id, k, signal, alive_2mean.
        steps: run_id -> steps with a stored embedding (``checkpoint_steps``).
        wanted: survivors of the authors' run (5).

    Raises:
        ValueError: if no run can be shown.
    """

    def can_be_shown(run_id: str, last_step: int) -> bool:
        return {0, last_step} <= set(steps.get(run_id, []))

    usable = runs[
        [
            not bool(failed) and can_be_shown(run_id, last_step)
            for run_id, last_step, failed in zip(
                runs["run_id"], runs["last_step"], runs["failed"], strict=True
            )
        ]
    ].sort_values(["seed_embedding", "run_id"])
    if len(usable) == 0:
        raise ValueError("no run has its embedding stored at step 0 and at its end")
    counts = usable["n_2mean"].astype(int)
    below = counts[(counts < wanted) & (counts > 0)]
    if bool((counts == wanted).any()):
        chosen = usable[counts == wanted].iloc[0]
        reason = f"lowest seed with exactly {wanted} survivors"
    elif len(below):
        chosen = usable[counts == below.max()].iloc[0]
        reason = f"no run has {wanted} survivors; lowest seed with the most below, {below.max()}"
    else:
        chosen = usable.iloc[0]
        reason = f"no run has 1 to {wanted} survivors; lowest seed"
    own = frequencies[frequencies["run_id"] == chosen["run_id"]].sort_values("k")
    alive = own["alive_2mean"].astype(bool).to_numpy()
    ks = own["k"].to_numpy(int)
    return Showcase(
        run_id=str(chosen["run_id"]),
        seed=int(chosen["seed_embedding"]),
        survivors=by_signal([int(k) for k in ks[alive]], own["signal"].to_numpy(float)),
        dead=[int(k) for k in ks[~alive]],
        steps=[step for step in steps[str(chosen["run_id"])] if step <= chosen["last_step"]],
        reason=reason,
    )


def snapshot_steps(steps: Sequence[int]) -> list[int]:
    """Start, the checkpoint nearest to half the last step, end (methods 7.20); two if no other."""
    last = steps[-1]
    middle = min(steps, key=lambda step: (abs(2 * step - last), step))
    return sorted({steps[0], middle, last})


def signal_evolution_table(
    showcase: Showcase, trajectory: pd.DataFrame, weights: pd.DataFrame
) -> pd.DataFrame:
    """All that figure 2 plots.

    Returns:
        Rows of two panels. ``signals``: fate (survivor or dead), rank (1 = largest final signal
        among survivors, 0 for dead), k, step, signal. ``projections``: the smallest dead k and
        the strongest survivor, where they exist, at three steps: fate, rank, k, step, token and
        the coordinates x, y in the plane of the *final* embedding (methods 2.5).
    """
    rank = {k: index + 1 for index, k in enumerate(showcase.survivors)}
    own = trajectory[trajectory["run_id"] == showcase.run_id].sort_values("step")
    own = own[own["step"] <= showcase.steps[-1]]
    parts = []
    for step, values in zip(own["step"], own["signals"], strict=True):
        signals = np.asarray(values, dtype=np.float64)
        ks = np.arange(1, len(signals) + 1)
        parts.append(pd.DataFrame({"k": ks, "step": int(step), "signal": signals}))
    curves = pd.concat(parts, ignore_index=True).assign(panel="signals")
    tables = [curves]
    final = embedding_at(weights, showcase.run_id, showcase.steps[-1])
    for k in [*showcase.dead[:1], *showcase.survivors[:1]]:
        plane = circle_plane(final, k)
        for step in snapshot_steps(showcase.steps):
            xy = project(embedding_at(weights, showcase.run_id, step), plane)
            tables.append(_coordinates(xy).assign(panel="projections", k=k, step=step))
    table = pd.concat(tables, ignore_index=True)
    table["rank"] = [rank.get(int(k), 0) for k in table["k"]]
    table["fate"] = np.where(table["rank"] > 0, "survivor", "dead")
    table["token"] = table["token"].astype("Int64")
    return table[FIG2_COLUMNS]


def planes_table(showcase: Showcase, frequencies: pd.DataFrame, final: Floats) -> pd.DataFrame:
    """All that figure 3 plots: a row per panel (pca or fft), plane and token.

    As many planes as survivors in both rows. ``k`` is the plane's frequency (fft) or the one
    that holds most of its power (pca); ``delta`` its token step, null if k has no inverse;
    ``purity`` the share of the plane's power at k (methods 2.5-2.7); ``signal`` for fft only,
    ``variance_share`` and the singular values for pca only.
    """
    p = len(final)
    own = frequencies[frequencies["run_id"] == showcase.run_id].set_index("k")["signal"]
    tables = []
    for plane in principal_planes(final, len(showcase.survivors)):
        share, k = purity(plane.coordinates)
        tables.append(
            _coordinates(plane.coordinates).assign(
                panel="pca",
                plane=plane.index,
                k=k,
                delta=_delta(k, p),
                purity=share,
                variance_share=plane.variance_share,
                singular_value_1=plane.singular_values[0],
                singular_value_2=plane.singular_values[1],
            )
        )
    for index, k in enumerate(showcase.survivors):
        coordinates = project(final, circle_plane(final, k))
        power = np.square(np.abs(np.fft.fft(coordinates, axis=0))).sum(-1)
        tables.append(
            _coordinates(coordinates).assign(
                panel="fft",
                plane=index + 1,
                k=k,
                delta=_delta(k, p),
                signal=float(own[k]),
                purity=2 * power[k] / power[1:].sum(),
            )
        )
    if not tables:
        return pd.DataFrame(columns=FIG3_COLUMNS)
    table = pd.concat(tables, ignore_index=True).reindex(columns=FIG3_COLUMNS)
    table["delta"] = table["delta"].astype("Int64")
    return table


def _coordinates(xy: Floats) -> pd.DataFrame:
    return pd.DataFrame({"token": np.arange(len(xy)), "x": xy[:, 0], "y": xy[:, 1]})


def _delta(k: int, p: int) -> float:
    return float(token_step(k, p)) if k and gcd(k, p) == 1 else np.nan
