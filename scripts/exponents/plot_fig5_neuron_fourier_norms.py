"""Figure 5: what neurons have of each product of components, with the constants and without."""

from collections.abc import Sequence

from fittest.analysis.exponents.names import Networks
from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style, sum_panels
from fittest.plotting.heading import heading
from fittest.plotting.sum_panels import kept
from fittest.store import read_provenance, read_table


def plot_fig5(
    maps: str,
    networks: str,
    outcomes: str,
    stats: str,
    out_figure: str,
    shown: Sequence[tuple[int, int]],
) -> None:
    """Draw the figure.

    Args:
        maps, networks, outcomes, stats: Parquet; maps: NORM_MAPS. out_figure: the PDF
            (a PNG beside it). shown: exponents, a column each.
    """
    rows, found, became = (read_table(path) for path in (maps, networks, outcomes))
    said = Statistics(read_table(stats))
    raw, first = said[Networks.BLOCK_RAW], said[Networks.BLOCK_FIRST]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 5.8)
        heading(
            figure,
            "Do neurons of cubes have the products of waves that addition has?",
            "no: the structure of angle sums is absent",
            sum_panels.NONE
            if int(raw["n"]) == 0
            else f"one frequency explains {kept(first)} of a neuron of (1, 1)"
            f" ({int(first['n'])} runs), and of one of (3, 3) {kept(raw)} times as much by numbers,"
            f" {kept(said[Networks.BLOCK_POWERED])} times by powers (figure S4; {int(raw['n'])}"
            " runs that generalise)",
            [("colours: norm over all neurons, each panel from 0 to its largest", "0.3")],
        )
        grid = figure.subplots(2, len(shown), squeeze=False)
        for column, exponents in enumerate(shown):
            run = sum_panels.first_run(rows, exponents)
            part = run[run["basis"] == "raw"]
            for line, constants in enumerate((True, False)):
                axes = grid[line, column]
                image = sum_panels.product_map(axes, part, constants)
                if image is not None:
                    bar = figure.colorbar(image, ax=axes, shrink=0.65, pad=0.02)
                    bar.outline.set_visible(False)  # type: ignore[operator]
                    bar.ax.tick_params(labelsize=5.5)
                letter = "abcdefghijkl"[line * len(shown) + column]
                title = "all products" if constants else "without constants"
                said_here = sum_panels.shown_words(found, became, exponents)
                panels.panel_title(
                    axes, letter, f"{sum_panels.name_of(exponents)}, {title}", said_here, 7
                )
        runs = {"figure_runs": sum_panels.runs_in(sum_panels.drawn(rows, shown))}
        style.save(figure, out_figure, read_provenance(maps) | runs)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig5(
            snakemake.input.maps,
            snakemake.input.networks,
            snakemake.input.outcomes,
            snakemake.input.stats,
            snakemake.output.figure,
            [tuple(one) for one in snakemake.params.networks["shown"]],
        )
