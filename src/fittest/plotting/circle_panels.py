"""Panels of how many circles survive, by modulus and by dimension (figures of both papers), and
what the paper says of them and what is found."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.statistics.names import StatisticName
from fittest.analysis.statistics.table import Statistics, printed
from fittest.analysis.survival.names import Dimensions, Moduli, Primes
from fittest.plotting import panels, sweep_panels


def by_prime(axes: Axes, table: pd.DataFrame, letter: str) -> None:
    """Circles against prime moduli.

    Args:
        table: panel ``p`` of the circle counts. letter: of the panel.
    """
    sweep_panels.count_lines(axes, table, "modulus p (primes)", show_limit=True)
    panels.panel_title(axes, letter, "by modulus", sweep_panels.runs_of(table))


def by_dimension(axes: Axes, table: pd.DataFrame, letter: str) -> None:
    """Circles against the embedding dimension, panel ``d`` of the circle counts."""
    sweep_panels.count_lines(axes, table, "embedding dimension d", show_limit=False)
    panels.panel_title(axes, letter, "by dimension", sweep_panels.runs_of(table))


def all_moduli(axes: Axes, table: pd.DataFrame, letter: str) -> None:
    """Circles against every modulus, primes and composites apart."""
    sweep_panels.count_points(axes, table)
    panels.panel_title(axes, letter, "by any modulus", sweep_panels.runs_of(table))


def said_of_counts(paper: Mapping[str, float]) -> str:
    """What the paper says of primes and dimensions.

    Args:
        paper: ``runs`` per modulus, ``smallest_d`` and ``largest_d``, printed if given.
    """
    runs = f" ({paper['runs']:g} runs a value)" if "runs" in paper else ""
    ends = "smallest_d" in paper and "largest_d" in paper
    span = f", d = {paper['smallest_d']:g} to {paper['largest_d']:g}" if ends else ""
    return f"rises with p{runs} and with d{span}"


def found_of_counts(statistics: Statistics) -> str:
    """Our correlations of both counts with p and with d, and when they were counted."""
    return "; ".join(
        (_trend(statistics, Primes, "p"), _trend(statistics, Dimensions, "d")),
    )


AUTHORS_RULE = (
    "Authors' rule: signals above twice the mean count, which finds few where p is small, and none"
    " where decay is too weak for any to die",
    "0.35",
)
"""A line of headings beneath which circles are counted by that rule."""


def said_of_moduli(paper: Mapping[str, float]) -> str:
    """What the paper says of all moduli; ``smallest_p``, ``largest_p`` printed if given."""
    ends = "smallest_p" in paper and "largest_p" in paper
    span = f" (p = {paper['smallest_p']:g} to {paper['largest_p']:g})" if ends else ""
    return f"rises over all moduli, noisier than over primes{span}"


def found_of_moduli(statistics: Statistics) -> str:
    """Our slope over all moduli, and how far they scatter about it."""
    slope, scatter = (statistics[name] for name in (Moduli.SLOPE, Moduli.SD_RATIO))
    per = [statistics[name]["value"] for name in (Moduli.RUNS_PER_COMPOSITE, Moduli.RUNS_PER_PRIME)]
    text = (
        f"{printed(slope, 3)} circles per unit of p; scatter about the line, composite / prime:"
        f" {printed(scatter)}"
    )
    if np.isfinite(per).all():
        text += f" ({per[0]:.3g} and {per[1]:.3g} runs a modulus)"
    text += f", with equally many runs each {printed(statistics.get(Moduli.SD_RATIO_EQUAL))}"
    return text + _counted(statistics, Moduli)


def _trend(statistics: Statistics, names: type[StatisticName], axis: str) -> str:
    rho = printed(statistics[names.of("spearman_n_2mean")])
    thin = printed(statistics[names.of("spearman_n_rel")])
    return (
        f"Spearman({axis}, circles) {rho}, of the dashed count {thin}{_counted(statistics, names)}"
    )


def _counted(statistics: Statistics, names: type[StatisticName]) -> str:
    step = statistics[names.of("mean_last_step")]["value"]
    return f", counted at step {step:,.0f} on average" if np.isfinite(step) else ""
