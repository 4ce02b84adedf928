"""Figure 9: how well linear equations fit the signals, two of them, and the sparse matrix."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.dynamics.names import Kick, Ode
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import End, end_names, heading
from fittest.plotting.heatmaps import heatmap_bar, heatmap_scale, mark_survivors, matrix_heatmap
from fittest.store import read_provenance, read_table

SERIES: dict[str, tuple[str, dict[str, Any]]] = {
    "r2_ols": ("least squares", {"color": style.LEAST_SQUARES, "marker": "o"}),
    "odd_r2_ols": ("same, held-out steps", {"color": style.LEAST_SQUARES, "ls": ":"}),
    "r2_lasso": ("Lasso", {"color": style.LASSO, "marker": "s"}),
    "r2_diagonal": ("each by itself", {"color": style.DEAD, "marker": "^"}),
    "r2_shared": ("all alike", {"color": style.DEAD, "marker": "v", "ls": "--"}),
    "r2_quadratic": ("quadratic", {"color": style.QUADRATIC, "marker": "D"}),
    "odd_r2_quadratic": ("same, held-out", {"color": style.QUADRATIC, "marker": "D", "mfc": "w"}),
}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "ols": ("least squares", {"color": style.LEAST_SQUARES, "lw": 1.0}),
    "lasso": ("Lasso", {"color": style.LASSO, "lw": 1.1}),
    "analytic": ("Lasso, analytic", {"color": style.ANALYTIC, "lw": 1.0, "ls": ":"}),
    "quadratic": ("quadratic", {"color": style.QUADRATIC, "lw": 0.9, "ls": "-."}),
}
LEAST_SHOWN = -0.35  # R^2 below it lies on the edge of the panel


def plot_fig9(table: str, stats: str, kicks: str, kick_stats: str, out_figure: str) -> None:
    """Draw the figure from fig9.csv, ode_stats.parquet, kicks.parquet and kick_stats.parquet;
    out_figure is the PDF."""
    data, kicked = pd.read_csv(table), read_table(kicks)
    statistics, of_kicks = Statistics(read_table(stats)), Statistics(read_table(kick_stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 6.2)
        heading(
            figure,
            "Do linear equations describe how the signals change, and follow them by themselves?",
            "R² near 1 at every d, the sparse Lasso close to it; a quadratic model fits, but is"
            " unstable by itself; pairs of signals cooperate or compete",
            _found(statistics),
        )
        above, below = figure.subfigures(2, 1, height_ratios=[1.0, 1.15])
        a, b = above.subplots(1, 2, width_ratios=[1.25, 1.0])
        _fits(a, data[data["panel"] == "r2"])
        _matrix(b, data[data["panel"] == "matrix"], _alive(data))
        paths = data[data["panel"] == "path"]
        left, right = below.subfigures(1, 2, width_ratios=[2.5, 1.0])
        grid = left.subplots(2, 2, height_ratios=[2.0, 1.0], sharex="col", squeeze=False)
        for column, (letter, fate) in enumerate((("c", "dead"), ("d", "survivor"))):
            own = paths[paths["fate"] == fate]
            _path(grid[0][column], grid[1][column], own, letter, fate)
        _kicks(right.subplots(), kicked, of_kicks)
        style.save(figure, out_figure, read_provenance(stats))


def _found(statistics: Statistics) -> str:
    quadratic = printed(statistics.get(Ode.QUADRATIC_R2_OUT_OF_SAMPLE))
    diverged = statistics.get(Ode.QUADRATIC_DIVERGED)
    nonzero = printed(statistics.get(Ode.LASSO_NONZERO))
    return (
        f"at the default d R² {printed(statistics.get(Ode.OLS_R2), 3)}, Lasso"
        f" {printed(statistics.get(Ode.LASSO_R2), 3)} with {nonzero} of"
        f" its matrix not 0; quadratic on held-out steps {quadratic}, share of runs in which it"
        f" runs away {printed(diverged)}"
    )


def _alive(data: pd.DataFrame) -> Sequence[int]:
    acting = data[(data["panel"] == "matrix") & (data["rank"] > 0)]
    return sorted({int(j) for j in acting["j"]})


def _fits(axes: Axes, data: pd.DataFrame) -> None:
    runs = data.loc[data["series"] == "r2_ols", "runs"]
    n = panels.counted(float(runs.sum()), "run") + "; bars: sd over the runs of a d"
    panels.panel_title(axes, "a", r"$R^2$ of the changes, mean over outputs", n)
    if len(data) == 0:
        panels.empty(axes, "no runs")
        return
    ends: list[End] = []
    for name, (label, look) in SERIES.items():
        own = data[data["series"] == name].sort_values("d")
        if len(own) == 0:
            continue
        mean = own["mean"].clip(lower=LEAST_SHOWN)
        axes.errorbar(own["d"], mean, yerr=own["sd"], ms=2.5, lw=0.9, elinewidth=0.6, **look)
        last = float(own["mean"].iloc[-1])
        number = f"{last:.3f}" if last > 0.99 else f"{last:.2f}"
        ends.append((f"{label} {number}", max(last, LEAST_SHOWN), look["color"]))
    axes.set_ylim(LEAST_SHOWN - 0.04, 1.08)
    axes.set_xlabel("embedding dimension d")
    axes.set_ylabel(r"$R^2$")
    end_names(axes, ends)


def _path(axes: Axes, below: Axes, path: pd.DataFrame, letter: str, fate: str) -> None:
    title = {"dead": "dead, largest at the start", "survivor": "strongest survivor"}[fate]
    if len(path) == 0:
        panels.panel_title(axes, letter, title)
        panels.empty(axes, "none")
        panels.empty(below, "")
        return
    panels.panel_title(axes, letter, f"{title}: k = {int(path['k'].iloc[0])}", "n = 1 run")
    axes.plot(path["step"], path["real"], color=style.REAL, lw=2.6, alpha=0.35)
    ends: list[End] = [("recorded", float(path["real"].iloc[-1]), style.REAL)]
    left: list[End] = []
    for name, (label, look) in MODELS.items():
        axes.plot(path["step"], path[name], **look)
        rest = path[name] - path["real"]
        below.plot(path["step"], rest, **look)
        known = rest.dropna()
        if len(known):
            left.append((label, float(known.iloc[-1]), look["color"]))
    # A model that runs away must not hide the signal that it fails to follow.
    top = float(path["real"].max())
    axes.set_ylim(min(0.0, float(path["real"].min())), 1.15 * top)
    near = path[["ols", "lasso"]].sub(path["real"], axis=0).abs().to_numpy(float)
    reach = 1.3 * max(float(np.nanmax(near, initial=0.0)), 1e-3 * top, 1e-9)
    below.set_ylim(-reach, reach)
    below.axhline(0, color="0.7", lw=0.6, zorder=0)
    below.set_xlabel("training step")
    axes.set_ylabel("signal (embedding units)")
    below.set_ylabel("model minus\nrecorded")
    end_names(axes, ends)
    end_names(below, left, size=6.0)


def _matrix(axes: Axes, entries: pd.DataFrame, alive: Sequence[int]) -> None:
    panels.panel_title(axes, "b", "the Lasso's matrix")
    if len(entries) == 0:
        panels.empty(axes, "no run with dense steps")
        return
    limit, linear = heatmap_scale(entries["value"])
    image = matrix_heatmap(axes, entries, limit, linear)
    mark_survivors(axes, entries, alive)
    heatmap_bar(image, axes, 0.9)
    axes.set_xlabel("acting frequency j\nn = 1 run; survivors marked")


def _kicks(axes: Axes, table: pd.DataFrame, statistics: Statistics) -> None:
    number = statistics.get(Kick.RUNS)
    n = panels.counted(number["value"] if number else 0, "kicked run")
    panels.panel_title(axes, "e", "kicks of one signal", n)
    if len(table) == 0:
        panels.empty(axes, "no kicks")
        return
    up, down = table["up"].to_numpy(float), table["down"].to_numpy(float)
    steady = np.sign(up) == np.sign(down)
    for marks, colour in ((~steady, style.DEAD), (steady, style.OURS)):
        axes.plot(up[marks], down[marks], ".", ms=2.2, color=colour, alpha=0.6)
    reach = 1.05 * float(np.quantile(np.abs([up, down]), 0.99))
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    for line in (axes.axhline, axes.axvline):
        line(0, color="0.7", lw=0.6, zorder=0)
    same = statistics.get(Kick.SAME_SIGN)
    agreement = statistics.get(Kick.AGREEMENT)
    short = [printed(row and {**row, "ci_lo": np.nan}) for row in (same, agreement)]
    axes.set_xlabel(
        "response of another signal\nto a kick up, per unit\n"
        f"one sign (blue): {short[0]}\nagreement with A: {short[1]}"
    )
    axes.set_ylabel("to a kick down, per unit")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig9(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            kicks=snakemake.input.kicks,
            kick_stats=snakemake.input.kick_stats,
            out_figure=snakemake.output.figure,
        )
