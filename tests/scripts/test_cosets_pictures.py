"""What readers of the cosets paper's figures of populations must be able to see: nothing outside
its panel, nothing counted twice, panels that are compared on one scale."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from clear import Drawn, panels_of, said
from matplotlib.figure import Figure

from fittest.analysis.cosets.names import Margin, Scaling
from fittest.analysis.cosets.relations import frequency_counts, pooled
from fittest.analysis.statistics.table import statistic_row, statistics_table
from fittest.plotting import population_panels, style
from fittest.plotting.heading import heading
from fittest.store import SCHEMAS

pytestmark = pytest.mark.usefixtures("uncut")

# -- frequencies together --------------------------------------------------------------------------


PARTS = ("thirds", "sevens")
SAID = [
    *(f"{name}{end}" for name in ("related", "doubling", *PARTS) for end in ("", "_lo", "_hi")),
    "dispersion",
]
"""Columns of `relations.parquet` that headings print."""


def test_rare_frequencies_stay_in_their_panel(drawn: Drawn, table: Callable[..., str]) -> None:
    """Few networks, whose ratios and intervals are large, and names side by side."""
    rows = [
        {
            **{"runset": "pop91", "of": of, "given": given, "frequency": f, "count": 1},
            **{"networks": 5, "ratio": 8.0 if f in (14, 45) else 1.2 * (f % 3 == 0)},
            **{"ratio_lo": 0.0, "ratio_hi": 15.0 if f in (14, 45) else 3.0},
        }
        for of, several in (("bands", (15, 7)), ("clusters", (7, 2)))
        for given in several
        for f in range(1, 46)
        if f != given
    ]
    generator = np.random.default_rng(0)
    found = generator.random((300, 45)) < 0.1
    pairs = [pooled(found, 91).assign(runset="pop91", of=of) for of in ("bands", "clusters")]
    told = {
        "conditional": table("conditional.parquet", rows),
        "relations": table("relations.parquet", [{"runset": "pop91", **dict.fromkeys(SAID, 1.0)}]),
    }
    both = table("pairs.csv", pd.concat(pairs))
    figure = drawn("plot_fig28_finetuning_relations", "plot_fig28", **told, pairs=both)
    for axes in panels_of(figure)[:2]:
        low, high = axes.get_ylim()
        assert low < 0 and high > 15
    counts = []
    for name, n, share in (("pop91", 91, 10), ("pop89", 89, 5)):
        sets = (np.arange(90)[:, None] + np.arange(n // 2)) % share == 0
        counts.append(frequency_counts(sets, sets, sets, n, 0.95).assign(runset=name))
    figure = drawn(
        "plot_fig4_frequency_histograms",
        "plot_fig4",
        **told,
        counts=table("counts.csv", pd.concat(counts)),
        paper={"low": 0.1, "high": 0.115},
    )
    first, second = panels_of(figure)[:2]
    assert first.get_ylim() == second.get_ylim()
    assert second.get_ylim()[1] > max(bar.get_height() for bar in second.patches[:-1])


def test_pairs_are_counted_once() -> None:
    """A ratio and its inverse are the same pairs; 6 is its own inverse at n = 37."""
    networks = np.zeros((10, 18), dtype=bool)
    networks[:, [0, 1]] = True  # 1 and 2
    networks[:4, 5] = True  # 6, beside 1 and 2
    rows = pooled(networks, 37)
    assert population_panels.pairs_once(rows) == 10 + 2 * 4
    axes = Figure().subplots()
    marked = population_panels.folded_names(37, {"2": (2, 1), "½": (1, 2)})
    names = population_panels.relation_bars(axes, rows, 37, marked, errors=True)
    drawn_at = [round(bar.get_x() + bar.get_width() / 2) for bar in axes.patches]
    inverses = {population_panels.inverse(r, 37) for r in drawn_at}
    assert len(drawn_at) == 9 and inverses & set(drawn_at) == {6}
    assert [(x, text) for x, _, text in names] == [(2.0, "2, ½")]


def test_names_have_room(tmp_path: Path) -> None:
    """Names of neighbours at the right edge of a small panel are moved apart, and stand above all
    data: `readable` refuses others."""
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 2.5)
        heading(figure, "Crowded?", "", "")
        names = {}
        for axes in figure.subplots(1, 3, sharey=True):
            axes.plot(range(1, 46), [5.0] * 45, "o")
            axes.set_ylim(0, 5.2)
            names[axes] = [(float(f), 5.0, f"{f}") for f in (1, 2, 40, 41, 42, 43, 44, 45)]
        population_panels.names_above(names)
        style.save(figure, tmp_path / "names.pdf", {})
    for axes in names:
        assert [text.get_text() for text in axes.texts] == ["1", "2", *map(str, range(40, 46))]
        box = axes.get_window_extent()
        for text in axes.texts:
            place = text.get_window_extent()
            assert box.x0 <= place.x0 and place.x1 <= box.x1 + 1


# -- populations -----------------------------------------------------------------------------------


def test_tails_are_compared_on_the_same_axes(drawn: Drawn, table: Callable[..., str]) -> None:
    centres = np.round(0.05 * np.arange(-60, 61), 6)
    ends = {"pop91": 2.0, "full91": 1.0, "pop91_long": 2.8, "full91_long": 1.2}
    bins = pd.concat(
        pd.DataFrame({"runset": name, "centre": centres, "entries": np.abs(centres) <= end}).assign(
            share=lambda rows: 10.0 ** (-6 * np.abs(rows["centre"]) / 3) * rows["entries"]
        )
        for name, end in ends.items()
    )
    weights = [{"runset": name, "share": 1.0, "networks": 7} for name in ends]
    for row in weights:
        row |= {f"{name}{end}": 0.1 for name in ("over_one", "near_zero") for end in ("", "_lo")}
        row |= {"over_one_hi": 0.2, "near_zero_hi": 0.2}
    left, right = panels_of(
        drawn(
            "plot_fig3_embedding_weights_hist",
            "plot_fig3",
            bins=table("bins.csv", bins.astype({"entries": int})),
            weights=table("weights.parquet", weights),
            paper={"over_one_small": 0.05, "over_one_full": 0.005, "near_zero": 0.041},
        )
    )
    assert left.get_xlim() == right.get_xlim() and left.get_ylim() == right.get_ylim()
    # Both lengths are there: bars and an outline each.
    for axes in (left, right):
        assert axes.patches and max(len(line.get_xdata()) for line in axes.lines) > 40
    # The bin at zero is left out in batches alone.
    zero = [
        any(abs(bar.get_x() + bar.get_width() / 2) < 0.01 for bar in axes.patches)
        for axes in (left, right)
    ]
    assert zero == [False, True]


def test_widths_name_their_modulus_and_steps(drawn: Drawn, table: Callable[..., str]) -> None:
    places = [
        *((name, 35, width) for name in ("width", "width_full") for width in (128, 8192)),
        *((name, 91, 128) for name in ("pop91", "full91")),
    ]
    counts = pd.DataFrame(
        [
            {"runset": name, "n": n, "hidden": width, "m": m, "networks": 2}
            for name, n, width in places
            for m in (3, 5)
        ]
    )
    large = counts["n"] == 91
    means = [
        {"runset": name, "n": n, "hidden": width, "m": 4.0, "m_lo": 3.5, "m_hi": 4.5}
        | {"solved": 0.75, "solved_lo": 0.5, "solved_hi": 0.9}
        for name, n, width in places[:4]
    ]
    last = [
        {"runset": name, "share": 1.0, "subset": "all", "m2": 4.0, "m2_lo": 3.0, "m2_hi": 5.0}
        | {"solved": 1.0, "solved_lo": 0.9, "solved_hi": 1.0}
        for name in ("pop91", "full91")
    ]
    runs = [
        {**dict.fromkeys(SCHEMAS["runs"].names), "run_id": f"{name}{width}", "runset": name}
        | {"p": n, "hidden": [width], "steps": 3000 - width // 4, "config": "{}"}
        for name, n, width in places
    ]
    names = (Scaling.WIDTH_MOST, Scaling.BATCH_M)
    rows = [statistic_row(name, 1.5, 4, "") for name in names]
    figure = drawn(
        "plot_fig29_width_cluster_counts",
        "plot_fig29",
        inputs={
            "counts": table("fig29.csv", counts[~large]),
            "large": table("cluster_counts.csv", counts[large]),
            "widths": table("widths.parquet", means),
            "summary": table("summary.parquet", last),
            "stats": table("stats.parquet", statistics_table(rows)),
            "runs": [table("runs.parquet", runs, "runs")],
        },
        paper={"n": 91},
    )
    told = [said(axes) for axes in panels_of(figure)]
    assert len(told) == 6
    assert all("n = 35" in one and "4 networks" in one for one in told[:4])
    assert all("2,968 steps" in one for one in told[:2] + told[4:])
    assert all("952 steps" in one for one in told[2:4]), "the widest are trained for less"
    assert all("n = 91" in one for one in told[4:])
    assert all("0.75 of them" in one for one in told[:4]) and "0.75" not in told[4]
    assert len({axes.get_ylim() for axes in panels_of(figure)}) == 1


def test_moduli_without_a_part_in_the_fit_are_hollow(
    drawn: Drawn, table: Callable[..., str]
) -> None:
    rows = [
        {"n": n, "m": m, "m_lo": m - 0.2, "m_hi": m + 0.2, "sd": 0.5, "networks": 16}
        for n, m in ((11, 5.0), (15, 3.9), (35, 4.3), (91, 4.8))
    ]
    stats = [
        statistic_row(name, value, 2, "")
        for name, value in (
            *((Scaling.SLOPE, 0.5), (Scaling.START, 2.5)),
            *((Scaling.LOG_FIT, 0.9), (Scaling.LINE_FIT, 0.8)),
        )
    ]
    [axes] = panels_of(
        drawn(
            "plot_fig30_modulus_scaling",
            "plot_fig30",
            moduli=table("moduli.parquet", rows),
            stats=table("stats.parquet", statistics_table(stats)),
            settings={"least_n": 35},
        )
    )
    faces = {
        tuple(line.get_xdata()): line.get_markerfacecolor()
        for line in axes.lines
        if line.get_marker() == "o"
    }
    assert faces == {(35, 91): style.OURS, (11, 15): "white"}
    curves = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) > 20]
    assert sorted(float(places[0]) >= 35 for places in curves) == [False, True], "ln n, and the fit"
    # Where 5 clusters are all that 11 numbers have room for, the panel says so.
    ceiling = np.concatenate([p.vertices for one in axes.collections for p in one.get_paths()])
    assert (np.abs(ceiling - [11, 5]) <= [0.5, 0]).all(axis=1).any()


def test_shares_are_never_below_zero(drawn: Drawn, table: Callable[..., str]) -> None:
    rows = [
        {"n": n, "m": m, "draws": 1000, "share": share, "share_lo": share, "share_hi": share}
        | {"estimate": estimate}
        for n in (91, 89)
        for m, share, estimate in ((2, 0.0, -1.27), (3, 0.5, 0.3), (4, 0.8, 0.77))
    ]
    stats = [statistic_row(name, 0.8, 1, "") for name in (Margin.FOUR, Margin.FIVE)]
    figure = drawn(
        "plot_figS3_margins",
        "plot_figs3",
        table=table("figS3.csv", rows),
        stats=table("stats.parquet", statistics_table(stats), figure_runs=0),
    )
    for axes in panels_of(figure):
        assert -0.1 < axes.get_ylim()[0] <= 0
        [estimate] = [line for line in axes.lines if line.get_marker() == "s"]
        assert list(estimate.get_xdata()) == [3, 4]
    assert not any("runs 0" in text.get_text() for text in figure.texts)
