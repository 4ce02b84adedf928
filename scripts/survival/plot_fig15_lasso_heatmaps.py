"""Figure 15: the sparse linear equations of further runs."""

import pandas as pd

from fittest.analysis.dynamics.names import Ode
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading
from fittest.plotting.heatmaps import heatmap_bar, heatmap_scale, mark_survivors, matrix_heatmap
from fittest.store import read_provenance, read_table


def plot_fig15(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure from fig15.csv and ode_stats.parquet; out_figure is the PDF."""
    data = pd.read_csv(table, dtype={"run_id": str, "survivors": str})
    statistics = Statistics(read_table(stats))
    runs = list(data["run_id"].unique())
    limit, linear = heatmap_scale(data["value"])
    nonzero = printed(statistics.get(Ode.LASSO_NONZERO))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.3)
        heading(
            figure,
            "Is the matrix of effects sparse? (Triangles: survivors)",
            "extremely sparse",
            f"share of entries that are not 0, mean over runs: {nonzero}",
        )
        row = figure.subplots(1, max(len(runs), 1), squeeze=False)[0]
        image = None
        for letter, axes, run_id in zip("abcdefgh", row, runs, strict=False):
            own = data[data["run_id"] == run_id]
            share = f"{(own['value'] != 0).mean():.0%} not 0"
            text = own["survivors"].iloc[0]
            alive = [] if pd.isna(text) else [int(k) for k in str(text).split()]
            image = matrix_heatmap(axes, own, limit, linear)
            mark_survivors(axes, own, alive)
            panels.panel_title(axes, letter, f"seed {own['seed'].iloc[0]}")
            told = " ".join(map(str, alive)) or "none"
            axes.set_xlabel(f"acting frequency j\nn = 1 run, {share}\nalive: {told}")
        if image is None:
            panels.empty(row[0], "no further runs with dense steps")
        else:
            heatmap_bar(image, list(row), 0.8)
        style.save(figure, out_figure, read_provenance(stats) | {"figure_runs": len(runs)})


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig15(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
