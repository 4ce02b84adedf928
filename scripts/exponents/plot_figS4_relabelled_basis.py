"""Figure S4: figures 4 and 5 in the waves of the powers."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.exponents.names import Networks
from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style, sum_panels
from fittest.plotting.heading import heading, shared_legend
from fittest.plotting.sum_panels import ACROSS, Exponents, bound, kept
from fittest.store import read_provenance, read_table


def plot_figS4(
    spectra: str,
    maps: str,
    networks: str,
    outcomes: str,
    stats: str,
    out_figure: str,
    embeddings: Sequence[Exponents],
    shown: Sequence[Exponents],
) -> None:
    """Draw the figure.

    Args:
        spectra, maps, networks, outcomes, stats: Parquet; maps: NORM_MAPS.
        out_figure: the PDF (a PNG beside it). embeddings, shown: exponents of the upper panels and
            of the lower ones.
    """
    rows, products, found, became = (
        read_table(path) for path in (spectra, maps, networks, outcomes)
    )
    said = Statistics(read_table(stats))
    gini = said[Networks.NOVEL_GINI_POWERED]
    lines = -(-len(embeddings) // ACROSS)
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 0.9 + 1.85 * lines + 3.1)
        heading(
            figure,
            "Are the same networks sparse in the waves of the powers?",
            "",
            sum_panels.NONE
            if int(gini["n"]) == 0
            else f"of runs that generalise: least Gini coefficient {bound(gini)} where the largest"
            f" by numbers is {bound(said[Networks.NOVEL_GINI])}; one frequency explains"
            f" {kept(said[Networks.BLOCK_POWERED])} times as much of a neuron of (3, 3) as of one"
            " of (1, 1)",
            [("each panel has its own scale of norms", "0.3")],
        )
        grid = figure.subplots(
            lines + 1, ACROSS, squeeze=False, height_ratios=[1.0] * lines + [1.75]
        )
        for place, axes, exponents in sum_panels.places(grid[:lines].flat, embeddings):
            run = sum_panels.first_run(rows, exponents)
            part = run[(run["of"] == "embedding") & (run["basis"] == "powered")]
            sum_panels.spectrum(axes, part, [], _note(found, exponents))
            axes.set_ylabel("norm" if place % ACROSS == 0 else "")
            sum_panels.titled(axes, place, exponents, became, found, ", embedding")
        for column, axes, exponents in sum_panels.places(grid[lines], shown):
            run = sum_panels.first_run(products, exponents)
            image = sum_panels.product_map(axes, run[run["basis"] == "powered"], False)
            if image is not None:
                bar = figure.colorbar(image, ax=axes, shrink=0.58, pad=0.02)
                bar.outline.set_visible(False)  # type: ignore[operator]
                bar.ax.tick_params(labelsize=5.5)
            letter = sum_panels.LETTERS[lines * ACROSS + column]
            name = f"{sum_panels.name_of(exponents)}, neurons"
            words = sum_panels.shown_words(found, became, exponents)
            panels.panel_title(axes, letter, name, words)
        shared_legend(figure, 2)
        own = (sum_panels.drawn(rows, embeddings), sum_panels.drawn(products, shown))
        runs = {"figure_runs": sum_panels.runs_in(*own)}
        style.save(figure, out_figure, read_provenance(spectra) | runs)


def _note(found: pd.DataFrame, exponents: Exponents) -> str:
    run = sum_panels.first_run(found, exponents)
    return f"Gini {float(run['gini_embedding_powered'].iloc[0]):.2f}" if len(run) else ""


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        told = snakemake.params.networks
        plot_figS4(
            snakemake.input.spectra,
            snakemake.input.maps,
            snakemake.input.networks,
            snakemake.input.outcomes,
            snakemake.input.stats,
            snakemake.output.figure,
            [tuple(one) for one in told["embeddings"]],
            [tuple(one) for one in told["shown"]],
        )
