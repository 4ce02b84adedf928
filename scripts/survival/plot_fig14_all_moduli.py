"""Figure 14: how many circles survive, by modulus, primes and others."""

from collections.abc import Mapping

import pandas as pd

from fittest.plotting import panels, style, sweep_panels
from fittest.store import read_provenance, read_table


def plot_fig14(table: str, stats: str, out_figure: str, paper: Mapping[str, float]) -> None:
    """Draw the figure.

    Args:
        table: fig14.csv. stats: fig14_stats.parquet. out_figure: the PDF (a PNG goes beside it).
        paper: ``smallest_p``, ``largest_p``, printed if given.
    """
    data = pd.read_csv(table)
    statistics = {row["name"]: row for row in read_table(stats).to_dict("records")}
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 2.7)
        axes = figure.subplots()
        sweep_panels.count_lines(axes, data, "modulus p", show_limit=True)
        sweep_panels.mark_primes(axes, data)
        if len(data):
            slope, scatter = (statistics[f"moduli.{name}"] for name in ("slope", "sd_ratio"))
            ends = "smallest_p" in paper and "largest_p" in paper
            span = f", p = {paper['smallest_p']:g} to {paper['largest_p']:g}" if ends else ""
            per = [
                statistics[f"moduli.runs_per_{name}"]["value"] for name in ("prime", "composite")
            ]
            step = statistics["moduli.mean_last_step"]["value"]
            lines = [
                (f"paper: rises, noisier than over primes{span}", style.PAPER),
                (
                    f"ours: {sweep_panels.value(slope, 3)} circles per unit of p, n ="
                    f" {slope['n']} runs ({per[0]:.3g} per prime, {per[1]:.3g} per composite p)",
                    style.OURS,
                ),
                (f"scatter, composite / prime: {sweep_panels.value(scatter)}", style.OURS),
                (f"counted at step {step:,.0f} on average", "0.35"),
            ]
            panels.note_box(axes, lines, "lower right")
            sweep_panels.leave_room(axes, data, 1.2)
        sweep_panels.legend_below(figure, axes)
        style.save(figure, out_figure, read_provenance(stats))


if "snakemake" in globals():
    snakemake = globals()["snakemake"]
    plot_fig14(
        table=snakemake.input.table,
        stats=snakemake.input.stats,
        out_figure=snakemake.output.figure,
        paper=snakemake.params.paper,
    )
