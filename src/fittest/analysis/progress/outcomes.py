"""What became of runs, one by one and by setting: the numbers beside curves of losses (progress
methods 2.15, 2.16)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.fates.curves import every_train_loss
from fittest.analysis.fates.runs import complete
from fittest.analysis.fates.slingshots import slingshots
from fittest.analysis.progress.grokking import (
    FATES,
    GrokkingRules,
    fate_of,
    first_at_least,
    first_below,
    parted,
)
from fittest.analysis.statistics.intervals import (
    NOTHING,
    Estimate,
    Resampling,
    median_estimate,
    rate,
)
from fittest.models import ModelSettings
from fittest.runs.run import Run
from fittest.tasks.task import Shape

SETTINGS = ["p", "layers", "train_fraction", "weight_decay", "dropout", "l1", "loss"]
"""What the paper varies. `l1` is the weight of the mean of all absolute parameters."""
_PLAIN = {"weight_decay": 0.0, "dropout": 0.0, "l1": 0.0}
"""Values at which a setting is not there."""
MEDIANS = [
    "learned",
    "generalised",
    "learned_small",
    "generalised_small",
    "train_accurate",
    "test_accurate",
    "final_train_loss",
    "final_test_loss",
    "final_test_accuracy",
    "slingshots",
]
"""Outcomes whose median over runs is given, with its interval, and least and largest value."""
OUTCOMES = [
    "run_id",
    "runset",
    "seed",
    *SETTINGS,
    "label",
    "steps",
    "fate",
    "fate_by_lag",
    *MEDIANS,
]


@dataclass(frozen=True)
class OutcomeRules:
    """The numbers behind the outcomes.

    Attributes:
        accurate: share of right answers that counts as solved.
        loss_tail, accuracy_tail: steps before the end whose median is the final value.
        after, factor, refractory: of the slingshot count (``slingshots``).
    """

    accurate: float
    loss_tail: int
    accuracy_tail: int
    after: int
    factor: float
    refractory: int


def settings_of(run: Run) -> dict[str, Any]:
    """SETTINGS of a run; None for what its task or network does not have."""
    return {
        "p": getattr(run.task, "p", None),
        "layers": getattr(run.model, "layers", None),
        "train_fraction": getattr(run.task, "train_fraction", None),
        "weight_decay": run.optimiser.weight_decay,
        "dropout": _dropout(run),
        "l1": run.optimiser.l1 * _parameters(run.model, run.task.shape()),
        "loss": run.arithmetic.loss,
    }


def _dropout(run: Run) -> float:
    return float(getattr(run.model, "dropout", 0.0))


def _parameters(model: ModelSettings, shape: Shape) -> int:
    return sum(math.prod(one) for one in model.shapes(shape).values())


def labels(table: pd.DataFrame) -> list[str]:
    """For each row, what tells its setting from the others of the table: `weight decay 0.3`."""
    varied = [name for name in SETTINGS if table[name].nunique(dropna=False) > 1]
    found = []
    for row in table[SETTINGS].to_dict("records"):
        shown = [n for n in varied if not pd.isna(row[n]) and row[n] != _PLAIN.get(str(n))]
        # Nothing is left of a run without any of the penalties that the others have.
        found.append(", ".join(_label(str(n), row[n]) for n in shown or varied[:1]))
    return found


def _label(name: str, value: Any) -> str:
    if name == "train_fraction":
        return f"{100 * value:.3g} % of the pairs"
    if name == "layers":
        return f"{value:.0f} layer{'' if value == 1 else 's'}"
    text = value if isinstance(value, str) else f"{value:.3g}"
    return f"{name.replace('_', ' ')} {text}" if name != "p" else f"p = {text}"


def outcome(
    rows: pd.DataFrame,
    grokking: GrokkingRules,
    rules: OutcomeRules,
    guess: float | None = None,
) -> dict[str, Any]:
    """What became of one run.

    Args:
        rows: of its trajectory, in the order of steps: step, train_loss, test_loss (nats),
            train_accuracy, test_accuracy and, where every loss was recorded, train_losses.
        guess: its loss, nats, beyond which losses have parted; None for tasks without one, whose
            `fate` is that by the lag.

    Returns:
        OUTCOMES from ``steps`` on, the first step of something infinite where it never is.
        `fate` asks whether losses part (``parted``), `fate_by_lag` whether test accuracy comes more
        than the delay after train accuracy.
    """
    steps, train, test, accuracy = (
        rows[name].to_numpy() for name in ("step", "train_loss", "test_loss", "test_accuracy")
    )
    when, losses = every_train_loss(rows)
    known, solved = (
        first_at_least(steps, rows[name], rules.accurate)
        for name in ("train_accuracy", "test_accuracy")
    )
    best, ever = float(rows["train_accuracy"].max()), math.isfinite(solved)
    lags = ever and solved - known > grokking.delay
    apart = lags
    if guess is not None:
        end = int(np.searchsorted(steps, solved)) if ever else None
        apart = parted(rows["train_accuracy"], test, end, grokking.memorised, guess)
    late, later = steps >= steps[-1] - rules.loss_tail, steps >= steps[-1] - rules.accuracy_tail
    return {
        "steps": int(steps[-1]),
        "fate": fate_of(best, ever, apart, grokking.memorised),
        "fate_by_lag": fate_of(best, ever, lags, grokking.memorised),
        "learned": first_below(when, losses, grokking.loss),
        "generalised": first_below(steps, test, grokking.loss),
        "learned_small": first_below(when, losses, grokking.small_loss),
        "generalised_small": first_below(steps, test, grokking.small_loss),
        "train_accurate": known,
        "test_accurate": solved,
        "final_train_loss": float(np.median(train[late])),
        "final_test_loss": float(np.median(test[late])),
        "final_test_accuracy": float(np.median(accuracy[later])),
        "slingshots": slingshots(when, losses, rules.after, rules.factor, rules.refractory),
    }


def without_dropout(runs: pd.DataFrame, trajectory: pd.DataFrame) -> pd.DataFrame:
    """A trajectory whose losses are of one kind: those of whole networks.

    The loss of every step is that of its update, with neurons left out where there is dropout;
    recorded rows, like test losses, are of the whole network. Of runs with dropout only these stay.

    Args:
        runs: run_id, config. trajectory: run_id, train_losses.
    """
    settings = zip(runs["run_id"], runs["config"], strict=True)
    dropped = [one for one, config in settings if _dropout(Run.model_validate_json(config)) > 0]
    if not dropped:
        return trajectory
    those = trajectory["run_id"].isin(dropped)
    return trajectory.assign(train_losses=trajectory["train_losses"].mask(those, None))


def outcomes(
    runs: pd.DataFrame,
    trajectory: pd.DataFrame,
    grokking: GrokkingRules,
    rules: OutcomeRules,
) -> pd.DataFrame:
    """OUTCOMES, a row per run that did not fail, in the order of `runs`.

    Args:
        runs: `runs` tables. trajectory: theirs; rows of other runs do not matter. With dropout see
            ``without_dropout``.
    """
    rows = []
    by_run = {run_id: part.sort_values("step") for run_id, part in trajectory.groupby("run_id")}
    for row in complete(runs).to_dict("records"):
        run = Run.model_validate_json(row["config"])
        p = getattr(run.task, "p", None)
        guess = math.log(p) if p is not None else None
        rows.append(
            {
                "run_id": row["run_id"],
                "runset": row["runset"],
                "seed": row["seed_embedding"],
                **settings_of(run),
                **outcome(by_run[row["run_id"]], grokking, rules, guess),
            }
        )
    table = pd.DataFrame(rows, columns=[name for name in OUTCOMES if name != "label"])
    # Single updates jump by the neurons that they leave out.
    table["slingshots"] = table["slingshots"].astype(float).mask(table["dropout"] > 0)
    return table.assign(label=labels(table))[OUTCOMES]


# -- by setting --------------------------------------------------------------------------------


def group_table(table: pd.DataFrame, rules: OutcomeRules, resampling: Resampling) -> pd.DataFrame:
    """Outcomes summarised: a row per run-set and setting, and one per run-set (`label` is `all`).

    Args:
        table: OUTCOMES. resampling: of the bootstrap over runs.

    Returns:
        runset, SETTINGS, label, runs; share_<fate> with `_lo` and `_hi` (Wilson) for every fate,
        of runs that grokked by their lag (`share_late`), end with an accurate answer
        (`share_solved`), ever had it (`share_accurate`), had a slingshot (`share_shot`), or grokked
        without one (`share_quiet`); for each of MEDIANS its median with `_lo` and `_hi`, `_min`,
        `_max`. SETTINGS are missing where they differ within the group.
    """
    rows = []
    for runset, part in table.groupby("runset", sort=False):
        settings = part.groupby("label", sort=False)
        for label, runs in [*settings, ("all", part)]:
            rows.append(
                {"runset": runset, "label": label, "runs": len(runs)}
                | _common(runs)
                | _shares(runs, rules, resampling)
                | _medians(runs, resampling)
            )
    return pd.DataFrame(rows)


def _common(runs: pd.DataFrame) -> dict[str, Any]:
    """SETTINGS that all runs of a group have in common."""
    return {
        name: runs[name].iloc[0] if runs[name].nunique(dropna=False) == 1 else None
        for name in SETTINGS
    }


def _shares(runs: pd.DataFrame, rules: OutcomeRules, resampling: Resampling) -> dict[str, float]:
    hits: Mapping[str, Sequence[bool]] = {
        **{fate.replace(" ", "_"): list(runs["fate"] == fate) for fate in FATES},
        "late": list(runs["fate_by_lag"] == "grokked"),
        "solved": list(runs["final_test_accuracy"] >= rules.accurate),
        "accurate": list(np.isfinite(runs["test_accurate"])),
        "shot": list(runs["slingshots"] > 0),
        "quiet": list((runs["slingshots"] == 0) & (runs["fate"] == "grokked")),
    }
    found: dict[str, float] = {}
    for name, marks in hits.items():
        found |= _named(f"share_{name}", rate(sum(marks), len(marks), resampling.confidence))
    if runs["slingshots"].isna().any():
        # Not counted with dropout: neither there nor absent.
        found |= _named("share_shot", NOTHING) | _named("share_quiet", NOTHING)
    return found


def _medians(runs: pd.DataFrame, resampling: Resampling) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in MEDIANS:
        values = runs[name].to_numpy(dtype=np.float64)
        found |= _named(name, median_estimate(values, resampling) if len(values) else NOTHING)
        found |= {f"{name}_min": float(values.min()), f"{name}_max": float(values.max())}
    return found


def _named(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.value, f"{name}_lo": estimate.lo, f"{name}_hi": estimate.hi}
