"""What is formed before and after networks on sums of powers generalise (exponents methods 2.6,
E17 to E19)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from fittest.analysis.exponents.names import Watched
from fittest.analysis.exponents.networks import RUN
from fittest.analysis.exponents.sums import GENERALISED
from fittest.analysis.statistics.intervals import Resampling, over_runs, share
from fittest.analysis.statistics.table import Row, statistic_row

WATCHED = [
    *(*RUN, "outcome", "t_mem", "t_form", "t_gen"),
    *("rise_raw", "rise_powered", "rise_notebook", "phases", "lead", "wider"),
    *("norm_left", "norm_step", "norm_step_formed"),
]
"""Of a row per watched run, NaN what it has not. t_form: the end of circuit formation. rise_:
excluded loss at t_gen over its least since t_mem. phases: whether the three come one after the
other, t_mem < t_form < t_gen. lead: how much sooner the logarithm of the
restricted test loss has half of its fall than that of the test loss, as a share of t_gen; wider:
ratio of the steps from a tenth to nine tenths of the two falls. norm_left: squared weights at the
end over their largest; norm_step: step of their fastest fall over t_gen; norm_step_formed: the same
of the fall once the circuits are formed and the train pairs known."""


def watched(measures: pd.DataFrame, outcomes: pd.DataFrame, formed: float) -> pd.DataFrame:
    """WATCHED, a row per run of `measures`.

    Args:
        measures: MEASURES. outcomes: SUM_COLUMNS of at least these runs.
        formed: share of its running maximum above which the test loss is still forming.
    """
    known = {row["run_id"]: row for row in outcomes.to_dict("records")}
    rows: list[dict[str, Any]] = []
    for run_id, part in measures.groupby("run_id", sort=False):
        by_basis = {str(k): rows.sort_values("step") for k, rows in part.groupby("basis")}
        raw, powered = by_basis["raw"], by_basis["powered"]
        told = known[run_id]
        t_mem, t_gen = float(told["t_mem"]), float(told["t_gen"])
        steps = raw["step"].to_numpy(float)
        test = raw["test_loss"].to_numpy(float)
        row: dict[str, Any] = {name: raw[name].iloc[0] for name in RUN}
        row |= {"outcome": told["outcome"], "t_mem": t_mem, "t_gen": t_gen}
        t_form = formation_end(steps, test, formed)
        row["t_form"] = t_form
        if math.isfinite(t_gen):
            row |= {
                "phases": t_mem < t_form < t_gen,
                "rise_raw": rise(steps, raw["excluded_loss"], t_mem, t_gen),
                "rise_powered": rise(steps, powered["excluded_loss"], t_mem, t_gen),
                "rise_notebook": rise(steps, powered["notebook_loss"], t_mem, t_gen),
                **_falls(steps, test, powered["restricted_test_loss"].to_numpy(float), t_gen),
                **_norms(steps, raw["squared_weights"].to_numpy(float), t_gen, max(t_form, t_mem)),
            }
        rows.append(row)
    return pd.DataFrame(rows, columns=WATCHED).astype({"phases": "boolean"})


def formation_end(steps: ArrayLike, test: ArrayLike, formed: float) -> float:
    """The last step at which the test loss is at least `formed` of its largest so far."""
    losses = np.asarray(test, dtype=np.float64)
    still = np.flatnonzero(losses >= formed * np.maximum.accumulate(losses))
    return float(np.asarray(steps)[still[-1]]) if len(still) else math.nan


def rise(steps: ArrayLike, losses: ArrayLike, begin: float, end: float) -> float:
    """A loss at the first recorded step from `end` on, over its least between `begin` and there;
    NaN where that is not recorded."""
    times, values = np.asarray(steps, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    at = int(np.searchsorted(times, end))
    first = int(np.searchsorted(times, begin))
    if at >= len(times) or first > at:
        return math.nan
    least = float(values[first : at + 1].min())
    return float(values[at]) / least if least > 0 else math.inf


def fall_steps(steps: ArrayLike, losses: ArrayLike, shares: tuple[float, ...]) -> tuple[float, ...]:
    """The first steps, after its largest, by which the logarithm of a loss has some shares of its
    fall to its least."""
    times = np.asarray(steps, dtype=np.float64)
    logs = np.log(np.maximum(np.asarray(losses, dtype=np.float64), np.finfo(float).tiny))
    top = int(logs.argmax())
    fall = logs[top] - logs[top:]
    most = float(fall.max())
    if most <= 0:
        return tuple(math.nan for _ in shares)
    return tuple(float(times[top + int(np.argmax(fall >= share * most))]) for share in shares)


def _falls(
    steps: np.ndarray, test: np.ndarray, restricted: np.ndarray, t_gen: float
) -> dict[str, float]:
    begin, half, end = fall_steps(steps, test, (0.1, 0.5, 0.9))
    began, halfway, ended = fall_steps(steps, restricted, (0.1, 0.5, 0.9))
    width = end - begin
    return {
        "lead": (half - halfway) / t_gen,
        "wider": (ended - began) / width if width > 0 else math.inf,
    }


def _norms(steps: np.ndarray, squares: np.ndarray, t_gen: float, formed: float) -> dict[str, float]:
    later = steps >= formed
    return {
        "norm_left": float(squares[-1] / squares.max()),
        "norm_step": _fastest(steps, squares) / t_gen,
        "norm_step_formed": _fastest(steps[later], squares[later]) / t_gen,
    }


def _fastest(steps: np.ndarray, squares: np.ndarray) -> float:
    """The middle of the two steps between which they fall fastest; 0 where there are no two."""
    rates = np.diff(squares) / np.diff(steps)
    return float(steps[rates.argmin()] + steps[rates.argmin() + 1]) / 2 if len(rates) else 0.0


def statistics(table: pd.DataFrame, resampling: Resampling) -> list[Row]:
    """Rows of the group Watched: of the runs that generalise; medians, but for the phases. table:
    WATCHED."""
    good = table[table["outcome"].isin(GENERALISED)]
    # A jump, and what leads it, are of runs with a plateau before they generalise.
    late = good[good["outcome"] == "grokked"]
    told = good["phases"].dropna().astype(bool)
    found = [
        statistic_row(
            Watched.PHASES,
            share(told, resampling.confidence),
            len(told),
            "share of runs with t_mem < t_form < t_gen",
        )
    ]
    for name, runs, column, note in (
        (Watched.RISE, good, "rise_powered", "excluded loss at t_gen over its least, by powers"),
        (Watched.RISE_RAW, good, "rise_raw", "the same by numbers"),
        (Watched.RISE_NOTEBOOK, good, "rise_notebook", "the same by the report's notebook"),
        (Watched.LEAD, good, "lead", "how much sooner restricted loss falls, over t_gen"),
        (Watched.LEAD_GROKKED, late, "lead", "the same of runs that grok"),
        (Watched.WIDER, good, "wider", "width of its fall over that of the test loss"),
        (Watched.WIDER_GROKKED, late, "wider", "the same of runs that grok"),
        (Watched.NORM_LEFT, good, "norm_left", "squared weights left of their largest"),
        (Watched.NORM_STEP, good, "norm_step", "step of their fastest fall over t_gen"),
        (Watched.NORM_STEP_FORMED, good, "norm_step_formed", "the same after circuit formation"),
    ):
        estimate, n = over_runs(runs[column].to_numpy(float), "median", resampling)
        found.append(statistic_row(name, estimate, n, f"{note}, median over runs"))
    return found
