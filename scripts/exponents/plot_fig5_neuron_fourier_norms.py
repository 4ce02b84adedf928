"""Figure 5: what neurons have of each product of components, with the constants and without."""

from collections.abc import Sequence

from fittest.analysis.exponents.names import Networks
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style, sum_panels
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table


def plot_fig5(
    maps: str, outcomes: str, stats: str, out_figure: str, shown: Sequence[tuple[int, int]]
) -> None:
    """Draw the figure.

    Args:
        maps, outcomes, stats: Parquet; maps: NORM_MAPS. out_figure: the PDF (a PNG beside it).
        shown: exponents, a column each.
    """
    rows, became = read_table(maps), read_table(outcomes)
    said = Statistics(read_table(stats))
    raw, first = said[Networks.BLOCK_RAW], said[Networks.BLOCK_FIRST]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 5.2)
        heading(
            figure,
            "Do neurons of cubes have the products of waves that addition has?",
            "no: the structure of angle sums is absent",
            sum_panels.NONE
            if int(raw["n"]) == 0
            else f"one frequency explains {printed(first)} of a neuron of (1, 1) (n ="
            f" {int(first['n'])}), and of one of (3, 3) {printed(raw)} times as much by numbers,"
            f" {printed(said[Networks.BLOCK_POWERED])} times by powers (figure S4;"
            f" n = {int(raw['n'])} runs that generalise)",
        )
        grid = figure.subplots(2, len(shown), squeeze=False)
        for column, exponents in enumerate(shown):
            run = sum_panels.first_run(rows, exponents)
            part = run[run["basis"] == "raw"]
            for line, constants in enumerate((True, False)):
                axes = grid[line, column]
                image = sum_panels.product_map(axes, part, constants)
                if image is not None:
                    bar = figure.colorbar(image, ax=axes, shrink=0.75, pad=0.02)
                    bar.outline.set_visible(False)  # type: ignore[operator]
                    bar.ax.tick_params(labelsize=5.5)
                letter = "abcdefghijkl"[line * len(shown) + column]
                title = "all products" if constants else "without constants"
                said_here = sum_panels.outcome_words(became, exponents) if constants else ""
                panels.panel_title(
                    axes, letter, f"{sum_panels.name_of(exponents)}, {title}", said_here, 7
                )
        style.save(figure, out_figure, read_provenance(maps))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig5(
            snakemake.input.maps,
            snakemake.input.outcomes,
            snakemake.input.stats,
            snakemake.output.figure,
            [tuple(one) for one in snakemake.params.networks["shown"]],
        )
