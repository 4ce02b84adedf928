"""Figure S1: how soon the survivor set is final, what stopping early saves, and who survives."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from fittest.analysis.statistics.table import Statistics, printed
from fittest.analysis.survival.names import Defaults
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

MARKERS = "osD^v"


def plot_figS1(
    horizon: str, rules: str, ends: str, stats: str, out_figure: str, paper: Mapping[str, float]
) -> None:
    """Draw the figure.

    Args:
        horizon, rules: agreement by step and by stop rule. ends, stats: of default runs and of such
            whose MLP starts as the text says. out_figure: the PDF (a PNG goes beside it).
        paper: ``least_survivors`` and ``most_survivors``, printed if given.
    """
    by_step, by_rule, at_end = read_table(horizon), read_table(rules), read_table(ends)
    statistics = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 5.7)
        heading(
            figure,
            "When is the set of survivors final, what does stopping early save, and who survives?",
            _said(paper),
            f"{_found(by_step)}{_ends(statistics)}",
        )
        (left, right), (circles, which) = figure.subplots(2, 2)
        _agreement(left, by_step)
        _saving(right, by_rule)
        _circles(circles, at_end)
        _frequencies(which, at_end[at_end["panel"] == "frequencies"])
        style.save(figure, out_figure, read_provenance(stats))


def _said(paper: Mapping[str, float]) -> str:
    if "least_survivors" not in paper or "most_survivors" not in paper:
        return ""
    few = f"{paper['least_survivors']:g} to {paper['most_survivors']:g} survive"
    return f"{few}, almost always three or more, never one; its runs take all steps"


def _ends(statistics: Statistics) -> str:
    circles, few, gauss1, accurate = (
        printed(statistics.get(name))
        for name in (
            Defaults.CIRCLES,
            Defaults.THREE_TO_FIVE,
            Defaults.GAUSS1_CIRCLES,
            Defaults.GAUSS1_ACCURATE,
        )
    )
    return (
        f"; circles at the end {circles}, share with 3 to 5 {few}; MLP from N(0, 1) as the text"
        f" says: circles {gauss1}, share that generalises {accurate}"
    )


def _found(table: pd.DataFrame) -> str:
    if table.empty:
        return ""
    steps = table.drop_duplicates("step").sort_values("step")
    # All of them are in panel a.
    told = [
        f"{row.sets_equal:.0%} at step {row.step:,}" for row in steps.iloc[[0, -1]].itertuples()
    ]
    return f"the share of runs whose set is that of the last step rises from {' to '.join(told)}"


def _runs(table: pd.DataFrame) -> str:
    return "" if table.empty else panels.counted(int(table["runs"].iloc[0]), "run")


def _agreement(axes: Axes, table: pd.DataFrame) -> None:
    panels.panel_title(axes, "a", "survivor set so far against the last step's", _runs(table))
    if table.empty:
        panels.empty(axes, "no runs")
        return
    steps = table["step"].to_numpy()
    axes.fill_between(
        steps, table["sets_equal_lo"], table["sets_equal_hi"], color=style.OURS, alpha=0.2, lw=0
    )
    axes.plot(
        steps,
        table["sets_equal"],
        "o-",
        ms=3,
        color=style.OURS,
        label="whole sets equal (band: 95 % Wilson)",
    )
    axes.plot(
        steps,
        table["labels_equal"],
        "s--",
        ms=3,
        color=style.DEAD,
        label="single frequencies equal",
    )
    last = 0.0
    for row in table.itertuples():
        # Numbers closer than this would stand on each other on the log axis.
        if abs(row.count_offset) >= 0.05 and row.step >= 1.45 * last:
            last = float(row.step)
            axes.annotate(
                f"{row.count_offset:+.1f}",
                (row.step, row.sets_equal),
                xytext=(0, -10),
                textcoords="offset points",
                ha="center",
                fontsize=5.5,
                color=style.OURS,
            )
    axes.set_xscale("log")
    axes.set_ylim(min(0.0, float(table["sets_equal_lo"].min())), 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("step (log scale)\nsmall numbers: circles counted too many, mean per run")
    axes.set_ylabel("share that agrees")
    axes.legend(loc="lower right")


def _saving(axes: Axes, table: pd.DataFrame) -> None:
    panels.panel_title(axes, "b", "stop rules", _runs(table))
    if table.empty:
        panels.empty(axes, "no runs")
        return
    for index, row in enumerate(table.itertuples()):
        low, high = row.sets_equal - row.sets_equal_lo, row.sets_equal_hi - row.sets_equal
        axes.errorbar(
            row.share_of_steps,
            row.sets_equal,
            yerr=np.array([[max(0.0, low)], [max(0.0, high)]]),
            fmt=MARKERS[index % len(MARKERS)],
            ms=4.5,
            color=style.SURVIVORS[index % len(style.SURVIVORS)],
            capsize=2,
            label=f"{row.rule}: {row.sets_equal:.1%} at {row.share_of_steps:.1%} of the steps",
        )
    axes.set_xlim(0, max(0.3, 1.15 * float(table["share_of_steps"].max())))
    # The legend stands below the bars.
    axes.set_ylim(min(0.5, float(table["sets_equal_lo"].min())) - 0.25, 1.03)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("mean share of the steps taken")
    axes.set_ylabel("whole sets equal")
    axes.legend(loc="lower right")


def _circles(axes: Axes, ends: pd.DataFrame) -> None:
    table, text = (ends[ends["panel"] == name] for name in ("circles", "gauss1"))
    n = "" if table.empty else panels.counted(int(table["n"].iloc[0]), "run")
    panels.panel_title(axes, "c", "circles at the end, authors' rule", n)
    if table.empty:
        panels.empty(axes, "no runs")
        return
    axes.bar(table["x"], table["rate"], width=0.7, color=style.ALIVE, label="default runs")
    axes.vlines(table["x"], table["rate_lo"], table["rate_hi"], color="0.2", lw=0.8)
    if len(text):
        low, high = text["rate"] - text["rate_lo"], text["rate_hi"] - text["rate"]
        axes.errorbar(
            text["x"] + 0.2,
            text["rate"],
            yerr=np.clip([low, high], 0, None),
            fmt="D",
            ms=3.5,
            lw=0.8,
            color=style.OURS,
            label=f"text's start, n = {int(text['n'].iloc[0])}",
        )
    axes.set_ylim(0, 1.3 * float(ends.loc[ends["panel"] != "frequencies", "rate_hi"].max()))
    axes.legend(loc="upper right", ncols=2)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    # The legend stands above what a share can be.
    axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= 1])
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("circles of a run (bars: 95 % Wilson)")
    axes.set_ylabel("share of runs")


def _frequencies(axes: Axes, table: pd.DataFrame) -> None:
    n = "" if table.empty else panels.counted(int(table["n"].iloc[0]), "run")
    panels.panel_title(axes, "d", "which frequencies survive", n)
    if table.empty:
        panels.empty(axes, "no runs")
        return
    axes.vlines(table["x"], table["rate_lo"], table["rate_hi"], color=style.OURS, lw=0.8)
    axes.plot(table["x"], table["rate"], "o", ms=2.8, color=style.OURS)
    axes.axhline(float(table["rate"].mean()), color=style.MIDDLE, lw=0.8, ls=":")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("frequency k (dotted: mean over all)")
    axes.set_ylabel("survival rate")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_figS1(
            horizon=snakemake.input.horizon,
            rules=snakemake.input.rules,
            ends=snakemake.input.ends,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
