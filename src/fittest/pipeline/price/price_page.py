"""What a paper costs at every scale, and what this scale did cost: a table and a page."""

from __future__ import annotations

import html
import math
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import pandas as pd

from fittest.pipeline.forecasts.forecast import Rate
from fittest.pipeline.forecasts.progress import duration
from fittest.pipeline.identity import made
from fittest.pipeline.price.plan import Duration, cores_share, price
from fittest.pipeline.price.remaining import NOTHING, needed_shards
from fittest.pipeline.project import Project
from fittest.runs.run import Run
from fittest.runs.runset import SCALES

COLUMNS = ["scale", "runset", "runs", "jobs", "steps", "flops", "forecast_s", "measured_s"]


def at_every_scale(project: Project) -> list[Project]:
    """The project at each scale, the smallest first."""
    return [project.at_scale(scale) for scale in SCALES]


def runs_of(projects: Iterable[Project], paper: str) -> list[Run]:
    """All runs that a paper trains at some scales."""
    shards = [shard for project in projects for shard in needed_shards(project, [paper])]
    return [run for shard in shards for run in shard.runs]


def price_table(projects: Iterable[Project], paper: str, rate: Rate, measured: str) -> pd.DataFrame:
    """A row per scale and run-set that the paper trains: COLUMNS.

    forecast_s: from FLOPs and `rate`, seconds on the cores of this machine, which jobs share.
    measured_s: the same of the wall times of its jobs (made.py), at the scale `measured`; NaN where
    some job left none.
    """
    rows = []
    for project in projects:
        # Nothing is asked of what is still to do: the page is of whole prices.
        for row in price(project, [paper], rate, NOTHING):
            rows.append(
                {
                    "scale": project.scale,
                    "runset": row.runset,
                    "runs": row.runs,
                    "jobs": row.jobs,
                    "steps": row.steps,
                    "flops": row.flops,
                    "forecast_s": row.seconds,
                    "measured_s": _measured(project, row.runset, rate)
                    if project.scale == measured
                    else float("nan"),
                }
            )
    # A paper that trains nothing has no rows, and sums over columns of nothing known.
    return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(COLUMNS[2:], float))


def _measured(project: Project, runset: str, rate: Rate) -> float:
    found = []
    for shard in project.catalogue.shards(runset):
        # Beside the first of what a job makes.
        own = [*project.reduction_tables(shard).values()]
        own.append(project.paths.trajectory(runset, shard.name))
        costs = (made.cost_of([project.root / path]) for path in own)
        cost = next((one for one in costs if one is not None), None)
        if cost is None:
            return math.nan
        found.append(Duration(cost.seconds * cores_share(project, shard, rate), cost.seconds))
    return Duration().joined(found).seconds


def _cells(row: Mapping[Hashable, Any]) -> list[str]:
    def time(seconds: float) -> str:
        return "–" if math.isnan(seconds) else duration(seconds)

    return [
        html.escape(str(row["runset"])),
        f"{int(row['runs']):,}",
        f"{int(row['jobs']):,}",
        f"{int(row['steps']):,}",
        f"{float(row['flops']):.1e}",
        time(float(row["forecast_s"])),
        time(float(row["measured_s"])),
    ]


def price_page(table: pd.DataFrame, scale: str, source: str) -> str:
    """One page: the scale in use with each run-set, and the totals of all scales.

    source: where the forecast's speed comes from.
    """
    heads = ("run-set", "runs", "jobs", "steps", "FLOPs", "forecast", "measured")
    style = (
        "body{font:14px sans-serif;margin:1em;color:#222}table{border-collapse:collapse}"
        "td,th{border:1px solid #ccc;padding:4px 9px;text-align:right;white-space:nowrap}"
        "td:first-child,th:first-child{text-align:left}th{background:#f4f4f4}"
    )

    def grid(rows: pd.DataFrame) -> str:
        head = "".join(f"<th>{name}</th>" for name in heads)
        body = "".join(
            "<tr>" + "".join(f"<td>{cell}</td>" for cell in _cells(row)) + "</tr>"
            for row in rows.to_dict("records")
        )
        return f"<table><tr>{head}</tr>{body}</table>"

    own = table[table["scale"] == scale]
    sums = table.groupby("scale", sort=False).sum(numeric_only=True, min_count=1).reset_index()
    whole = sums.rename(columns={"scale": "runset"})
    whole["measured_s"] = whole["measured_s"].where(
        (whole["runset"] == scale) & bool(own["measured_s"].notna().all())
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Price</title>'
        f"<style>{style}</style><h2>Training at the scale {html.escape(scale)}</h2>{grid(own)}"
        f"<h2>Every scale</h2>{grid(whole)}<p>Forecast: {html.escape(source)}.</p></html>\n"
    )
