"""Figure S12: what networks that sort write for the numbers that they attend to."""

import pandas as pd

from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, sort_panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

SETS = {"sort_fixed": "lists of one length", "sort_variable": "lists of differing lengths"}


def plot_sort_outputs(maps: str, runs: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        maps: sorting_maps.csv. runs: sorting_runs.parquet. stats: sorting_stats.parquet.
            out_figure: the PDF (a PNG goes beside it).
    """
    data, table = pd.read_csv(maps), read_table(runs)
    data = data[data["runset"].isin(SETS)]
    rows = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.7)
        least, most, contrast = (
            rows[f"sorting.{name}"]["value"]
            for name in ("copying_least", "copying_most", "contrast")
        )
        heading(
            figure,
            "Does the head write each number that it attends to?",
            "a bright diagonal; copying scores of 0.6 to 0.9",
            "no runs"
            if len(data) == 0
            else f"copying scores of {least:.2f} to {most:.2f}; the diagonal stands"
            f" {contrast:.1f} standard deviations above the rest (least)",
        )
        grid = figure.subplots(1, 2)
        for place, (runset, title) in enumerate(SETS.items()):
            axes, own = grid[place], table[table["runset"] == runset]
            part = data[(data["runset"] == runset) & (data["of"] == "outputs")]
            first = f"n = 1 run; copying score {own['copying'].iloc[0]:.2f}" if len(own) else ""
            panels.panel_title(axes, "ab"[place], title, first)
            image = sort_panels.token_map(axes, part, diverging=True)
            axes.set_xlabel("value attended to")
            axes.set_ylabel("value written")
            if image is not None:
                figure.colorbar(image, ax=axes, label="logit", shrink=0.85)
        shown = data.loc[data["of"] == "outputs", "runset"].nunique()
        style.save(figure, out_figure, read_provenance(stats) | {"figure_runs": shown})


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_sort_outputs(
            maps=snakemake.input.maps,
            runs=snakemake.input.runs,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
