"""What stands above the panels of a figure: what to look for, what the paper says, what is found.

Beside the lines of a panel: their names, at their ends, moved apart where they would touch. And
below all panels, or beside them: one legend.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.textpath import text_to_path

from fittest.plotting.style import FOOTER_HEIGHT, OURS, PAPER

Line = tuple[str, str]
"""A text and its colour."""
End = tuple[str, float, str]
"""A name, where its curve ends, and its colour."""

_SIZES = (8.0, 6.8)
"""Points: of the first line, and of those below it."""
_LEADING = 1.45
_LEFT = 0.09  # inches, free at both sides
_TOP = 0.06
_BELOW = 0.07
_KEPT = 0.6
_WIDER = 1.02
"""Times what fonts say a picture of few pixels may draw a text."""


def heading(figure: Figure, see: str, paper: str, ours: str, more: Sequence[Line] = ()) -> None:
    """Write what to look for, the paper's value and ours above all panels, and make room for it.

    Args:
        figure: from ``style.new_figure``, before anything else asks for room at its top.
        see: one line that tells a reader what to look for; a question holds whatever the data say.
        paper, ours: what the paper says and what is found, in their two colours; empty for none.
        more: further lines.
    """
    lines: list[tuple[str, str, float, str]] = [(see, "0.1", _SIZES[0], "bold")]
    told = [(f"paper: {paper}", PAPER)] if paper else []
    told += [(f"ours: {ours}", OURS)] if ours else []
    lines += [(text, colour, _SIZES[1], "normal") for text, colour in (*told, *more)]
    width, height = figure.get_size_inches()
    room = 72 * (width - 2 * _LEFT) / _WIDER
    down = _TOP
    for text, colour, size, weight in lines:
        for line in wrapped(text, size, weight, room):
            shown = figure.text(
                _LEFT / width,
                1 - down / height,
                line,
                fontsize=size,
                fontweight=weight,
                color=colour,
                va="top",
                gid="heading",
            )
            shown.set_in_layout(False)
            down += _LEADING * size / 72
    layout = figure.get_layout_engine()
    if isinstance(layout, ConstrainedLayoutEngine):
        left, bottom, wide, high = layout.get()["rect"]
        layout.set(rect=(left, bottom, wide, high - (down + _BELOW) / height))


def wrapped(text: str, size: float, weight: str, room: float) -> list[str]:
    """The lines of a text that is not to be wider than ``room`` points."""
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        # A formula has spaces of its own, and may not be cut: its dollars come in pairs.
        whole = longer.count("$") % 2 == 0
        if whole and lines[-1] and _width(longer, font) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _width(text: str, font: FontProperties) -> float:
    """Points that a text needs, with or without formulas."""
    return float(text_to_path.get_text_width_height_descent(text, font, "$" in text)[0])


def end_names(axes: Axes, ends: Sequence[End], size: float = 6.5) -> None:
    """Write names at the right edge of a panel, each beside its curve and in its colour.

    Names that would touch are moved apart.

    Args:
        axes: with its final scales and limits.
        ends: name, y at which its curve ends, colour.
    """
    if not ends:
        return
    ordered = sorted(ends, key=lambda end: end[1])
    low, high = axes.transScale.transform([(1.0, y) for y in axes.get_ylim()])[:, 1]
    values = axes.transScale.transform([(1.0, y) for _, y, _ in ordered])[:, 1]
    wanted = np.clip((values - low) / (high - low), 0.0, 1.0)
    # Titles and labels take their share of the room once the layout is made.
    inches = _KEPT * axes.get_position().height * axes.figure.bbox.height / axes.figure.dpi
    heights = np.array([1.35 * size / 72 * (name.count("\n") + 1) for name, _, _ in ordered])
    places = spread(wanted, heights / max(inches, 0.3))
    for (name, _, colour), place in zip(ordered, places, strict=True):
        axes.annotate(
            name,
            (1.0, float(place)),
            xycoords="axes fraction",
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=size,
            color=colour,
            annotation_clip=False,
        )


def shared_legend(figure: Figure, across: int, beside: bool = False) -> None:
    """One legend for all panels, outside them, above the footer; what panels share stands in it
    once.

    Args:
        across: names side by side. beside: to the right of the panels, one name below the other,
            not below them.
    """
    found = {
        label: handle
        for axes in figure.axes
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    if not found:
        return
    handles, names = list(found.values()), list(found)
    if beside:
        figure.legend(handles, names, loc="outside right center")
        return
    # As far from the edge as the panels are: the footer stands there.
    size = FontProperties(size=mpl.rcParams["legend.fontsize"]).get_size_in_points()
    figure.legend(
        handles,
        names,
        loc="outside lower center",
        ncols=len(found) if len(found) < 4 else across,
        borderaxespad=72 * FOOTER_HEIGHT / size,
    )


def spread(wanted: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Middles of things of some heights, as near as may be to ascending places and nowhere on each
    other: groups that would touch stand about their own middle."""
    groups: list[list[int]] = []
    centres: list[float] = []
    for index, place in enumerate(wanted):
        groups.append([index])
        centres.append(float(place))
        while len(groups) > 1:
            reach = (heights[groups[-1]].sum() + heights[groups[-2]].sum()) / 2
            if centres[-1] - centres[-2] >= reach:
                break
            last = groups.pop()
            centres.pop()
            groups[-1] += last
            centres[-1] = float(np.mean([wanted[i] for i in groups[-1]]))
    places = np.zeros(len(wanted))
    for group, centre in zip(groups, centres, strict=True):
        own = heights[group]
        places[group] = centre - own.sum() / 2 + np.cumsum(own) - own / 2
    return places
