"""The plotted numbers of figure 6, tidy: what the figure draws and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fittest.analysis.statistics.logistic import fit_logistic
from fittest.analysis.survival.rates import pooled_by_deviation

COLUMNS = ["panel", "series", "seed_embedding", "k", "x", "y", "y_lo", "y_hi", "trials"]
_FIT_POINTS = 60
_RATES = {"rate": "y", "rate_lo": "y_lo", "rate_hi": "y_hi"}


def survival_figure_table(
    rates: pd.DataFrame, perturb: pd.DataFrame, manual: pd.DataFrame, confidence: float
) -> pd.DataFrame:
    """All that figure 6 plots.

    Args:
        rates, perturb, manual: from ``survival.survival_rates``, ``perturb_rates`` and
            ``manual_rates``; each may be empty.
        confidence: level of the Wilson intervals of the pooled line.

    Returns:
        Rows of three panels. ``signal``: series ``points`` (x = signal0 of (embedding, k), y =
        survival rate) and ``fit`` (logistic line). ``perturb``: x = deviation, one series
        ``embedding <seed>`` per embedding and ``pooled`` over all, with Wilson bounds.
        ``manual``: x = ratio r, series ``first``, ``second`` and ``other``, with Wilson bounds.
    """
    parts = [
        rates.rename(columns={"signal0": "x", **_RATES}).assign(panel="signal", series="points"),
        _fit_line(rates).assign(panel="signal", series="fit"),
    ]
    if len(perturb):
        lines = perturb.rename(columns={"deviation": "x", "frequency": "k", **_RATES})
        names = [f"embedding {seed}" for seed in lines["seed_embedding"]]
        pooled = pooled_by_deviation(perturb, perturb["factor"].nunique(), confidence)
        parts += [
            lines.assign(panel="perturb", series=names),
            pooled.rename(columns={"deviation": "x", **_RATES}).assign(
                panel="perturb", series="pooled"
            ),
        ]
    parts.append(
        manual.rename(columns={"ratio": "x", "which": "series", **_RATES}).assign(panel="manual")
    )
    parts = [part.reindex(columns=COLUMNS) for part in parts if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    whole = dict.fromkeys(("seed_embedding", "k", "trials"), "Int64")
    return table.astype(whole)


def _fit_line(rates: pd.DataFrame) -> pd.DataFrame:
    signal = rates["signal0"].to_numpy(float)
    fit = fit_logistic(signal, rates["survived"], rates["trials"])
    if not np.isfinite(fit.slope):
        return pd.DataFrame({"x": [], "y": []})
    x = np.linspace(signal.min(), signal.max(), _FIT_POINTS)
    return pd.DataFrame({"x": x, "y": fit.rate(x)})
