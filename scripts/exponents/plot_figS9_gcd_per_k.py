"""Figure S9: right answers by greatest common divisor, at several epochs."""

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes

from fittest.analysis.exponents.smooth_numbers import smooth
from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.divisor_panels import SETS, epoch_steps, own_runs, told
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

SHOWN = 5
"""Checkpoints, evenly spaced, the first and the last among them."""
BASE = 10


def plot_by_divisor(divisors: str, runs: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        divisors: figS9.csv. runs: divisor_runs.parquet. stats: divisor_stats.parquet. out_figure:
            the PDF (a PNG goes beside it).
    """
    data, table = own_runs(pd.read_csv(divisors)), own_runs(read_table(runs))
    rows = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.8)
        heading(
            figure,
            "Are products of the base's prime divisors learnt first, step by step?",
            "no sequential learning of them",
            told(data, lambda name: _known(rows, name)),
            [("triangles: products of 2 and 5, which the last digits tell", "0.3")],
        )
        grid = figure.subplots(len(SETS), 1, sharex=True)
        drawn = 0
        for place, (runset, title) in enumerate(SETS.items()):
            axes, part = grid[place], data[data["runset"] == runset]
            own = table[table["runset"] == runset]
            first = part[part["seed"] == part["seed"].min()]
            number = first["run_id"].nunique()
            of = f", the first of {len(own)}" if len(own) > 1 else ""
            panels.panel_title(axes, "ab"[place], title, panels.counted(number, "run") + of)
            drawn += number
            _points(axes, first, epoch_steps(own))
        grid[-1].set_xlabel("greatest common divisor")
        style.save(figure, out_figure, read_provenance(stats) | {"figure_runs": drawn})


def _known(rows: Statistics, name: str) -> str:
    """How many divisors a run-set's networks know, how many of these the last digits tell, and at
    how many steps these came: none but 1, which every guess tells, leave nothing in which an order
    could be seen."""
    known, marked, times = (
        round(rows[f"{name}.{what}"]["value"]) for what in ("known", "known_smooth", "stages")
    )
    return (
        f"{known} of the divisors known at the end, {marked} of those by the triangles; steps at"
        f" which any by a triangle but 1 came: {times}"
    )


def _points(axes: Axes, part: pd.DataFrame, epoch: float) -> None:
    if len(part) == 0:
        panels.empty(axes, "no runs")
        return
    steps = sorted(part["step"].unique())
    shown = [steps[i] for i in np.unique(np.linspace(0, len(steps) - 1, SHOWN).round().astype(int))]
    colours = colormaps["viridis"](np.linspace(0.0, 0.85, len(shown)))
    for step, colour in zip(shown, colours, strict=True):
        rows = part[part["step"] == step].sort_values("divisor")
        axes.plot(
            rows["divisor"], rows["accuracy"], ".-", lw=0.4, ms=3.5, color=colour,
            label=f"epoch {step / epoch:,.0f}",
        )  # fmt: skip
    largest = int(part["divisor"].max())
    marked = smooth(BASE, largest)
    axes.plot(marked, [-0.08] * len(marked), "^", ms=3.5, color="black", clip_on=False)
    axes.set_xlim(0, largest + 1)
    axes.set_ylim(-0.12, 1.05)
    axes.set_ylabel("right (share of pairs)")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_by_divisor(
            divisors=snakemake.input.divisors,
            runs=snakemake.input.runs,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
