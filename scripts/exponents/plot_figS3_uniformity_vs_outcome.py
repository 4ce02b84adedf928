"""Figure S3: outcomes against how even answers are, and how much can be looked up."""

import pandas as pd

from fittest.analysis.exponents.names import Sums
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import outcome_panels, panels, style
from fittest.plotting.heading import heading
from fittest.plotting.sum_panels import kept
from fittest.store import read_provenance, read_table

PANELS = (
    ("chi_square", "unevenness", r"$X^2$ of answers (linear to 100)"),
    ("missing", "answers that never occur", "remainders"),
    ("coverage", "what can be looked up", r"share of test pairs, $\kappa$"),
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
            f"of {int(uneven['n'])} runs with uneven answers a share of {kept(uneven)}"
            f" generalises; of {int(even['n'])} with even ones {kept(even)} does not within its"
            f" steps. Rank correlation of the step with unevenness"
            f" {printed(said[Sums.UNEVENNESS_CORRELATION])}, with what can be looked up"
            f" {printed(said[Sums.COVERAGE_CORRELATION])}",
        )
        grid = figure.subplots(1, len(PANELS), sharey=True)
        for place, (axes, (column, title, label)) in enumerate(zip(grid, PANELS, strict=True)):
            outcome_panels.time_points(axes, list(runs[column]), runs, spread=False)
            axes.set_xlabel(label)
            panels.panel_title(axes, "abc"[place], title, _counted(runs))
            if column == "chi_square" and len(runs):
                axes.set_xscale("symlog", linthresh=100)
                axes.set_xlim(left=-20)
            if place:
                axes.set_ylabel("")
        where = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
        outcome_panels.outcome_legend(grid[-1], runs, False, **where)
        style.save(figure, out_figure, read_provenance(outcomes) | {"figure_runs": len(runs)})


def _counted(runs: pd.DataFrame) -> str:
    sums = len(runs[["p", "a", "b"]].drop_duplicates())
    return f"{panels.counted(len(runs), 'run')}, {sums} sums"


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_figS3(snakemake.input.outcomes, snakemake.input.stats, snakemake.output.figure)
