"""Figure 29: five-digit addition on fresh examples, its loss and that of each answer."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, loss_panels, panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table


def plot_fig29(table: str, drops: str, out_figure: str, apart: int) -> None:
    """Draw the figure.

    Args:
        table: fig29.csv. drops: the steepest drop of every answer. out_figure: the PDF (a PNG goes
            beside it). apart: steps within which drops are told as one.
    """
    data = pd.read_csv(table)
    found = read_table(drops)
    drops_of_first = found[found["seed"] == found["seed"].min()] if len(found) else found
    with style.paper_style():
        figure = style.new_figure(style.HALF_PAGE_WIDTH, 4.6)
        heading(
            figure,
            "Is each bump of the mean loss an answer that is learned?",
            "yes; answer 0, the leading digit, from step 150 on, answer 1 near 270",
            f"{_first_two(drops_of_first)}; one run",
        )
        top, bottom = figure.subplots(2, 1, sharex=True)
        mean = data[data["token"] == -1]
        panels.panel_title(top, "a", "mean over the answers; dotted: where which of them drop")
        panels.panel_title(bottom, "b", "each answer; dotted: its steepest drop")
        for axes, shown in ((top, mean), (bottom, data)):
            if len(shown) == 0:
                panels.empty(axes, "no runs")
                continue
            axes.plot(mean["step"], mean["loss"], color="black", lw=1.2)
            loss_panels.finish(axes, shown.rename(columns={"loss": "value"}), False, 0.1)
            axes.set_ylabel("train loss (nats)")
        _answers(bottom, data, drops_of_first)
        _bumps(top, drops_of_first, apart)
        top.set_xlabel("")
        style.save(figure, out_figure, read_provenance(drops))


def _first_two(drops: pd.DataFrame) -> str:
    """Where the losses of the first two answers fall furthest."""
    found = []
    for token in (0, 1):
        at = drops.loc[drops["token"] == token, "step"]
        known = len(at) > 0 and np.isfinite(at.iloc[0])
        found.append(f"answer {token} {f'at step {at.iloc[0]:,.0f}' if known else 'nowhere'}")
    return f"steepest drops: {', '.join(found)}" if len(drops) else "no runs"


def _bumps(axes: Axes, drops: pd.DataFrame, apart: int) -> None:
    """Above the mean loss, which answers drop where."""
    known = drops[np.isfinite(drops["step"])].sort_values("step")
    groups: list[list[tuple[float, int]]] = []
    for step, token in zip(known["step"], known["token"], strict=True):
        if not groups or step - groups[-1][0][0] >= apart:
            groups.append([])
        groups[-1].append((float(step), int(token)))
    for group in groups:
        at = float(np.mean([step for step, _ in group]))
        axes.axvline(at, lw=0.8, ls=":", color="0.35")
        names = ", ".join(str(token) for token in sorted(token for _, token in group))
        axes.annotate(
            names,
            (at, 1.0),
            xycoords=axes.get_xaxis_transform(),
            xytext=(1.5, -1),
            textcoords="offset points",
            va="top",
            fontsize=6.5,
            color="0.2",
        )


def _answers(axes: Axes, data: pd.DataFrame, drops: pd.DataFrame) -> None:
    for index, (token, curve) in enumerate(data[data["token"] >= 0].groupby("token")):
        look = circuit_panels.frequency_look(index)
        at = float(drops.loc[drops["token"] == token, "step"].iloc[0])
        name = f"{token}: {at:,.0f}" if np.isfinite(at) else f"{token}: none"
        axes.plot(curve["step"], curve["loss"], lw=0.8, label=name, **look)
        if np.isfinite(at):
            # One after the other in place, so that of two in one place both are seen.
            axes.axvline(at, lw=0.8, ls=(3 * (index % 2), (2, 4)), color=look["color"])
    if axes.get_legend_handles_labels()[0]:
        axes.plot([], [], color="black", lw=1.2, label="mean")
        axes.legend(title="answer: step", loc="center left", bbox_to_anchor=(1.0, 0.5))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig29(
            table=snakemake.input.table,
            drops=snakemake.input.drops,
            out_figure=snakemake.output.figure,
            apart=snakemake.params.apart,
        )
