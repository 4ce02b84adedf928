"""Least, mean and most complete structure of untrained embeddings, by dimension (figures 8 and 10
of the completeness paper; methods 2.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fittest import fourier
from fittest.analysis.completeness import cubes, orders
from fittest.analysis.completeness.names import UNTRAINED
from fittest.analysis.statistics.correlation import spearman
from fittest.analysis.statistics.intervals import (
    Estimate,
    Resampling,
    cluster_bootstrap,
    mean_estimate,
)
from fittest.analysis.statistics.table import Row, statistic_row
from fittest.models import EMBEDDING, EmbeddingMLPSettings
from fittest.tasks import ModularAddition, Remainder, Xor

Floats = orders.Floats
Extremes = tuple[Floats, Floats, Floats]

COLUMNS = ["task", "d", "seed", "minimum", "mean", "maximum", "expected"]
STATISTICS = ("minimum", "mean", "maximum")

DERIVED: Mapping[str, Mapping[int, tuple[float, float]]] = {
    "remainder": {
        **{2: (0.79, 1.41), 4: (0.83, 1.28), 8: (0.87, 1.19), 16: (0.89, 1.14)},
        **{32: (0.92, 1.09), 64: (0.95, 1.06), 128: (0.96, 1.04)},
    },
    "xor": {
        **{2: (0.91, 1.10), 4: (0.94, 1.07), 8: (0.95, 1.05), 16: (0.97, 1.04)},
        **{32: (0.98, 1.03), 64: (0.98, 1.02), 128: (0.99, 1.01)},
    },
    "modular_addition": {
        **{2: (0.37, 1.82), 4: (0.54, 1.53), 8: (0.65, 1.40), 16: (0.76, 1.26)},
        **{32: (0.83, 1.19), 64: (0.87, 1.13), 128: (0.91, 1.09)},
    },
}
"""Expected (minimum, maximum) over the mean, by task and dimension (completeness methods 2.3)."""


def _of_orders(embeddings: Floats) -> Extremes:
    return orders.extremes(orders.class_centres(embeddings, Remainder().m))


def _of_cubes(embeddings: Floats) -> Extremes:
    values = cubes.completeness(embeddings, cubes.cubes())
    return values.min(axis=-1), values.mean(axis=-1), values.max(axis=-1)


def _of_signals(embeddings: Floats) -> Extremes:
    values = fourier.signals(embeddings)
    return values.min(axis=-1), values.mean(axis=-1), values.max(axis=-1)


def _expected_mean(task: str, d: int) -> float:
    """Mean completeness over initial embeddings: (m + 1) m^2 (m - 1) / (3 p) d; 96 d; the norm
    sqrt(p d), which a signal approaches from below as d grows."""
    if task == "remainder":
        p, m = Remainder().p, Remainder().m
        return (m + 1) * m**2 * (m - 1) / (3 * p) * d
    if task == "xor":
        return 96.0 * d
    return float(np.sqrt(ModularAddition().p * d))


_MEASURES: Mapping[str, tuple[Any, Callable[[Floats], Extremes]]] = {
    "remainder": (Remainder(), _of_orders),
    "xor": (Xor(), _of_cubes),
    "modular_addition": (ModularAddition(), _of_signals),
}
TASKS = tuple(_MEASURES)


def completeness_range(dimensions: Sequence[int], seeds: int) -> pd.DataFrame:
    """Embeddings of the papers' three tasks as the model draws them, never trained.

    Returns:
        A row of COLUMNS per task, dimension and seed: exact minimum, mean and maximum over all
        structures, and the derived expectation of the mean.
    """
    parts = []
    for name, (task, measure) in _MEASURES.items():
        built = task.build()
        for d in dimensions:
            # One hidden neuron: only the embedding counts, and it has a random stream of its own.
            model = EmbeddingMLPSettings(d=d, hidden=(1, 1))
            drawn = [model.initial(built, seed, seed)[EMBEDDING] for seed in range(seeds)]
            values = dict(zip(STATISTICS, measure(np.stack(drawn)), strict=True))
            parts.append(
                pd.DataFrame({"seed": np.arange(seeds), **values}).assign(
                    task=name, d=d, expected=_expected_mean(name, d)
                )
            )
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def by_dimension(drawn: pd.DataFrame, resampling: Resampling) -> pd.DataFrame:
    """Mean over embeddings with its bootstrap interval: task, d, statistic, y, y_lo, y_hi, seeds.

    Minimum and maximum in units of the mean of their own embedding, as ``range_rows`` tests them;
    the mean in units of its expectation (methods 7.5)."""
    rows = []
    for (task, d), part in drawn.groupby(["task", "d"], sort=False):
        for name in STATISTICS:
            unit = part["expected" if name == "mean" else "mean"]
            estimate = mean_estimate(part[name] / unit, resampling)
            rows.append(
                {
                    "task": task,
                    "d": d,
                    "statistic": name,
                    "y": estimate.value,
                    "y_lo": estimate.lo,
                    "y_hi": estimate.hi,
                    "seeds": len(part),
                }
            )
    columns = ["task", "d", "statistic", "y", "y_lo", "y_hi", "seeds"]
    return pd.DataFrame(rows, columns=columns)


def _trend(
    x: Floats, y: Floats, clusters: NDArray[np.integer[Any]], resampling: Resampling
) -> Estimate:
    return cluster_bootstrap(lambda i: spearman(x[i], y[i]), clusters, resampling)


def range_rows(drawn: pd.DataFrame, checked_from: int, resampling: Resampling) -> list[Row]:
    """Trends over d, and how far means are from what is derived (K17, K18).

    Minimum and maximum count relative to the mean of their own embedding, which is far less noisy
    than relative to the expected one.
    """
    rows = []
    for task, part in drawn.groupby("task", sort=False):
        names = UNTRAINED[str(task)]
        for name in ("minimum", "maximum"):
            d = part["d"].to_numpy(float)
            share = (part[name] / part["mean"]).to_numpy(float)
            rho = _trend(d, share, part["seed"].to_numpy(), resampling)
            text = f"Spearman(d, {name} / own mean); bootstrap over seeds"
            rows.append(statistic_row(names.of(f"spearman_{name}"), rho, len(part), text))
        large = part[part["d"] >= checked_from]
        means = large.groupby("d").mean(numeric_only=True)
        off = float((means["mean"] / means["expected"] - 1).abs().max())
        text = f"largest deviation of the mean from its expectation, d >= {checked_from}"
        rows.append(statistic_row(names.of("mean_deviation"), off, len(large), text))
        shares = (
            large.assign(
                minimum=large["minimum"] / large["mean"], maximum=large["maximum"] / large["mean"]
            )
            .groupby("d")[["minimum", "maximum"]]
            .mean()
        )
        known = {d: DERIVED[str(task)][d] for d in shares.index if d in DERIVED[str(task)]}
        gaps = [
            abs(shares.loc[d, name] / value - 1)
            for d, values in known.items()
            for name, value in zip(("minimum", "maximum"), values, strict=True)
        ]
        text = f"largest deviation of min and max over mean from the table, d >= {checked_from}"
        rows.append(
            statistic_row(names.of("table_deviation"), max(gaps, default=np.nan), len(gaps), text)
        )
    return rows
