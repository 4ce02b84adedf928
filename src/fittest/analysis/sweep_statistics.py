"""Numbers of figures 4, 5, 10, 12 and 14 and their claims (survival methods 4: S09-S13, S35, S36,
S39-S43), a row per statistic as in ``survival_statistics``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.ablation import ARMS, by_seed
from fittest.analysis.counts import (
    COUNTS,
    complete,
    count_means,
    mean_estimate,
    median_estimate,
    residual_ratio,
    slope_estimate,
    trend,
)
from fittest.analysis.frozen import change_point, median_ratio, size_groups
from fittest.analysis.intervals import Estimate, Resampling, wilson
from fittest.analysis.survival_statistics import Row, run_rows, statistic_row

Paper = Mapping[str, float]
Seed = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Criteria:
    """When an arm of the ablation counts as the paper has it (S39-S43), run by run.

    Attributes:
        circles: at least so many circles, where the paper says that those kept do not suffice.
        low_loss: at most this least test loss, where it says that they do, nats.
        spikes: at least so many slingshots.
    """

    circles: int
    low_loss: float
    spikes: int


def trend_rows(
    prefix: str, runs: pd.DataFrame, axis: str, resampling: Resampling, note: str
) -> list[Row]:
    """Spearman correlation of both counts with what varies (S11, S12, S35)."""
    good = complete(runs)
    rows = [
        statistic_row(
            f"{prefix}.spearman_{count}",
            trend(good, axis, count, resampling),
            len(good),
            f"{axis} and {count} over runs, {note}; bootstrap over runs",
        )
        for count in COUNTS
    ]
    step = float(good["last_step"].mean()) if len(good) else np.nan
    rows.append(
        statistic_row(
            f"{prefix}.mean_last_step",
            step,
            len(good),
            "step at which the circles are counted, mean over runs",
        )
    )
    return rows


def moduli_rows(runs: pd.DataFrame, factor: float, resampling: Resampling) -> list[Row]:
    """Slope on p and the noise of composite moduli beside primes' (S13).

    Args:
        runs: from ``counts.all_moduli``. factor: of the 2-mean rule.
    """
    means = count_means(runs, "p", "all", factor, resampling)
    rows = run_rows("moduli", runs) + trend_rows("moduli", runs, "p", resampling, "all moduli")
    for count, suffix in {"n_2mean": "", "n_rel": "_n_rel"}.items():
        one = means[means["series"] == count]
        rows += [
            statistic_row(
                f"moduli.slope{suffix}",
                slope_estimate(runs, "p", count, resampling),
                len(complete(runs)),
                "circles per unit of p, over runs; bootstrap over moduli",
            ),
            statistic_row(
                f"moduli.sd_ratio{suffix}",
                residual_ratio(one, resampling),
                len(one),
                "composite over prime, residuals of the means by modulus; bootstrap over moduli",
            ),
        ]
    for name, chosen in {
        "prime": means["prime"],
        "composite": ~means["prime"].astype(bool),
    }.items():
        per = means[chosen.astype(bool)]["runs"].mean()
        rows.append(
            statistic_row(f"moduli.runs_per_{name}", per, len(runs), "mean number of runs per p")
        )
    return rows


def no_decay_rows(runs: pd.DataFrame, resampling: Resampling) -> list[Row]:
    """Circles and generalisation without weight decay (S36)."""
    good = complete(runs)
    columns = {
        "n_2mean": "circles by the 2-mean rule, which counts none if all are equal",
        "n_rel": "frequencies above a share of the largest signal",
        "n_eff": "effective number of frequencies",
        "test_accuracy": "at the last step",
    }
    return run_rows("wd0", runs) + [
        statistic_row(
            f"wd0.{name}",
            mean_estimate(good[name].to_numpy(np.float64), resampling),
            len(good),
            f"{note}; mean over runs",
        )
        for name, note in columns.items()
    ]


def frozen_rows(table: pd.DataFrame, small: int, resampling: Resampling, paper: Paper) -> list[Row]:
    """Test loss over frozen embeddings of small, medium and large dimension (S09, S10).

    Args:
        table: from ``frozen.losses_at``; the largest share is judged.
        small: d up to this is small.
        paper: ``transition_d``.
    """
    last = table[table["share"] == table["share"].max()]
    loss = last["test_loss"].to_numpy(np.float64)
    group = size_groups(last["d"], last["p"], small)
    rows = [
        statistic_row(
            f"freeze.loss_{name}",
            float(np.median(loss[group == name])) if (group == name).any() else np.nan,
            int((group == name).sum()),
            f"median test loss at the last step, {meaning}",
        )
        for name, meaning in {
            "small": f"d <= {small}",
            "medium": f"{small} < d < p",
            "large": "d >= p",
        }.items()
    ]
    for name in ("large", "small"):
        rows.append(
            statistic_row(
                f"freeze.loss_ratio_{name}",
                median_ratio(loss, group, name, "medium", resampling),
                len(loss),
                "median test loss at the last step over that of medium d; bootstrap over runs",
            )
        )
    beyond = (group != "small") & (loss > 0)
    where = change_point(last["d"].to_numpy(float)[beyond], np.log(loss[beyond]))
    rows.append(
        statistic_row(
            "freeze.transition_d",
            where,
            int(beyond.sum()),
            f"d at which a step fits the log of the test loss best, d > {small}",
            paper.get("transition_d"),
        )
    )
    return rows


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
                    f"ablation.{name}_{arm}",
                    median_estimate(known, resampling),
                    len(known),
                    f"{words}; median over seeds, bootstrap over seeds",
                    paper.get(f"{name}_{arm}"),
                )
            )
    seeds = by_seed(table)
    for name, (over, arms, words) in _RATIOS.items():
        for arm in arms:
            ratios = np.array([_over_reference(seed, arm, over) for seed in seeds])
            rows.append(
                statistic_row(
                    f"ablation.{name}_{arm}",
                    median_estimate(ratios[~np.isnan(ratios)], resampling),
                    len(seeds),
                    f"{words}; median over seeds, bootstrap over seeds",
                )
            )
    for name, (test, note) in _tests(criteria).items():
        hits = sum(test(seed) for seed in seeds)
        low, high = wilson(hits, len(seeds), resampling.confidence)
        share = Estimate(hits / len(seeds) if seeds else np.nan, float(low), float(high))
        rows.append(statistic_row(f"ablation.share_{name}", share, len(seeds), f"{note}; Wilson"))
    return rows


_MEASURES = {
    "n_2mean": "circles at the end",
    "n_rel": "frequencies above a share of the largest at the end",
    "min_test_loss": "least test loss",
    "late_loss": "median test loss of the last steps",
    "first_step_solved": "first recorded step below the solved loss, of those that get there",
    "spikes": "spikes of the test loss (methods 2.21)",
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
        "ACD_spike": (
            lambda s: all(
                s[arm]["spikes"] >= spikes and s[arm]["spikes"] > s["O"]["spikes"]
                for arm in ("A", "C", "D")
            ),
            f"A, C and D each spike {spikes} times or more, and more often than O (S43)",
        ),
    }
