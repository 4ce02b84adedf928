"""Figure S14: the answers of all pairs as a map."""

import pandas as pd

from fittest.pipeline.script import rule_job
from fittest.plotting import style, sum_panels
from fittest.plotting.heading import heading
from fittest.store import read_provenance


def plot_residue_map(table: str, stats: str, out_figure: str, p: int, a: int, b: int) -> None:
    """Draw the figure.

    Args:
        table: figS14.csv. stats: of the same provenance. out_figure: the PDF (a PNG beside it).
        p, a, b: the sum.
    """
    answers = pd.read_csv(table).pivot(index="x", columns="y", values="z").to_numpy()
    with style.paper_style():
        figure = style.new_figure(style.COLUMN_WIDTH, 3.3)
        heading(figure, "Which pairs have equal answers?", "a picture on its cover", "")
        axes = figure.subplots()
        # Operands counted from the middle: -x and x have one even power.
        half = p // 2
        rolled = pd.DataFrame(answers).to_numpy().take(range(-half, p - half), mode="wrap", axis=0)
        rolled = rolled.take(range(-half, p - half), mode="wrap", axis=1)
        shown = axes.imshow(
            rolled,
            cmap="twilight",
            origin="lower",
            extent=(-half - 0.5, p - half - 0.5, -half - 0.5, p - half - 0.5),
            interpolation="nearest",
        )
        axes.set_xlabel("y (mod p, from the middle)")
        axes.set_ylabel("x (mod p, from the middle)")
        name = f"{sum_panels.name_of((a, b))} mod {p}"
        axes.set_title(f"{name}, n = {p * p:,} pairs", loc="left")
        figure.colorbar(shown, ax=axes, label="answer z (0 and p are one)", shrink=0.8)
        style.save(figure, out_figure, read_provenance(stats))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_residue_map(
            snakemake.input.table,
            snakemake.input.stats,
            snakemake.output.figure,
            **snakemake.params.sum,
        )
