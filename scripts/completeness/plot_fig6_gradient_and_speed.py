"""Figure 6: survival by signal and gradient, and how fast runs generalise that keep the circles
which start strongest."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from fittest.analysis.completeness.names import Speed
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.gradient_panels import (
    found_of_gradients,
    gradient_panels,
    said_of_gradients,
)
from fittest.plotting.heading import heading
from fittest.store import joint_provenance, read_table

ARMS = {
    "before": ("all circles", style.WHOLE),
    "winners": ("winners", style.WINNERS),
    "random": ("as many\nrandom", style.RANDOM),
    "rescaled": ("winners,\nfull norm", style.RESCALED),
    "weakest": ("as many\nweakest", style.WEAKEST),
}


def plot_fig6(
    table: str,
    stats: str,
    classifier: str,
    speed: str,
    dose: str,
    speed_stats: str,
    out_figure: str,
    runs: int,
    paper: Mapping[str, float],
) -> None:
    """Draw the figure.

    Args:
        table, stats, classifier: of the survival paper's figure on gradients.
        speed: fig6.csv. dose: fig6_dose.csv. speed_stats: winners_stats.parquet.
        out_figure: the PDF.
        runs: number of different networks shown, printed at the foot.
        paper: as for ``gradient_panels``.
    """
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    timed = Statistics(read_table(speed_stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 7.0)
        heading(
            figure,
            "Do strong starters survive, and do the circles that start strongest suffice to learn"
            " fast?",
            f"{said_of_gradients(paper)}; with the winners alone training is clearly faster",
            f"{found_of_gradients(statistics)}; steps, median ratio of the same seed:"
            f" {_ratios(timed)}",
        )
        upper, lower = figure.subfigures(2, 1, height_ratios=[3.5, 2.4])
        columns = tuple(upper.subfigures(1, 3, width_ratios=[1.0, 1.25, 1.15]))
        gradient_panels(columns, data, statistics, read_table(classifier), paper)
        axes, right = lower.subplots(1, 2, width_ratios=[1.7, 1.0], sharey=True)
        bars, doses = pd.read_csv(speed), pd.read_csv(dose)
        _doses(right, doses)
        _times(axes, bars)
        for one, letter, title, shown in (
            (axes, "d", "steps until every test pair is right", bars),
            (right, "e", "by how many are kept", doses),
        ):
            n = panels.counted(float(shown["n"].sum()), "run") if len(shown) else ""
            panels.panel_title(one, letter, title, n and f"{n}; bars: 95 % bootstrap")
        style.save(figure, out_figure, joint_provenance([stats, speed_stats], runs))


def _ratios(timed: Mapping[str, Mapping]) -> str:
    told = []
    for over, name in (
        ("before", "all"),
        ("random", "random"),
        ("weakest", "weakest"),
        ("rescaled", "full norm"),
    ):
        told.append(f"winners / {name} {printed(timed[Speed.of(f'ratio_winners_{over}')])}")
    return ", ".join(told)


def _doses(axes: Axes, table: pd.DataFrame) -> None:
    """Steps against the number of strongest circles that are kept."""
    if len(table) == 0:
        panels.empty(axes, "no such runs")
        return
    rows = table.sort_values("kept")
    axes.plot(rows["kept"], rows["y"], "o-", color=style.WINNERS, ms=4)
    known = rows.dropna(subset=["y_lo", "y_hi"])
    ends = (known["y_lo"].clip(lower=0.5), known["y_hi"])
    axes.vlines(known["kept"], *ends, color=style.WINNERS, lw=1.2)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel("strongest circles kept")


def _times(axes: Axes, table: pd.DataFrame) -> None:
    if len(table) == 0:
        panels.empty(axes, "no runs")
        return
    for place, row in enumerate(table.to_dict("records")):
        colour = ARMS[row["arm"]][1]
        low, high = (max(float(row[end]), 0.5) for end in ("y_lo", "y_hi"))
        if pd.notna(row["y_lo"]):
            axes.vlines(place, low, high, color=colour, lw=1.4)
        axes.plot(place, row["y"], "o", color=colour, ms=5)
        axes.annotate(
            f"{row['y']:,.0f} steps\n{row['reached']:.0%} of {row['n']}\nget there",
            (place, row["y"]),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            fontsize=6.3,
            color=colour,
        )
    axes.set_yscale("log")
    # What the panel beside it has drawn stays in sight.
    low, high = axes.dataLim.y0, axes.dataLim.y1
    for other in axes.get_shared_y_axes().get_siblings(axes):
        low, high = min(low, other.dataLim.y0), max(high, other.dataLim.y1)
    axes.set_ylim(low / 2.5, high * 2.5)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.0f}"))
    # The axis may hold a single power of ten, or none.
    axes.yaxis.set_minor_formatter(
        FuncFormatter(lambda y, _: f"{y:,.0f}" if f"{y:e}"[0] in "25" else "")
    )
    axes.set_xticks(range(len(table)), [ARMS[arm][0] for arm in table["arm"]])
    axes.set_xlim(-0.5, len(table) - 0.3)
    horizon = int(table["horizon"].iloc[0])
    axes.set_ylabel(f"training steps, mean (log)\nlonger counts with {horizon:,}")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig6(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            classifier=snakemake.input.classifier,
            speed=snakemake.input.speed,
            dose=snakemake.input.dose,
            speed_stats=snakemake.input.speed_stats,
            out_figure=snakemake.output.figure,
            runs=snakemake.params.runs,
            paper=snakemake.params.paper,
        )
