"""Panels of how many circles survive: by modulus, by dimension (figures of both papers)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.statistics.names import StatisticName
from fittest.analysis.statistics.table import Statistics, printed
from fittest.analysis.survival.names import Dimensions, Moduli, Primes
from fittest.plotting import panels, sweep_panels
from fittest.plotting.style import OURS, PAPER


def by_prime(
    axes: Axes, table: pd.DataFrame, statistics: Statistics, paper: Mapping[str, float], letter: str
) -> None:
    """Circles against prime moduli.

    Args:
        table: panel ``p`` of the circle counts. statistics: by name. paper: ``runs`` per modulus,
            printed if given. letter: of the panel.
    """
    sweep_panels.count_lines(axes, table, "modulus p (primes)", show_limit=True)
    said = f"paper: rises, {paper['runs']:g} runs per p" if "runs" in paper else "paper: rises"
    _notes(axes, statistics, Primes, "p", said, table)
    panels.panel_title(axes, letter, "by modulus")


def by_dimension(
    axes: Axes, table: pd.DataFrame, statistics: Statistics, paper: Mapping[str, float], letter: str
) -> None:
    """Circles against the embedding dimension.

    Args:
        table: panel ``d`` of the circle counts. paper: ``smallest_d`` and ``largest_d``, printed
            if given.
    """
    sweep_panels.count_lines(axes, table, "embedding dimension d", show_limit=False)
    ends = "smallest_d" in paper and "largest_d" in paper
    span = f", d = {paper['smallest_d']:g} to {paper['largest_d']:g}" if ends else ""
    _notes(axes, statistics, Dimensions, "d", f"paper: rises{span}", table)
    panels.panel_title(axes, letter, "by dimension")


def _notes(
    axes: Axes,
    statistics: Statistics,
    names: type[StatisticName],
    axis: str,
    said: str,
    table: pd.DataFrame,
) -> None:
    if len(table) == 0:
        return
    rho = statistics[names.of("spearman_n_2mean")]
    thin = statistics[names.of("spearman_n_rel")]
    step = statistics[names.of("mean_last_step")]["value"]
    lines = [
        (said, PAPER),
        (f"ours: Spearman({axis}, circles) = {printed(rho)}, n = {rho['n']}", OURS),
        (f"dashed count: {printed(thin)}", "0.35"),
    ]
    if np.isfinite(step):
        lines.append((f"counted at step {step:,.0f} on average", "0.35"))
    # Counts rise from the left, and the rule's limit faster than they: this corner is free.
    panels.note_box(axes, lines, "lower right")
    sweep_panels.leave_room(axes, table, 1.2)


def all_moduli(
    axes: Axes, table: pd.DataFrame, statistics: Statistics, paper: Mapping[str, float]
) -> None:
    """Circles against every modulus, primes marked.

    Args:
        table: the counts over all moduli. paper: ``smallest_p``, ``largest_p``, printed if given.
    """
    sweep_panels.count_lines(axes, table, "modulus p", show_limit=True)
    sweep_panels.mark_primes(axes, table)
    if len(table) == 0:
        return
    slope, scatter = (statistics[name] for name in (Moduli.SLOPE, Moduli.SD_RATIO))
    ends = "smallest_p" in paper and "largest_p" in paper
    span = f", p = {paper['smallest_p']:g} to {paper['largest_p']:g}" if ends else ""
    per = [statistics[name]["value"] for name in (Moduli.RUNS_PER_PRIME, Moduli.RUNS_PER_COMPOSITE)]
    step = statistics[Moduli.MEAN_LAST_STEP]["value"]
    lines = [
        (f"paper: rises, noisier than over primes{span}", PAPER),
        (
            f"ours: {printed(slope, 3)} circles per unit of p, n ="
            f" {slope['n']} runs ({per[0]:.3g} per prime, {per[1]:.3g} per composite p)",
            OURS,
        ),
        (f"scatter, composite / prime: {printed(scatter)}", OURS),
        (f"counted at step {step:,.0f} on average", "0.35"),
    ]
    panels.note_box(axes, lines, "lower right")
    sweep_panels.leave_room(axes, table, 1.2)
