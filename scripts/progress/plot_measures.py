"""Progress measures over training: figures 7, 13, 14, 15, 18, 19, 23 and 26."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, panels, style
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
    "weights": Panel("squared weights", "sum of squares", ("squared_weights",)),
    "accuracy": Panel(
        "restricted accuracy",
        "share of right answers",
        ("train_accuracy", "test_accuracy", "restricted_accuracy", "restricted_train_accuracy"),
    ),
    "coefficients": Panel("waves in the logits", r"coefficient $\alpha_k$", each="alpha"),
    "accuracy_each": Panel(
        "without one frequency, train pairs", "share of right answers", each="excluded_accuracy"
    ),
    "loss_each": Panel(
        "without one frequency, train pairs", "loss (nats)", each="excluded_loss", log=True
    ),
}


def plot_measures(
    measures: str,
    frequencies: str,
    out_figure: str,
    kinds: Sequence[str],
    phases: str | None = None,
    others: bool = False,
    paper: Sequence[float] = (),
) -> None:
    """Draw the figure.

    Args:
        measures, frequencies, phases: Parquet. out_figure: the PDF (a PNG goes beside).
        kinds: names of KINDS, a panel each. others: of all seeds but the first.
        paper: steps at which its phases end, for figures of one seed.
    """
    rows, each = read_table(measures), read_table(frequencies)
    ends = read_table(phases) if phases is not None else None
    seeds = sorted(int(seed) for seed in rows["seed"].unique())
    shown = [(KINDS[kind], seed) for seed in (seeds[1:] if others else seeds[:1]) for kind in kinds]
    with style.paper_style():
        columns = 1 if len(shown) < 2 else 2
        lines = max(1, -(-len(shown) // columns))
        width = style.COLUMN_WIDTH if columns == 1 else style.PAGE_WIDTH
        figure = style.new_figure(width, 2.3 * lines)
        grid = figure.subplots(lines, columns, squeeze=False)
        for place, axes in enumerate(grid.flat):
            if place >= len(shown):
                axes.set_axis_off()
                continue
            panel, seed = shown[place]
            mine = circuit_panels.of_seed(rows, seed)
            run_id = str(mine["run_id"].iloc[0]) if len(mine) else ""
            lines_at = [] if ends is None else circuit_panels.ends_of(ends, run_id)
            _draw(axes, panel, mine, circuit_panels.of_seed(each, seed), lines_at)
            if others:
                title = f"seed {seed}{_ends(': phases end at', lines_at)}"
                panels.panel_title(axes, ascii_lowercase[place], title)
            elif len(shown) > 1:
                panels.panel_title(axes, ascii_lowercase[place], panel.title)
            else:
                axes.set_title(f"{panel.title}, seed {seed}", loc="left")
            if place == 0 and not others:
                _told(figure, seed, lines_at, paper, columns)
            if panel.each is not None and columns > 1:
                # Many lines; the same in all panels.
                if place == len(shown) - 1:
                    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
            elif place == 0 or not others:
                where = "upper right" if panel.log else "best"
                axes.legend(loc=where, frameon=True, framealpha=0.8, edgecolor="none")
        style.save(figure, out_figure, read_provenance(measures))


def _told(
    figure: Figure, seed: int, ends: Sequence[float], paper: Sequence[float], columns: int
) -> None:
    """When phases end, above the panels: in the paper and here."""
    ours = _ends("ours", ends)
    if not ours:
        return
    steps = "; ".join(filter(None, (_ends("paper", paper), ours)))
    # Half a page is too narrow for all of it in one line; its seed stands above the panel.
    before = f"seed {seed}; dashed: ends of phases; " if columns > 1 else "dashed: ends of phases\n"
    figure.suptitle(before + steps, fontsize=6.5, color="0.2")


def _ends(before: str, ends: Sequence[float]) -> str:
    known = [f"{end:,.0f}" for end in ends if math.isfinite(end)]
    return f"{before} {' / '.join(known)}" if known else ""


def _draw(
    axes: Any, panel: Panel, mine: pd.DataFrame, each: pd.DataFrame, ends: Sequence[float]
) -> None:
    if panel.each is None:
        circuit_panels.measure_lines(axes, mine, panel.columns, panel.log, ends)
    else:
        circuit_panels.frequency_lines(axes, each, panel.each, panel.log, ends)
        if panel.each.startswith("excluded"):
            part = "loss" if panel.log else "accuracy"
            wanted = (f"train_{part}", f"test_{part}")
            circuit_panels.measure_lines(axes, mine, wanted, panel.log, ())
    if panel.name == "share of right answers":
        axes.set_ylim(-0.03, 1.03)
    axes.set_ylabel(panel.name)


def kinds_of(told: dict[str, Any]) -> list[str]:
    """The kinds that an entry asks for, in the order of KINDS."""
    return [kind for kind in KINDS if told.get(kind)]


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        told = dict(snakemake.params.items())
        plot_measures(
            measures=snakemake.input.measures,
            frequencies=snakemake.input.frequencies,
            out_figure=snakemake.output.figure,
            kinds=kinds_of(told),
            phases=snakemake.input.get("phases"),
            others=bool(told.get("others", False)),
            paper=list(told.get("paper", {}).values()),
        )
