"""Figure 8: waves of the key frequencies and their mean, which has one peak."""

import pandas as pd

from fittest.analysis.progress.names import Interference
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

TITLES = {
    "paper": "key frequencies of the paper's main run",
    "ours": "key frequencies of our main run of the lowest seed",
}


def plot_fig8(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        table: fig8.csv. stats: interference_stats.parquet. out_figure: the PDF (a PNG goes beside).
    """
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    shown = [name for name in TITLES if (data["panel"] == name).any()]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 1.9 * len(shown) + 0.9)
        one, five = (
            float(statistics[name]["value"])
            for name in (Interference.SINGLE_PEAK, Interference.PAPER_PEAK)
        )
        our = statistics[Interference.OUR_PEAK]
        heading(
            figure,
            "Do a few waves together single out x = 0?",
            "one wave comes back to 0.998 of its peak; its five together are much lower elsewhere",
            f"second peak over that at x = 0: one wave {one:.3f}, the paper's five {five:.2f}"
            + (
                f", those of our runs at most {printed(our)} (n = {int(our['n'])})"
                if int(our["n"])
                else ""
            ),
        )
        for axes, letter, name in zip(
            figure.subplots(len(shown), 1, squeeze=False).flat, "ab", shown, strict=False
        ):
            part = data[data["panel"] == name]
            ks = sorted(int(k) for k in part["k"].unique() if k > 0)
            # All of them over each other carry nothing: one stands for the others.
            one_wave = part[part["k"] == ks[0]]
            look = circuit_panels.frequency_look(0)
            axes.plot(one_wave["x"], one_wave["value"], lw=0.7, label=f"k = {ks[0]}", **look)
            mean = part[part["k"] == 0]
            label = f"mean of\n{len(ks)} waves"
            axes.plot(mean["x"], mean["value"], color="black", lw=1.4, label=label)
            axes.set_xlim(0, part["x"].max())
            axes.set_ylim(-1.05, 1.05)
            axes.set_ylabel(r"$\cos(2\pi k x / p)$")
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
            panels.panel_title(axes, letter, TITLES[name], f"k = {', '.join(map(str, ks))}")
            if name == shown[-1]:
                axes.set_xlabel("x = a + b − c mod p")
        style.save(figure, out_figure, read_provenance(stats) | {"figure_runs": len(shown) - 1})


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig8(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
