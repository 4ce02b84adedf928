"""How fast runs generalise whose initial embedding has its strongest circles left (figure 6d of
the completeness paper; methods 2.4)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.completeness.names import Speed
from fittest.analysis.fates.runs import complete
from fittest.analysis.statistics.correlation import spearman
from fittest.analysis.statistics.intervals import (
    NOTHING,
    Estimate,
    Resampling,
    cluster_bootstrap,
    mean_estimate,
    share,
)
from fittest.analysis.statistics.table import Row, statistic_row
from fittest.runs.interventions import Ranked, Winners
from fittest.runs.run import Run

ARMS = ("before", "winners", "random", "rescaled")
FURTHER = "weakest"
DOSE = "dose"
"""Arms of our own question: as many of the weakest circles, and so many of the strongest."""
COLUMNS = ["run_id", "seed", "arm", "kept", "reached", "steps", "horizon", "perfect_end"]


def arm_of(run: Run) -> str | None:
    """The arm that a run belongs to; None for one that is in none."""
    recipe = run.intervention
    if recipe is None:
        return "before"
    if isinstance(recipe, Ranked):
        return DOSE if recipe.count is not None else FURTHER
    if not isinstance(recipe, Winners):
        return None
    if recipe.select == "random":
        return None if recipe.rescale else "random"
    return "rescaled" if recipe.rescale else "winners"


def speed_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Steps to full test accuracy of every run.

    Args:
        runs: rows of `runs` tables; failed runs are left out.

    Returns:
        A row of COLUMNS per run: ``steps`` to the first recorded step with test accuracy 1, or
        ``horizon`` (the last step that all runs reach) where it comes later or never, with
        ``reached`` false; ``kept``: number of circles left, NaN where all are; ``perfect_end``:
        whether the test accuracy is 1 at the run's last step.
    """
    good = complete(runs)
    arms = [arm_of(Run.model_validate_json(text)) for text in good["config"]]
    used = good.assign(arm=pd.Series(arms, index=good.index, dtype=object))
    used = used[used["arm"].notna()]
    if len(used) == 0:
        return pd.DataFrame(columns=COLUMNS)
    horizon = int(used["last_step"].min())
    first = used["first_full_test_accuracy"].astype("Float64").to_numpy(float, na_value=np.inf)
    return pd.DataFrame(
        {
            "run_id": used["run_id"].to_numpy(),
            "seed": used["seed_embedding"].to_numpy(int),
            "arm": used["arm"].to_numpy(),
            "kept": [np.nan if kept is None else len(kept) for kept in used["kept"]],
            "reached": first <= horizon,
            "steps": np.minimum(first, horizon),
            "horizon": horizon,
            "perfect_end": used["test_accuracy"].to_numpy(float) == 1,
        }
    )


def dose_response(table: pd.DataFrame, resampling: Resampling) -> pd.DataFrame:
    """Mean steps by the number of strongest circles kept: kept, y, y_lo, y_hi, n."""
    rows = []
    for kept, part in table[table["arm"] == DOSE].groupby("kept"):
        mean = mean_estimate(part["steps"], resampling)
        rows.append((kept, mean.value, mean.lo, mean.hi, len(part)))
    return pd.DataFrame(rows, columns=["kept", "y", "y_lo", "y_hi", "n"])


def speed_bars(table: pd.DataFrame, resampling: Resampling) -> pd.DataFrame:
    """Mean steps of every arm with its bootstrap interval, and the share that got there: arm, y,
    y_lo, y_hi, n, reached, reached_lo, reached_hi, kept, horizon. Runs that did not reach full
    accuracy count with the horizon (restricted mean)."""
    rows = []
    for arm in (*ARMS, FURTHER):
        part = table[table["arm"] == arm]
        if len(part) == 0:
            continue
        mean = mean_estimate(part["steps"], resampling)
        reached = share(part["reached"], resampling.confidence)
        rows.append(
            {
                "arm": arm,
                "y": mean.value,
                "y_lo": mean.lo,
                "y_hi": mean.hi,
                "n": len(part),
                "reached": reached.value,
                "reached_lo": reached.lo,
                "reached_hi": reached.hi,
                "kept": float(part["kept"].mean()),
                "horizon": int(part["horizon"].iloc[0]),
            }
        )
    names = ["arm", "y", "y_lo", "y_hi", "n", "reached", "reached_lo", "reached_hi"]
    return pd.DataFrame(rows, columns=[*names, "kept", "horizon"])


def _median_ratio(
    table: pd.DataFrame, arm: str, over: str, resampling: Resampling
) -> tuple[Estimate, int]:
    """Median over seeds of the ratio of steps, arm over the other of the same seed."""
    steps = table.pivot_table(index="seed", columns="arm", values="steps")
    if not {arm, over} <= set(steps.columns):
        return NOTHING, 0
    pairs = steps[[arm, over]].dropna()
    # Medians of ratios and of differences of logarithms are the same thing.
    logs = np.log(pairs[arm].to_numpy(float)) - np.log(pairs[over].to_numpy(float))

    def ratio(i: Any) -> float:
        return float(np.exp(np.median(logs[i]))) if len(i) else np.nan

    return cluster_bootstrap(ratio, pairs.index.to_numpy(), resampling), len(pairs)


def speed_rows(table: pd.DataFrame, resampling: Resampling) -> list[Row]:
    """Ratios of steps between arms, and shares that reach full accuracy (K14-K16)."""
    rows = []
    for arm, over in (
        ("winners", "before"),
        ("winners", "random"),
        ("winners", "rescaled"),
        ("winners", FURTHER),
    ):
        ratio, n = _median_ratio(table, arm, over, resampling)
        text = f"steps to full test accuracy, {arm} / {over}, median over seeds"
        rows.append(statistic_row(Speed.of(f"ratio_{arm}_{over}"), ratio, n, text))
    for arm in ARMS:
        part = table[table["arm"] == arm]
        reached, n = share(part["reached"], resampling.confidence), len(part)
        rows.append(statistic_row(Speed.of(f"reached_{arm}"), reached, n, "reached full accuracy"))
        mean = mean_estimate(part["steps"].to_numpy(float), resampling)
        rows.append(statistic_row(Speed.of(f"steps_{arm}"), mean, n, "restricted mean of steps"))
    end = table.loc[table["arm"] == "winners", "perfect_end"]
    perfect = share(end, resampling.confidence)
    rows.append(statistic_row(Speed.PERFECT_END, perfect, len(end), "test accuracy 1 at the end"))
    doses = table[table["arm"] == DOSE]
    number, taken = doses["kept"].to_numpy(float), doses["steps"].to_numpy(float)
    trend = cluster_bootstrap(
        lambda i: spearman(number[i], taken[i]), doses["seed"].to_numpy(), resampling
    )
    text = "number of strongest circles kept and steps to full test accuracy"
    rows.append(statistic_row(Speed.DOSE_SPEARMAN, trend, len(doses), text))
    kept = table[table["arm"] == "winners"]["kept"].to_numpy(float)
    rows.append(
        statistic_row(Speed.KEPT, mean_estimate(kept, resampling), len(kept), "circles left")
    )
    return rows
