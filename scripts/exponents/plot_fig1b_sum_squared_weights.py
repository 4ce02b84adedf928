"""Figure 1b: squared weights over training, all of them and by parameter."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.exponents.names import Watched
from fittest.analysis.statistics.table import Statistics
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
            else f"{sum_panels.kept(left)} of the largest sum of squares is left at the end; once"
            f" circuits are formed it falls fastest at"
            f" {sum_panels.kept(said[Watched.NORM_STEP_FORMED])} of the step of generalisation"
            f" (medians of {int(left['n'])} runs that generalise)",
            [("dashed: step of generalisation", "0.3")],
        )
        grid = figure.subplots(2, 2).flat
        raw = _every(rows, shown)
        _totals(grid[0], raw, shown)
        number = panels.counted(sum_panels.runs_in(raw), "run")
        panels.panel_title(grid[0], "a", "all parameters", f"{number}, a line each")
        for one in grid[2:]:
            one.sharey(grid[1])
        for place, (axes, exponents) in enumerate(zip(grid[1:], shown, strict=False)):
            run = sum_panels.first_run(parts, exponents)
            phases = sum_panels.first_run(ends, exponents)
            at = [float(phases["t_gen"].iloc[0])] if len(phases) else []
            _parameters(axes, run, at)
            title = f"{sum_panels.name_of(exponents)}, by parameter"
            panels.panel_title(axes, "bcd"[place], title, sum_panels.one_run(ends, exponents))
        if len(parts):
            grid[1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=6)
        runs = {"figure_runs": sum_panels.runs_in(raw, sum_panels.drawn(parts, shown))}
        style.save(figure, out_figure, read_provenance(measures) | runs)


def _every(rows: pd.DataFrame, shown: Sequence[Exponents]) -> pd.DataFrame:
    """Rows of all runs on these exponents, once."""
    chosen = [pair in set(shown) for pair in zip(rows["a"], rows["b"], strict=True)]
    return rows[np.array(chosen, dtype=bool) & (rows["basis"] == "raw").to_numpy()]


def _totals(axes: Axes, raw: pd.DataFrame, shown: Sequence[Exponents]) -> None:
    if len(raw) == 0:
        panels.empty(axes, "no checkpoints")
        return
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
    axes.set_ylim(0, max(axes.get_ylim()[1], 1.05 * float(run["squares"].max())))
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
