"""Panels draw what the tables say, and a note where the tables say nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba

from fittest.plotting import panels, style


@pytest.fixture
def axes() -> Axes:
    return style.new_figure(3, 2).subplots()


def curves(fates: dict[int, int]) -> pd.DataFrame:
    """k -> rank (0 = dead)."""
    return pd.DataFrame(
        [
            {
                "k": k,
                "rank": rank,
                "fate": "survivor" if rank else "dead",
                "step": step,
                "signal": 80.0 / (1 + step * (rank == 0)),
            }
            for k, rank in fates.items()
            for step in (0, 10, 3000)
        ]
    )


def notes(axes: Axes) -> str:
    return " ".join(text.get_text() for text in axes.texts)


def test_signal_curves_colour_survivors_by_rank(axes):
    panels.signal_curves(axes, curves({1: 0, 2: 2, 3: 1}), 87.0)
    lines = {line.get_label(): line for line in axes.lines}
    assert to_rgba(lines["k = 3"].get_color()) == to_rgba(style.SURVIVORS[0])
    assert to_rgba(lines["k = 2"].get_color()) == to_rgba(style.SURVIVORS[1])
    dead = [line for line in axes.lines if line.get_gid() == "dead-1"]
    assert len(dead) == 1 and dead[0].get_alpha() == 0.2
    assert to_rgba(dead[0].get_color()) == to_rgba(style.DEAD)
    assert lines["paper's start: 87"].get_ydata()[0] == 87
    # Step 0 has its place on the axis although the scale is logarithmic.
    assert axes.get_xlim()[0] == 0 and axes.get_xscale() == "symlog"
    assert list(lines["k = 3"].get_xdata()) == [0, 10, 3000]


@pytest.mark.parametrize("last", [1, 9, 200, 30_000])
def test_step_axis_ends_behind_the_last_step(axes, last):
    panels.log_steps(axes, last)
    ticks = axes.get_xticks()
    assert ticks[0] == 0 and last / 10 < ticks[-1] <= last
    labels = [axes.xaxis.get_major_formatter()(tick) for tick in ticks]
    assert labels[:2] == ["0", "1"]
    assert labels[2:] == [rf"$10^{{{power}}}$" for power in range(1, len(labels) - 1)]


def test_signal_curves_without_survivors_say_so(axes):
    panels.signal_curves(axes, curves({1: 0}), None)
    assert "no survivors" in [line.get_label() for line in axes.lines]
    assert not any("paper" in str(line.get_label()) for line in axes.lines)


def test_tokens_outside_the_window_sit_hollow_on_its_edge(axes):
    table = pd.DataFrame({"token": [0, 1, 2], "x": [0.0, 5.0, -1.0], "y": [1.0, 0.5, -9.0]})
    panels.token_scatter(axes, table, 3, 2.5, numbered=False)
    inside, outside = axes.collections
    np.testing.assert_array_equal(inside.get_offsets(), [[0, 1]])
    np.testing.assert_array_equal(outside.get_offsets(), [[2.5, 0.5], [-1, -2.5]])
    assert len(outside.get_facecolor()) == 0
    np.testing.assert_allclose(outside.get_edgecolor()[1], style.TOKENS(1.0))


def test_numbered_tokens_are_all_written(axes):
    table = pd.DataFrame({"token": range(7), "x": np.arange(7.0), "y": np.zeros(7)})
    panels.token_scatter(axes, table, 7, 8.0, numbered=True)
    assert [text.get_text() for text in axes.texts] == [str(token) for token in range(7)]
    assert axes.texts[3].get_position() == (3.0, 0.0)


def test_rate_scatter_draws_points_line_and_notes(axes):
    points = pd.DataFrame({"x": [80.0, 90.0], "y": [0.1, 0.9]})
    line = pd.DataFrame({"x": [80.0, 90.0], "y": [0.2, 0.8]})
    panels.rate_scatter(axes, points, line, [("paper r = 0.85", style.PAPER)])
    np.testing.assert_array_equal(axes.collections[0].get_offsets(), points.to_numpy())
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [0.2, 0.8])
    assert notes(axes) == "paper r = 0.85"
    assert to_rgba(axes.texts[0].get_color()) == to_rgba(style.PAPER)


@pytest.mark.parametrize("intervals", ["bars", "band"])
def test_rate_lines_keep_their_order_and_intervals(axes, intervals):
    table = pd.DataFrame(
        {
            "series": ["b", "a", "a", "c"],
            "x": [1.0, 2.0, 1.0, 1.0],
            "y": [0.5, 0.9, 0.1, 0.2],
            "y_lo": [0.4, 0.8, 0.0, np.nan],
            "y_hi": [0.6, 1.0, 0.2, np.nan],
        }
    )
    panels.rate_lines(axes, table, {"a": {"color": "r"}, "missing": {}, "c": {}}, intervals)
    assert [list(line.get_xdata()) for line in axes.lines] == [[1, 2], [1]]
    assert list(axes.lines[0].get_ydata()) == [0.1, 0.9]
    assert axes.get_xlim()[0] <= 1 and axes.get_xlim()[1] >= 2
    first = axes.collections[0]
    if intervals == "bars":
        np.testing.assert_array_equal(first.get_segments()[1], [[2, 0.8], [2, 1.0]])
    else:
        assert first.get_datalim(axes.transData).bounds == pytest.approx((1, 0, 1, 1))


@pytest.mark.parametrize(
    ("draw", "note"),
    [
        (lambda a, t: panels.signal_curves(a, t, 87.0), "no signals"),
        (lambda a, t: panels.token_scatter(a, t, 7, 2.5, numbered=True), "nothing to project"),
        (lambda a, t: panels.rate_scatter(a, t, t, []), "no trials"),
        (lambda a, t: panels.rate_lines(a, t, {"a": {}}, "bars"), "no trials"),
    ],
)
def test_empty_tables_give_a_note(axes, draw, note):
    names = ["fate", "rank", "k", "step", "signal", "token", "x", "y", "series", "y_lo", "y_hi"]
    draw(axes, pd.DataFrame(columns=names))
    assert note in notes(axes) and not axes.lines and not axes.collections


def test_note_boxes_stack_inwards(axes):
    for corner, below in (("upper left", True), ("lower right", False)):
        before = len(axes.texts)
        panels.note_box(axes, [("first", "k"), ("second", "k")], corner)
        placed = {text.get_text(): text for text in axes.texts[before:]}
        first = placed["first"].get_window_extent().y0
        second = placed["second"].get_window_extent().y0
        assert first > second
        assert (placed["first"].get_verticalalignment() == "top") is below
