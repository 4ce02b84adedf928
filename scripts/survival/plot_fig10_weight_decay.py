"""Figure 10: how many circles survive, by weight decay."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter

from fittest.analysis.statistics.table import Statistics, printed
from fittest.analysis.survival.names import NoDecay, WeightDecay
from fittest.pipeline.script import rule_job
from fittest.plotting import circle_panels, panels, style, sweep_panels
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

APART = 4.0  # no decay stands so many times to the left of the smallest one


def plot_fig10(table: str, stats: str, out_figure: str, paper: Mapping[str, float]) -> None:
    """Draw the figure.

    Args:
        table: fig10.csv. stats: fig10_stats.parquet. out_figure: the PDF (a PNG goes beside it).
        paper: ``runs`` per value, printed if given.
    """
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    runs = f" ({paper['runs']:g} runs a value)" if "runs" in paper else ""
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.5)
        heading(
            figure,
            "Do fewer circles survive with more weight decay, and do all stay without any?",
            f"falls{runs}; without decay all frequencies stay and the model does not generalise",
            _found(statistics),
            [circle_panels.AUTHORS_RULE],
        )
        axes = figure.subplots()
        decays = data[data["panel"] == "all"]
        sweep_panels.count_lines(axes, decays, "weight decay (log scale)", show_limit=False)
        panels.panel_title(axes, "a", "both counts", sweep_panels.runs_of(data))
        if len(decays):
            _log_axis(axes, decays, data[data["panel"] == "none"])
        sweep_panels.legend_below(figure, axes)
        style.save(figure, out_figure, read_provenance(stats))


def _log_axis(axes: Axes, decays: pd.DataFrame, none: pd.DataFrame) -> None:
    """A logarithmic axis, with the runs without decay in a place of their own at its left."""
    axes.set_xscale("log")
    smallest, largest = float(decays["x"].min()), float(decays["x"].max())
    powers = range(int(np.ceil(np.log10(smallest))), int(np.floor(np.log10(largest))) + 1)
    # Values that the runs have, where no whole power lies between them.
    ticks = [10.0**power for power in powers] or sorted({smallest, largest})
    left = smallest
    if len(none):
        left = smallest / APART
        for series, look in (("n_rel", sweep_panels.RELATIVE), ("n_2mean", sweep_panels.COUNTED)):
            own = none[none["series"] == series]
            axes.plot([left] * len(own), own["y"], **{**look, "ls": ""})
            known = own.dropna(subset=["y_lo", "y_hi"])
            bars = {"color": look["color"], "lw": 0.6}
            axes.vlines([left] * len(known), known["y_lo"], known["y_hi"], **bars)
        axes.axvline(left * np.sqrt(APART), color="0.8", lw=0.6, ls=":")
    axes.set_xlim(left / 1.25, largest * 1.25)
    axes.xaxis.set_major_locator(FixedLocator([left, *ticks] if len(none) else ticks))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda x, _: "none" if len(none) and x <= left * 1.01 else f"{x:g}")
    )
    axes.xaxis.set_minor_formatter(NullFormatter())
    if len(none):
        # What is left of the divider is no place on the axis.
        minor = LogLocator(subs=range(2, 10)).tick_values(smallest, largest)
        axes.xaxis.set_minor_locator(FixedLocator([x for x in minor if x >= smallest / 1.25]))
    sweep_panels.leave_room(axes, pd.concat([decays, none]), 1.05)


def _found(statistics: Statistics) -> str:
    thin, bold = (statistics[WeightDecay.of(f"spearman_{name}")] for name in ("n_rel", "n_2mean"))
    step = statistics[WeightDecay.MEAN_LAST_STEP]["value"]
    alive, accuracy = (statistics[NoDecay.of(name)] for name in ("n_rel", "test_accuracy"))
    counted = f", counted at step {step:,.0f} on average" if np.isfinite(step) else ""
    return (
        f"Spearman(decay, circles) = {printed(bold)}, of the dashed count {printed(thin)}{counted};"
        f" without decay {printed(alive, 1)} above ¼ of the strongest, test accuracy"
        f" {printed(accuracy)}"
    )


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig10(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
