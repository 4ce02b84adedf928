"""Figure S11: what networks that sort attend to."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import panels, sort_panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

SETS = {"sort_fixed": "one length", "sort_variable": "lengths vary"}
COLOURS = {True: style.OURS, False: style.ALIVE}
"""With positions, and without."""


def plot_sort_attention(maps: str, copies: str, stats: str, out_figure: str) -> None:
    """Draw the figure.

    Args:
        maps: sorting_maps.csv. copies: sorting_copies.parquet. stats: sorting_stats.parquet.
            out_figure: the PDF (a PNG goes beside it).
    """
    data, repeated = pd.read_csv(maps), read_table(copies)
    data = data[data["runset"].isin(SETS)]
    rows = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 5.2)
        slope, rank = (rows[f"sorting.{name}"]["value"] for name in ("slope", "rank"))
        heading(
            figure,
            "Does each number attend to the next one, and the sign before the list to the least?",
            "attention falls with the distance from that sign",
            "no runs"
            if len(data) == 0
            else f"rank correlation of its score with the value {slope:.2f} at most; the next value"
            f" has rank {rank:.3g} among the larger ones (median, worst run)",
        )
        grid = figure.subplots(2, 3, squeeze=False)
        for row, (runset, title) in enumerate(SETS.items()):
            part = data[data["runset"] == runset]
            one, scores = part[part["of"] == "attention"], part[part["of"] == "scores"]
            number = _first(len(part))
            panels.panel_title(grid[row][0], "ad"[row], f"one list, {title}", number)
            image = sort_panels.token_map(grid[row][0], one, diverging=False)
            _named(grid[row][0], "number of the list, by rank", "answer", image, "attention")
            panels.panel_title(grid[row][1], "be"[row], f"scores, {title}", f"{number}; last: MID")
            image = sort_panels.token_map(grid[row][1], scores, diverging=True)
            _named(grid[row][1], "token attended to", "token that asks", image, "score")
        _middle(grid[0][2], data)
        _copies(grid[1][2], repeated)
        shown = data["runset"].nunique() + repeated["run_id"].nunique()
        style.save(figure, out_figure, read_provenance(stats) | {"figure_runs": shown})


def _first(rows: int) -> str:
    """Of the maps of a run-set, which are those of its first run."""
    return "n = 1 run" if rows else "n = 0 runs"


def _named(axes: Axes, across: str, down: str, image: object, scale: str) -> None:
    axes.set_xlabel(across)
    axes.set_ylabel(down)
    if image is not None:
        axes.figure.colorbar(image, ax=axes, label=scale, shrink=0.85)  # type: ignore[arg-type]


def _middle(axes: Axes, data: pd.DataFrame) -> None:
    """The last row of each map of scores: those of MID."""
    number = panels.counted(data["runset"].nunique(), "run")
    panels.panel_title(axes, "c", "scores of MID", f"{number}, one of each kind")
    scores = data[data["of"] == "scores"]
    if len(scores) == 0:
        panels.empty(axes, "no runs")
        return
    for place, (runset, title) in enumerate(SETS.items()):
        part = scores[scores["runset"] == runset]
        if len(part) == 0:
            continue
        last = part["row"].max()
        own = part[(part["row"] == last) & (part["column"] < last)]
        axes.plot(
            own["column"],
            own["value"],
            marker=".",
            ms=3,
            lw=0.7,
            color=style.SURVIVORS[place],
            label=title,
        )
    axes.set_xlabel("value")
    axes.set_ylabel("score")
    low, high = axes.get_ylim()
    # Room for the legend above the lines.
    axes.set_ylim(low, high + 0.3 * (high - low))
    axes.legend(loc="upper right")


def _copies(axes: Axes, repeated: pd.DataFrame) -> None:
    runs = repeated["run_id"].nunique()
    panels.panel_title(axes, "f", "repeated numbers", panels.counted(runs, "run"))
    if len(repeated) == 0:
        panels.empty(axes, "no runs with repeats")
        return
    for positions, part in repeated.groupby("positions"):
        name = "with positions" if positions else "without positions"
        for index, (_, run) in enumerate(part.groupby("run_id")):
            axes.plot(
                run["place"] + 1,
                run["relative"],
                marker=".",
                ms=3,
                lw=0.7,
                color=COLOURS[bool(positions)],
                label=name if index == 0 else None,
            )
    axes.axhline(1, color="black", lw=0.6, ls=":")
    axes.set_xlabel("place of the copy in the list")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("attention over copies' mean")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.35 * (high - low))
    axes.legend(loc="upper right")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_sort_attention(
            maps=snakemake.input.maps,
            copies=snakemake.input.copies,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
        )
