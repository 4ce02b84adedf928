"""Verdicts under other choices than ours, where the paper states none (cosets methods 2.15)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

LABELS = {
    "default": "as chosen",
    "half": "half as long",
    "three_quarters": "three quarters as long",
    "long": "four times as long",
    "least_1": "clusters of 1 neuron or more",
    "least_3": "clusters of 3 neurons or more",
    "weak": "neurons above 0.1 are live",
    "accurate": "accurate networks alone",
    "torch": "torch's initial weights",
}
"""Choice -> what it is."""

_WHERE: dict[str, tuple[str, float, str, str]] = {
    "default": ("pop91", 1.0, "all", "m2"),
    "half": ("pop91", 0.5, "all", "m2"),
    "three_quarters": ("pop91", 0.75, "all", "m2"),
    "long": ("pop91_long", 1.0, "all", "m2"),
    "least_1": ("pop91", 1.0, "all", "m1"),
    "least_3": ("pop91", 1.0, "all", "m3"),
    "weak": ("pop91", 1.0, "all", "m2"),
    "accurate": ("pop91", 1.0, "accurate", "m2"),
    "torch": ("pop91_torch", 1.0, "all", "m2"),
}

CLAIMS = {
    "C01": "solved",
    "C02": "over_one",
    "C03": "tails_over_like",
    "C05": "near_zero",
    "C06": "simple",
    "C08": "tuned",
    "C12": "per_frequency",
    "C13": "m",
}
"""Claim -> the value that it is judged by; of C03, the one that length decides."""
ENTRIES = ("over_one", "near_zero", "quantile", "tails_over_like")
"""Values of entries that are shown."""


def choice_table(
    summary: pd.DataFrame,
    weights: pd.DataFrame,
    weak: pd.DataFrame,
    limits: Mapping[str, tuple[float, float]],
) -> pd.DataFrame:
    """A row per choice: values of pop91, and whether each of CLAIMS would hold (1 or 0; NaN where
    there are no networks).

    Args:
        summary: of ``summaries.summarise``. weights: of ``analyse_weights``. weak: of
            ``stored.weak_summary``. limits: of a claim's value, both included.
    """
    rows = []
    for choice, (runset, share, subset, m) in _WHERE.items():
        own = summary[_at(summary, runset, share) & (summary["subset"] == subset)]
        # What is stored of entries is of all networks, the accurate ones and the others.
        entries = weights[_at(weights, runset, share) & (subset == "all")]
        row: dict[str, Any] = {"choice": choice, "what": LABELS[choice]}
        if len(own):
            found = own.iloc[0]
            usual = float(found["m2"])
            if choice == "weak" and len(weak):
                found = pd.Series({**found.to_dict(), **weak.iloc[0].to_dict()})
            row |= {"networks": int(found["networks"]), "solved": found["solved"]}
            row |= {"m": found[m], "m_lo": found[f"{m}_lo"], "m_hi": found[f"{m}_hi"]}
            row |= {name: found[name] for name in ("simple", "tuned")}
            row["per_frequency"] = own.iloc[0]["per_frequency"] * found[m] / usual
        if len(entries):
            row |= {name: entries.iloc[0][name] for name in ENTRIES}
        for claim, value in CLAIMS.items():
            low, high = limits[claim]
            known = float(row.get(value, math.nan))
            row[claim] = math.nan if math.isnan(known) else float(low <= known <= high)
        rows.append(row)
    return pd.DataFrame(rows)


def _at(table: pd.DataFrame, runset: str, share: float) -> pd.Series:
    return (table["runset"] == runset) & ((table["share"] - share).abs() < 1e-6)
