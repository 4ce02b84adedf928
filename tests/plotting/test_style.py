"""Saving: deterministic, embedded fonts, provenance inside, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from fittest.plotting import style

PROVENANCE = {"scale": "smoke", "figure_runs": 12, "commit": "abcdef0123456-dirty", "extra": [1]}


def drawing() -> Figure:
    figure = style.new_figure(style.COLUMN_WIDTH, 2.0)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=style.OURS, label="ours")
    axes.set_xlabel(r"signal $\Vert F_k\Vert$")
    axes.legend()
    return figure


def saved(path: Path, provenance: dict) -> bytes:
    with style.paper_style():
        style.save(drawing(), path, provenance)
    return path.read_bytes()


def test_same_input_same_bytes(tmp_path):
    first = saved(tmp_path / "a" / "figure.pdf", PROVENANCE)
    again = saved(tmp_path / "b" / "figure.pdf", PROVENANCE)
    assert first == again
    assert b"CreationDate" not in first and b"ModDate" not in first
    pictures = [(tmp_path / name / "figure.png").read_bytes() for name in "ab"]
    assert pictures[0] == pictures[1]


def test_provenance_is_inside_both_files(tmp_path):
    pdf = saved(tmp_path / "figure.pdf", PROVENANCE)
    record = json.dumps(PROVENANCE, sort_keys=True)
    assert record.encode() in pdf.replace(b"\\(", b"(").replace(b"\\)", b")")
    with Image.open(tmp_path / "figure.png") as picture:
        assert picture.info["Description"] == record
    assert saved(tmp_path / "figure.pdf", PROVENANCE | {"figure_runs": 13}) != pdf


def test_fonts_are_embedded_as_truetype(tmp_path):
    pdf = saved(tmp_path / "figure.pdf", PROVENANCE)
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf and b"/FontFile3" not in pdf


def test_no_temporary_files_stay(tmp_path):
    saved(tmp_path / "figure.pdf", PROVENANCE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figure.pdf", "figure.png"]


def test_a_failed_drawing_leaves_the_old_figure(tmp_path):
    old = saved(tmp_path / "figure.pdf", PROVENANCE)
    figure = drawing()
    figure.axes[0].set_title(r"$\undefined$")
    with style.paper_style(), pytest.raises(ValueError):
        style.save(figure, tmp_path / "figure.pdf", PROVENANCE)
    assert (tmp_path / "figure.pdf").read_bytes() == old
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figure.pdf", "figure.png"]


def test_only_pdf_paths(tmp_path):
    with pytest.raises(ValueError, match=r"\.pdf"):
        style.save(drawing(), tmp_path / "figure.svg", PROVENANCE)


def test_footer_names_what_is_known():
    assert style.footer(PROVENANCE) == "scale smoke  |  runs 12  |  commit abcdef0123-dirty"
    assert style.footer({"config_hash": "0123456789ab", "figure_runs": 0}) == (
        "runs 0  |  config 0123456789"
    )
    assert style.footer({}) == ""


def test_several_hashes_are_shortened_each():
    assert style.short("0123456789ab-dirty+fedcba9876543210") == "0123456789-dirty+fedcba9876"
    assert style.short("a+b+c+d") == "a+b+2 more"


def test_footer_is_on_the_page_below_the_panels(tmp_path):
    figure = drawing()
    with style.paper_style():
        style.save(figure, tmp_path / "figure.pdf", PROVENANCE)
        # Places of labels are pixels of the last drawing, which had the resolution of a file.
        FigureCanvasAgg(figure).draw()
        (line,) = figure.texts
        assert line.get_text() == style.footer(PROVENANCE)
        bottom = figure.axes[0].get_tightbbox().y0
    assert line.get_window_extent().y1 < bottom


def test_the_callers_settings_are_untouched():
    before = dict(mpl.rcParams)
    with mpl.rc_context({"font.size": 33}):
        with style.paper_style():
            assert mpl.rcParams["font.size"] == style.RC["font.size"]
        assert mpl.rcParams["font.size"] == 33
    assert dict(mpl.rcParams) == before


def test_colours_mean_one_thing_each():
    fixed = [style.OURS, style.PAPER, style.DEAD, *style.SURVIVORS]
    assert len({to_rgb(colour) for colour in fixed}) == len(fixed)


def test_survivors_beyond_the_palette_are_dashed():
    last, beyond = len(style.SURVIVORS), len(style.SURVIVORS) + 1
    assert style.survivor_style(1) == {"color": style.SURVIVORS[0], "linestyle": "-"}
    assert style.survivor_style(last)["linestyle"] == "-"
    assert style.survivor_style(beyond) == {"color": style.SURVIVORS[0], "linestyle": "--"}


def test_text_can_be_searched(tmp_path):
    # TrueType fonts come with a map from glyphs back to characters.
    assert b"/ToUnicode" in saved(tmp_path / "figure.pdf", PROVENANCE)


def test_equal_input_gives_equal_bytes_with_subfigures(tmp_path):
    """The layout's solver rounds differently from one drawing to the next."""
    found = set()
    for number in range(8):
        with style.paper_style():
            figure = style.new_figure(style.PAGE_WIDTH, 3.9)
            left, right = figure.subfigures(1, 2, width_ratios=[1.35, 1.0])
            grid = left.subplots(2, 2)
            for index, axes in enumerate(grid.flat):
                axes.plot([0, 1 / 3], [0.1, index])
                axes.set_title(f"{index} a title\nin two lines", fontsize=6.8)
            left.suptitle("above", fontsize=8)
            axes = right.subplots()
            shown = axes.scatter([0, 1], [1e5, 3e5], c=[0, 1])
            right.colorbar(shown, ax=axes, shrink=0.8).set_label("colour")
            axes.set_ylabel("two\nlines")
            path = tmp_path / "figure.pdf"
            style.save(figure, path, PROVENANCE)
        found.add(path.read_bytes())
        # Moves what the next drawing allocates.
        np.zeros(1000 + 37 * number)
    assert len(found) == 1
