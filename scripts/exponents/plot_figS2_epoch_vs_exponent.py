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
        figure = style.new_figure(style.PAGE_WIDTH, 3.0)
        heading(
            figure,
            "Is a higher exponent faster?",
            f"{_steps(settings, settings.trend)} steps for {_named(settings.trend)};"
            f" {_steps(settings, settings.mirrored)} for {_named(settings.mirrored)}",
            f"p of a fall {_p(said, Sums.TREND_P)}, of any difference"
            f" {_p(said, Sums.DIFFERENCE_P)}; of a difference between exchanged exponents"
            f" {_p(said, Sums.MIRRORED_P)}. Under other names of the numbers panel a is one task,"
            " and so is panel b",
        )
        first, second = figure.subplots(1, 2, width_ratios=(2, 1), sharey=True)
        _panel(first, rows, runs, p, settings.trend)
        _panel(second, rows, runs, p, settings.mirrored)
        panels.panel_title(first, "a", "one exponent")
        panels.panel_title(second, "b", "operands exchanged")
        second.set_ylabel("")
        outcome_panels.outcome_legend(second, True, loc="center left", bbox_to_anchor=(1.0, 0.5))
        style.save(figure, out_figure, read_provenance(outcomes))


def _steps(settings: SumSettings, exponents: Sequence[tuple[int, int]]) -> str:
    main = settings.table1[0].p
    printed = {(row.a, row.b): row.step for row in settings.table1 if row.p == main}
    return ", ".join(f"{printed.get(one) or 0:,}" for one in exponents)


def _named(exponents: Sequence[tuple[int, int]]) -> str:
    return ", ".join(map(str, exponents))


def _p(said: Statistics, name: Sums) -> str:
    return number(float(said[name]["value"])) or "not evaluated"


def _panel(
    axes: Axes,
    rows: pd.DataFrame,
    runs: pd.DataFrame,
    p: int,
    exponents: Sequence[tuple[int, int]],
) -> None:
    places: list[float] = []
    parts = []
    marked: list[tuple[float, dict[str, Any]]] = []
    for place, (a, b) in enumerate(exponents):
        part = runs[(runs["p"] == p) & (runs["a"] == a) & (runs["b"] == b)]
        places += [float(place)] * len(part)
        parts.append(part)
        summary = rows[rows["seed"].isna() & (rows["p"] == p) & (rows["a"] == a) & (rows["b"] == b)]
        marked += [(float(place), dict(row)) for row in summary.to_dict("records")]
    outcome_panels.time_points(axes, places, pd.concat(parts))
    outcome_panels.medians(axes, marked, 0.25)
    counts = [len(part) for part in parts]
    names = [f"({a}, {b})\nn = {n}" for (a, b), n in zip(exponents, counts, strict=True)]
    axes.set_xticks(np.arange(len(exponents)), names)
    axes.set_xlim(-0.6, len(exponents) - 0.4)
    axes.set_xlabel(f"exponents, p = {p}")


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_figS2(
            snakemake.input.table,
            snakemake.input.outcomes,
            snakemake.input.stats,
            snakemake.output.figure,
            SumSettings(**snakemake.params.settings),
        )
