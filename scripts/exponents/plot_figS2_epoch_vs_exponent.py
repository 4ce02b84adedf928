"""Figure S2: when sums of one odd power generalise, and those with exchanged exponents."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.exponents.names import Sums
from fittest.analysis.exponents.sum_settings import SumSettings
from fittest.analysis.statistics.intervals import number
from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import outcome_panels, panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

Sum = tuple[int, int, int]
"""Modulus and exponents."""


def plot_figS2(
    table: str, outcomes: str, stats: str, out_figure: str, settings: SumSettings
) -> None:
    """Draw the figure.

    Args:
        table: table1_grokked.csv. outcomes, stats: Parquet. out_figure: the PDF (a PNG beside it).
    """
    rows = pd.read_csv(table)
    runs = read_table(outcomes)
    runs = runs[runs["runset"] == runs["runset"].iloc[0]] if len(runs) else runs
    said = Statistics(read_table(stats))
    p = int(rows["p"].max()) if len(rows) else settings.table1[0].p
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.2)
        heading(
            figure,
            "Is a higher exponent faster?",
            f"{_steps(settings, settings.trend)} steps for {_named(settings.trend)};"
            f" {_steps(settings, settings.mirrored)} for {_named(settings.mirrored)}",
            f"p of a trend of steps to fall {_p(said, Sums.TREND_P)}, of any difference"
            f" {_p(said, Sums.DIFFERENCE_P)}; of a difference between exchanged exponents"
            f" {_p(said, Sums.MIRRORED_P)}",
        )
        trend, mirrored = ([(p, *one) for one in of] for of in (settings.trend, settings.mirrored))
        parts = {
            "one exponent": trend,
            "exchanged": mirrored,
            "other rows": _others(settings, [*trend, *mirrored]),
        }
        grid = figure.subplots(
            1, len(parts), width_ratios=[max(len(of), 1) for of in parts.values()], sharey=True
        )
        drawn = []
        for place, (axes, (title, sums)) in enumerate(zip(grid, parts.items(), strict=True)):
            mine = [runs[(runs[["p", "a", "b"]] == list(one)).all(axis=1)] for one in sums]
            _panel(axes, rows, mine, sums)
            number = panels.counted(sum(len(part) for part in mine), "run")
            panels.panel_title(axes, "abc"[place], title, number)
            axes.set_ylabel("step of generalisation" if place == 0 else "")
            drawn += mine
        shown = pd.concat(drawn)
        where = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
        outcome_panels.outcome_legend(grid[-1], shown, True, **where)
        count = {"figure_runs": shown["run_id"].nunique()}
        style.save(figure, out_figure, read_provenance(outcomes) | count)


def _others(settings: SumSettings, shown: Sequence[Sum]) -> list[Sum]:
    """Rows of table 1 that have a step and are in none of the other panels."""
    rows = [(row.p, row.a, row.b) for row in settings.table1 if row.step is not None]
    return [row for row in rows if row not in shown]


def _steps(settings: SumSettings, exponents: Sequence[tuple[int, int]]) -> str:
    main = settings.table1[0].p
    printed = {(row.a, row.b): row.step for row in settings.table1 if row.p == main}
    return ", ".join(f"{printed.get(one) or 0:,}" for one in exponents)


def _named(exponents: Sequence[tuple[int, int]]) -> str:
    return ", ".join(map(str, exponents))


def _p(said: Statistics, name: Sums) -> str:
    return number(float(said[name]["value"])) or "not evaluated"


def _panel(
    axes: Axes, rows: pd.DataFrame, parts: Sequence[pd.DataFrame], sums: Sequence[Sum]
) -> None:
    """parts: the runs of each of the sums."""
    places: list[float] = []
    marked: list[tuple[float, dict[str, Any]]] = []
    for place, (part, (p, a, b)) in enumerate(zip(parts, sums, strict=True)):
        places += [float(place)] * len(part)
        summary = rows[rows["seed"].isna() & (rows["p"] == p) & (rows["a"] == a) & (rows["b"] == b)]
        marked += [(float(place), dict(row)) for row in summary.to_dict("records")]
    outcome_panels.time_points(axes, places, pd.concat(parts))
    outcome_panels.medians(axes, marked, 0.25)
    names = [
        f"({a}, {b})\nmod {p}\nn = {len(of)}" for (p, a, b), of in zip(sums, parts, strict=True)
    ]
    axes.set_xticks(np.arange(len(sums)), names)
    axes.set_xlim(-0.6, len(sums) - 0.4)
    axes.set_xlabel("exponents")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_figS2(
            snakemake.input.table,
            snakemake.input.outcomes,
            snakemake.input.stats,
            snakemake.output.figure,
            SumSettings(**snakemake.params.settings),
        )
