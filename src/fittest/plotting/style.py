"""The one style of all figures: sizes, fonts, colours with fixed meanings, and saving.

Figures are built on ``matplotlib.figure.Figure`` without pyplot: nothing global is changed and no
display is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import Bbox

from fittest.store import replacing

COLUMN_WIDTH = 3.4
"""Inches; one column of a two-column page."""
PAGE_WIDTH = 7.0
"""Inches; the full width of a page."""
FOOTER_HEIGHT = 0.17
"""Inches, at the lower edge of a figure, kept free of panels."""
HALF_PAGE_WIDTH = 4.8
"""Inches; one panel, with room for a heading of a sentence."""

# Okabe and Ito's palette and Tol's muted one; both hold for the common colour deficiencies.
OURS = "#0072B2"
PAPER = "#D55E00"
DEAD = "#8C8C8C"
SURVIVORS = (
    "#009E73",
    "#E69F00",
    "#CC79A7",
    "#56B4E9",
    "#882255",
    "#999933",
    "#332288",
    "#DDCC77",
)
"""Survivors by rank, the strongest first; beyond the eighth they repeat with dashed lines."""
ALIVE = SURVIVORS[1]
"""Survivors of any rank, where the dead are grey."""
LEAST, MIDDLE, MOST = "#56B4E9", "#4D4D4D", "#882255"
"""Minimum, mean and maximum over structures or frequencies."""
WHOLE, WINNERS, RANDOM, RESCALED = "#1A1A1A", "#009E73", "#CC79A7", "#56B4E9"
WEAKEST = "#E69F00"
"""What is left of the initial embedding: all circles; those that win; others, drawn at random; the
winners, scaled to the norm of all; those that start weakest."""
ONE_WINNER, ONE_RANDOM = "#00573F", "#8F3F6C"
"""The same with a single circle left."""
REAL, LEAST_SQUARES, LASSO = "#1A1A1A", OURS, "#E69F00"
"""Signals as recorded, and the models of their motion."""
ANALYTIC, QUADRATIC = "#882255", "#009E73"
RELATIVE_COUNT = "#6E6E6E"
"""Circles above a quarter of the strongest; those by the authors' rule are ``OURS``."""
AUTHORS, TEXT_START = "#CC79A7", "#E69F00"
"""Runs on the authors' own random numbers, and such that start as a paper's text says."""
PRIME, COMPOSITE = OURS, "#999933"
TOKENS = ListedColormap(mpl.colormaps["viridis"](np.linspace(0.0, 0.9, 256)), name="tokens")
"""Colour map of the tokens 0..p-1: viridis without its yellow end, which paper swallows."""

RATES = LinearSegmentedColormap.from_list("rates", ["#E6E6E6", ALIVE, "#4A2F00"])
"""Colour map of survival rates 0..1: from the grey of the dead through the colour of the alive."""


def _white_in_the_middle(name: str) -> ListedColormap:
    """A diverging map whose middle, an almost white grey, is made white, and its surroundings
    lighter in proportion."""
    # An odd number: zero falls on the middle one.
    place = np.linspace(0.0, 1.0, 257)
    colours = mpl.colormaps[name](place)
    share = np.exp(-np.square((place - 0.5) / 0.06))[:, None]
    colours[:, :3] += share * (1.0 - colours[:, :3])
    return ListedColormap(colours, name="diverging")


DIVERGING = _white_in_the_middle("RdBu_r")
"""Red and blue differ in hue for all common colour deficiencies, and zero is white."""

RC: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.labelsize": 7.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "lines.linewidth": 1.1,
    # TrueType, so that text in the PDF stays text and the font travels with it.
    "pdf.fonttype": 42,
    "pdf.compression": 6,
    "svg.hashsalt": "fittest",
    "savefig.dpi": 220,
    "figure.dpi": 110,
}

_PICTURE_WIDTH = 1540  # pixels of a PNG at least: a page's width in print, a column's on a screen
_FOOTER = {"scale": "scale", "figure_runs": "runs", "commit": "commit", "config_hash": "config"}
_HASH_LENGTH = 10
_PLACE_DIGITS = 6  # of the figure's size: a hundredth of a pixel and less


