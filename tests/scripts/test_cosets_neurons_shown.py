"""What readers of the cosets paper's figures of single networks must be able to see: what is
compared on one scale, nothing hidden, and names that have room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from clear import Drawn, panels_of, said

from fittest.analysis.cosets.single_names import Pizza, Single
from fittest.analysis.statistics.table import statistic_row, statistics_table
from fittest.plotting import coset_panels, style
from fittest.plotting.heading import heading

pytestmark = pytest.mark.usefixtures("uncut")
NETWORK = {"runset": "pop91", "seed": 3, "p": 91, "relaxed": ""}


def fine_tuning_neurons(table: Callable[..., str], frequencies: dict[int, int]) -> dict[str, str]:
    """Tables of network C, with a simple neuron 0 and fine-tuning ones; the later, the stronger.

    frequencies: neuron -> f.
    """
    members, curves, spectra = [], [], []
    for neuron, f in {0: 5, **frequencies}.items():
        said = {**NETWORK, "place": 0, "f": f, "neuron": neuron, "simple": neuron == 0}
        members.append({**said, "strength": float(neuron), "strong": 3})
        for part in "ab":
            for k in range(91):
                curves.append({**said, "part": part, "k": k, "y": f * k % 91, "value": k % 7})
            spectra += [
                {**said, "part": part, "frequency": one, "magnitude": 1.0 * (one == f)}
                for one in range(1, 46)
            ]
    return {
        "members": table("members.parquet", members),
        "curves": table("curves.parquet", curves),
        "spectra": table("spectra.parquet", spectra),
    }


@pytest.mark.parametrize("f, stays", [({1: 9, 2: 1}, False), ({2: 1}, True)])
def test_the_neuron_shown_is_one_that_remapping_moves(
    drawn: Drawn, table: Callable[..., str], f: dict[int, int], stays: bool
) -> None:
    """With f = 1 both pictures are one, which is said where there is no other neuron."""
    told = fine_tuning_neurons(table, f)
    figure = drawn("plot_fig2_simple_vs_finetuning_remap", "plot_fig2", inputs=told)
    titles = [said(axes) for axes in panels_of(figure)]
    titled = {title.partition("}$")[0][-1]: title for title in titles if "}$" in title}
    assert f"f = {min(f.values()) if stays else 9}" in titled["c"]
    assert ("stay" in titled["d"]) == stays and "stay" not in titled["b"]


def cluster_tables(table: Callable[..., str]) -> dict[str, str]:
    """Tables of network A: a strong cluster, a weak one that is fine-tuning, and their sum."""
    clusters = [
        {**NETWORK, "place": place, "f": f, "g": 1, "neurons": 9, "fine_tuning": bool(place)}
        for place, f in ((0, 31), (1, 39))
    ]
    logits = []
    for place, size in ((0, 5.0), (1, 1.0), (-1, 20.0)):
        for of in ("shown", "moved"):
            for index, (a, b) in enumerate(((20, 31), (57, 80), (5, 8))):
                wave = size * (1 - 0.3 * index) * np.cos(2 * np.pi * 31 * np.arange(91) / 91)
                logits += [
                    {**NETWORK, "of": of, "place": place, "f": 31, "a": a, "b": b, "k": k}
                    | {"right": k == (a + b) % 91, "value": float(value)}
                    for k, value in enumerate(wave)
                ]
    stats = [statistic_row(name, 0.9, 64, "") for name in (Single.TOGETHER, Single.MOVED)]
    return {
        "clusters": table("clusters.parquet", clusters),
        "logits": table("logits.parquet", logits),
        "stats": table("stats.parquet", statistics_table(stats)),
    }


def test_a_later_cluster_may_be_larger(drawn: Drawn, table: Callable[..., str]) -> None:
    """All have one scale, in which the largest has room: `uncut` asks."""
    clusters = [
        {**NETWORK, "place": place, "f": f, "g": 1, "neurons": 1, "fine_tuning": False}
        for place, f in ((0, 31), (1, 39))
    ]
    spectra = [
        {**NETWORK, "place": place, "neuron": place, "part": part, "frequency": f}
        | {"magnitude": 10.0**place * (f in (31, 39))}
        for place in (0, 1)
        for part in "ab"
        for f in range(1, 46)
    ]
    told = {
        "clusters": table("clusters.parquet", clusters),
        "spectra": table("spectra.parquet", spectra),
    }
    figure = drawn("plot_fig7_cluster_neuron_dfts", "plot_fig7", inputs=told)
    assert {axes.get_ylim() for axes in panels_of(figure)} == {(0.0, 10.5)}


@pytest.mark.parametrize("moved", [False, True])
def test_clusters_are_compared_on_one_scale(
    drawn: Drawn, table: Callable[..., str], moved: bool
) -> None:
    told = cluster_tables(table)
    panels = panels_of(
        drawn("plot_cluster_logits", "plot_cluster_logits", inputs=told, moved=moved)
    )
    ofclusters, ofall = panels[:6], panels[6:]
    assert len({axes.get_ylim() for axes in ofclusters}) == 1
    assert len({axes.get_ylim() for axes in ofall}) == 1
    assert ofall[0].get_ylim()[1] > 3 * ofclusters[0].get_ylim()[1]
    # Every bar is in its panel, below the star of the right answer.
    for axes in panels:
        low, high = axes.get_ylim()
        [star] = [line for line in axes.lines if line.get_marker() == "*"]
        tops = [bar.get_y() + bar.get_height() for bar in axes.patches]
        assert low <= min(bar.get_y() for bar in axes.patches)
        assert max(tops) < low + float(star.get_ydata()[0]) * (high - low)


def test_both_operands_are_seen_where_they_agree(drawn: Drawn, table: Callable[..., str]) -> None:
    """Of the pizza model a neuron reads the same of both: one curve lies on the other."""
    one = {**NETWORK, "p": 59, "place": 0, "f": 5}
    spots = [{**one, "neuron": 1, "part": part} for part in "ab"]
    told = {
        "clusters": table("clusters.parquet", [{**one, "neurons": 160, "step": 12}]),
        "members": table("members.parquet", [{**one, "neuron": 1}]),
        "curves": table(
            "curves.parquet",
            [
                {**spot, "k": k, "y": 5 * k % 59, "value": k % 12}
                for spot in spots
                for k in range(59)
            ],
        ),
        "spectra": table(
            "spectra.parquet",
            [{**s, "frequency": f, "magnitude": 1.0 * f} for s in spots for f in range(1, 30)],
        ),
        "logits": table(
            "logits.parquet",
            [
                {**one, "of": "shown", "a": 20, "b": 31, "k": k, "right": k == 51, "value": 1.0 * k}
                for k in range(59)
            ],
        ),
        "stats": table(
            "stats.parquet", statistics_table([statistic_row(Pizza.NEIGHBOURS, 0.8, 1180, "")])
        ),
    }
    figure = drawn("plot_pizza", "plot_pizza", inputs=told, clusters=3, remapped=False)
    below, above = [line for line in panels_of(figure)[0].lines if len(line.get_xdata()) == 59]
    assert [line.get_color() for line in (below, above)] == [*coset_panels.PARTS.values()]
    assert below.get_linewidth() > 2 * above.get_linewidth()


def test_colours_of_clusters_mean_nothing_else() -> None:
    """A cluster in the colour of what is read of b would be taken for it."""
    meaning = {coset_panels.RIGHT, *coset_panels.PARTS.values(), style.OURS, style.PAPER}
    assert not meaning & set(coset_panels.CLUSTERS)
    assert len(set(coset_panels.CLUSTERS)) == len(coset_panels.CLUSTERS) >= 6


@pytest.mark.parametrize("period", [None, 13])
def test_numbers_in_a_plane_have_room(tmp_path: Path, period: int | None) -> None:
    """On a crowded circle some numbers are named, of cosets all; `readable` refuses names on each
    other and on points."""
    k = np.arange(91)
    turns = 2 * np.pi * (35 if period else 31) * k / 91
    x, y = (pd.DataFrame({"k": k, "value": wave(turns)}) for wave in (np.cos, np.sin))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.7)
        heading(figure, "A circle?", "yes", "yes", [("and more", "0.4")])
        left, _ = figure.subplots(1, 2, width_ratios=[1, 1.25])
        coset_panels.component_scatter(left, x, y, period)
        style.save(figure, tmp_path / "plane.pdf", {})
    names = [text.get_text() for text in left.texts]
    assert len(names) == len(set(names)) == 13 if period else 20 < len(names) < 91
