"""Numbers of figures 4, 5, 10 and 14 and of their claims (survival methods 4: S09-S13, S35,
S36), a row per statistic."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fittest.analysis.fates.runs import complete, run_rows
from fittest.analysis.statistics.intervals import Resampling, mean_estimate
from fittest.analysis.statistics.names import StatisticName
from fittest.analysis.statistics.table import Row, statistic_row
from fittest.analysis.survival.names import Frozen, Moduli, NoDecay
from fittest.analysis.sweeps.counts import (
    COUNTS,
    count_means,
    equal_runs,
    residual_ratio,
    slope_estimate,
    trend,
)
from fittest.analysis.sweeps.frozen import median_ratio, size_groups

Paper = Mapping[str, float]


def trend_rows(
    names: type[StatisticName],
    runs: pd.DataFrame,
    axis: str,
    resampling: Resampling,
    note: str,
) -> list[Row]:
    """Spearman correlation of both counts with what varies (S11, S12, S35), under the names of a
    group."""
    good = complete(runs)
    rows = [
        statistic_row(
            names.of(f"spearman_{count}"),
            trend(good, axis, count, resampling),
            len(good),
            f"{axis} and {count} over runs, {note}; bootstrap over runs",
        )
        for count in COUNTS
    ]
    step = float(good["last_step"].mean()) if len(good) else np.nan
    rows.append(
        statistic_row(
            names.of("mean_last_step"),
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
    rows = run_rows(Moduli, runs) + trend_rows(Moduli, runs, "p", resampling, "all moduli")
    for count, suffix in {"n_2mean": "", "n_rel": "_n_rel"}.items():
        one = means[means["series"] == count]
        rows += [
            statistic_row(
                Moduli.of(f"slope{suffix}"),
                slope_estimate(runs, "p", count, resampling),
                len(complete(runs)),
                "circles per unit of p, over runs; bootstrap over moduli",
            ),
            statistic_row(
                Moduli.of(f"sd_ratio{suffix}"),
                residual_ratio(one, resampling),
                len(one),
                "composite over prime, residuals of the means by modulus; bootstrap over moduli",
            ),
        ]
    fewer = count_means(equal_runs(runs), "p", "all", factor, resampling)
    one = fewer[fewer["series"] == "n_2mean"]
    rows.append(
        statistic_row(
            Moduli.SD_RATIO_EQUAL,
            residual_ratio(one, resampling),
            len(one),
            "composite over prime, equally many runs of every modulus; bootstrap over moduli",
        )
    )
    for name, chosen in {
        "prime": means["prime"],
        "composite": ~means["prime"].astype(bool),
    }.items():
        per = means[chosen.astype(bool)]["runs"].mean()
        rows.append(
            statistic_row(
                Moduli.of(f"runs_per_{name}"), per, len(runs), "mean number of runs per p"
            )
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
    return run_rows(NoDecay, runs) + [
        statistic_row(
            NoDecay.of(name),
            mean_estimate(good[name].to_numpy(np.float64), resampling),
            len(good),
            f"{note}; mean over runs",
        )
        for name, note in columns.items()
    ]


def frozen_rows(table: pd.DataFrame, small: int, resampling: Resampling) -> list[Row]:
    """Test loss over frozen embeddings of small, medium and large dimension (S09, S10).

    Args:
        table: from ``frozen.losses_at``; the largest share is judged.
        small: d up to this is small.
    """
    last = table[table["share"] == table["share"].max()]
    loss = last["test_loss"].to_numpy(np.float64)
    group = size_groups(last["d"], last["p"], small)
    rows = [
        statistic_row(
            Frozen.of(f"loss_{name}"),
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
                Frozen.of(f"loss_ratio_{name}"),
                median_ratio(loss, group, name, "medium", resampling),
                len(loss),
                "median test loss at the last step over that of medium d; bootstrap over runs",
            )
        )
    return rows
