"""Whether a drawn figure can be read: no text on another one, none on data, none off the page; and
what stands outside the panels, the heading and the figure's legends, on none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Bbox

Drawn = Callable[..., Figure]
"""Draws by a script: its name, its function, and what that is told."""
MARGIN = 1.0  # pixels that may touch: glyphs are smaller than the boxes about them


def faults(figure: Figure, dpi: float) -> list[str]:
    """What is wrong with a figure that has been drawn at ``dpi``; empty if nothing is."""
    # Places of labels are kept in pixels of the last drawing, that of the picture.
    figure.dpi = dpi
    canvas = FigureCanvasAgg(figure)
    renderer = canvas.get_renderer()
    texts = [(text, shrunk(text.get_window_extent(renderer))) for text in shown(figure)]
    found = [
        f"`{one.get_text()}` on `{other.get_text()}`"
        for (one, box), (other, place) in combinations(texts, 2)
        if box.overlaps(place)
    ]
    page = Bbox.from_bounds(0, 0, *canvas.get_width_height())
    found += [
        f"`{text.get_text()}` leaves the page" for text, box in texts if not within(box, page)
    ]
    for axes in figure.findobj(Axes):
        boxes = [(t.get_text(), box) for t, box in texts if t in axes.texts]
        legend = axes.get_legend()
        if legend is not None:
            boxes.append(("legend", shrunk(legend.get_window_extent(renderer))))
        points = drawn_points(axes)
        found += [
            f"`{name}` on data" for name, box in boxes if len(points) and inside(points, box).any()
        ]
    return found + outside_panels(figure, renderer, page)


def outside_panels(figure: Figure, renderer: RendererAgg, page: Bbox) -> list[str]:
    """Headings and figure legends that lie on a panel, its labels or ticks, or off the page."""
    panels = [
        axes.get_tightbbox(renderer)
        for axes in figure.findobj(Axes)
        if axes.axison and axes.get_visible()
    ]
    outside = [
        (text.get_text(), text.get_window_extent(renderer))
        for text in figure.texts
        if text.get_gid() == "heading"
    ]
    outside += [("legend", one.get_window_extent(renderer)) for one in figure.legends]
    found = [
        f"`{name}` on a panel"
        for name, box in outside
        if any(box.overlaps(panel) for panel in panels)
    ]
    return found + [f"`{name}` leaves the page" for name, box in outside if not within(box, page)]


def within(box: Bbox, page: Bbox) -> bool:
    """Whether a box lies on the page."""
    return bool(page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1)


def shrunk(box: Bbox) -> Bbox:
    """A box without its outermost pixels."""
    return Bbox.from_extents(
        box.x0 + MARGIN, box.y0 + MARGIN, max(box.x1 - MARGIN, box.x0), max(box.y1 - MARGIN, box.y0)
    )


def shown(figure: Figure) -> Iterator[Text]:
    """Texts that can be seen, without the names of single points (gid ``point``), which stand where
    their points are, and without those at ticks: the ones beyond the limits are there and not
    drawn, and Matplotlib keeps the others apart."""
    ticks: set[int] = set()
    for axes in figure.findobj(Axes):
        for axis in (axes.xaxis, axes.yaxis):
            labels = (*axis.get_ticklabels(which="both"), axis.get_offset_text())
            ticks |= {id(text) for text in labels}
            ticks |= {id(t) for tick in axis.get_major_ticks() for t in (tick.label1, tick.label2)}
            ticks |= {id(t) for tick in axis.get_minor_ticks() for t in (tick.label1, tick.label2)}
    for text in figure.findobj(Text):
        axes = text.axes
        hidden = axes is not None and (not axes.get_visible() or not axes.axison)
        if (
            text.get_gid() != "point"
            and text.get_visible()
            and text.get_text().strip()
            and id(text) not in ticks
            and not hidden
        ):
            yield text


def drawn_points(axes: Axes) -> np.ndarray:
    """(n, 2) pixels on the curves and markers of a panel, within it."""
    parts = []
    for line in axes.lines:
        # What does not move with the data is a guide across the panel.
        if line.get_visible() and line.get_transform().contains_branch(axes.transData):
            path = line.get_transform().transform_path(line.get_path())
            parts.append(dense(path.vertices) if line.get_linestyle() != "None" else path.vertices)
    for marks in axes.collections:
        if isinstance(marks, PathCollection):
            parts.append(marks.get_offset_transform().transform(marks.get_offsets()))
    points = np.concatenate([np.asarray(p, float) for p in parts]) if parts else np.zeros((0, 2))
    points = points[np.isfinite(points).all(axis=1)]
    return points[inside(points, axes.get_window_extent())]


def dense(vertices: np.ndarray) -> np.ndarray:
    """Points along a line, some pixels apart."""
    parts = [vertices]
    parts += [vertices[:-1] + share * np.diff(vertices, axis=0) for share in np.linspace(0, 1, 12)]
    return np.concatenate(parts)


def inside(points: np.ndarray, box: Bbox) -> np.ndarray:
    """(n,) bool: which pixels lie in a box."""
    x, y = points.T
    return (x >= box.x0) & (x <= box.x1) & (y >= box.y0) & (y <= box.y1)


def cut(figure: Figure) -> list[str]:
    """Titles of panels whose curves, bars or intervals go beyond their y axis; intervals may end
    below it, where nothing can be."""
    found = []
    for axes in panels_of(figure):
        low, high = axes.get_ylim()
        tops, bottoms = [high], [low]
        for line in axes.lines:
            if line.get_transform() == axes.transData and len(line.get_ydata()):
                own = np.asarray(line.get_ydata(), float)
                tops.append(np.nanmax(own, initial=low))
                bottoms.append(np.nanmin(own, initial=high))
        for bar in axes.patches:
            if isinstance(bar, Rectangle) and bar.get_transform().contains_branch(axes.transData):
                tops.append(max(bar.get_y(), bar.get_y() + bar.get_height()))
                bottoms.append(min(0.0, bar.get_y(), bar.get_y() + bar.get_height()) or low)
        for several in axes.collections:
            if isinstance(several, LineCollection):
                tops += [
                    np.nanmax(np.reshape(e, (-1, 2))[:, 1], initial=low)
                    for e in several.get_segments()
                ]
        room = 1e-6 * (high - low)
        if np.nanmax(tops) > high + room or np.nanmin(bottoms) < low - room:
            found.append(axes.get_title("left"))
    return found


def panels_of(figure: Figure) -> list[Axes]:
    """Its panels that have axes, in the order in which they were made."""
    return [axes for axes in figure.axes if axes.axison]


def said(axes: Axes) -> str:
    """The title of a panel with all that is written in it."""
    return " ".join([axes.get_title("left"), *(text.get_text() for text in axes.texts)])
