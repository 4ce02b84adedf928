"""Progress measures over training: figures 7, 13, 14, 15, 18, 19, 23 and 26."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.plotting.measure_words import (
    TOLD,
    Told,
    end_words,
    known_ends,
    phase_ends,
    sentences,
    shot_ends,
)
from fittest.store import read_provenance, read_table

LOSSES = ("train_loss", "test_loss")


@dataclass(frozen=True)
class Panel:
    """columns: of the measures; or, where `each` is set, that column of each key frequency."""

    title: str
    name: str
    columns: tuple[str, ...] = ()
    each: str | None = None
    log: bool = False


KINDS = {
    "excluded": Panel("excluded loss", "loss (nats)", (*LOSSES, "excluded_loss"), log=True),
    "largest": Panel(
        "excluded loss", "loss (nats)", (*LOSSES, "excluded_loss", "excluded_largest"), log=True
    ),
    "restricted": Panel("restricted loss", "loss (nats)", (*LOSSES, "restricted_loss"), log=True),
    "sparsity": Panel("sparsity", "Gini coefficient", ("gini_embedding", "gini_map")),
    "weights": Panel("sum of squared weights", "sum of squares", ("squared_weights",)),
    "accuracy": Panel(
        "restricted accuracy",
        "share of right answers",
        ("train_accuracy", "test_accuracy", "restricted_accuracy", "restricted_train_accuracy"),
    ),
    "coefficients": Panel("waves in the logits", r"coefficient $\alpha_k$", each="alpha"),
    "accuracy_each": Panel(
        "accuracy without one frequency", "share of right answers", each="excluded_accuracy"
    ),
    "loss_each": Panel("loss without one frequency", "loss (nats)", each="excluded_loss", log=True),
}


def plot_measures(
    measures: str,
    frequencies: str,
    out_figure: str,
    kinds: Sequence[str],
    phases: str | None = None,
    stats: Sequence[str] = (),
    others: bool = False,
    paper: Sequence[float] = (),
    whole: int | None = None,
    shot: float | None = None,
) -> None:
    """Draw the figure.

    Args:
        measures, frequencies, phases, stats: Parquet. out_figure: the PDF (a PNG goes beside).
        kinds: names of KINDS, a panel each. others: of all seeds but the first.
        paper: steps at which its phases end, for figures of one seed. whole: steps that the paper
            trains for; a run that ends before it says so, and what share it answers right then.
        shot: times its least so far from which on a train loss is in a slingshot, for figures of
            runs whose ends of phases these may blur.
    """
    rows, each = read_table(measures), read_table(frequencies)
    ends = read_table(phases) if phases is not None else None
    seeds = sorted(int(seed) for seed in rows["seed"].unique())
    shown = [(KINDS[kind], seed) for seed in (seeds[1:] if others else seeds[:1]) for kind in kinds]
    with style.paper_style():
        columns = 1 if len(shown) < 2 else 2
        lines = max(1, -(-len(shown) // columns))
        width = style.HALF_PAGE_WIDTH if columns == 1 else style.PAGE_WIDTH
        figure = style.new_figure(width, 2.0 * lines + (1.3 if columns == 1 else 1.0))
        ours = [] if not seeds else [f"seed {seeds[0]}, one run"] if not others else []
        if ours and whole is not None:
            ours += end_words(circuit_panels.of_seed(rows, seeds[0]), whole)
        at = {seed: _ends_of(rows, ends, seed) for seed in seeds}
        several = len(seeds) > 1
        blurred = ""
        if shot is not None and seeds and not others:
            blurred = shot_ends(circuit_panels.of_seed(rows, seeds[0]), at[seeds[0]], shot)
        known = Statistics(*map(read_table, stats))
        _head(figure, kinds, several, known, paper, ours, at, others, blurred)
        grid = figure.subplots(lines, columns, squeeze=False)
        for place, axes in enumerate(grid.flat):
            if place >= len(shown):
                axes.set_axis_off()
                continue
            panel, seed = shown[place]
            mine, own = (circuit_panels.of_seed(table, seed) for table in (rows, each))
            _draw(axes, panel, mine, own, at[seed])
            if others:
                panels.panel_title(
                    axes,
                    ascii_lowercase[place],
                    f"seed {seed}{phase_ends(': phases end at', at[seed])}",
                )
            elif len(shown) > 1:
                panels.panel_title(axes, ascii_lowercase[place], panel.title)
            if place < len(shown) - columns:
                axes.set_xlabel("")
        shared_legend(figure, 2 * columns, any(KINDS[kind].each for kind in kinds))
        style.save(figure, out_figure, read_provenance(measures) | {"figure_runs": _runs(shown)})


def _runs(shown: Sequence[tuple[Panel, int]]) -> int:
    return len({seed for _, seed in shown})


def _ends_of(rows: pd.DataFrame, ends: pd.DataFrame | None, seed: int) -> list[float]:
    mine = circuit_panels.of_seed(rows, seed)
    if ends is None or len(mine) == 0:
        return []
    return known_ends(mine, circuit_panels.ends_of(ends, str(mine["run_id"].iloc[0])))


def _head(
    figure: Figure,
    kinds: Sequence[str],
    several: bool,
    stats: Statistics,
    paper: Sequence[float],
    ours: Sequence[str],
    at: Mapping[int, Sequence[float]],
    others: bool,
    blurred: str,
) -> None:
    """Of one seed, ends of its phases as well; of the others they stand above each panel."""
    told = TOLD.get(tuple(kinds), Told(", ".join(KINDS[kind].title for kind in kinds), ""))
    said = sentences(told, stats)
    first = [] if others or not at else [phase_ends("its phases end at", at[min(at)])]
    of_paper = [told.paper, "" if others else phase_ends("phases end at", paper)]
    dashed = "dashed: ends of phases" if any(phase_ends("", e) for e in at.values()) else ""
    dashed = "; ".join(filter(None, [dashed, blurred]))
    drawn = "; ".join(filter(None, [*ours, *first]))
    # What is told of all runs stands apart from the one that is drawn.
    every = ("of all runs: " if said and several else "") + "; ".join(said)
    shown = [drawn, every]
    heading(
        figure,
        told.see,
        "; ".join(filter(None, of_paper)),
        "; ".join(filter(None, shown)) or "no runs",
        [(dashed, "0.35")] if dashed else [],
    )


def _draw(
    axes: Any, panel: Panel, mine: pd.DataFrame, each: pd.DataFrame, ends: Sequence[float]
) -> None:
    room = circuit_panels.ROOM
    if panel.each is None:
        circuit_panels.measure_lines(axes, mine, panel.columns, panel.log, ends, room)
    else:
        circuit_panels.frequency_lines(axes, each, panel.each, panel.log, ends)
        if panel.each.startswith("excluded"):
            part = "loss" if panel.log else "accuracy"
            wanted = (f"train_{part}", f"test_{part}")
            circuit_panels.measure_lines(axes, mine, wanted, panel.log, (), room)
    if panel.name == "share of right answers":
        axes.set_ylim(-0.03, 1.03)
    axes.set_ylabel(panel.name)


def kinds_of(told: dict[str, Any]) -> list[str]:
    """The kinds that an entry asks for, in the order of KINDS."""
    return [kind for kind in KINDS if told.get(kind)]


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        told = dict(snakemake.params.items())
        inputs = dict(snakemake.input.items())
        plot_measures(
            measures=inputs["measures"],
            frequencies=inputs["frequencies"],
            out_figure=snakemake.output.figure,
            kinds=kinds_of(told),
            phases=inputs.get("phases"),
            stats=[inputs[name] for name in ("formed", "ends", "stats") if name in inputs],
            others=bool(told.get("others", False)),
            paper=list(told.get("paper", {}).values()),
            whole=told.get("whole"),
            shot=told.get("shot"),
        )
