"""Losses over steps, by setting: figures 20, 22, 24, 25, 27 and 28."""

from collections.abc import Mapping
from string import ascii_lowercase
from textwrap import wrap
from typing import Any

import pandas as pd

from fittest.pipeline.script import rule_job
from fittest.plotting import loss_panels, loss_words, style
from fittest.plotting.heading import heading, shared_legend, wrapped
from fittest.store import read_provenance, read_table

LATE = "does the test loss fall long after the train loss?"
SHOTS = "does the test loss fall, and are there slingshots?"
TOGETHER = "do both losses fall together?"
GROKS = "groks: the train pairs are known while the test loss is above a guess; else at once"
_AXIS, _GAP = 0.75, 10.0
"""Inches beside the panels, and points between them, that hold no note."""
_ROOM = 0.06
"""Above the curves, a share of their range."""


def plot_curves(
    curves: str,
    groups: str,
    out_figure: str,
    paper: Mapping[str, float],
    title: str = "",
    columns: int = 1,
    together: bool = False,
    early_steps: int | None = None,
    early_from: float = 0.0,
    low: float | None = None,
    whole: int | None = None,
    shots: bool = False,
    settings: int = 0,
) -> None:
    """Draw the figure. Panels of several settings share their axis of losses; what is said of each
    stands above it.

    Args:
        curves: CSV. groups: a row per setting (Parquet). out_figure: the PDF (a PNG goes beside).
        paper: its values, by `<setting>.<column of groups>`.
        title: what is shown, above the panels.
        columns: of panels. together: all settings in one panel.
        early_steps: end of the axis of those settings that are trained on at least `early_from` of
            the pairs.
        low: the test loss, in nats, whose first step is told.
        whole: steps that the paper trains for; runs that end before it say so.
        shots: ask for slingshots. settings: of the paper, for a figure that may have fewer.
    """
    data = pd.read_csv(curves, keep_default_na=False)
    found = read_table(groups)
    everything = records(found[found["label"] == "all"]) if len(found) else []
    found = found[found["label"] != "all"] if len(found) else found
    if len(found) and found["train_fraction"].nunique() > 1:
        found = found.sort_values("train_fraction", kind="stable")
    rows = records(found)
    shown: list[Any] = [None] if together or len(found) == 0 else [*rows]
    lines = -(-len(shown) // columns)
    alone = len(shown) == 1 and not together
    parts = [_part(data, row) for row in rows]
    said = [
        _with_end(_said(row, paper, part), part, whole)
        for row, part in zip(rows, parts, strict=True)
    ]
    with style.paper_style():
        width = style.HALF_PAGE_WIDTH if columns == 1 and not together else style.PAGE_WIDTH
        room = 72 * (width - _AXIS) / columns - _GAP
        notes = [_wrapped(one, room) for one in said]
        most = max((len(one) for one in notes), default=0) if not (alone or together) else 0
        figure = style.new_figure(width, (1.4 + 0.12 * most) * lines + 1.1 if most else 3.2)
        fewer = 0 < len(rows) < settings
        more = [f"{len(rows)} of the paper's {settings} settings"] if fewer else []
        if early_steps is not None:
            more.append(f"axes end at step {early_steps:,} from {100 * early_from:g} % on")
        more += _explained(rows, low)
        asked = SHOTS if shots else TOGETHER if together else LATE
        asked = f"{title}: {asked}" if title else asked.capitalize()
        if alone and rows:
            heading(figure, asked, said[0][0], f"{said[0][1]} ({_counted(rows)})", _grey(more))
        else:
            all_paper = loss_words.paper_words(paper, "all") if together else ""
            all_ours = [loss_words.our_words(r, paper, "all") for r in everything if together]
            heading(figure, asked, all_paper, "; ".join(all_ours), _grey([_counted(rows), *more]))
        grid = figure.subplots(lines, columns, squeeze=False)
        for axes in grid.flat[len(shown) :]:
            axes.set_axis_off()
        series = ("train", "test")
        for place, (axes, group) in enumerate(zip(grid.flat, shown, strict=False)):
            if group is None:
                _together(axes, data, rows, said)
                continue
            part = parts[place]
            if early_steps is not None and (group["train_fraction"] or 0) >= early_from - 1e-9:
                part = part[part["step"] <= early_steps]
            loss_panels.loss_lines(axes, part, series, True, _ROOM)
            if not alone:
                name = loss_words.setting(str(group["label"])) or str(group["runset"])
                loss_panels.told_title(axes, ascii_lowercase[place], name, notes[place], most)
                loss_panels.same_losses(axes, data, series, True, _ROOM)
            _edges(axes, place % columns == 0, place >= len(shown) - columns)
        if not together:
            shared_legend(figure, 2)
        style.save(figure, out_figure, read_provenance(groups))


def _edges(axes: Any, left: bool, below: bool) -> None:
    """What the axes of a panel show, by whether it is the first of its line, and in the last."""
    axes.tick_params(labelleft=left)
    axes.set_ylabel(axes.get_ylabel() if left else "")
    axes.set_xlabel(axes.get_xlabel() if below else "")


def _explained(rows: list[dict[str, Any]], low: float | None) -> list[str]:
    """What the words of fates mean, and of which loss the steps are that are told."""
    if low is None:
        return []
    counts = [int(row["runs"]) for row in rows]
    several = (
        f", median of runs {loss_words.bracketed(counts)}" if max(counts, default=0) > 1 else ""
    )
    return [GROKS, f"step: of the first low test loss, below {low:g}{several}"]


def _part(data: pd.DataFrame, group: Mapping[str, Any]) -> pd.DataFrame:
    return data[(data["runset"] == group["runset"]) & (data["label"] == group["label"])]


def _with_end(said: tuple[str, str], part: pd.DataFrame, whole: int | None) -> tuple[str, str]:
    """What is said of a setting, with the last step of runs that are shorter than the paper's."""
    last = int(part["step"].max()) if len(part) else 0
    if whole is None or last >= whole:
        return said
    return said[
        0
    ], f"{said[1]}, cut at step {last:,}\N{NO-BREAK SPACE}of\N{NO-BREAK SPACE}{whole:,}"


def _wrapped(said: tuple[str, str], room: float) -> list[tuple[str, str]]:
    """The lines of a note that is not to be wider than `room` points."""
    return [
        (line, colour)
        for text, colour in loss_words.note(*said)
        for line in wrapped(text, loss_panels.NOTE_SIZE, "normal", room)
    ]


def _grey(lines: list[str]) -> list[tuple[str, str]]:
    return [("; ".join(lines), "0.35")] if lines else []


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as mappings of their columns."""
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _said(group: dict[str, Any], paper: Mapping[str, float], part: pd.DataFrame) -> tuple[str, str]:
    """What the paper says of a setting, and what we find."""
    label, falling = str(group["label"]), loss_words.last_of_falling(part)
    ours = loss_words.our_words(group, paper, label, falling)
    return loss_words.paper_words(paper, label), ours


def _counted(rows: list[dict[str, Any]]) -> str:
    """How many runs there are of each setting, and how they are drawn."""
    counts = [int(row["runs"]) for row in rows]
    if not counts:
        return "no runs"
    same = len(set(counts)) == 1
    number = "one run" if counts[0] == 1 else f"{counts[0]} runs"
    if same:
        number += " of each setting" if len(rows) > 1 else ""
    else:
        # In the order of the panels.
        number = f"{', '.join(map(str, counts[:-1]))} and {counts[-1]} runs"
    fewest = loss_panels.FEWEST
    drawn = "; thin: runs, bold: their median" if max(counts) >= fewest else ""
    few = f"; fewer than {fewest} runs without" if drawn and min(counts) < fewest else ""
    return number + drawn + few


def _together(
    axes: Any,
    data: pd.DataFrame,
    rows: list[dict[str, Any]],
    said: list[tuple[str, str]],
) -> None:
    told = {}
    for row, one in zip(rows, said, strict=True):
        # Beside the panel there is room for so much in a line.
        short = [part for text, _ in loss_words.note(*one) for part in wrap(text, 34)]
        told[str(row["label"])] = "".join(f"\n  {part}" for part in short)
    loss_panels.setting_lines(axes, data, True, told, _ROOM)


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
                    "early_steps",
                    "early_from",
                    "low",
                    "whole",
                    "shots",
                    "settings",
                )
                if name in told
            },
        )