@contextmanager
def paper_style() -> Iterator[None]:
    """The style, within a ``with`` block; the caller's own settings come back after it."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(cast(Any, RC))
        yield


def new_figure(width: float, height: float) -> Figure:
    """A figure of the given size in inches whose layout keeps room for the footer."""
    bottom = FOOTER_HEIGHT / height
    layout = ConstrainedLayoutEngine(rect=(0.0, bottom, 1.0, 1.0 - bottom))
    return Figure(figsize=(width, height), layout=layout)


def survivor_style(rank: int) -> dict[str, Any]:
    """Colour and line of the survivor of that rank (1 = strongest)."""
    turn, index = divmod(rank - 1, len(SURVIVORS))
    return {"color": SURVIVORS[index], "linestyle": "-" if turn == 0 else "--"}


def footer(provenance: Mapping[str, Any]) -> str:
    """One line: scale, number of runs, commit and config; what is unknown is left out.

    Args:
        provenance: ``fittest.store.provenance`` and ``figure_runs``, the number of runs shown;
            other keys are recorded in the files' metadata only.
    """
    parts = []
    for key, name in _FOOTER.items():
        value = provenance.get(key)
        if value is not None and value != "":
            parts.append(f"{name} {short(value)}")
    return "  |  ".join(parts)


def short(value: Any) -> str:
    """A hash as readers see it; of several, joined by "+", the first two and how many follow."""
    # A suffix such as -dirty says that the commit is not the whole truth; it must survive.
    parts = [part.partition("-") for part in str(value).split("+")]
    cut = [head[:_HASH_LENGTH] + dash + tail for head, dash, tail in parts]
    more = [f"{len(cut) - 2} more"] if len(cut) > 2 else []
    return "+".join(cut[:2] + more)


def _settle_layout(figure: Figure) -> None:
    """Lay the figure out once for both files, and round all places: the layout's solver gives
    other last digits from one drawing to the next."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    figure.set_layout_engine("none")
    for axes in figure.axes:
        place = axes.get_position(original=True)
        axes.set_position(Bbox(place.get_points().round(_PLACE_DIGITS)), which="original")
    for part in figure.subfigs:
        part.bbox_relative.set_points(part.bbox_relative.get_points().round(_PLACE_DIGITS))
    for text in (text for part in (figure, *figure.subfigs) for text in part.texts):
        x, y = text.get_position()
        text.set_position((round(float(x), _PLACE_DIGITS), round(float(y), _PLACE_DIGITS)))


@contextmanager
def _for_a_file(figure: Figure, least_width: int = 0) -> Iterator[None]:
    """At the resolution of files, or that of so many pixels across; what draws it, and at which
    resolution, is as before after it."""
    canvas, dpi = figure.canvas, figure.dpi
    # A little more than exact: the number of pixels is rounded down.
    figure.dpi = max(mpl.rcParams["savefig.dpi"], (least_width + 1e-3) / figure.get_figwidth())
    try:
        yield
    finally:
        figure.dpi = dpi
        figure.set_canvas(canvas)


def save(figure: Figure, pdf_path: str | Path, provenance: Mapping[str, Any]) -> None:
    """Write the figure as PDF and, beside it, as PNG; both appear whole or not at all.

    The same figure and provenance give the same PDF bytes: no dates are written. The provenance
    goes into the PDF's Keywords and the PNG's Description as JSON with sorted keys, and its
    footer onto the page.

    Args:
        figure: from ``new_figure``.
        pdf_path: ends in ``.pdf``; its folder is made if needed.
        provenance: see ``footer``; values must be JSON or have a useful ``str``.

    Raises:
        ValueError: if the path does not end in ``.pdf``.
        StoreError: where the disk refuses.
    """
    path = Path(pdf_path)
    if path.suffix != ".pdf":
        raise ValueError(f"a figure's path ends in .pdf, unlike {path}")
    line = figure.text(0.006, 0.004, footer(provenance), fontsize=5, color="0.4", va="bottom")
    line.set_in_layout(False)
    record = json.dumps(dict(provenance), sort_keys=True, default=str)
    pdf_metadata = {
        "Title": path.stem,
        "Creator": "fittest",
        "Keywords": record,
        "CreationDate": None,
        "ModDate": None,
    }
    png_metadata = {"Title": path.stem, "Description": record, "Software": "fittest"}
    with paper_style():
        _settle_layout(figure)
        # Not by `Figure.savefig`, which draws it once more to lay it out.
        with replacing(path) as temporary, _for_a_file(figure):
            FigureCanvasPdf(figure).print_pdf(temporary, metadata=pdf_metadata)
        picture = _for_a_file(figure, _PICTURE_WIDTH)
        with replacing(path.with_suffix(".png")) as temporary, picture:
            FigureCanvasAgg(figure).print_png(temporary, metadata=png_metadata)
