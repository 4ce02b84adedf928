"""Figure 11: how many circles survive, by dimension, by prime and by any modulus."""

from collections.abc import Mapping

import pandas as pd

from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import circle_panels, panels, style, sweep_panels
from fittest.store import joint_provenance, read_table


def plot_fig11(
    table: str,
    stats: str,
    moduli: str,
    moduli_stats: str,
    out_figure: str,
    runs: int,
    paper: Mapping[str, float],
) -> None:
    """Draw the figure.

    Args:
        table, stats: of the survival paper's figure by primes and dimensions. moduli,
            moduli_stats: of its figure by all moduli. out_figure: the PDF (a PNG goes beside it).
        runs: number of different networks shown, printed at the foot.
        paper: as for ``circle_panels``.
    """
    data, every = pd.read_csv(table), pd.read_csv(moduli)
    statistics = Statistics(read_table(stats), read_table(moduli_stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 5.2)
        axes = figure.subplot_mosaic([["a", "b"], ["c", "c"]])
        primes, dims = (data[data["panel"] == name] for name in ("p", "d"))
        circle_panels.by_dimension(axes["a"], dims, statistics, paper, "a")
        circle_panels.by_prime(axes["b"], primes, statistics, paper, "b")
        circle_panels.all_moduli(axes["c"], every, statistics, paper)
        panels.panel_title(axes["c"], "c", "by any modulus")
        sweep_panels.legend_below(figure, axes["c"])
        style.save(figure, out_figure, joint_provenance([stats, moduli_stats], runs))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig11(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            moduli=snakemake.input.moduli,
            moduli_stats=snakemake.input.moduli_stats,
            out_figure=snakemake.output.figure,
            runs=snakemake.params.runs,
            paper=snakemake.params.paper,
        )
