"""Figure 1: the algorithm that networks learn, on one example."""

import numpy as np
from matplotlib.axes import Axes

from fittest.pipeline.script import rule_job
from fittest.plotting import panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table


def plot_fig1(table: str, out_figure: str) -> None:
    """Draw the figure from the example's points and logits; out_figure is the PDF."""
    data = read_table(table)
    points = {row["panel"]: row for row in data[data["panel"] != "logits"].to_dict("records")}
    logits = data[data["panel"] == "logits"]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.9)
        heading(
            figure,
            "How does the network add? By rotations, and by reading off where they cancel",
            "",
            "",
            [
                (
                    f"worked example, no network: p = {len(logits[logits['k'] == 0])}, key"
                    f" frequencies of the paper's main run, $w_k = 2\\pi k / p$",
                    "0.35",
                )
            ],
        )
        grid = figure.add_gridspec(2, 3, height_ratios=[1.3, 1])
        rotations, turned = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1])
        k = int(points["a"]["k"])
        _circle(rotations, [("a", style.OURS), ("b", style.SURVIVORS[1])], points)
        panels.panel_title(rotations, "a", f"operands, k = {k}")
        _circle(turned, [("sum", style.SURVIVORS[0])], points)
        panels.panel_title(turned, "b", "their product: the sum")
        _formulas(figure.add_subplot(grid[0, 2]))
        below = figure.add_subplot(grid[1, :])
        for frequency, look in ((k, {"color": style.DEAD}), (0, {"color": "black"})):
            rows = logits[logits["k"] == frequency]
            label = f"k = {k} alone" if frequency else "mean of all key frequencies"
            below.plot(rows["x"], rows["y"], label=label, lw=1.0, **look)
        answer = int(points["sum"]["n"])
        below.axvline(answer, color=style.SURVIVORS[0], ls="--", lw=0.8, label=f"c = {answer}")
        below.set_xlim(0, float(logits["x"].max()) if len(logits) else 1)
        below.set_xlabel("answer c")
        below.set_ylabel(r"$\cos(w_k(a+b-c))$")
        below.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        panels.panel_title(below, "c", "logits: highest where c is the sum")
        style.save(figure, out_figure, read_provenance(table))


def _circle(axes: Axes, shown: list[tuple[str, str]], points: dict[str, dict]) -> None:
    turn = np.linspace(0, 2 * np.pi, 200)
    axes.plot(np.cos(turn), np.sin(turn), color=style.DEAD, lw=0.6)
    for name, colour in shown:
        x, y = points[name]["x"], points[name]["y"]
        axes.plot([0, x], [0, y], color=colour, lw=1.2)
        axes.scatter([x], [y], s=14, color=colour, zorder=3)
        text = f"{'a + b' if name == 'sum' else name} = {points[name]['n']}"
        axes.annotate(
            text,
            (1.18 * x, 1.18 * y),
            ha="left" if x >= 0 else "right",
            va="center",
            color=colour,
            fontsize=7,
        )
    axes.set_aspect("equal")
    axes.set_xlim(-1.75, 1.95)
    axes.set_ylim(-1.35, 1.35)
    axes.set_axis_off()


def _formulas(axes: Axes) -> None:
    axes.set_axis_off()
    lines = (
        ("embedding", r"$a \mapsto \cos w_k a,\ \sin w_k a$"),
        ("attention and MLP", r"$\cos w_k(a+b) = \cos w_k a\,\cos w_k b$"),
        ("", r"$\quad - \sin w_k a\,\sin w_k b$, and the sine"),
        ("unembedding", r"$\cos w_k(a+b)\cos w_k c + \sin w_k(a+b)\sin w_k c$"),
        ("", r"$\quad = \cos w_k(a+b-c)$"),
    )
    for row, (name, formula) in enumerate(lines):
        # A name takes a line of its own.
        y = 0.85 - 0.11 * (row + sum(bool(before) for before, _ in lines[: row + 1]))
        if name:
            axes.text(-0.2, y + 0.11, name, fontsize=6.5, color="0.35", transform=axes.transAxes)
        axes.text(-0.2, y, formula, fontsize=7, transform=axes.transAxes)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig1(snakemake.input.table, snakemake.output.figure)
