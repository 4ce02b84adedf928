"""What stands above the panels has room of its own, and names beside curves do not touch."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from fittest.plotting import style
from fittest.plotting.heading import end_names, heading, spread, wrapped

LONG = "a loss that falls with the dimension of a frozen embedding, and most where it passes p"


@pytest.mark.parametrize("times", [1, 4])
def test_panels_begin_below_the_heading(times: int) -> None:
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.0)
        heading(figure, "Does it fall?", LONG, " ".join([LONG] * times), [("n = 3", "0.4")])
        axes = figure.subplots()
        axes.set_title("a panel")
        FigureCanvasAgg(figure).draw()
        boxes = [text.get_window_extent() for text in figure.texts]
        assert axes.get_tightbbox().y1 < min(box.y0 for box in boxes)
        assert max(box.x1 for box in boxes) <= figure.bbox.x1
        for above, below in pairwise(boxes):
            assert below.y1 < above.y1
    colours = {text.get_text()[:6]: text.get_color() for text in figure.texts}
    assert colours["paper:"] == style.PAPER and colours["ours: "] == style.OURS


def test_what_is_empty_takes_no_line() -> None:
    figure = style.new_figure(style.PAGE_WIDTH, 3.0)
    heading(figure, "Does it fall?", "", "")
    assert [text.get_text() for text in figure.texts] == ["Does it fall?"]


def test_lines_hold_all_words_and_no_formula_is_cut() -> None:
    text = f"{LONG} {LONG} with $x + y = z$ at the end"
    lines = wrapped(text, 7.0, "normal", 150.0)
    assert " ".join(lines) == text and len(lines) > 4
    assert all(line.count("$") % 2 == 0 for line in lines)


@pytest.mark.parametrize("wanted", [[0.5], [0.1, 0.1, 0.1], [0.0, 0.02, 0.5, 0.51, 0.9]])
def test_names_keep_their_order_and_their_distance(wanted: list[float]) -> None:
    heights = np.full(len(wanted), 0.06)
    places = spread(np.array(wanted), heights)
    assert (np.diff(places) >= 0.06 - 1e-12).all()
    assert places.mean() == pytest.approx(np.mean(wanted))
    far = spread(np.array([0.1, 0.9]), np.array([0.06, 0.06]))
    np.testing.assert_allclose(far, [0.1, 0.9])


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_names_stand_beside_the_ends_of_their_curves(scale: str) -> None:
    axes = style.new_figure(4, 3).subplots()
    axes.set_yscale(scale)
    axes.set_ylim(1e-4, 1.0)
    end_names(axes, [("low", 1e-2, "k"), ("high", 0.5, "r")])
    places = {text.get_text(): text.xy[1] for text in axes.texts}
    expected = {"linear": 0.01, "log": 0.5}[scale]
    assert places["low"] == pytest.approx(expected, abs=0.01)
    assert places["high"] > places["low"]


def test_no_effect_is_white() -> None:
    assert style.DIVERGING(0.5) == (1.0, 1.0, 1.0, 1.0)
    red, blue = style.DIVERGING(1.0), style.DIVERGING(0.0)
    assert red[0] > red[2] and blue[2] > blue[0]
