"""Figure S1: losses and accuracies of all rows of table 1."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from fittest.pipeline.script import rule_job
from fittest.plotting import loss_panels, panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.plotting.outcome_panels import WORDS
from fittest.store import read_provenance

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ACROSS = 2


def plot_figS1(curves: str, table: str, outcomes: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        curves: figS1.csv. table: table1_grokked.csv. outcomes: Parquet, for the provenance.
        out_figure: the PDF (a PNG goes beside).
    """
    data = pd.read_csv(curves)
    found = pd.read_csv(table)
    rows = found[found["seed"].isna()].to_dict("records")
    lines = max(1, -(-len(rows) // _ACROSS))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 0.8 + 1.45 * lines)
        yes = sum(row["paper_grokked"] is True for row in rows)
        heading(
            figure,
            "Do test losses fall long after train losses?",
            f"{yes} of {len(rows)} rows grok" if yes else "",
            _said(rows),
            [
                (
                    "a curve for each run; dashed: our median step, diamond: the report's",
                    "0.3",
                )
            ],
        )
        grid = figure.subplots(lines, 2 * _ACROSS, squeeze=False)
        for place in range(lines * _ACROSS):
            line, column = divmod(place, _ACROSS)
            left, right = grid[line, 2 * column], grid[line, 2 * column + 1]
            if place >= len(rows):
                left.set_axis_off()
                right.set_axis_off()
                continue
            row = {str(key): value for key, value in rows[place].items()}
            label = f"({row['a']}, {row['b']}), p = {row['p']}"
            # Every run by itself: with few runs their median is one of them.
            part = data[(data["label"] == label) & (data["seed"] != loss_panels.MIDDLE)]
            loss_panels.loss_lines(left, part, ("train", "test"), True)
            loss_panels.loss_lines(right, part, ("train accuracy", "test accuracy"), False)
            loss_panels.same_names(right)
            right.set_ylim(-0.03, 1.03)
            right.set_ylabel("accuracy")
            number = panels.counted(part["seed"].nunique(), "run")
            panels.panel_title(left, _LETTERS[place], label, number, size=7)
            _two_lines(right, _printed(row), _outcome(row))
            for axes in (left, right):
                _marks(axes, row)
                if line < lines - 1:
                    axes.set_xlabel("")
        shared_legend(figure, 2)
        drawn = data[data["seed"] != loss_panels.MIDDLE]
        runs = {"figure_runs": len(drawn[["runset", "label", "seed"]].drop_duplicates())}
        style.save(figure, out_figure, read_provenance(outcomes) | runs)


def _marks(axes: Axes, row: Mapping[str, Any]) -> None:
    """Our median step, and the report's at the upper edge where the axis reaches it."""
    if math.isfinite(float(row["t_gen"])):
        axes.axvline(float(row["t_gen"]), color=style.OURS, lw=0.7, ls="--", zorder=1)
    step = float(row["paper_step"])
    if math.isfinite(step) and step <= axes.get_xlim()[1]:
        at = axes.get_xaxis_transform()
        axes.plot([step], [1.0], "D", ms=3, color=style.PAPER, transform=at, clip_on=False)


def _two_lines(axes: Axes, paper: str, ours: str) -> None:
    """What the report says of a row, and what is found, above a panel."""
    for text, colour, up in ((paper, style.PAPER, 12), (ours, style.OURS, 4)):
        # To the left of the panel's right edge, over the gap: there is no room for it elsewhere.
        note = axes.annotate(
            text,
            (1.0, 1.0),
            xycoords="axes fraction",
            xytext=(0, up),
            textcoords="offset points",
            fontsize=5.8,
            color=colour,
            ha="right",
            annotation_clip=False,
        )
        note.set_in_layout(False)


def _printed(row: Mapping[str, Any]) -> str:
    if row["paper_grokked"] is not True:
        return "report: does not grok"
    step = float(row["paper_step"])
    return "report: grokked" + (f", step {step:,.0f}" if math.isfinite(step) else "")


def _said(rows: list[dict[Any, Any]]) -> str:
    if not rows:
        return "no runs"
    grokked = sum(row["outcome"] == "grokked" for row in rows)
    at_once = sum(row["outcome"] == "immediate" for row in rows)
    runs = int(min(row["runs"] for row in rows))
    return (
        f"{grokked} of {len(rows)} rows grok in most of at least {runs} runs, {at_once} generalise"
        " without a plateau"
    )


def _outcome(row: Mapping[str, Any]) -> str:
    """What became of its runs: outcome, median step, how many are not there yet."""
    step = float(row["t_gen"])
    first, *more = WORDS[row["outcome"]].split(", ")
    when = f", step {step:,.0f}" if math.isfinite(step) else ""
    late = int(row["not_reached"])
    more += [f"{late} of {row['runs']} not yet"] if late else []
    return ", ".join([f"ours: {first}{when}", *more])


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_figS1(
            snakemake.input.curves,
            snakemake.input.table,
            snakemake.input.outcomes,
            snakemake.output.figure,
        )
