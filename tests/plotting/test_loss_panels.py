"""Axes of losses, and what stands beside the curves."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from fittest.plotting import circuit_panels, loss_panels, loss_words, style
from fittest.plotting.heading import heading, shared_legend


@pytest.fixture
def axes() -> Axes:
    return style.new_figure(3, 2).subplots()


@pytest.mark.parametrize("room", [0.06, 0.4])
@pytest.mark.parametrize("ends", [(2e-7, 25.0), (5e-2, 4.8), (4.6, 4.8), (1e-9, 90.0)])
def test_numbers_stand_where_curves_are(axes: Axes, ends: tuple[float, float], room: float) -> None:
    loss_panels.decades(axes, np.array([*ends, math.nan]), room)
    low, high = axes.get_ylim()
    assert low <= ends[0] and ends[1] < high
    ticks = axes.get_yticks()
    shown = [tick for tick in ticks if low <= tick <= high]
    assert 1 <= len(shown) <= 7
    # None in the room for notes: at most the power of ten that closes the range.
    assert max(ticks) <= max(10.0 ** math.ceil(math.log10(ends[1])), 10 * low * (1 + 1e-9))


def test_panels_of_one_figure_share_their_losses() -> None:
    """However far the curves of each go, on both kinds of axes."""
    rows = [
        {"seed": 0, "label": label, "series": "test", "step": step, "value": value}
        for label, low in (("a", 1e-7), ("b", 0.5))
        for step, value in ((0, 5.0), (100, low))
    ]
    table = pd.DataFrame(rows)
    for log in (True, False):
        left, right = style.new_figure(6, 2).subplots(1, 2)
        for axes, label in ((left, "a"), (right, "b")):
            loss_panels.loss_lines(axes, table[table["label"] == label], ("test",), log)
            loss_panels.same_losses(axes, table, ("test",), log)
        assert left.get_ylim() == right.get_ylim()
        assert left.get_ylim()[0] <= 1e-7 and left.get_ylim()[1] > 5


def test_what_is_said_of_a_panel_stands_above_it_and_below_its_title(axes: Axes) -> None:
    lines = [("paper: groks", style.PAPER), ("ours: never", style.OURS)]
    loss_panels.told_title(axes, "a", "10 %", lines, 3)
    FigureCanvasAgg(axes.figure).draw()
    top = axes.get_window_extent().y1
    places = [text.get_window_extent() for text in axes.texts]
    assert [text.get_text() for text in reversed(axes.texts)] == [text for text, _ in lines]
    assert all(place.y0 >= top for place in places)
    title = axes.get_title("left")
    assert title.endswith("10 %")
    assert max(place.y1 for place in places) < axes._left_title.get_window_extent().y1


def test_one_legend_between_panels_and_footer() -> None:
    with style.paper_style():
        figure = style.new_figure(style.HALF_PAGE_WIDTH, 3.0)
        heading(figure, "Does it fall?", "it does", "it does not")
        for one in figure.subplots(1, 2):
            one.plot([0, 1], [0, 1], label="train")
            one.plot([0, 1], [1, 0], label="a long name of what a line shows")
            one.set_xlabel("step")
        shared_legend(figure, 2)
        FigureCanvasAgg(figure).draw()
        [legend] = figure.legends
        assert [text.get_text() for text in legend.get_texts()] == [
            "train",
            "a long name of what a line shows",
        ]
        box = legend.get_window_extent()
        assert box.y1 < min(one.get_tightbbox().y0 for one in figure.axes)
        assert box.y0 == pytest.approx(style.FOOTER_HEIGHT * figure.dpi)
        bare = style.new_figure(3, 2)
        bare.subplots()
        shared_legend(bare, 2)
        assert not bare.legends


def test_a_key_frequency_has_one_colour_and_no_loss_has_it() -> None:
    losses = {to_rgb(loss_panels.TRAIN), to_rgb(loss_panels.TEST)}
    looks = [circuit_panels.frequency_look(index) for index in range(12)]
    assert len({(to_rgb(look["color"]), look["ls"]) for look in looks}) == len(looks)
    assert not losses & {to_rgb(look["color"]) for look in looks}


@pytest.mark.parametrize("silent", [False, True])
def test_a_silent_neuron_is_as_dark_as_no_activation(axes: Axes, silent: bool) -> None:
    a, b = np.indices((5, 5))
    values = 0.0 * a if silent else np.maximum(a - b, 0.0)
    table = pd.DataFrame({"a": a.ravel(), "b": b.ravel(), "value": values.ravel()})
    image = circuit_panels.pair_map(axes, table, None, False)
    assert image.norm.vmin == 0 and image.norm.vmax == (1 if silent else 4)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (3.456, "3.5"),
        (1234.0, "1,234"),
        (2.41e-7, r"$2.4\times10^{-7}$"),
        (3.6e6, r"$3.6\times10^{6}$"),
    ],
)
def test_numbers_as_readers_write_them(value: float, text: str) -> None:
    assert loss_words.number(value) == text


def test_what_a_change_says() -> None:
    assert loss_words.change_words({"width": 0.034}).endswith("3.4 % of the steps")
    assert loss_words.change_words({"width": math.nan}) == "no fall"
    assert loss_words.note("", "none") == [("ours: none", style.OURS)]
