"""Figure 6: what neurons write into the logits, by frequency."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.exponents.names import Networks
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import style, sum_panels
from fittest.plotting.heading import heading, shared_legend
from fittest.plotting.sum_panels import ACROSS, Exponents
from fittest.store import read_provenance, read_table


def plot_fig6(
    spectra: str,
    networks: str,
    outcomes: str,
    stats: str,
    out_figure: str,
    shown: Sequence[Exponents],
) -> None:
    """Draw the figure.

    Args:
        spectra, networks, outcomes, stats: Parquet. out_figure: the PDF (a PNG beside it).
        shown: exponents.
    """
    rows, found, became = (read_table(path) for path in (spectra, networks, outcomes))
    said = Statistics(read_table(stats))
    gini, early = said[Networks.MAP_GINI_LONG], said[Networks.MAP_GINI_SHORT]
    lines = -(-len(shown) // ACROSS)
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 1.0 + 1.9 * lines)
        heading(
            figure,
            "Do outputs have key frequencies, whatever the exponents?",
            "key frequencies are visible in all",
            sum_panels.NONE
            if int(gini["n"]) + int(early["n"]) == 0
            else f"least Gini coefficient {printed(gini)}, of {int(gini['n'])} runs that generalise"
            f" and are trained long, {printed(early)} of {int(early['n'])} that are stopped early"
            " (key frequencies: the fewest that cover 95 % of the energy, at most ten)",
            [("each panel has its own scale of norms", "0.3")],
        )
        grid = figure.subplots(lines, ACROSS, squeeze=False)
        for place, axes, exponents in sum_panels.places(grid.flat, shown):
            run = sum_panels.first_run(rows, exponents)
            mine = sum_panels.first_run(found, exponents)
            keys = [int(k) for k in mine["keys"].iloc[0]] if len(mine) else []
            sum_panels.spectrum(axes, run[run["of"] == "map"], keys, _note(mine, keys))
            axes.set_ylabel(r"norm in $W_{logit}$" if place % ACROSS == 0 else "")
            sum_panels.titled(axes, place, exponents, became, found)
        if len(rows):
            grid.flat[0].plot([], [], "^", ms=3, color="black", label="key frequency")
        shared_legend(figure, 3)
        runs = {"figure_runs": sum_panels.runs_in(sum_panels.drawn(rows, shown))}
        style.save(figure, out_figure, read_provenance(spectra) | runs)


def _note(run: pd.DataFrame, keys: Sequence[int]) -> str:
    if len(run) == 0:
        return ""
    return f"{len(keys)} key frequencies; Gini {float(run['gini_map'].iloc[0]):.2f}"


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig6(
            snakemake.input.spectra,
            snakemake.input.networks,
            snakemake.input.outcomes,
            snakemake.input.stats,
            snakemake.output.figure,
            [tuple(one) for one in snakemake.params.networks["embeddings"]],
        )
