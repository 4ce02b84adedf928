"""Figure 6: survival by signal and gradient, and how fast runs generalise that keep the circles
which start strongest."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.completeness.names import Speed
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.gradient_panels import gradient_panels
from fittest.store import joint_provenance, read_table

ARMS = {
    "before": ("all circles", style.DEAD),
    "winners": ("winners", style.OURS),
    "random": ("as many\nrandom", style.SURVIVORS[1]),
    "rescaled": ("winners,\nfull norm", style.SURVIVORS[3]),
}


def plot_fig6(
    table: str,
    stats: str,
    classifier: str,
    speed: str,
    speed_stats: str,
    out_figure: str,
    runs: int,
    paper: Mapping[str, float],
) -> None:
    """Draw the figure.

    Args:
        table, stats, classifier: of the survival paper's figure on gradients.
        speed: fig6.csv. speed_stats: winners_stats.parquet. out_figure: the PDF.
        runs: number of different networks shown, printed at the foot.
        paper: as for ``gradient_panels``.
    """
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    timed = Statistics(read_table(speed_stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 5.9)
        upper, lower = figure.subfigures(2, 1, height_ratios=[3.5, 2.4])
        columns = tuple(upper.subfigures(1, 3, width_ratios=[1.0, 1.25, 1.15]))
        gradient_panels(columns, data, statistics, read_table(classifier), paper)
        axes = lower.subplots()
        _bars(axes, pd.read_csv(speed), timed)
        panels.panel_title(axes, "d", "steps until every test pair is right")
        style.save(figure, out_figure, joint_provenance([stats, speed_stats], runs))


def _bars(axes: Axes, bars: pd.DataFrame, timed: Mapping[str, Mapping]) -> None:
    if len(bars) == 0:
        panels.empty(axes, "no runs")
        return
    for place, row in enumerate(bars.to_dict("records")):
        colour = ARMS[row["arm"]][1]
        axes.bar(place, row["y"], color=colour, width=0.65)
        low, high = row["y"] - row["y_lo"], row["y_hi"] - row["y"]
        if pd.notna(low):
            axes.errorbar(place, row["y"], [[max(low, 0)], [max(high, 0)]], color="0.15", capsize=3)
        axes.annotate(
            f"{row['reached']:.0%} of {row['n']} get there",
            (place, max(row["y"], row["y_hi"] if pd.notna(row["y_hi"]) else 0)),
            (0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=6.3,
        )
    axes.set_xticks(range(len(bars)), [ARMS[arm][0] for arm in bars["arm"]])
    axes.set_xlim(-0.6, len(bars) + 1.2)
    axes.set_ylim(top=1.3 * float(bars[["y", "y_hi"]].max().max()))
    horizon = int(bars["horizon"].iloc[0])
    axes.set_ylabel("training steps, mean\n(bars: 95 % bootstrap)")
    lines = [
        ("paper: a clear decrease", style.PAPER),
        ("ours, median ratio of the same seed:", style.OURS),
    ]
    for over, name in (("before", "all"), ("random", "random"), ("rescaled", "full norm")):
        ratio = timed[Speed.of(f"ratio_winners_{over}")]
        lines.append((f"winners / {name}: {printed(ratio)}", style.OURS))
    lines.append((f"who takes longer counts with {horizon:,}", "0.35"))
    for index, (text, colour) in enumerate(lines):
        axes.annotate(
            text,
            (0.99, 0.97),
            (0, -9 * index),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=6.3,
            color=colour,
        )


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig6(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            classifier=snakemake.input.classifier,
            speed=snakemake.input.speed,
            speed_stats=snakemake.input.speed_stats,
            out_figure=snakemake.output.figure,
            runs=snakemake.params.runs,
            paper=snakemake.params.paper,
        )
