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
from fittest.plotting.heading import End, end_names, heading
from fittest.store import read_provenance, read_table

EXAMPLES = {
    "example dead": {"color": "#CC3311", "label": "strongest\nthat dies"},
    "example survivor": {"color": style.SURVIVORS[0], "label": "weakest\nthat survives"},
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
        figure = style.new_figure(style.PAGE_WIDTH, 3.4)
        share = statistics[Overtaken.SHARE]
        heading(
            figure,
            "Does a frequency ever die that started stronger than one that survives?",
            "it happens; runs learn different sets of 3 to 5 circles",
            "share of runs with a dead frequency that started above some survivor:"
            f" {printed(share)}, {panels.counted(share['n'], 'run')}; different sets of survivors"
            f" over runs: {printed(statistics.get(Overtaken.DIFFERENT_SETS))}",
        )
        left, right = figure.subplots(1, 2, sharey=True)
        signals = data[data["panel"] == "signals"]
        guide = paper.get("start_signal") if alike else None
        panels.signal_curves(left, signals, guide)
        panels.panel_title(left, "a", "default run", f"n = 1 run, seed {choice['seed']}")
        curves = _example(right, other)
        seed = "" if len(other) == 0 else f"n = 1 run, seed {int(other['seed'].iloc[0])}"
        shown = statistics[Overtaken.SHOWN]["value"] == 1
        title = "a strong start is no guarantee" if shown else "no strong start died"
        panels.panel_title(right, "b", title, seed)
        alive = signals[signals["rank"] > 0] if len(signals) else signals
        end_names(left, panels.survivor_ends(alive, "signal", guide))
        end_names(right, curves)
        style.save(figure, out_figure, read_provenance(stats))


def _example(axes: Axes, data: pd.DataFrame) -> list[End]:
    if len(data) == 0:
        panels.empty(axes, "no run has both survivors and dead")
        return []
    for k, curve in data[data["fate"] == "dead"].groupby("k"):
        axes.plot(curve["step"], curve["signal"], color=style.DEAD, alpha=0.2, lw=0.9, gid=f"k{k}")
    for _, curve in data[data["fate"] == "survivor"].groupby("k"):
        axes.plot(curve["step"], curve["signal"], color=style.ALIVE, alpha=0.7, lw=0.9)
    ends: list[End] = []
    for fate, name, colour in (("survivor", "others", style.ALIVE), ("dead", "others", style.DEAD)):
        last = data[(data["fate"] == fate) & (data["step"] == data["step"].max())]
        if len(last):
            ends.append((f"{name},\n{fate}", float(last["signal"].median()), colour))
    for fate, look in EXAMPLES.items():
        curve = data[data["fate"] == fate].sort_values("step")
        axes.plot(curve["step"], curve["signal"], color=look["color"], ls=":", lw=1.9)
        name = f"{look['label']}:\nk = {int(curve['k'].iloc[0])}"
        ends.append((name, float(curve["signal"].iloc[-1]), look["color"]))
    panels.log_steps(axes, int(data["step"].max()))
    return ends


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
