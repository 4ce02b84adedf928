"""Figure S5: losses and balanced accuracies of networks that are asked for primes."""

import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import loss_panels, panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

ARMS = {
    "primality_token": "numbers as tokens",
    "primality_100": "fewer numbers, as tokens",
    "primality_digits": "numbers by their digits",
}
"""Run-set -> title of its column."""


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
        grid = figure.subplots(2, len(ARMS), squeeze=False)
        for place, (runset, title) in enumerate(ARMS.items()):
            part, own = data[data["runset"] == runset], runs[runs["runset"] == runset]
            top, bottom = grid[0][place], grid[1][place]
            panels.panel_title(top, "abc"[place], title, _counted(own))
            panels.panel_title(bottom, "def"[place], "right answers")
            _losses(top, part, own)
            _accuracies(bottom, part, place == 0)
            for axes in (top, bottom):
                if place:
                    axes.set_ylabel("")
        style.save(figure, out_figure, read_provenance(stats))


def _ours(rows: Statistics, runs: pd.DataFrame) -> str:
    if len(runs) == 0:
        return "no runs"
    told = []
    for runset, title in ARMS.items():
        gain, balanced = (rows[f"{runset}.{name}"]["value"] for name in ("gain", "balanced"))
        told.append(f"{title}: {gain:+.2f} nats, balanced accuracy up to {balanced:.2f}")
    return f"gain over a guess, {'; '.join(told)}"


def _counted(own: pd.DataFrame) -> str:
    """How many runs, and by what is guessed."""
    number = panels.counted(len(own), "run")
    if len(own) == 0:
        return number
    by = "the share of primes" if own["rule"].iloc[0] == "constant" else "the last digit"
    return f"{number}; guess by {by}"


def _losses(axes: Axes, part: pd.DataFrame, own: pd.DataFrame) -> None:
    loss_panels.loss_lines(axes, part, ("train", "test"), log=True)
    if len(own) == 0:
        return
    axes.axhline(float(own["baseline"].median()), color="black", ls=":", lw=0.9, label="guess")
    # Several runs have one name.
    named = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    axes.legend(named.values(), named.keys(), loc="upper left", ncols=2, columnspacing=1.0)


def _accuracies(axes: Axes, part: pd.DataFrame, named: bool) -> None:
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
    axes.axhline(0.5, color="black", ls=":", lw=0.9, label="one answer for all")
    axes.set_xlim(0, max(float(shown["step"].max()), 1))
    axes.set_ylim(0, 1.05)
    axes.xaxis.set_major_formatter(lambda x, _: loss_panels.thousands(x))
    axes.set_xlabel("step")
    axes.set_ylabel("balanced accuracy")
    if named:
        axes.legend(loc="lower right", frameon=True, framealpha=0.8, edgecolor="none")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_primality(
            plotted=snakemake.input.plotted,
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
