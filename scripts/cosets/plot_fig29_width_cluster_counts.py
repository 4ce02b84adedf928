"""Figure 29: how many clusters there are by width, in batches of n and in full batch."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.ticker import MaxNLocator

from fittest.analysis.cosets.names import Scaling
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.plotting.population_panels import cell, count_histogram
from fittest.store import read_provenance, read_table

LARGE = ("pop91", "full91")
"""Run-sets of the paper's own modulus, which are larger than those of its widths."""
BATCHES = {"batches of n": ("width", LARGE[0]), "full batch": ("width_full", LARGE[1])}
"""Kind of batch -> run-sets of it: of several widths, and the large one."""


def plot_fig29(inputs: Mapping[str, Any], out_figure: str, paper: Mapping[str, float]) -> None:
    """Draw the figure.

    Args:
        inputs: fig29.csv (`counts`), widths.parquet (`widths`), scaling_stats.parquet (`stats`),
            cluster_counts.csv (`large`), summary.parquet (`summary`), and the tables `runs` of all
            run-sets that are shown (`runs`). out_figure: the PDF (a PNG goes beside).
        paper: `n`, the modulus of the paper's figure.
    """
    data = pd.concat([pd.read_csv(inputs[name]) for name in ("counts", "large")])
    data = data[data["runset"].isin([name for both in BATCHES.values() for name in both])]
    means = read_table(inputs["widths"])
    summary = read_table(inputs["summary"])
    last = summary[(summary["share"] == 1) & (summary["subset"] == "all")]
    runs = pd.concat([read_table(path, "runs") for path in inputs["runs"]])
    runs = runs.assign(width=[int(hidden[0]) for hidden in runs["hidden"]])
    statistics = Statistics(read_table(inputs["stats"]))
    lines = data[["n", "hidden"]].drop_duplicates().sort_values(["n", "hidden"])
    moduli = ", ".join(str(int(n)) for n in sorted(means["n"].unique()))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 1.3 + 1.15 * max(1, len(lines)))
        heading(
            figure,
            "Does the number of clusters stay of the order of ln n at every width?",
            f"yes, at 128 to 8192 neurons (it prints 8196) and in both kinds of batch, n ="
            f" {paper['n']:g}",
            f"n = {moduli or 'none'} for widths: mean number over ln n at most"
            f" {printed(statistics.get(Scaling.WIDTH_MOST))}; full batch less batches of n, at n ="
            f" {paper['n']:g}: {printed(statistics.get(Scaling.BATCH_M))} clusters",
        )
        grid = figure.subplots(max(1, len(lines)), 2, squeeze=False, sharex=True, sharey=True)
        letters = iter("abcdefghijklmnopqrstuvwxyz")
        for line, (n, width) in zip(
            grid, lines.to_numpy(int) if len(lines) else [(0, 0)], strict=True
        ):
            for axes, (title, runsets) in zip(line, BATCHES.items(), strict=True):
                here = data["runset"].isin(runsets) & (data["n"] == n) & (data["hidden"] == width)
                own = runs[
                    runs["runset"].isin(runsets) & (runs["p"] == n) & (runs["width"] == width)
                ]
                panels.panel_title(
                    axes,
                    next(letters),
                    f"n = {n}, {width} neurons, {title}",
                    _told(data[here], own, _known(means, last, "solved", runsets, n, width)[0]),
                )
                mean = _known(means, last, "m", runsets, n, width)
                count_histogram(axes, data[here], math.log(max(n, 1)), mean)
            line[0].set_ylabel("share")
        for axes in grid[-1]:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.set_xlabel("clusters of two neurons or more")
        shared_legend(figure, 3)
        style.save(figure, out_figure, read_provenance(inputs["widths"]))


def _told(rows: pd.DataFrame, runs: pd.DataFrame, solved: float) -> str:
    """How many networks, how long they are trained, and the share that solves the task."""
    steps = sorted(int(number) for number in runs["steps"].unique())
    long = " or ".join(f"{number:,}" for number in steps)
    told = panels.counted(int(rows["networks"].sum()), "network")
    return told + f", {long} steps, {solved:.2f} of them solve it" * bool(long)


def _known(
    means: pd.DataFrame,
    large: pd.DataFrame,
    name: str,
    runsets: Sequence[str],
    n: int,
    width: int,
) -> tuple[float, ...]:
    """A value with its interval: of a width, or else of the large run-set."""
    here = {"runset": runsets[0], "n": n, "hidden": width}
    found = tuple(cell(means, f"{name}{end}", **here) for end in ("", "_lo", "_hi"))
    if not math.isnan(found[0]):
        return found
    name = {"m": "m2"}.get(name, name)
    return tuple(cell(large, f"{name}{end}", runset=runsets[1]) for end in ("", "_lo", "_hi"))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig29(
            inputs={
                name: snakemake.input[name]
                for name in ("counts", "widths", "stats", "large", "summary", "runs")
            },
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
