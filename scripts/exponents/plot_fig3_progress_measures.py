"""Figure 3: losses, attention, neurons, waves in the logits and excluded loss of two networks."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.circuits.basis import real_basis
from fittest.analysis.exponents.names import Watched
from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, loss_panels, panels, style, sum_panels
from fittest.plotting.heading import heading
from fittest.store import joint_provenance, read_table

Exponents = tuple[int, int]
_HEADS, _NEURONS, _WAVES = 4, 5, 8
_LOSSES = ("train_loss", "test_loss", "excluded_loss", "restricted_test_loss")
_ROOM = 0.8
"""Above the curves, for a legend of three lines."""


def plot_fig3(
    measures: str,
    frequencies: str,
    maps: str,
    table: str,
    networks: str,
    stats: str,
    out_figure: str,
    shown: Sequence[Exponents],
) -> None:
    """Draw the figure.

    Args:
        measures, frequencies, maps, table, networks, stats: Parquet; maps: PAIR_MAPS, table:
            WATCHED, networks: NETWORKS, of whose runs the last panels show all.
        out_figure: the PDF (a PNG beside it). shown: exponents; two of them are drawn.
    """
    rows, each, pictures, ends, all_runs = (
        read_table(path) for path in (measures, frequencies, maps, table, networks)
    )
    said = Statistics(read_table(stats))
    lead = said[Watched.LEAD_GROKKED]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.3 * len(shown) + 2.0)
        heading(
            figure,
            "What is formed before the test loss falls?",
            "restricted loss falls gradually where the test loss jumps",
            sum_panels.NONE
            if int(lead["n"]) == 0
            else f"the restricted test loss has half of its fall {sum_panels.kept(lead)} of the"
            f" step of generalisation sooner, over"
            f" {sum_panels.kept(said[Watched.WIDER_GROKKED])} times as many steps"
            f" (medians of {int(lead['n'])} runs that grok)",
            [("dashed: ends of memorisation, of circuit formation and of clean-up", "0.3")],
        )
        whole = figure.add_gridspec(
            2 * len(shown) + 1, 1, height_ratios=[1.6, 1] * len(shown) + [1.5]
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
                told = (
                    sum_panels.one_run(ends, exponents) if letter == letters[0] else "the same run"
                )
                told = told.replace("run, ", "run\n") if letter == letters[0] else told
                panels.panel_title(one, letter, name + title, told)
            axes[2].sharey(axes[0])
            if len(run):
                seen = powered[list(_LOSSES)].to_numpy(float)
                loss_panels.decades(axes[0], seen, _ROOM)
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
        last = whole[-1].subgridspec(1, 3)
        _basis(figure.add_subplot(last[0, 0]), _modulus(rows, shown))
        _to_the_sign(figure.add_subplot(last[0, 1]), all_runs)
        _in_few_waves(figure.add_subplot(last[0, 2]), all_runs)
        runs = {"figure_runs": sum_panels.runs_in(sum_panels.drawn(rows, shown), all_runs)}
        style.save(figure, out_figure, joint_provenance([measures, networks], **runs))


def _modulus(rows: pd.DataFrame, shown: Sequence[Exponents]) -> int | None:
    run = sum_panels.first_run(rows, shown[0])
    return int(run["p"].iloc[0]) if len(run) else None


def _maps(figure: Any, place: Any, run: pd.DataFrame, letters: str) -> None:
    """Attention of heads to the first operand, then neurons, over all pairs."""
    cells = place.subgridspec(1, _HEADS + _NEURONS)
    wanted = [("attention", index, f"head {index}") for index in range(_HEADS)]
    wanted += [("neuron", index, f"{index}") for index in range(_NEURONS)]
    looked: list[Axes] = []
    image = None
    for column, (of, index, title) in enumerate(wanted):
        axes = figure.add_subplot(cells[0, column])
        part = run[(run["of"] == of) & (run["index"] == index)]
        drawn = sum_panels.small_map(axes, part, title, (0.0, 1.0) if of == "attention" else None)
        if of == "attention":
            looked, image = [*looked, axes], drawn or image
        if column in (0, _HEADS):
            letter = letters[3 + (column == _HEADS)]
            what = "attention to x" if column == 0 else "neurons, from 0"
            axes.annotate(
                rf"$\mathbf{{{letter}}}$  {what}",
                (0.0, 1.0),
                xycoords="axes fraction",
                xytext=(0, 11),
                textcoords="offset points",
                fontsize=6,
                annotation_clip=False,
            )
            axes.set_xlabel("x", fontsize=6, labelpad=1)
            axes.set_ylabel("y", fontsize=6, labelpad=1)
    if image is not None:
        bar = figure.colorbar(image, ax=looked, shrink=0.7, pad=0.01, aspect=12, ticks=[0, 1])
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=5.5)


def _to_the_sign(axes: Axes, networks: pd.DataFrame) -> None:
    """What all runs lose without their attention to the sign of equality."""
    panels.panel_title(axes, "l", 'attention to "="', panels.counted(len(networks), "run"))
    if len(networks) == 0:
        panels.empty(axes, "no run")
        return
    share = networks["attention_to_sign"]
    whole = {"facecolors": "none", "edgecolors": style.DEAD, "linewidths": 0.7}
    axes.scatter(share, networks["test_accuracy"], s=18, label="with it", **whole)
    axes.scatter(
        share,
        networks["masked_test_accuracy"],
        *(7, style.OURS),
        alpha=0.8,
        lw=0,
        label="without it",
    )
    axes.set_xlim(left=0)
    # Room for the legend above the points.
    axes.set_ylim(0, 1.3)
    axes.set_yticks([0, 0.5, 1])
    axes.set_xlabel('share of attention to "="')
    axes.set_ylabel("test accuracy")
    axes.legend(loc="upper left", ncols=2, columnspacing=1.0, handletextpad=0.2)


def _in_few_waves(axes: Axes, networks: pd.DataFrame) -> None:
    """How much of attention and of neurons a few frequencies explain, by powers and by numbers."""
    panels.panel_title(axes, "m", "shares of few waves", panels.counted(len(networks), "run"))
    if len(networks) == 0:
        panels.empty(axes, "no run")
        return
    looks = {"heads": (style.OURS, "o"), "neurons": (style.SURVIVORS[1], "^")}
    for of, (colour, marker) in looks.items():
        axes.scatter(
            networks[f"periodic_{of}_raw"],
            networks[f"periodic_{of}_powered"],
            *(9, colour),
            marker=marker,
            alpha=0.6,
            lw=0,
            label=of,
        )
    axes.axline((0, 0), slope=1, color="black", lw=0.6, ls=":")
    axes.set_xlim(0, 1.02)
    # Room for the legend above the points.
    axes.set_ylim(0, 1.3)
    axes.set_yticks([0, 0.5, 1])
    axes.set_xlabel("by waves of the numbers")
    axes.set_ylabel("by waves of the powers")
    axes.legend(loc="upper left", ncols=2, columnspacing=1.0, handletextpad=0.2)


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
            snakemake.input.networks,
            snakemake.input.stats,
            snakemake.output.figure,
            [one for one in shown if one != tuple(snakemake.params.first)],
        )
