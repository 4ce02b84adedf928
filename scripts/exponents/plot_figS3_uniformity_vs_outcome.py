"""Figure S3: outcomes against how even answers are, and how much can be looked up."""

import pandas as pd

from fittest.analysis.exponents.names import Sums
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import outcome_panels, panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

PANELS = (
    ("chi_square", r"unevenness $X^2$"),
    ("missing", "answers that never occur"),
    ("coverage", r"looked up, $\kappa$"),
)


def plot_figS3(outcomes: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        outcomes, stats: Parquet. out_figure: the PDF (a PNG goes beside).
    """
    runs = read_table(outcomes).drop_duplicates("run_id")
    said = Statistics(read_table(stats))
    uneven, even = (said[name] for name in (Sums.UNEVEN_GENERALISED, Sums.EVEN_MEMORISED))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.0)
        heading(
            figure,
            "Do networks generalise only where answers are even?",
            "yes; (7, 7) modulo 113 is uneven and fails, even exponents (uneven too) generalise",
            f"of {int(uneven['n'])} runs with uneven answers a share of {printed(uneven)}"
            f" generalises; of {int(even['n'])} with even ones {printed(even)} only memorises."
            f" Rank correlation of the step with unevenness"
            f" {printed(said[Sums.UNEVENNESS_CORRELATION])}, with what can be looked up"
            f" {printed(said[Sums.COVERAGE_CORRELATION])}",
        )
        grid = figure.subplots(1, len(PANELS), sharey=True)
        for place, (axes, (column, label)) in enumerate(zip(grid, PANELS, strict=True)):
            outcome_panels.time_points(axes, list(runs[column]), runs, spread=False)
            axes.set_xlabel(label)
            panels.panel_title(axes, "abc"[place], "", _counted(runs) if place == 0 else "")
            if column == "chi_square" and len(runs):
                axes.set_xscale("symlog", linthresh=100)
                axes.set_xlim(left=-20)
            if place:
                axes.set_ylabel("")
        outcome_panels.outcome_legend(grid[-1], False, loc="center left", bbox_to_anchor=(1.0, 0.5))
        style.save(figure, out_figure, read_provenance(outcomes))


def _counted(runs: pd.DataFrame) -> str:
    sums = len(runs[["p", "a", "b"]].drop_duplicates())
    return f"{panels.counted(len(runs), 'run')}, {sums} sums"


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_figS3(snakemake.input.outcomes, snakemake.input.stats, snakemake.output.figure)
