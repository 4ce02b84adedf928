"""Figure 1b: squared weights over training, all of them and by parameter."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.exponents.names import Watched
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, panels, style, sum_panels
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

Exponents = tuple[int, int]


def plot_fig1b(
    measures: str,
    squares: str,
    table: str,
    stats: str,
    out_figure: str,
    shown: Sequence[Exponents],
) -> None:
    """Draw the figure.

    Args:
        measures, squares, table, stats: Parquet; table: WATCHED. out_figure: the PDF (a PNG beside
            it). shown: exponents.
    """
    rows, parts, ends = read_table(measures), read_table(squares), read_table(table)
    said = Statistics(read_table(stats))
    left = said[Watched.NORM_LEFT]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.6)
        heading(
            figure,
            "Do weights shrink when networks generalise?",
            "high while they memorise, low after they grok",
            sum_panels.NONE
            if int(left["n"]) == 0
            else f"{printed(left)} of the largest sum of squares is left at the end; it falls"
            f" fastest at {printed(said[Watched.NORM_STEP])} of the step of generalisation"
            f" (medians of {int(left['n'])} runs that generalise)",
        )
        grid = figure.subplots(2, 2).flat
        _totals(grid[0], rows, shown)
        panels.panel_title(grid[0], "a", "all parameters", "a line per run")
        for place, (axes, exponents) in enumerate(zip(grid[1:], shown, strict=False)):
            run = sum_panels.first_run(parts, exponents)
            phases = sum_panels.first_run(ends, exponents)
            at = [float(phases["t_gen"].iloc[0])] if len(phases) else []
            _parameters(axes, run, at)
            outcome = str(phases["outcome"].iloc[0]) if len(phases) else "no run"
            title = f"{sum_panels.name_of(exponents)}, by parameter"
            panels.panel_title(axes, "bcd"[place], title, outcome)
        if len(parts):
            grid[1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=6)
        style.save(figure, out_figure, read_provenance(measures))


def _totals(axes: Axes, rows: pd.DataFrame, shown: Sequence[Exponents]) -> None:
    if len(rows) == 0:
        panels.empty(axes, "no checkpoints")
        return
    raw = rows[rows["basis"] == "raw"]
    for index, (a, b) in enumerate(shown):
        mine = raw[(raw["a"] == a) & (raw["b"] == b)]
        for number, (_, run) in enumerate(mine.groupby("run_id", sort=False)):
            axes.plot(
                run["step"],
                run["squared_weights"],
                color=style.SURVIVORS[index % len(style.SURVIVORS)],
                lw=0.9,
                label=sum_panels.name_of((a, b)) if number == 0 else None,
            )
    circuit_panels.step_axis(axes, float(raw["step"].max()), ())
    axes.set_ylim(bottom=0)
    axes.set_ylabel("sum of squared weights")
    axes.legend(loc="best")


def _parameters(axes: Axes, run: pd.DataFrame, ends: Sequence[float]) -> None:
    if len(run) == 0:
        panels.empty(axes, "no checkpoints")
        return
    for index, (name, part) in enumerate(run.groupby("parameter", sort=False)):
        turn, place = divmod(index, len(style.SURVIVORS))
        axes.plot(
            part["step"],
            part["squares"],
            color=style.SURVIVORS[place],
            ls="-" if turn == 0 else "--",
            lw=0.9,
            label=str(name).removeprefix("layers.0.").removesuffix(".weight").replace("_", " "),
        )
    circuit_panels.step_axis(axes, float(run["step"].max()), ends)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("sum of squares")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig1b(
            snakemake.input.measures,
            snakemake.input.squares,
            snakemake.input.table,
            snakemake.input.stats,
            snakemake.output.figure,
            [tuple(one) for one in snakemake.params.networks["shown"]],
        )
