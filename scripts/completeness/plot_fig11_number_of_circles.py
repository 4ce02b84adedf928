"""Figure 11: how many circles survive, by dimension, by prime and by any modulus."""

from collections.abc import Mapping

import pandas as pd

from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import circle_panels, style, sweep_panels
from fittest.plotting.heading import heading
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
        paper: as for ``circle_panels.said_of_counts`` and ``said_of_moduli``.
    """
    data, every = pd.read_csv(table), pd.read_csv(moduli)
    statistics = Statistics(read_table(stats), read_table(moduli_stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 5.9)
        heading(
            figure,
            "Do more circles survive with a larger dimension d, and with a larger modulus p?",
            f"{circle_panels.said_of_counts(paper)}; {circle_panels.said_of_moduli(paper)}",
            circle_panels.found_of_counts(statistics),
            [
                (f"any modulus: {circle_panels.found_of_moduli(statistics)}", style.OURS),
                circle_panels.AUTHORS_RULE,
            ],
        )
        axes = figure.subplot_mosaic([["a", "b"], ["c", "c"]])
        primes, dims = (data[data["panel"] == name] for name in ("p", "d"))
        circle_panels.by_dimension(axes["a"], dims, "a")
        circle_panels.by_prime(axes["b"], primes, "b")
        circle_panels.all_moduli(axes["c"], every, "c")
        sweep_panels.legend_below(figure, axes["b"], axes["c"])
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
