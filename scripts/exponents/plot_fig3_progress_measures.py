"""Figure 3: losses, attention, neurons, waves in the logits and excluded loss of two networks."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.circuits.basis import real_basis
from fittest.analysis.exponents.names import Watched
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, panels, style, sum_panels
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

Exponents = tuple[int, int]
_HEADS, _NEURONS, _WAVES = 4, 5, 8


def plot_fig3(
    measures: str,
    frequencies: str,
    maps: str,
    table: str,
    stats: str,
    out_figure: str,
    shown: Sequence[Exponents],
) -> None:
    """Draw the figure.

    Args:
        measures, frequencies, maps, table, stats: Parquet; maps: PAIR_MAPS, table: WATCHED.
        out_figure: the PDF (a PNG beside it). shown: exponents; two of them are drawn.
    """
    rows, each, pictures, ends = (read_table(path) for path in (measures, frequencies, maps, table))
    said = Statistics(read_table(stats))
    lead = said[Watched.LEAD]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.2 * len(shown) + 1.6)
        heading(
            figure,
            "What is formed before the test loss falls?",
            "restricted loss falls gradually where the test loss jumps",
            sum_panels.NONE
            if int(lead["n"]) == 0
            else f"the restricted test loss has half of its fall {printed(lead)} of the step of"
            f" generalisation sooner, over {printed(said[Watched.WIDER])} times as many steps"
            f" (medians of {int(lead['n'])} runs that generalise; dashed: ends of phases)",
        )
        whole = figure.add_gridspec(
            2 * len(shown) + 1, 1, height_ratios=[1.6, 1] * len(shown) + [0.8]
        )
        for place, exponents in enumerate(shown):
            phases = sum_panels.first_run(ends, exponents)
            at = [float(phases[n].iloc[0]) for n in ("t_mem", "t_form", "t_gen") if len(phases)]
            lines = whole[2 * place].subgridspec(1, 3)
            run = sum_panels.first_run(rows, exponents)
            powered = run[run["basis"] == "powered"]
            waves = sum_panels.first_run(each, exponents)
            waves = waves[waves["basis"] == "powered"]
            letters = "abcdefghijklmnop"[5 * place :]
            axes = [figure.add_subplot(lines[0, column]) for column in range(3)]
            circuit_panels.measure_lines(axes[0], powered, ("train_loss", "test_loss"), True, at)
            circuit_panels.frequency_lines(axes[1], waves, "coefficient", False, at)
            circuit_panels.measure_lines(
                axes[2], powered, ("train_loss", "excluded_loss", "restricted_test_loss"), True, at
            )
            titles = ("losses", "waves in the logits", "excluded, restricted")
            for one, letter, title in zip(axes, letters, titles, strict=False):
                name = f"{sum_panels.name_of(exponents)}: " if letter == letters[0] else ""
                panels.panel_title(one, letter, name + title)
            axes[0].set_ylabel("loss (nats)")
            axes[1].set_ylabel("coefficient")
            for one in axes:
                if one.get_legend_handles_labels()[0]:
                    one.legend(
                        loc="best",
                        fontsize=5,
                        ncols=2 if one is axes[1] else 1,
                        frameon=True,
                        framealpha=0.8,
                        edgecolor="none",
                    )
            _maps(figure, whole[2 * place + 1], sum_panels.first_run(pictures, exponents), letters)
        _basis(figure.add_subplot(whole[-1]), _modulus(rows, shown))
        style.save(figure, out_figure, read_provenance(measures))


def _modulus(rows: pd.DataFrame, shown: Sequence[Exponents]) -> int | None:
    run = sum_panels.first_run(rows, shown[0])
    return int(run["p"].iloc[0]) if len(run) else None


def _maps(figure: Any, place: Any, run: pd.DataFrame, letters: str) -> None:
    """Attention of heads to the first operand, then neurons, over all pairs."""
    cells = place.subgridspec(1, _HEADS + _NEURONS)
    wanted = [("attention", index, f"head {index}") for index in range(_HEADS)]
    wanted += [("neuron", index, f"neuron {index}") for index in range(_NEURONS)]
    for column, (of, index, title) in enumerate(wanted):
        axes = figure.add_subplot(cells[0, column])
        part = run[(run["of"] == of) & (run["index"] == index)]
        sum_panels.small_map(axes, part, title, (0.0, 1.0) if of == "attention" else None)
        if column in (0, _HEADS):
            letter = letters[3 + (column == _HEADS)]
            what = "attention to x" if column == 0 else "neurons"
            axes.set_title(rf"$\mathbf{{{letter}}}$  {what}" + f"\n{title}", fontsize=6, loc="left")


def _basis(axes: Axes, p: int | None) -> None:
    """The first functions of the basis, one above the other."""
    panels.panel_title(axes, "k", f"the first {_WAVES} functions of the basis")
    if p is None:
        panels.empty(axes, "no run")
        return
    for index, wave in enumerate(real_basis(p)[:_WAVES]):
        axes.plot(wave / abs(wave).max() / 2.4 - index, color=style.OURS, lw=0.8)
    axes.set_xlim(0, p - 1)
    axes.set_yticks([])
    axes.set_xlabel("number")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        shown = [tuple(one) for one in snakemake.params.networks["shown"]]
        plot_fig3(
            snakemake.input.measures,
            snakemake.input.frequencies,
            snakemake.input.maps,
            snakemake.input.table,
            snakemake.input.stats,
            snakemake.output.figure,
            [one for one in shown if one != tuple(snakemake.params.first)],
        )
