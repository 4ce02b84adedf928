"""Figure S1: losses and accuracies of all rows of table 1."""

import math
from typing import Any

import pandas as pd

from fittest.pipeline.script import rule_job
from fittest.plotting import loss_panels, panels, style
from fittest.plotting.heading import heading
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
        figure = style.new_figure(style.PAGE_WIDTH, 0.5 + 1.35 * lines)
        yes = sum(row["paper_grokked"] is True for row in rows)
        heading(
            figure,
            "Do test losses fall long after train losses?",
            f"{yes} of {len(rows)} rows grok" if yes else "",
            _said(rows),
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
            part = data[data["label"] == label]
            loss_panels.loss_lines(left, part, ("train", "test"), True)
            loss_panels.loss_lines(right, part, ("train accuracy", "test accuracy"), False)
            right.set_ylim(-0.03, 1.03)
            right.set_ylabel("accuracy")
            panels.panel_title(left, _LETTERS[place], label, size=7)
            right.set_title(_outcome(row), loc="left", fontsize=6.3, color=style.OURS)
            for axes in (left, right):
                if line < lines - 1:
                    axes.set_xlabel("")
        handles, names = grid[0, 0].get_legend_handles_labels()
        if handles:
            figure.legend(handles, names, loc="outside lower right", ncols=2)
        style.save(figure, out_figure, read_provenance(outcomes))


def _said(rows: list[dict[Any, Any]]) -> str:
    if not rows:
        return "no runs"
    grokked = sum(row["outcome"] == "grokked" for row in rows)
    at_once = sum(row["outcome"] == "immediate" for row in rows)
    runs = int(min(row["runs"] for row in rows))
    return (
        f"{grokked} of {len(rows)} rows grok in most of at least {runs} runs, {at_once} generalise"
        " at once (thin: runs; bold: their mean)"
    )


def _outcome(row: dict[str, Any]) -> str:
    """What became of its runs: outcome, median step, how many are not there yet."""
    step = float(row["t_gen"])
    when = f", step {step:,.0f}" if math.isfinite(step) else ""
    late = int(row["not_reached"])
    return f"{row['outcome']}{when}" + (f" ({late} of {row['runs']} not yet)" if late else "")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_figS1(
            snakemake.input.curves,
            snakemake.input.table,
            snakemake.input.outcomes,
            snakemake.output.figure,
        )
