"""The numbers that figures 1 and 2 of the completeness paper plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fittest.analysis.completeness import cubes, orders
from fittest.analysis.completeness.learned import Learned
from fittest.analysis.completeness.learned_statistics import rank_curve
from fittest.models import EMBEDDING
from fittest.tasks import Remainder

STAGES = ("initial", "final")


def principal_components(embedding: orders.Floats, number: int) -> orders.Floats:
    """Coordinates of the tokens on the first principal components: (p, d) -> (p, number), zero
    beyond d."""
    x = np.asarray(embedding, dtype=np.float64)
    x = x - x.mean(axis=0)
    _, _, directions = np.linalg.svd(x, full_matrices=False)
    found = x @ directions[:number].T
    missing = number - found.shape[1]
    return np.asarray(np.pad(found, ((0, 0), (0, missing))))


def token_rows(models: Sequence[Learned], components: int) -> pd.DataFrame:
    """Tokens of every model at both stages: panel, model (from 1), seed, stage, token and the
    coordinates x, y (and z) on that embedding's own principal components."""
    parts = []
    for number, learned in enumerate(models, start=1):
        for stage, embedding in zip(STAGES, (learned.first, learned.final[EMBEDDING]), strict=True):
            xyz = principal_components(embedding, components)
            columns = dict(zip("xyz", xyz.T, strict=False))
            parts.append(
                pd.DataFrame({"token": np.arange(len(xyz)), **columns}).assign(
                    panel="tokens", model=number, seed=learned.run.seeds.embedding, stage=stage
                )
            )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["panel"])


def _read_from_left(tokens: pd.DataFrame, model: int, order: Sequence[int]) -> None:
    """Turn a trained model's first component so that its order stands as it is written: the sign
    of a component means nothing."""
    own = (tokens["model"] == model) & (tokens["stage"] == STAGES[1])
    places = tokens[own].groupby(tokens["token"] % len(order))["x"].mean()
    if places[order[0]] > places[order[-1]]:
        tokens.loc[own, "x"] *= -1


def order_figure(models: Sequence[Learned], table: pd.DataFrame, bins: int) -> pd.DataFrame:
    """All that figure 1 plots.

    Args:
        models: to draw; the histogram is of the first one's initial embedding.
        table: REMAINDER_COLUMNS of at least these runs.

    Returns:
        Rows of panels ``tokens`` (with residue), ``histogram`` (bin_lo, bin_hi, orders: exact
        counts), ``learned`` (model, f, f_mean and the order in words) and ``curve``
        (``curve_rows``).
    """
    rows = table.set_index("run_id")
    parts = [token_rows(models, 2)]
    for number, learned in enumerate(models, start=1):
        own = rows.loc[learned.run.run_id]
        _read_from_left(parts[0], number, [int(r) for r in str(own["order"]).split()])
        told = {"panel": "learned", "model": number, "seed": own["seed"], "order": own["order"]}
        numbers = {name: own[name] for name in ("f", "f_mean", "mid_rank", "total")}
        parts.append(pd.DataFrame([told | numbers]))
    if models:
        task = models[0].run.task
        assert isinstance(task, Remainder)
        parts[0]["residue"] = parts[0]["token"] % task.m
        centres = orders.class_centres(models[0].first, task.m)
        counts, edges = orders.distribution(centres, bins)
        histogram = {"bin_lo": edges[:-1], "bin_hi": edges[1:], "orders": counts}
        parts.append(pd.DataFrame(histogram).assign(panel="histogram", model=1))
        parts.append(curve_rows(table))
    return pd.concat(parts, ignore_index=True)


def curve_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Panel ``curve``: ``rank_curve`` of the solved and clear runs, as the claims take it.

    table: mid_rank, solved, clear; a row per run.
    """
    good = table[table["solved"].astype(bool) & table["clear"].astype(bool)]
    return rank_curve(good["mid_rank"]).assign(panel="curve", all_runs=len(good))


def cube_figure(models: Sequence[Learned], table: pd.DataFrame, bins: int) -> pd.DataFrame:
    """All that figure 2 plots.

    Returns:
        Rows of panels ``tokens``, ``edges`` (tokens first, second beside each other on the cube
        that the model learned), ``histogram`` over the 168 arrangements of the first model's
        initial embedding (bin_lo, bin_hi, arrangements: each of the 28 cubes counts six times),
        ``learned`` (model, g, g_mean, rank and the tokens beside 000) and ``curve``.
    """
    rows = table.set_index("run_id")
    parts = [token_rows(models, 3)]
    for number, learned in enumerate(models, start=1):
        own = rows.loc[learned.run.run_id]
        alpha = cubes.distances_of([int(s) for s in str(own["basis"]).split()])
        first, second = np.nonzero(np.triu(alpha == 1))
        edges = pd.DataFrame({"first": first, "second": second})
        parts.append(edges.assign(panel="edges", model=number))
        told = {"panel": "learned", "model": number, "seed": own["seed"]}
        numbers = {name: own[name] for name in ("neighbours", "g", "g_mean", "mid_rank")}
        parts.append(pd.DataFrame([told | numbers]))
    if models:
        values = cubes.completeness(models[0].first, cubes.cubes())
        counts, ends = np.histogram(values, bins)
        per_cube = len(cubes.ordered_bases()) // len(cubes.bases())
        histogram = {"bin_lo": ends[:-1], "bin_hi": ends[1:], "arrangements": per_cube * counts}
        parts.append(pd.DataFrame(histogram).assign(panel="histogram", model=1))
        parts.append(curve_rows(table))
    return pd.concat(parts, ignore_index=True)
