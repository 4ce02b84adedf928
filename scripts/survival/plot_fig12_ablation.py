"""Figure 12: test loss of runs whose initial embedding has one or two circles left."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.statistics.names import StatisticName
from fittest.analysis.statistics.table import Statistics, printed
from fittest.analysis.survival.names import Ablation, AuthorsAblation
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style, sweep_panels
from fittest.plotting.heading import End, end_names, heading
from fittest.store import read_provenance, read_table

ENDS = (1e-8, 20.0)  # nats, as in the paper
COLOURS = {
    "O": style.WHOLE,
    "A": style.ONE_WINNER,
    "B": style.WINNERS,
    "C": style.ONE_RANDOM,
    "D": style.RANDOM,
}


def plot_fig12(table: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        table: fig12.csv. stats: fig12_stats.parquet. out_figure: the PDF (a PNG goes beside it).
    """
    data = pd.read_csv(table)
    statistics = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.5)
        said, found = _finding(statistics)
        heading(
            figure,
            "Do one or two circles suffice to learn the task, and does it matter which ones?",
            said,
            found,
            _drawn(data),
        )
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, letter, panel, title in (
            (left, "a", "strongest", "kept: the strongest at the end of O"),
            (right, "b", "random", "kept: random others"),
        ):
            part = data[data["panel"] == panel]
            sweep_panels.loss_curves(axes, part, _styles(part), ENDS)
            seed = f", seed {int(part['seed'].iloc[0])}" if len(part) else ""
            runs = panels.counted(part["series"].nunique(), "run")
            panels.panel_title(axes, letter, title, f"{runs}{seed}")
        for axes, panel in ((left, "strongest"), (right, "random")):
            part = data[data["panel"] == panel]
            end_names(axes, [*_ends(part), *_guide(axes, statistics, panel, len(part) > 0)])
        style.save(figure, out_figure, read_provenance(stats))


def _styles(part: pd.DataFrame) -> dict[str, dict[str, Any]]:
    found = {
        str(series): {"color": COLOURS[str(series)], "lw": 1.4 if series == "O" else 0.9}
        for series in part["series"].unique()
    }
    # O is what the others are compared with: it lies beneath them.
    return dict(sorted(found.items(), key=lambda item: item[0] != "O"))


def _ends(part: pd.DataFrame) -> list[End]:
    ends = []
    for series, rows in part.groupby("series"):
        one = rows.sort_values("step").iloc[-1]
        kept = [f"{one[name]:.0f}" for name in ("first", "second") if not np.isnan(one[name])]
        what = f"k = {', '.join(kept)}" if kept else "all"
        text = f"{series}: {what}\n  {one['n_2mean']:.0f} at the end"
        ends.append((text, max(float(one["test_loss"]), ENDS[0]), COLOURS[str(series)]))
    return ends


def _guide(axes: Axes, statistics: Statistics, panel: str, drawn: bool) -> list[End]:
    """The paper's loss of B, and its name."""
    said = statistics[Ablation.MIN_TEST_LOSS_B]["paper"]
    if panel != "strongest" or not drawn or not np.isfinite(said):
        return []
    axes.axhline(said, color=style.PAPER, lw=0.9, ls=":")
    power = rf"$10^{{{np.log10(said):.0f}}}$"
    return [(f"paper's B: {power}", said, style.PAPER)]


def _finding(statistics: Statistics) -> tuple[str, str]:
    circles, spikes, rises, theirs = (
        _by_arm(statistics, group, measure)
        for group, measure in (
            (Ablation, "n_2mean"),
            (Ablation, "spikes"),
            (Ablation, "rises"),
            (AuthorsAblation, "n_2mean"),
        )
    )
    told = {arm: statistics[Ablation.of(f"n_2mean_{arm}")]["paper"] for arm in "AB"}
    said = [f"{arm} {number:g}" for arm, number in told.items() if np.isfinite(number)]
    accurate = printed(statistics.get(Ablation.of("share_B_accurate")))
    seeds = panels.counted(statistics[Ablation.N_2MEAN_A]["n"], "seed")
    return (
        f"circles at the end: {', '.join(said)}, C and D 3 or more; B as accurate as O; the test"
        " loss spikes in A, C and D",
        f"median of {seeds}, circles at the end: {circles} (on the authors' own frequencies, one"
        f" run each: {theirs}); spikes by rises of ten times and more: {rises}, by our stricter"
        f" rule: {spikes}; seeds in which B ends within 0.01 of O's accuracy: {accurate}",
    )


def _drawn(data: pd.DataFrame) -> list[tuple[str, str]]:
    """Which seed is drawn, and where its lines end if not all at the same step."""
    if data.empty:
        return []
    ends = data.groupby("series")["step"].max()
    told = [f"{', '.join(own.index)} to step {int(step):,}" for step, own in ends.groupby(ends)]
    seed = int(data["seed"].iloc[0])
    cut = f"; {', '.join(told)}" if len(told) > 1 else ""
    return [(f"Drawn: seed {seed}, which need not be like the median{cut}", "0.35")]


def _by_arm(statistics: Statistics, group: type[StatisticName], measure: str) -> str:
    told = []
    for arm in "OABCD":
        row = statistics.get(group.of(f"{measure}_{arm}"))
        told.append(f"{arm} {printed(row and {**row, 'ci_lo': np.nan}, 0)}")
    return ", ".join(told)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig12(
            table=snakemake.input.table,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
