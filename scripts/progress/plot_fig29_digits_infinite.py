"""Figure 29: five-digit addition on fresh examples, its loss and that of each answer."""

import pandas as pd

from fittest.pipeline.script import rule_job
from fittest.plotting import loss_panels, panels, style
from fittest.store import read_provenance, read_table


def plot_fig29(table: str, drops: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        table: fig29.csv. drops: the steepest drop of every answer. out_figure: the PDF (a PNG goes
            beside it).
    """
    data = pd.read_csv(table)
    found = read_table(drops)
    first = found[found["seed"] == found["seed"].min()] if len(found) else found
    with style.paper_style():
        figure = style.new_figure(style.COLUMN_WIDTH, 4.2)
        top, bottom = figure.subplots(2, 1, sharex=True)
        mean = data[data["token"] == -1]
        for axes, letter, title, shown in (
            (top, "a", "mean over the answers", mean),
            (bottom, "b", "each answer, and its steepest drop", data),
        ):
            panels.panel_title(axes, letter, title)
            if len(shown) == 0:
                panels.empty(axes, "no runs")
                continue
            if axes is bottom:
                for rank, (token, curve) in enumerate(
                    data[data["token"] >= 0].groupby("token"), start=1
                ):
                    look = style.survivor_style(rank)
                    at = float(first.loc[first["token"] == token, "step"].iloc[0])
                    axes.plot(
                        curve["step"], curve["loss"], lw=0.8, label=f"{token}: {at:,.0f}", **look
                    )
                    axes.axvline(at, lw=0.5, ls=":", **{"color": look["color"]})
                axes.legend(title="answer: step", loc="upper right", title_fontsize=6.5)
            axes.plot(mean["step"], mean["loss"], color="black", lw=1.2)
            loss_panels.finish(axes, shown, log=False)
            axes.set_ylabel("train loss (nats)")
        top.set_xlabel("")
        panels.note_box(
            top,
            [("paper: bumps are answers learned; 0 from 150, 1 at 270", style.PAPER)],
            "upper left",
        )
        style.save(figure, out_figure, read_provenance(drops))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig29(
            table=snakemake.input.table,
            drops=snakemake.input.drops,
            out_figure=snakemake.output.figure,
        )
