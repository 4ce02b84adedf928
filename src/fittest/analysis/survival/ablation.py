"""Runs from an initial embedding with one or two circles left (survival methods 2.13, 2.21)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.fates.runs import complete
from fittest.analysis.fates.slingshots import slingshots, spikes
from fittest.runs.interventions import KeepOnly
from fittest.runs.run import Run

ARMS = {
    ("strongest", 1): "A",
    ("strongest", 2): "B",
    ("random", 1): "C",
    ("random", 2): "D",
}
"""What an arm keeps of the embedding; O is the run with all of it."""
RELEASED = {(1,): "C", (1, 2): "D"}
"""What the released code keeps in place of random frequencies."""
COLUMNS = [
    "run_id",
    "arm",
    "seed",
    "first",
    "second",
    "n_2mean",
    "n_rel",
    "survivors",
    "test_loss",
    "min_test_loss",
    "late_loss",
    "first_step_solved",
    "spikes",
    "rises",
    "test_accuracy",
]


@dataclass(frozen=True)
class Measures:
    """The numbers behind the measures of an arm.

    Attributes:
        solved_loss: test loss below which the task counts as solved, nats.
        tail: steps before the end whose median test loss is compared.
        after, factor, refractory: of the slingshot count (methods 2.21): not before this step,
            this multiple of the running minimum, steps between two.
        rise: factor of a spike that the eye sees (``slingshots.spikes``), after the same step.
    """

    solved_loss: float
    tail: int
    after: int
    factor: float
    refractory: int
    rise: float


def arms(ablation: pd.DataFrame, base: pd.DataFrame) -> pd.DataFrame:
    """The runs to compare: the edited ones, and the reference run O of each.

    Args:
        ablation: `runs` table of runs with a `KeepOnly` intervention; those whose frequencies
            were given instead of chosen belong to no arm and are left out.
        base: `runs` table that holds their reference runs.

    Returns:
        The rows of both, failed ones left out, with ``arm`` (A, B, C, D or O) and ``seed``.
    """
    names, references = [], set()
    for text in ablation["config"]:
        run = Run.model_validate_json(text)
        name = None
        if isinstance(run.intervention, KeepOnly) and run.reference is not None:
            name = ARMS[str(run.intervention.select), run.intervention.count]
            references.add(run.reference[1])
        names.append(name)
    edited = ablation.assign(arm=pd.Series(names, index=ablation.index, dtype=object))
    edited = edited[edited["arm"].notna()]
    plain = base[base["run_id"].isin(references)].assign(arm="O")
    parts = [complete(part) for part in (plain, edited)]
    whole = pd.concat([p for p in parts if len(p)] or [plain], ignore_index=True)
    return whole.assign(seed=whole["seed_embedding"])


def authors_arms(runs: pd.DataFrame) -> pd.DataFrame:
    """The released ablation, whose frequencies are written down: C keeps k = 1 and D 1 and 2, A and
    B others (survival methods 2.13).

    Args:
        runs: `runs` table of runs whose `KeepOnly` names its frequencies, and of those without an
            intervention (O).

    Returns:
        The rows that did not fail, with ``arm`` and ``seed``.
    """
    names = []
    for text in runs["config"]:
        recipe = Run.model_validate_json(text).intervention
        name = None if recipe is not None else "O"
        if isinstance(recipe, KeepOnly) and recipe.frequencies is not None:
            kept = tuple(sorted(recipe.frequencies))
            name = RELEASED.get(kept, {1: "A", 2: "B"}.get(len(kept)))
        names.append(name)
    named = runs.assign(
        arm=pd.Series(names, index=runs.index, dtype=object), seed=runs["seed_embedding"]
    )
    return complete(named[named["arm"].notna()])


def arm_table(chosen: pd.DataFrame, trajectory: pd.DataFrame, measures: Measures) -> pd.DataFrame:
    """What came of every run of every arm.

    Args:
        chosen: from ``arms``.
        trajectory: run_id, step, test_loss (nats) of at least those runs.

    Returns:
        COLUMNS, a row per run in the order of seed and arm: counts at the end, ``min_test_loss``,
        ``late_loss`` (median over the last steps), ``first_step_solved`` (first of the steps that
        all runs of the seed have recorded below the solved loss; NaN if never), ``spikes`` and
        ``rises`` (the same by eye).
    """
    by_run = {run_id: rows.sort_values("step") for run_id, rows in trajectory.groupby("run_id")}
    # A reference run may go on for longer than the edited ones, and would have more time to spike
    # and to get low: losses of a seed are compared up to where all of its runs are.
    ends = chosen["run_id"].map({run_id: rows["step"].iloc[-1] for run_id, rows in by_run.items()})
    last = ends.groupby(chosen["seed"]).min()
    common = {
        seed: set.intersection(*(set(by_run[run_id]["step"]) for run_id in own["run_id"]))
        for seed, own in chosen.groupby("seed")
    }
    rows = []
    for run in chosen.to_dict("records"):
        recorded = by_run[run["run_id"]]
        recorded = recorded[recorded["step"] <= last[run["seed"]]]
        steps, losses = (recorded[name].to_numpy() for name in ("step", "test_loss"))
        rows.append(
            {name: run[name] for name in COLUMNS if name in run}
            | _measured(steps, losses, measures)
            | _solved(recorded[recorded["step"].isin(common[run["seed"]])], measures)
        )
    table = pd.DataFrame(rows, columns=COLUMNS).sort_values(["seed", "arm"], ignore_index=True)
    return table.astype({"first": "Int64", "second": "Int64", "n_2mean": "Int64"})


def _measured(steps: Any, losses: Any, measures: Measures) -> dict[str, float]:
    return {
        "min_test_loss": float(losses.min()),
        "late_loss": float(np.median(losses[steps >= steps[-1] - measures.tail])),
        "spikes": slingshots(steps, losses, measures.after, measures.factor, measures.refractory),
        "rises": spikes(steps, losses, measures.after, measures.rise),
    }


def _solved(recorded: pd.DataFrame, measures: Measures) -> dict[str, float]:
    """Of the steps that all runs of a seed have recorded: a run that is looked at more often would
    be found solved sooner."""
    below = recorded.loc[recorded["test_loss"] < measures.solved_loss, "step"]
    return {"first_step_solved": float(below.iloc[0]) if len(below) else np.nan}


def by_seed(table: pd.DataFrame) -> list[dict[str, dict[str, Any]]]:
    """One entry per seed that has all five arms: arm -> its row of ``arm_table``."""
    found = []
    for _, rows in table.groupby("seed", sort=True):
        entry = {str(row["arm"]): row for row in rows.to_dict("records")}
        if {"O", *ARMS.values()} <= entry.keys():
            found.append({arm: {str(k): v for k, v in row.items()} for arm, row in entry.items()})
    return found


CURVES = ["panel", "series", "seed", "first", "second", "n_2mean", "step", "test_loss"]
PANELS = {"strongest": ("O", "A", "B"), "random": ("O", "C", "D")}


def curves(table: pd.DataFrame, trajectory: pd.DataFrame) -> pd.DataFrame:
    """What figure 12 plots: test loss over steps of the lowest seed's runs.

    Returns:
        CURVES: panel = ``strongest`` (O, A, B) or ``random`` (O, C, D), series = the arm, the
        frequencies it kept, the circles at its end.
    """
    if len(table) == 0:
        return pd.DataFrame(columns=CURVES)
    shown = table[table["seed"] == table["seed"].min()]
    parts = []
    for panel, series in PANELS.items():
        for row in shown[shown["arm"].isin(series)].to_dict("records"):
            rows = trajectory.loc[trajectory["run_id"] == row["run_id"], ["step", "test_loss"]]
            told = {name: row[name] for name in ("seed", "first", "second", "n_2mean")}
            parts.append(rows.sort_values("step").assign(panel=panel, series=row["arm"], **told))
    return pd.concat(parts, ignore_index=True)[CURVES]
