"""Figure S1: how long to train."""

import numpy as np
import pandas as pd

from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import end_names, heading
from fittest.store import read_provenance, read_table

CURVES = {
    "accurate": ("nearly all right", style.SURVIVORS[0]),
    "final_set": ("final set", style.SURVIVORS[1]),
    "tuned": ("fine-tuning", style.SURVIVORS[2]),
    "near_zero": ("entries near 0", style.SURVIVORS[3]),
}


def plot_figs1(curves: str, found: str, out_figure: str) -> None:
    """Draw the figure from figS1.csv and pilot.parquet."""
    data, settled = pd.read_csv(curves), read_table(found).sort_values("n", ascending=False)
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.0)
        told = "; ".join(
            f"n = {int(row['n'])}: settled at epoch {_epoch(row['settled'])}, budget"
            f" {_epoch(row['budget'])}"
            for row in settled.to_dict("records")
        )
        heading(
            figure,
            "When are networks accurate, and when do their frequencies stay the same?",
            "the number of epochs is not given",
            told,
        )
        several = figure.subplots(1, max(1, len(settled)), squeeze=False)[0]
        if len(settled) == 0:
            panels.empty(several[0], "no networks")
        for axes, letter, row in zip(several, "abcd", settled.to_dict("records"), strict=False):
            rows = data[data["n"] == row["n"]].sort_values("epoch")
            networks = panels.counted(int(row["networks"]), "network")
            panels.panel_title(axes, letter, f"n = {int(row['n'])}", networks)
            ends = []
            for name, (label, colour) in CURVES.items():
                axes.plot(rows["epoch"], rows[name], color=colour, lw=1.1)
                ends.append((label, float(rows[name].iloc[-1]), colour))
            if not np.isnan(row["settled"]):
                axes.axvline(row["settled"], color=style.MIDDLE, lw=0.8, ls=":")
            axes.set_ylim(-0.02, 1.05)
            if not np.isnan(row["budget"]):
                axes.axvline(row["budget"], color=style.MIDDLE, lw=0.8, ls="--")
            axes.set_xlabel("epoch (dotted: settled; dashed: budget)")
            axes.set_ylabel("share (of networks; of entries)")
            end_names(axes, ends)
        style.save(figure, out_figure, read_provenance(found))


def _epoch(value: float) -> str:
    return "never" if np.isnan(value) else f"{value:g}"


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_figs1(
            curves=snakemake.input.curves,
            found=snakemake.input.found,
            out_figure=snakemake.output.figure,
        )
