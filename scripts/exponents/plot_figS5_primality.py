"""Figure S5: losses and balanced accuracies of networks that are asked for primes."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import loss_panels, panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.store import read_provenance, read_table

ARMS = {
    "primality_token": "numbers as tokens",
    "primality_100": "fewer numbers, as tokens",
    "primality_digits": "numbers by their digits",
}
"""Run-set -> title of its column."""
_ROOM = 0.05
"""Above the curves: the legend stands outside."""


def plot_primality(plotted: str, table: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        plotted: figS5.csv. table: a row per run. stats: primality_stats.parquet. out_figure: the
            PDF (a PNG goes beside it).
    """
    data, runs = pd.read_csv(plotted), read_table(table)
    rows = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.4)
        heading(
            figure,
            "Do networks learn to tell primes they were not trained on?",
            "no; they overfit",
            _ours(rows, runs),
        )
        grid = figure.subplots(2, len(ARMS), squeeze=False, sharey="row")
        for place, (runset, title) in enumerate(ARMS.items()):
            part, own = data[data["runset"] == runset], runs[runs["runset"] == runset]
            top, bottom = grid[0][place], grid[1][place]
            panels.panel_title(top, "abc"[place], title, _counted(own))
            number = panels.counted(len(own), "run")
            panels.panel_title(bottom, "def"[place], "right answers", number)
            _losses(top, part, own)
            _accuracies(bottom, part, own)
            for axes in (top, bottom):
                if place:
                    axes.set_ylabel("")
        known = data[data["series"].isin(("train", "test"))]["value"].to_numpy(float)
        if len(known):
            # Set for all once they are drawn. Some losses are in double precision, so that none
            # but those of 0 are drawn at the edge.
            loss_panels.decades(grid[0][0], known, _ROOM, _ends(known))
        shared_legend(figure, 3)
        style.save(figure, out_figure, read_provenance(stats) | {"figure_runs": len(runs)})


def _ends(losses: np.ndarray) -> tuple[float, float]:
    return loss_panels.least_positive(losses), loss_panels.ENDS[1]


def _ours(rows: Statistics, runs: pd.DataFrame) -> str:
    if len(runs) == 0:
        return "no runs"
    told = []
    for runset, title in ARMS.items():
        gain, balanced = (rows[f"{runset}.{name}"]["value"] for name in ("gain", "balanced"))
        # Without the sign of what rounds to 0.
        told.append(f"{title}: {round(gain, 3) + 0:+.3f} nats, balanced accuracy to {balanced:.2f}")
    return f"gain over a guess, {'; '.join(told)}"


def _counted(own: pd.DataFrame) -> str:
    """How many runs, and by what is guessed."""
    number = panels.counted(len(own), "run")
    if len(own) == 0:
        return number
    by = "the share of primes" if own["rule"].iloc[0] == "constant" else "the last digit"
    return f"{number}; guess by {by}"


def _losses(axes: Axes, part: pd.DataFrame, own: pd.DataFrame) -> None:
    ends = _ends(part["value"].to_numpy(float))
    loss_panels.loss_lines(axes, part, ("train", "test"), log=True, room=_ROOM, ends=ends)
    if len(own) == 0:
        return
    guess = float(own["baseline"].median())
    axes.axhline(guess, color="black", ls=":", lw=0.9, label="a to c: guess")


def _accuracies(axes: Axes, part: pd.DataFrame, own: pd.DataFrame) -> None:
    shown = part[part["series"].isin(("train balanced", "test balanced"))]
    if len(shown) == 0:
        panels.empty(axes, "no runs")
        return
    for series, name in (("train balanced", "train"), ("test balanced", "test")):
        for index, (_, run) in enumerate(shown[shown["series"] == series].groupby("seed")):
            axes.plot(
                run["step"],
                run["value"],
                color=loss_panels.COLOURS[name],
                lw=0.9,
                label=name if index == 0 else None,
            )
    axes.axhline(0.5, color="black", ls="-.", lw=0.9, label="d to f: one answer for all")
    told = own[own["rule"] != "constant"]["rule_balanced"]
    if len(told):
        name = "f: prime where the last digit allows it"
        axes.axhline(float(told.median()), color="black", ls="--", lw=0.9, label=name)
    axes.set_xlim(0, max(float(shown["step"].max()), 1))
    axes.set_ylim(0, 1.05)
    axes.xaxis.set_major_formatter(lambda x, _: loss_panels.thousands(x))
    axes.set_xlabel("step")
    axes.set_ylabel("balanced accuracy")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_primality(
            plotted=snakemake.input.plotted,
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
