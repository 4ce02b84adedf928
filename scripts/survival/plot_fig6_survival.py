"""Figure 6: survival against the initial signal, under perturbation, and by construction."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.statistics.table import Statistics, printed
from fittest.analysis.survival.names import Constructed, FixedEmbedding, Perturbed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

# The largest is drawn last: where rates coincide it is the one to be seen.
MANUAL: dict[str, dict[str, Any]] = {
    "other": {
        "color": style.DEAD,
        "marker": "^",
        "ms": 2.8,
        "ls": "--",
        "label": "any built near zero",
    },
    "second": {"color": style.SURVIVORS[1], "marker": "s", "ms": 2.8, "label": "second"},
    "first": {"color": style.SURVIVORS[0], "marker": "o", "ms": 2.8, "label": "largest"},
}


def plot_fig6(table: str, stats: str, out_figure: str, paper: Mapping[str, float]) -> None:
    """Draw the figure.

    Args:
        table: fig6.csv. stats: survival_stats.parquet. out_figure: the PDF (a PNG goes beside it).
        paper: ``pearson_r``, ``pearson_embeddings``, ``pearson_trials``, printed if given.
    """
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.3)
        said, found = _words(statistics, paper)
        heading(
            figure,
            "Do frequencies survive that start strong, are made strong, or are built strong?",
            said,
            found,
        )
        left, middle, right = figure.subplots(1, 3)
        _signal(left, data[data["panel"] == "signal"], statistics)
        _perturb(middle, data[data["panel"] == "perturb"])
        _manual(right, data[data["panel"] == "manual"])
        style.save(figure, out_figure, read_provenance(stats))


def _words(statistics: Statistics, paper: Mapping[str, float]) -> tuple[str, str]:
    """What the paper says and what is found, panel by panel."""
    said = f"a: r = {paper['pearson_r']:.2f}{_size(paper)}; " if "pearson_r" in paper else ""
    said += "b: rates near 0 and near 1 at the ends; c: the largest always survives"
    ours = statistics[FixedEmbedding.PEARSON_R]
    value = f"{ours['value']:.2f}" if np.isfinite(ours["value"]) else "undefined"
    found = f"a: r = {value}{_interval(ours)}{_size(_trials(statistics))}"
    corrected = statistics[FixedEmbedding.PEARSON_R_AT_PAPER_TRIALS]
    if np.isfinite(corrected["value"]) and "pearson_trials" in paper:
        found += f", as for {paper['pearson_trials']:g} trials {corrected['value']:.2f}"
    strong, weak = (statistics[Perturbed.of(f"rate_{name}")] for name in ("strong", "weak"))
    first = statistics[Constructed.RATE_FIRST_POOLED]
    return said, (
        f"{found}; b: made weak {printed(weak)}, made strong {printed(strong)}; c: the largest"
        f" {printed(first)}"
    )


def _trials(statistics: Statistics) -> dict[str, float]:
    return {
        "pearson_embeddings": float(statistics[FixedEmbedding.EMBEDDINGS]["value"]),
        "pearson_trials": float(statistics[FixedEmbedding.TRIALS_PER_EMBEDDING]["value"]),
    }


def _signal(axes: Axes, data: pd.DataFrame, statistics: Statistics) -> None:
    points = data[data["series"] == "points"]
    panels.rate_scatter(axes, points, data[data["series"] == "fit"], [])
    axes.set_xlabel("initial signal $\\Vert F_k\\Vert$\n(embedding units)")
    axes.set_ylabel("survival rate")
    size = _size(_trials(statistics)).strip(" ()")
    n = f"n = {len(points)} frequencies, {size} (embeddings × trials)" if size else ""
    panels.panel_title(axes, "a", "by initial signal", n and _short(n))


def _short(n: str) -> str:
    return n.replace(" (embeddings × trials)", " trials")


def _size(numbers: Mapping[str, float]) -> str:
    if "pearson_embeddings" not in numbers or "pearson_trials" not in numbers:
        return ""
    return f" ({numbers['pearson_embeddings']:.0f} × {numbers['pearson_trials']:.3g})"


def _interval(row: Mapping[Any, Any]) -> str:
    if not np.isfinite(row["ci_lo"]):
        return ""
    return f" [{row['ci_lo']:.2f}, {row['ci_hi']:.2f}]"


def _perturb(axes: Axes, data: pd.DataFrame) -> None:
    single = sorted(set(data["series"]) - {"pooled"})
    thin: dict[str, dict[str, Any]] = {
        name: {"color": style.OURS, "lw": 0.6, "alpha": 0.35} for name in single
    }
    lines = data[data["series"] != "pooled"]
    panels.rate_lines(axes, lines.assign(y_lo=np.nan, y_hi=np.nan), thin, "band")
    if len(data):
        pooled = {"pooled": {"color": "black", "marker": "o", "ms": 2.5, "label": "pooled"}}
        panels.rate_lines(axes, data, pooled, "band")
        axes.plot([], [], color=style.OURS, lw=0.6, alpha=0.6, label="single embeddings")
        axes.axvline(0, color="0.75", lw=0.6, zorder=0)
        _room_for_legend(axes)
        axes.legend(loc="upper left")
        axes.set_xlabel("signal of $k^*$ minus the others' mean\n(embedding units; band: Wilson)")
        axes.set_ylabel(r"survival rate of $k^*$")
    own = data.loc[data["series"] == "pooled", "trials"].sum()
    embeddings = panels.counted(len(single), "embedding").removeprefix("n = ")
    n = f"{panels.counted(float(own), 'run')}, {embeddings}"
    panels.panel_title(axes, "b", "one frequency scaled", n)


def _room_for_legend(axes: Axes) -> None:
    # Above the rates: wherever else it stood, some outcome of the runs would lie under it.
    axes.set_ylim(-0.04, 1.32)
    axes.set_yticks(np.linspace(0, 1, 6))


def _manual(axes: Axes, data: pd.DataFrame) -> None:
    panels.rate_lines(axes, data, MANUAL, "bars")
    if len(data):
        _room_for_legend(axes)
        axes.legend(loc="upper left", ncols=2, columnspacing=1.0, handlelength=1.6)
        axes.set_xlabel("initial signal of second / largest, r\n(bars: Wilson)")
        axes.set_ylabel("survival rate")
    first = data.loc[data["series"] == "first", "trials"]
    each = f", {int(first.iloc[0])} a ratio" if len(first) and first.nunique() == 1 else ""
    n = f"{panels.counted(float(first.sum()), 'run')}{each}"
    panels.panel_title(axes, "c", "two frequencies built", n)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig6(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
