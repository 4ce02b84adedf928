"""Figure 9: how well linear equations fit the signals, two of them, and the sparse matrix."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from fittest.analysis.dynamics.names import Kick, MidrunKick, Ode
from fittest.analysis.statistics.names import StatisticName
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


def plot_fig9(
    table: str,
    stats: str,
    kicks: str,
    kick_stats: str,
    midrun_kicks: str,
    midrun_kick_stats: str,
    out_figure: str,
) -> None:
    """Draw the figure from fig9.csv, ode_stats.parquet, and the tables and statistics of both kinds
    of kicks; out_figure is the PDF."""
    data, statistics = pd.read_csv(table), Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 7.9)
        heading(
            figure,
            "Do linear equations describe how the signals change, and follow them by themselves?",
            "R² near 1 at every d, the sparse Lasso close to it; a quadratic model fits, but is"
            " unstable by itself; pairs of signals cooperate or compete",
            _found(statistics),
        )
        above, middle, below = figure.subfigures(3, 1, height_ratios=[1.0, 1.15, 0.75])
        a, b = above.subplots(1, 2, width_ratios=[1.25, 1.0])
        _fits(a, data[data["panel"] == "r2"])
        _matrix(b, data[data["panel"] == "matrix"], _alive(data))
        paths = data[data["panel"] == "path"]
        grid = middle.subplots(2, 2, height_ratios=[2.0, 1.0], sharex="col", squeeze=False)
        for column, (letter, fate) in enumerate((("c", "dead"), ("d", "survivor"))):
            own = paths[paths["fate"] == fate]
            _path(grid[0][column], grid[1][column], own, letter, fate)
        e, f = below.subplots(1, 2)
        _kicks(e, read_table(kicks), Statistics(read_table(kick_stats)))
        _midrun_kicks(f, read_table(midrun_kicks), Statistics(read_table(midrun_kick_stats)))
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
    panels.panel_title(axes, "e", "kicks at the start", n)
    if len(table) == 0:
        panels.empty(axes, "no kicks")
        return
    up, down = table["up"].to_numpy(float), table["down"].to_numpy(float)
    reach = _reach(up, down)
    _pairs(axes, up, down, np.sign(up) == np.sign(down), (reach, reach))
    found = _short(statistics, Kick.SAME_SIGN, Kick.AGREEMENT)
    axes.set_xlabel(
        "response of another signal to a kick up, per unit\n"
        f"one sign (blue): {found[0]}; agreement with A: {found[1]}"
    )
    axes.set_ylabel("response to a kick\ndown, per unit")


def _midrun_kicks(axes: Axes, table: pd.DataFrame, statistics: Statistics) -> None:
    number = statistics.get(MidrunKick.RUNS)
    n = panels.counted(number["value"] if number else 0, "kicked run")
    steps = sorted(table["step"].unique())
    when = f"at step {steps[0]:,}" if len(steps) == 1 else "in mid-training"
    panels.panel_title(axes, "f", f"kicks {when}", n)
    if len(table) == 0:
        panels.empty(axes, "no kicks")
        return
    up, down, entry = (table[name].to_numpy(float) for name in ("up", "down", "ols"))
    mean = (up + down) / 2
    _pairs(axes, entry, mean, up * down > 0, (_reach(entry), _reach(mean)))
    found = _short(statistics, MidrunKick.SAME_SIGN, MidrunKick.AGREEMENT)
    axes.set_xlabel(
        "entry of the fitted A, per step\n"
        f"one sign (blue): {found[0]}; agreement with A: {found[1]}"
    )
    axes.set_ylabel("response of another\nsignal, per step")


def _pairs(
    axes: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    steady: NDArray[np.bool_],
    reaches: tuple[float, float],
) -> None:
    """A mark for each pair of frequencies, blue where it is steady."""
    for marks, colour in ((~steady, style.DEAD), (steady, style.OURS)):
        axes.plot(x[marks], y[marks], ".", ms=2.2, color=colour, alpha=0.6)
    axes.set_xlim(-reaches[0], reaches[0])
    axes.set_ylim(-reaches[1], reaches[1])
    axes.locator_params(axis="x", nbins=5)
    for line in (axes.axhline, axes.axvline):
        line(0, color="0.7", lw=0.6, zorder=0)


def _reach(*values: NDArray[np.float64]) -> float:
    """Where an axis ends that leaves out the farthest."""
    return 1.05 * float(np.quantile(np.abs(values), 0.99)) or 1.0


def _short(statistics: Statistics, *names: StatisticName) -> list[str]:
    """Without their intervals, for which there is no room."""
    rows = [statistics.get(name) for name in names]
    return [printed(row and {**row, "ci_lo": np.nan}) for row in rows]


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig9(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            kicks=snakemake.input.kicks,
            kick_stats=snakemake.input.kick_stats,
            midrun_kicks=snakemake.input.midrun_kicks,
            midrun_kick_stats=snakemake.input.midrun_kick_stats,
            out_figure=snakemake.output.figure,
        )
