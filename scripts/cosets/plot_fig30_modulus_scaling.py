"""Figure 30: how many clusters there are by modulus."""

import numpy as np

from fittest.analysis.cosets.names import Scaling
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import end_names, heading
from fittest.store import read_provenance, read_table


def plot_fig30(moduli: str, stats: str, out_figure: str) -> None:
    """Draw the figure from moduli.parquet and scaling_stats.parquet."""
    data, statistics = read_table(moduli).sort_values("n"), Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.1)
        slope, start = (statistics.get(name) for name in (Scaling.SLOPE, Scaling.START))
        heading(
            figure,
            "Does the number of clusters grow like the logarithm of n?",
            "bounded reasonably by ln n",
            f"m = {printed(start)} + {printed(slope)} ln n with R² ="
            f" {printed(statistics.get(Scaling.LOG_FIT))}; a line in n has R² ="
            f" {printed(statistics.get(Scaling.LINE_FIT))}",
        )
        axes = figure.subplots()
        if len(data) == 0:
            panels.empty(axes, "no networks")
        else:
            axes.errorbar(
                data["n"], data["m"], data["sd"], ls="", marker="o", ms=4, color=style.OURS
            )
            places = np.linspace(data["n"].min(), data["n"].max(), 200)
            axes.plot(places, np.log(places), ls="--", color=style.PAPER, lw=1.0)
            ends = [("ln n", float(np.log(places[-1])), style.PAPER)]
            if slope is not None and np.isfinite(float(slope["value"])):
                line = float(start["value"]) + float(slope["value"]) * np.log(places)
                axes.plot(places, line, color=style.OURS, lw=0.9)
                ends.append(("a + b ln n", float(line[-1]), style.OURS))
            axes.set_xlabel("modulus n")
            axes.set_ylabel("clusters, mean and sd")
            axes.set_ylim(bottom=0)
            end_names(axes, ends)
            networks = sorted(int(number) for number in data["networks"])
            least, most = networks[0], networks[-1]
            each = f"{least}" if least == most else f"{least} to {most}"
            panels.panel_title(axes, "a", "by modulus", f"{each} networks a point")
        style.save(figure, out_figure, read_provenance(moduli))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig30(
            moduli=snakemake.input.moduli,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
