"""Figure 14: signals over training, and a run in which a strong start dies and a weak one lives."""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.completeness.names import Overtaken
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.store import read_provenance, read_table

EXAMPLES = {
    "example dead": {"color": "#CC3311", "label": "strongest start that dies"},
    "example survivor": {"color": style.SURVIVORS[0], "label": "weakest start that survives"},
}


def plot_fig14(
    table: str,
    showcase: str,
    example: str,
    stats: str,
    out_figure: str,
    paper: Mapping[str, float],
) -> None:
    """Draw the figure.

    Args:
        table, showcase: of the survival paper's figure of signals. example: fig14.csv. stats:
            overtaken_stats.parquet. out_figure: the PDF (a PNG goes beside it).
        paper: ``start_signal``, drawn if the run shown has the paper's ``p`` and ``d``.
    """
    data, other = pd.read_csv(table), pd.read_csv(example)
    choice = json.loads(Path(showcase).read_text())
    statistics = Statistics(read_table(stats))
    alike = all(paper.get(size, choice[size]) == choice[size] for size in ("p", "d"))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 2.9)
        left, right = figure.subplots(1, 2, sharey=True)
        signals = data[data["panel"] == "signals"]
        panels.signal_curves(left, signals, paper.get("start_signal") if alike else None)
        panels.panel_title(left, "a", f"default run, seed {choice['seed']}")
        _legend_above(left)
        _example(right, other)
        seed = "" if len(other) == 0 else f", seed {int(other['seed'].iloc[0])}"
        shown = statistics[Overtaken.SHOWN]["value"] == 1
        title = "a strong start is no guarantee" if shown else "no strong start died"
        panels.panel_title(right, "b", f"{title}{seed}")
        share = statistics[Overtaken.SHARE]
        figure.suptitle(
            "paper: it happens; ours: share of runs with a dead frequency that started above"
            f" some survivor: {printed(share)}, n = {share['n']}",
            fontsize=6.5,
            color="0.2",
        )
        style.save(figure, out_figure, read_provenance(stats))


def _legend_above(axes: Axes) -> None:
    handles, _ = axes.get_legend_handles_labels()
    if handles:
        axes.set_ylim(top=1.35 * axes.get_ylim()[1])
        axes.legend(loc="upper right", ncols=3, handlelength=1.4, columnspacing=1.0)


def _example(axes: Axes, data: pd.DataFrame) -> None:
    if len(data) == 0:
        panels.empty(axes, "no run has both survivors and dead")
        return
    for k, curve in data[data["fate"] == "dead"].groupby("k"):
        axes.plot(curve["step"], curve["signal"], color=style.DEAD, alpha=0.2, lw=0.9, gid=f"k{k}")
    for _, curve in data[data["fate"] == "survivor"].groupby("k"):
        axes.plot(curve["step"], curve["signal"], color=style.OURS, alpha=0.55, lw=0.9)
    axes.plot([], [], color=style.OURS, alpha=0.55, label="other survivors")
    axes.plot([], [], color=style.DEAD, alpha=0.4, label="other dead")
    for fate, look in EXAMPLES.items():
        curve = data[data["fate"] == fate]
        label = f"{look['label']}: k = {int(curve['k'].iloc[0])}"
        axes.plot(curve["step"], curve["signal"], color=look["color"], ls=":", lw=1.9, label=label)
    panels.log_steps(axes, int(data["step"].max()))
    axes.legend(loc="upper right", handlelength=1.8)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig14(
            table=snakemake.input.table,
            showcase=snakemake.input.showcase,
            example=snakemake.input.example,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
