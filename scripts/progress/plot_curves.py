"""Losses over steps, by setting: figures 20, 22, 24, 25, 27, 28 and 30 to 34."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fittest.pipeline.script import rule_job
from fittest.plotting import loss_panels, panels, style
from fittest.store import read_provenance, read_table

EVERY = "abcdefghijklmnopqrstuvwxyz"


def plot_curves(
    curves: str,
    groups: str,
    out_figure: str,
    paper: Mapping[str, float],
    columns: int = 1,
    together: bool = False,
    log: bool = True,
    test: bool = True,
    early_steps: int | None = None,
    early_from: float = 0.0,
    heading: str = "",
    change: bool = False,
    fall: bool = False,
) -> None:
    """Draw the figure.

    Args:
        curves: CSV. groups: a row per setting (Parquet). out_figure: the PDF (a PNG goes beside).
        paper: its values, by `<setting>.<column of groups>`.
        columns: of panels. together: all settings in one panel. log: of the loss axis. test: show
            test losses, where they differ from train losses.
        early_steps: end of the axis of those settings that are trained on at least `early_from` of
            the pairs.
        heading: of a figure of one panel.
        change, fall: what the notes say, where it is not the fate of runs: how suddenly a task is
            learned from fresh examples, or how late the test loss falls on a sample.
    """
    data = pd.read_csv(curves, keep_default_na=False)
    found = read_table(groups)
    found = found[found["label"] != "all"] if len(found) else found
    if len(found) and found["train_fraction"].nunique() > 1:
        found = found.sort_values("train_fraction", kind="stable")
    shown: list[Any] = [None] if together or len(found) == 0 else [*records(found)]
    rows = -(-len(shown) // columns)
    with style.paper_style():
        width = style.COLUMN_WIDTH if columns == 1 and not together else style.PAGE_WIDTH
        figure = style.new_figure(width, 2.4 if rows == 1 else 1.75 * rows)
        grid = figure.subplots(rows, columns, squeeze=False)
        for place, axes in enumerate(grid.flat):
            if place >= len(shown):
                axes.set_axis_off()
                continue
            group = shown[place]
            if group is None:
                _together(axes, data, found, log, paper)
                continue
            part = data[(data["runset"] == group["runset"]) & (data["label"] == group["label"])]
            if early_steps is not None and (group["train_fraction"] or 0) >= early_from - 1e-9:
                part = part[part["step"] <= early_steps]
            loss_panels.loss_lines(axes, part, ("train", "test") if test else ("train",), log)
            lines = _lines(group, paper, change, fall)
            title = str(group["label"]) or str(group["runset"])
            _headed(axes, EVERY[place], title, lines, len(shown) > 1)
            if place == 0 and len(part):
                axes.legend(loc="best", frameon=True, framealpha=0.8, edgecolor="none")
            if place % columns:
                axes.set_ylabel("")
        if heading and len(shown) == 1:
            grid.flat[0].set_title(heading, loc="left")
        style.save(figure, out_figure, read_provenance(groups))


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as mappings of their columns."""
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _lines(
    group: dict[str, Any], paper: Mapping[str, float], change: bool, fall: bool
) -> list[tuple[str, str]]:
    if change:
        return loss_panels.change_words(group)
    if fall:
        return loss_panels.fall_words(group)
    return loss_panels.in_words(group, paper, str(group["label"]))


def _headed(axes: Any, letter: str, label: str, lines: list[Any], several: bool) -> None:
    if several:
        panels.panel_title(axes, letter, label)
    panels.note_box(axes, lines, "upper left")
    for text in axes.texts:
        # What is too long for its panel shrinks no panel.
        text.set_in_layout(False)


def _together(
    axes: Any, data: pd.DataFrame, found: pd.DataFrame, log: bool, paper: Mapping[str, float]
) -> None:
    told, said = {}, loss_panels.paper_words(paper, "all")
    for row in records(found):
        label = str(row["label"])
        *of_paper, (ours, _) = loss_panels.in_words(row, paper, label)
        told[label] = f"\n  {ours}"
        said += [(f"{label}, {text}", colour) for text, colour in of_paper]
    loss_panels.setting_lines(axes, data, log, told)
    panels.note_box(axes, said, "upper left")


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
                    "columns",
                    "together",
                    "log",
                    "test",
                    "early_steps",
                    "early_from",
                    "heading",
                    "change",
                    "fall",
                )
                if name in told
            },
        )
