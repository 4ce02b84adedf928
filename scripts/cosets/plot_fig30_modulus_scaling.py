"""Figure 30: how many clusters there are by modulus."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fittest.analysis.cosets.names import Scaling
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import end_names, heading, shared_legend
from fittest.store import read_provenance, read_table


def plot_fig30(moduli: str, stats: str, out_figure: str, settings: Mapping[str, Any]) -> None:
    """Draw the figure from moduli.parquet and scaling_stats.parquet.

    settings: `least_n`, the modulus from which on points have a part in the fit.
    """
    data, statistics = read_table(moduli).sort_values("n"), Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.4)
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
            used = data["n"] >= settings["least_n"]
            axes.vlines(
                data["n"],
                data["m"] - data["sd"],
                data["m"] + data["sd"],
                color=style.OURS,
                lw=0.7,
                label="sd of networks",
            )
            axes.vlines(
                data["n"],
                data["m_lo"],
                data["m_hi"],
                color=style.OURS,
                lw=2.5,
                label="95 % of mean",
            )
            for part, face, name in (
                (data[used], style.OURS, "mean, in the fit"),
                (data[~used], "white", f"mean, n below {settings['least_n']}: not in the fit"),
            ):
                if len(part):
                    look = {"mfc": face, "mec": style.OURS, "ls": "", "ms": 5, "zorder": 3}
                    axes.plot(part["n"], part["m"], marker="o", label=name, **look)
            ends_of = [data["m"], data["m"] + data["sd"], data["m_hi"]]
            top = 1.08 * float(np.nanmax(ends_of))
            places = np.linspace(data["n"].min(), data["n"].max(), 200)
            axes.plot(places, np.log(places), ls="--", color=style.PAPER, lw=1.0)
            ends = [("ln n", float(np.log(places[-1])), style.PAPER)]
            # No network has more clusters than there are frequencies.
            axes.set_xlim(axes.get_xlim())
            whole = np.arange(int(axes.get_xlim()[0]), int(data["n"].max()) + 1)
            axes.fill_between(
                whole,
                whole // 2,
                max(top, len(whole)),
                step="mid",
                color="0.9",
                lw=0,
                label="more than n / 2, the number of frequencies",
            )
            fitted = places[places >= settings["least_n"]]
            if slope is not None and np.isfinite(float(slope["value"])) and len(fitted):
                line = float(start["value"]) + float(slope["value"]) * np.log(fitted)
                axes.plot(fitted, line, color=style.OURS, lw=0.9)
                ends.append(("a + b ln n", float(line[-1]), style.OURS))
            axes.set_xlabel("modulus n")
            axes.set_ylabel("clusters")
            axes.set_ylim(0, max(top, 1.05 * max(end for _, end, _ in ends)))
            end_names(axes, ends)
            shared_legend(figure, 4)
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
            settings=snakemake.params.settings,
            out_figure=snakemake.output.figure,
        )
