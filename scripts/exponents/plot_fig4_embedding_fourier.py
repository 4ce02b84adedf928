"""Figure 4: embeddings in the Fourier basis of the numbers."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.exponents.names import Networks
from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import style, sum_panels
from fittest.plotting.heading import heading, shared_legend
from fittest.plotting.sum_panels import ACROSS, Exponents, bound
from fittest.store import read_provenance, read_table

_SCALES = "each map has its own colours, blue for what is negative, and each spectrum its own norms"


def plot_fig4(
    spectra: str,
    maps: str,
    networks: str,
    outcomes: str,
    stats: str,
    out_figure: str,
    shown: Sequence[Exponents],
    novel: Sequence[Exponents],
) -> None:
    """Draw the figure.

    Args:
        spectra, maps, networks, outcomes, stats: Parquet; maps: EMBEDDING_MAPS.
        out_figure: the PDF (a PNG beside it). shown: exponents. novel: those that the report
            finds not sparse.
    """
    rows, pictures, found, became = (
        read_table(path) for path in (spectra, maps, networks, outcomes)
    )
    said = Statistics(read_table(stats))
    lines = -(-len(shown) // ACROSS)
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 0.9 + 3.4 * lines)
        heading(
            figure,
            "Are embeddings sparse in the waves of the numbers?",
            "sparse for (1, 1), broad for others, even and of cosines alone for (2n, 2n)",
            _ours(said, novel),
            [(_SCALES, "0.3")],
        )
        grid = figure.subplots(2 * lines, ACROSS, squeeze=False, height_ratios=[1.0, 1.0] * lines)
        upper, lower = grid[::2].flat, grid[1::2].flat
        both = zip(sum_panels.places(upper, shown), sum_panels.places(lower, shown), strict=True)
        for (place, top, exponents), (_, bottom, _) in both:
            column = place % ACROSS
            picture = sum_panels.first_run(pictures, exponents)
            sum_panels.component_map(top, picture[picture["basis"] == "raw"])
            sum_panels.titled(top, place, exponents, became, found)
            run = sum_panels.first_run(rows, exponents)
            part = run[(run["of"] == "embedding") & (run["basis"] == "raw")]
            sum_panels.spectrum(bottom, part, [], _note(found, exponents))
            bottom.set_ylabel("norm" if column == 0 else "")
            top.set_ylabel("dimension" if column == 0 else "")
        shared_legend(figure, 2)
        runs = {"figure_runs": sum_panels.runs_in(sum_panels.drawn(rows, shown))}
        style.save(figure, out_figure, read_provenance(spectra) | runs)


def _ours(said: Statistics, novel_sums: Sequence[Exponents]) -> str:
    """Gini coefficients of embeddings, by numbers and by powers, over the runs that generalise."""
    names = ", ".join(map(str, novel_sums))
    first, novel, powered, cosines = (
        said[name]
        for name in (
            Networks.FIRST_GINI,
            Networks.NOVEL_GINI,
            Networks.NOVEL_GINI_POWERED,
            Networks.COSINES,
        )
    )
    if not any(int(row["n"]) for row in (first, novel, cosines)):
        return sum_panels.NONE
    return (
        f"of runs that generalise: least Gini coefficient of (1, 1) {bound(first)}; of {names} the"
        f" largest by numbers {bound(novel)}, the least by powers {bound(powered)}; least share of"
        f" cosines of even exponents {bound(cosines)}"
    )


def _note(found: pd.DataFrame, exponents: Exponents) -> str:
    run = sum_panels.first_run(found, exponents)
    if len(run) == 0:
        return ""
    row = run.iloc[0]
    found_here = f"Gini {row['gini_embedding_raw']:.2f}; cosines {100 * row['cosine_share']:.0f} %"
    if exponents[0] % 2 or exponents[1] % 2:
        return found_here
    return f"{found_here}, their Gini {row['cosine_gini']:.2f}"


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig4(
            snakemake.input.spectra,
            snakemake.input.maps,
            snakemake.input.networks,
            snakemake.input.outcomes,
            snakemake.input.stats,
            snakemake.output.figure,
            [tuple(one) for one in snakemake.params.networks["embeddings"]],
            [tuple(one) for one in snakemake.params.mechanisms["novel"]],
        )
