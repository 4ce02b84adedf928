"""Numbers of figure 12 and its claims (survival methods 4: S39-S43), a row per statistic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.statistics.intervals import Resampling, median_estimate, rate
from fittest.analysis.statistics.table import Row, statistic_row
from fittest.analysis.survival.ablation import ARMS, by_seed
from fittest.analysis.survival.names import Ablation, AuthorsAblation

Paper = Mapping[str, float]
Seed = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Criteria:
    """When an arm of the ablation counts as the paper has it (S39-S43), run by run.

    Attributes:
        circles: at least so many circles, where the paper says that those kept do not suffice.
        low_loss: at most this least test loss, where it says that they do, nats.
        spikes: at least so many slingshots, or spikes to the eye.
        accuracy: at most so much test accuracy below the reference is comparable.
    """

    circles: int
    low_loss: float
    spikes: int
    accuracy: float


def ablation_rows(
    table: pd.DataFrame, criteria: Criteria, resampling: Resampling, paper: Paper
) -> list[Row]:
    """Every arm's numbers, and the share of seeds that behave as the paper says (S39-S43).

    Medians over seeds, so that the majority decides.

    Args:
        table: from ``ablation.arm_table``.
        paper: ``n_2mean_A``, ``n_2mean_B`` and so on, if given.
    """
    rows = []
    for arm in ("O", *ARMS.values()):
        part = table[table["arm"] == arm]
        for name, words in _MEASURES.items():
            values = part[name].to_numpy(np.float64)
            known = values[np.isfinite(values)]
            rows.append(
                statistic_row(
                    Ablation.of(f"{name}_{arm}"),
                    median_estimate(known, resampling),
                    len(known),
                    f"{words}; median over seeds, bootstrap over seeds",
                    paper.get(f"{name}_{arm}"),
                )
            )
    edited = table[table["arm"] != "O"]["n_2mean"].to_numpy(np.float64, na_value=np.nan)
    rows.append(
        statistic_row(
            Ablation.LEAST_CIRCLES,
            float(edited.min()) if len(edited) else np.nan,
            len(edited),
            "fewest circles of any edited run at its end",
        )
    )
    seeds = by_seed(table)
    for name, (over, arms, words) in _RATIOS.items():
        for arm in arms:
            ratios = np.array([_over_reference(seed, arm, over) for seed in seeds])
            rows.append(
                statistic_row(
                    Ablation.of(f"{name}_{arm}"),
                    median_estimate(ratios[~np.isnan(ratios)], resampling),
                    len(seeds),
                    f"{words}; median over seeds, bootstrap over seeds",
                )
            )
    for name, (test, note) in _tests(criteria).items():
        hits = sum(test(seed) for seed in seeds)
        share = rate(hits, len(seeds), resampling.confidence)
        rows.append(
            statistic_row(Ablation.of(f"share_{name}"), share, len(seeds), f"{note}; Wilson")
        )
    return rows


def authors_rows(table: pd.DataFrame) -> list[Row]:
    """The released ablation's numbers, one run an arm. table: from ``ablation.arm_table``."""
    rows = []
    for arm in ("O", *ARMS.values()):
        part = table[table["arm"] == arm]
        for name, words in _MEASURES.items():
            if AuthorsAblation.has(f"{name}_{arm}"):
                values = part[name].to_numpy(np.float64, na_value=np.nan)
                one = float(values[0]) if len(values) else np.nan
                # A loss that is never reached is a step that never comes.
                late = name == "first_step_solved" and len(values) and np.isnan(one)
                rows.append(
                    statistic_row(
                        AuthorsAblation.of(f"{name}_{arm}"),
                        np.inf if late else one,
                        len(values),
                        f"{words}; the authors' initial weights and frequencies",
                    )
                )
    return rows


_MEASURES = {
    "n_2mean": "circles at the end",
    "n_rel": "frequencies above a share of the largest at the end",
    "min_test_loss": "least test loss",
    "late_loss": "median test loss of the last steps",
    "first_step_solved": "first recorded step below the solved loss, of those that get there",
    "spikes": "spikes of the test loss (methods 2.21)",
    "rises": "spikes of the test loss to the eye (methods 2.21)",
    "test_accuracy": "test accuracy at the end",
}
_RATIOS = {
    "speed_ratio": ("first_step_solved", ("A", "B"), "first step below the solved loss, over O's"),
    "late_loss_ratio": ("late_loss", ("A", "B", "C", "D"), "test loss of the last steps, over O's"),
}


def _over_reference(seed: Seed, arm: str, name: str) -> float:
    """An arm's measure over O's; a step that is never reached counts as infinitely late."""
    top, bottom = float(seed[arm][name]), float(seed["O"][name])
    if np.isnan(top):
        return np.nan if np.isnan(bottom) else np.inf
    if np.isnan(bottom):
        return 0.0
    return top / bottom if bottom > 0 else np.nan


def _earlier(first: float, second: float) -> bool:
    return bool(np.isfinite(first) and not second <= first)


def _tests(criteria: Criteria) -> dict[str, tuple[Callable[[Seed], bool], str]]:
    """Name -> (what a seed must show, in words)."""
    low, many, spikes = criteria.low_loss, criteria.circles, criteria.spikes
    return {
        "A_grows": (
            lambda s: s["A"]["n_2mean"] >= many,
            f"A ends with {many} circles or more (S39)",
        ),
        "B_suffices": (
            lambda s: s["B"]["min_test_loss"] <= low and s["B"]["n_2mean"] == 2,
            f"B ends with 2 circles and reaches a test loss of {low:g} (S40)",
        ),
        "B_as_low": (
            lambda s: (
                s["B"]["n_2mean"] == 2 and s["B"]["min_test_loss"] <= 2 * s["O"]["min_test_loss"]
            ),
            "B ends with 2 circles and a test loss within twice O's at the same step (S40)",
        ),
        "B_faster": (
            lambda s: _earlier(s["B"]["first_step_solved"], s["O"]["first_step_solved"]),
            "B solves the task before O (S41)",
        ),
        "CD_insufficient": (
            lambda s: all(
                s[arm]["n_2mean"] >= many and s[arm]["late_loss"] > s["O"]["late_loss"]
                for arm in ("C", "D")
            ),
            f"C and D end with {many} circles or more and a higher loss than O (S42)",
        ),
        "ACD_rise": (
            lambda s: all(
                s[arm]["rises"] >= spikes and s[arm]["rises"] > s["O"]["rises"]
                for arm in ("A", "C", "D")
            ),
            f"A, C and D each spike to the eye {spikes} times or more, and more often than O (S43)",
        ),
        "B_accurate": (
            lambda s: s["B"]["test_accuracy"] >= s["O"]["test_accuracy"] - criteria.accuracy,
            f"B ends within {criteria.accuracy:g} of O's test accuracy (S57)",
        ),
        "ACD_spike": (
            lambda s: all(
                s[arm]["spikes"] >= spikes and s[arm]["spikes"] > s["O"]["spikes"]
                for arm in ("A", "C", "D")
            ),
            f"A, C and D each spike {spikes} times or more, and more often than O (S43)",
        ),
    }
