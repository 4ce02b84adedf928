"""Axes of losses, and what stands beside the curves."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from fittest.analysis.statistics.intervals import Resampling, median_estimate
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
    # Nor by colours alone: neighbours differ in their lines as well.
    assert all(one["ls"] != next_one["ls"] for one, next_one in pairwise(looks))
    assert not losses & {to_rgb(look["color"]) for look in looks}


def test_the_paper_s_two_losses_are_told_apart(axes: Axes) -> None:
    rows = [
        ("none", 0, 1e-6),
        ("key_blocks", 0, 1e-7),
        ("without_k", 1, 1.0),
        ("without_k", 2, 2e-6),
    ]
    table = pd.DataFrame(rows, columns=["ablation", "k", "loss"])
    circuit_panels.ablation_points(axes, table, [1], (3e-6, 4e-8))
    lines = {str(line.get_label()): line for line in axes.lines}
    told = [lines[f"paper: {name}"] for name in ("whole network", "key frequencies alone")]
    assert [line.get_ydata()[0] for line in told] == [3e-6, 4e-8]
    assert len({line.get_linestyle() for line in told}) == 2
    # A point is a network without that frequency alone.
    points = {str(one.get_label()): one.get_offsets().tolist() for one in axes.collections}
    assert points["without one key frequency"] == [[1, 1.0]]
    assert points["without one other frequency"] == [[2, 2e-6]]


@pytest.mark.parametrize("silent", [False, True])
def test_a_silent_neuron_is_as_dark_as_no_activation(axes: Axes, silent: bool) -> None:
    a, b = np.indices((5, 5))
    values = 0.0 * a if silent else np.maximum(a - b, 0.0)
    table = pd.DataFrame({"a": a.ravel(), "b": b.ravel(), "value": values.ravel()})
    image = circuit_panels.pair_map(axes, table, None, False)
    assert image.norm.vmin == 0 and image.norm.vmax == (1 if silent else 4)


def test_of_numbers_the_first_are_drawn_and_of_a_spectrum_all(axes: Axes) -> None:
    """And what is a hundredth of its largest component is told from nothing."""
    size = circuit_panels.CUT + 5
    a, b = np.indices((size, size))
    values = np.where(a == b, 1.0, 0.0)
    values[3, 4], values[0, 0] = 0.01, 1e9
    table = pd.DataFrame({"a": a.ravel(), "b": b.ravel(), "value": values.ravel()})
    numbers = circuit_panels.pair_map(axes, table, (0.0, 1.0), False)
    assert numbers.get_array().shape == (circuit_panels.CUT, circuit_panels.CUT)
    whole = circuit_panels.pair_map(axes, table, None, True)
    assert whole.get_array().shape == (size, size)
    assert whole.norm.vmax == 1
    colours = whole.norm(np.array([1e-9, 0.01, 1.0]))
    assert colours[0] == 0 and 0.2 < colours[1] < 0.5 and colours[2] == 1


def test_what_is_said_of_key_frequencies() -> None:
    norms = pd.DataFrame({"k": [0, 1, 1, 2, 2], "norm": [9.0, 3.0, 0.0, 0.0, 1.0]})
    assert circuit_panels.share_of_keys(norms, "norm", [1]) == pytest.approx(0.9)
    assert circuit_panels.share_of_keys(norms, "norm", []) == 0
    assert math.isnan(circuit_panels.share_of_keys(norms.assign(norm=0.0), "norm", [1]))
    assert circuit_panels.percentages([0.97, 0.952]) == "95.2 to 97.0 %"
    assert circuit_panels.percentages([0.97]) == "97.0 %"


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


@pytest.mark.parametrize(("floor", "falls"), [(1e-3, False), (0.0, True)])
def test_a_loss_that_still_falls_has_no_final_value(floor: float, falls: bool) -> None:
    steps = np.arange(0, 7001, 50)
    losses = floor + np.exp(-steps / 300.0)
    # The median over runs is no run.
    parts = [
        pd.DataFrame({"seed": seed, "series": "test", "step": steps, "value": losses})
        for seed in (0, loss_panels.MIDDLE)
    ]
    falling = loss_words.last_of_falling(pd.concat(parts))
    assert falling == ([losses[-1]] if falls else [])
    final = {"final_test_loss": 2e-3, "final_test_loss_min": 1e-3, "final_test_loss_max": 5e-3}
    group = {"runs": 1, "generalised": math.inf, **dict.fromkeys(loss_words.FATES, 0.0), **final}
    paper = {"all.final_test_loss_min": 1e-6}
    one = loss_words.our_words(group, paper, "", falling)
    assert ("final test loss" in one) != falls and ("still falling" in one) == falls
    several = loss_words.our_words({**group, "runs": 3}, paper, "", falling)
    ends = [loss_words.number(x) for x in (1e-3, 5e-3)]
    assert f"final test loss {ends[0]} to {ends[1]}" in several
    assert ("1 of 3 still falling" in several) == falls


@pytest.mark.parametrize("runs", [1, 2, 4, 5])
def test_a_median_is_drawn_of_five_runs_and_more(axes: Axes, runs: int) -> None:
    seeds = [*range(runs), *([loss_panels.MIDDLE] if runs > 1 else [])]
    table = pd.DataFrame(
        {
            "label": "a",
            "seed": seed,
            "series": series,
            "step": step,
            "value": 2.0 + seed * step / 10,
        }
        for seed in seeds
        for series in ("train", "test")
        for step in (0, 10)
    )
    median = runs >= loss_panels.FEWEST
    loss_panels.loss_lines(axes, table, ("test",), True)
    assert len(axes.lines) == runs + median
    named = [str(line.get_label()) for line in axes.lines if str(line.get_label())[0] != "_"]
    assert set(named) == {"test, median" if median else "test"}
    beside = style.new_figure(3, 2).subplots()
    loss_panels.setting_lines(beside, table, True, {})
    shown = [line for line in beside.lines if len(line.get_xdata())]
    assert len(shown) == 2 * (1 if median else runs)
    assert [text.get_text() for text in beside.get_legend().get_texts()] == [
        "a",
        "solid: test",
        "dashed: train",
    ]


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 7])
def test_the_interval_of_a_median_of_few_runs_is_called_what_it_is(n: int) -> None:
    values = np.arange(1.0, n + 1) ** 2
    found = median_estimate(values, Resampling(2000, 0, 0.95))
    is_range = (found.lo, found.hi) == (values[0], values[-1])
    assert (loss_words.bracketed([n]) == "[range]") == is_range
    assert ("range" in loss_words.bracketed([3, n])) and loss_words.bracketed([n, 1]).startswith(
        "["
    )


@pytest.mark.parametrize(("last", "told"), [(900.0, False), (math.inf, True)])
@pytest.mark.parametrize("runs", [1, 3])
def test_who_generalises_by_answers_alone_is_told(last: float, told: bool, runs: int) -> None:
    group = {"runs": runs, **dict.fromkeys(loss_words.FATES, 0.0), "generalised": 500.0}
    at_once = {**group, "share_immediate": 1.0, "generalised_max": last}
    assert ("by right answers" in loss_words.our_words(at_once, {}, "")) == told
    never = {**group, "share_never": 1.0, "generalised_max": last}
    assert "by right answers" not in loss_words.our_words(never, {}, "")


def test_a_note_without_the_paper_has_ours_alone() -> None:
    assert loss_words.note("", "none") == [("ours: none", style.OURS)]
