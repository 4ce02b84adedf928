"""Losses over steps, by setting: figures 20, 22, 24, 25, 27 and 28."""

from collections.abc import Mapping
from string import ascii_lowercase
from textwrap import wrap
from typing import Any

import pandas as pd

from fittest.pipeline.script import rule_job
from fittest.plotting import loss_panels, loss_words, panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.store import read_provenance, read_table

LATE = "does the test loss fall long after the train loss?"


def plot_curves(
    curves: str,
    groups: str,
    out_figure: str,
    paper: Mapping[str, float],
    title: str = "",
    columns: int = 1,
    together: bool = False,
    log: bool = True,
    test: bool = True,
    early_steps: int | None = None,
    early_from: float = 0.0,
    low: float | None = None,
) -> None:
    """Draw the figure.

    Args:
        curves: CSV. groups: a row per setting (Parquet). out_figure: the PDF (a PNG goes beside).
        paper: its values, by `<setting>.<column of groups>`.
        title: what is shown, above the panels.
        columns: of panels. together: all settings in one panel. log: of the loss axis. test: show
            test losses, where they differ from train losses.
        early_steps: end of the axis of those settings that are trained on at least `early_from` of
            the pairs.
        low: the test loss, in nats, whose first step is told.
    """
    data = pd.read_csv(curves, keep_default_na=False)
    found = read_table(groups)
    found = found[found["label"] != "all"] if len(found) else found
    if len(found) and found["train_fraction"].nunique() > 1:
        found = found.sort_values("train_fraction", kind="stable")
    rows = records(found)
    shown: list[Any] = [None] if together or len(found) == 0 else [*rows]
    lines = -(-len(shown) // columns)
    alone = len(shown) == 1 and not together
    with style.paper_style():
        width = style.HALF_PAGE_WIDTH if columns == 1 and not together else style.PAGE_WIDTH
        figure = style.new_figure(width, 1.65 * lines + 1.15 if lines > 1 else 3.2)
        more = []
        if early_steps is not None:
            more.append(f"axes end at step {early_steps:,} from {100 * early_from:g} % on")
        if low is not None:
            more.append(f"step: of the first test loss below {low:g}, median of runs [interval]")
        see = f"{title}: {LATE}" if title else LATE.capitalize()
        if alone and rows:
            of_paper, ours = _said(rows[0], paper)
            heading(figure, see, of_paper, f"{ours} ({_counted(rows)})", _grey(more))
        else:
            of_paper = loss_words.paper_words(paper, "all") if together else ""
            heading(figure, see, of_paper, "", _grey([_counted(rows), *more]))
        grid = figure.subplots(lines, columns, squeeze=False)
        for axes in grid.flat[len(shown) :]:
            axes.set_axis_off()
        for place, (axes, group) in enumerate(zip(grid.flat, shown, strict=False)):
            if group is None:
                _together(axes, data, rows, log, paper)
                continue
            part = data[(data["runset"] == group["runset"]) & (data["label"] == group["label"])]
            if early_steps is not None and (group["train_fraction"] or 0) >= early_from - 1e-9:
                part = part[part["step"] <= early_steps]
            series = ("train", "test") if test else ("train",)
            room = 0.06 if alone else loss_panels.ROOM
            loss_panels.loss_lines(axes, part, series, log, room)
            if not alone:
                name = loss_words.setting(str(group["label"])) or str(group["runset"])
                panels.panel_title(axes, ascii_lowercase[place], name)
                _noted(axes, *_said(group, paper))
            axes.set_ylabel(axes.get_ylabel() if place % columns == 0 else "")
            axes.set_xlabel(axes.get_xlabel() if place >= len(shown) - columns else "")
        if not together:
            shared_legend(figure, 2)
        style.save(figure, out_figure, read_provenance(groups))


def _grey(lines: list[str]) -> list[tuple[str, str]]:
    return [("; ".join(lines), "0.35")] if lines else []


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as mappings of their columns."""
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _said(group: dict[str, Any], paper: Mapping[str, float]) -> tuple[str, str]:
    """What the paper says of a setting, and what we find."""
    label = str(group["label"])
    return loss_words.paper_words(paper, label), loss_words.our_words(group, paper, label)


def _counted(rows: list[dict[str, Any]]) -> str:
    """How many runs there are of each setting, and how they are drawn."""
    counts = sorted({int(row["runs"]) for row in rows})
    if not counts:
        return "no runs"
    one = counts == [1]
    number = "one run" if one else f"{' or '.join(map(str, counts))} runs"
    shown = number if len(rows) == 1 else f"{number} of each setting"
    return shown if one else f"{shown}; thin: runs, bold: their mean"


def _noted(axes: Any, of_paper: str, ours: str) -> None:
    panels.note_box(axes, loss_words.note(of_paper, ours), "upper left")
    for text in axes.texts:
        # What is too long for its panel shrinks no panel.
        text.set_in_layout(False)


def _together(
    axes: Any,
    data: pd.DataFrame,
    rows: list[dict[str, Any]],
    log: bool,
    paper: Mapping[str, float],
) -> None:
    told = {}
    for row in rows:
        label = str(row["label"])
        lines = loss_words.note(
            loss_words.paper_words(paper, label), loss_words.our_words(row, paper, label)
        )
        # Beside the panel there is room for so much in a line.
        short = [part for text, _ in lines for part in wrap(text, 34)]
        told[label] = "".join(f"\n  {part}" for part in short)
    loss_panels.setting_lines(axes, data, log, told, 0.06)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        told = dict(snakemake.params.items())
        plot_curves(
            curves=snakemake.input.curves,
            groups=snakemake.input.groups,
            out_figure=snakemake.output.figure,
            paper=told.get("paper", {}),
            **{
                name: told[name]
                for name in (
                    "title",
                    "columns",
                    "together",
                    "log",
                    "test",
                    "early_steps",
                    "early_from",
                    "low",
                )
                if name in told
            },
        )
