"""Figure 12: test loss of runs whose initial embedding has one or two circles left."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.statistics.table import Statistics, printed
from fittest.analysis.survival.names import Ablation
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style, sweep_panels
from fittest.store import read_provenance, read_table

ENDS = (1e-8, 20.0)  # nats, as in the paper
COLOURS = {
    "O": "black",
    "A": style.SURVIVORS[1],
    "B": style.SURVIVORS[0],
    "C": style.SURVIVORS[2],
    "D": style.SURVIVORS[3],
}


def plot_fig12(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        table: fig12.csv. stats: fig12_stats.parquet. out_figure: the PDF (a PNG goes beside it).
    """
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.0)
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, letter, panel, title in (
            (left, "a", "strongest", "kept: the circles that were strongest at the end of O"),
            (right, "b", "random", "kept: random others"),
        ):
            part = data[data["panel"] == panel]
            sweep_panels.loss_curves(axes, part, _styles(part), ENDS)
            if len(part):
                _guide(axes, statistics, panel)
                axes.legend(
                    loc="lower left", fontsize=5.8, frameon=True, framealpha=0.9, edgecolor="none"
                )
            panels.panel_title(axes, letter, title)
        figure.suptitle(_finding(statistics), fontsize=6.5, color="0.2")
        style.save(figure, out_figure, read_provenance(stats))


def _styles(part: pd.DataFrame) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for series, rows in part.groupby("series"):
        one = rows.iloc[0]
        kept = [f"{one[name]:.0f}" for name in ("first", "second") if not np.isnan(one[name])]
        what = f"k = {', '.join(kept)}" if kept else "all"
        label = f"{series}: {what}; {one['n_2mean']:.0f} circles at the end"
        width = 1.4 if series == "O" else 0.9
        found[str(series)] = {"color": COLOURS[str(series)], "lw": width, "label": label}
    # O is what the others are compared with: it lies beneath them.
    return dict(sorted(found.items(), key=lambda item: item[0] != "O"))


def _guide(axes: Axes, statistics: Statistics, panel: str) -> None:
    """The paper's loss of B."""
    said = statistics[Ablation.MIN_TEST_LOSS_B]["paper"]
    if panel == "strongest" and np.isfinite(said):
        power = rf"$10^{{{np.log10(said):.0f}}}$"
        axes.axhline(
            said, color=style.PAPER, lw=0.9, ls=":", label=f"paper's B reaches about {power}"
        )


def _finding(statistics: Statistics) -> str:
    circles, spikes = [], []
    for arm in "OABCD":
        one = statistics[Ablation.of(f"n_2mean_{arm}")]
        circles.append(f"{arm} {printed({**one, 'ci_lo': np.nan}, 0)}")
        some = statistics[Ablation.of(f"spikes_{arm}")]
        spikes.append(f"{arm} {printed({**some, 'ci_lo': np.nan}, 0)}")
    told = {arm: statistics[Ablation.of(f"n_2mean_{arm}")]["paper"] for arm in "AB"}
    said = [f"{arm} {number:g}" for arm, number in told.items() if np.isfinite(number)]
    seeds = statistics[Ablation.N_2MEAN_A]["n"]
    return (
        f"circles at the end, paper: {', '.join(said)}, C and D 3 or more; ours, median of"
        f" {seeds} seed{'' if seeds == 1 else 's'}: {', '.join(circles)}\n"
        f"spikes of the test loss, paper: in A, C and D; ours: {', '.join(spikes)}"
    )


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig12(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
