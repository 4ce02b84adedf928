"""Figure S3: how many frequencies are enough."""

import math

import pandas as pd

from fittest.analysis.cosets.names import Margin
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.store import read_provenance, read_table


def plot_figs3(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure from figS3.csv and margins_stats.parquet."""
    data, statistics = pd.read_csv(table), Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.2)
        heading(
            figure,
            "Are ln n random frequencies enough to tell the right answer from all others?",
            "with m = ln n of them, the margin exceeds 0.15 m with a probability of at least half",
            f"{printed(statistics.get(Margin.FOUR), 3)} at m = 4 and"
            f" {printed(statistics.get(Margin.FIVE), 3)} at m = 5",
        )
        moduli = sorted(data["n"].unique(), reverse=True)
        grid = figure.subplots(1, len(moduli), squeeze=False, sharey=True)[0]
        for axes, letter, n in zip(grid, "abcd", moduli, strict=False):
            rows = data[data["n"] == n].sort_values("m")
            draws = panels.counted(int(rows["draws"].iloc[0]), "draw")
            panels.panel_title(axes, letter, f"n = {int(n)}", f"{draws} a point")
            axes.plot(rows["m"], rows["share"], "o-", ms=3.5, color=style.OURS, label="drawn")
            axes.vlines(rows["m"], rows["share_lo"], rows["share_hi"], color=style.OURS, lw=0.9)
            # Below 0 the estimate of a share bounds nothing.
            told = rows[rows["estimate"] >= 0]
            axes.plot(
                told["m"],
                told["estimate"],
                "s--",
                ms=3,
                color=style.PAPER,
                label="the paper's estimate, where it is not below 0",
            )
            axes.axvline(math.log(n), color=style.PAPER, lw=0.8, ls=":", label="ln n")
            axes.axhline(0.5, color=style.MIDDLE, lw=0.8, ls=":", label="half")
            axes.set_ylim(-0.03, 1.05)
            axes.set_xlim(float(rows["m"].min()) - 0.3, float(rows["m"].max()) + 0.3)
            axes.set_xlabel("frequencies m")
        grid[0].set_ylabel("share of draws with the margin")
        shared_legend(figure, 4)
        # Numbers are drawn, no network is shown: the tables' count of none would mislead.
        origin = {k: v for k, v in read_provenance(stats).items() if k != "figure_runs"}
        style.save(figure, out_figure, origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_figs3(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
