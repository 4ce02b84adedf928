"""Figure 5: how many circles survive, by prime modulus and by embedding dimension."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.plotting import panels, style, sweep_panels
from fittest.store import read_provenance, read_table


def plot_fig5(table: str, stats: str, out_figure: str, paper: Mapping[str, float]) -> None:
    """Draw the figure.

    Args:
        table: fig5.csv. stats: fig5_stats.parquet. out_figure: the PDF (a PNG goes beside it).
        paper: ``runs`` per modulus, ``smallest_d`` and ``largest_d``, printed if given.
    """
    data = pd.read_csv(table)
    statistics = {row["name"]: row for row in read_table(stats).to_dict("records")}
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 2.7)
        left, right = figure.subplots(1, 2)
        primes, dims = (data[data["panel"] == name] for name in ("p", "d"))
        sweep_panels.count_lines(left, primes, "modulus p (primes)", show_limit=True)
        said = f"paper: rises, {paper['runs']:g} runs per p" if "runs" in paper else "paper: rises"
        _notes(left, statistics, "primes", said, primes)
        panels.panel_title(left, "a", "by modulus")
        sweep_panels.count_lines(right, dims, "embedding dimension d", show_limit=False)
        ends = "smallest_d" in paper and "largest_d" in paper
        span = f", d = {paper['smallest_d']:g} to {paper['largest_d']:g}" if ends else ""
        _notes(right, statistics, "dims", f"paper: rises{span}", dims)
        panels.panel_title(right, "b", "by dimension")
        sweep_panels.legend_below(figure, left)
        style.save(figure, out_figure, read_provenance(stats))


def _notes(
    axes: Axes,
    statistics: Mapping[str, Mapping[Any, Any]],
    prefix: str,
    said: str,
    table: pd.DataFrame,
) -> None:
    if len(table) == 0:
        return
    rho = statistics[f"{prefix}.spearman_n_2mean"]
    thin = statistics[f"{prefix}.spearman_n_rel"]
    step = statistics[f"{prefix}.mean_last_step"]["value"]
    name = {"primes": "p", "dims": "d"}[prefix]
    lines = [
        (said, style.PAPER),
        (
            f"ours: Spearman({name}, circles) = {sweep_panels.value(rho)}, n = {rho['n']}",
            style.OURS,
        ),
        (f"dashed count: {sweep_panels.value(thin)}", "0.35"),
    ]
    if np.isfinite(step):
        lines.append((f"counted at step {step:,.0f} on average", "0.35"))
    # Counts rise from the left, and the rule's limit faster than they: this corner is free.
    panels.note_box(axes, lines, "lower right")
    sweep_panels.leave_room(axes, table, 1.2)


if "snakemake" in globals():
    snakemake = globals()["snakemake"]
    plot_fig5(
        table=snakemake.input.table,
        stats=snakemake.input.stats,
        out_figure=snakemake.output.figure,
        paper=snakemake.params.paper,
    )
