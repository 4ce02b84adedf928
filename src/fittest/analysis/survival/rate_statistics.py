"""Numbers of figure 6 and its claims, a row per statistic (survival methods 2.19, S14-S18)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fittest.analysis.statistics.correlation import (
    auc,
    pearson,
    pearson_at_trials,
    quantile_rates,
    shuffled_p,
    spearman,
)
from fittest.analysis.statistics.intervals import Estimate, Resampling, cluster_bootstrap, rate
from fittest.analysis.statistics.logistic import fit_logistic
from fittest.analysis.statistics.table import Row, statistic_row
from fittest.analysis.survival.names import Constructed, FixedEmbedding, Perturbed

Floats = NDArray[np.float64]

SHUFFLES = 2000
"""Of the rates, for the p-value: one of 0.001 needs more than 999."""


def survival_rows(
    rates: pd.DataFrame, resampling: Resampling, paper: Mapping[str, float]
) -> list[Row]:
    """Statistics of survival rate against initial signal over (embedding, k) (S14).

    Args:
        rates: from ``survival.survival_rates``.
        resampling: of the bootstrap over embeddings.
        paper: ``pearson_r`` and ``pearson_trials`` (trials per embedding in the paper).
    """
    signal = rates["signal0"].to_numpy(float)
    power = rates["power0"].to_numpy(float)
    share = rates["rate"].to_numpy(float)
    survived = rates["survived"].to_numpy(float)
    trials = rates["trials"].to_numpy(float)
    points = len(rates)
    embeddings = rates["seed_embedding"].to_numpy()
    target = float(paper.get("pearson_trials", np.nan))
    per_point = float(trials.mean()) if points else np.nan

    def boot(statistic: Any) -> Estimate:
        return cluster_bootstrap(statistic, embeddings, resampling)

    def at_trials(count: float) -> Estimate:
        return boot(lambda i: pearson_at_trials(signal[i], survived[i], trials[i], count))

    # Here alone: scipy.stats takes longer to import than most scripts that use this module run.
    from scipy.stats import pearsonr

    observed = pearson(signal, share)
    p_value = float(pearsonr(signal, share).pvalue) if np.isfinite(observed) else np.nan
    fit = fit_logistic(signal, survived, trials)
    slope = boot(lambda i: fit_logistic(signal[i], survived[i], trials[i]).slope)
    ranking = boot(lambda i: auc(signal[i], survived[i], trials[i] - survived[i]))
    rows = [
        statistic_row(
            FixedEmbedding.EMBEDDINGS,
            len(np.unique(embeddings)),
            points,
            "clusters of the bootstrap",
        ),
        statistic_row(FixedEmbedding.TRIALS_PER_EMBEDDING, per_point, points, "mean over (e, k)"),
        statistic_row(
            FixedEmbedding.PEARSON_R,
            boot(lambda i: pearson(signal[i], share[i])),
            points,
            "signal0 (norm) and survival rate over (e, k); bootstrap over embeddings",
            paper.get("pearson_r"),
        ),
        statistic_row(
            FixedEmbedding.PEARSON_P, p_value, points, "treats the points as independent"
        ),
        statistic_row(
            FixedEmbedding.PEARSON_P_SHUFFLED,
            shuffled_p(signal, share, embeddings, SHUFFLES, resampling.seed),
            points,
            "from rates shuffled among the frequencies of an embedding",
        ),
        statistic_row(
            FixedEmbedding.SIGMOID_GAIN,
            boot(lambda i: _sigmoid_gain(signal[i], survived[i], trials[i])),
            points,
            "variance of the rates that a logistic curve explains beyond a straight line",
        ),
        statistic_row(
            FixedEmbedding.PEARSON_R_POWER,
            boot(lambda i: pearson(power[i], share[i])),
            points,
            "with the squared norm instead",
        ),
        statistic_row(
            FixedEmbedding.PEARSON_R_AT_PAPER_TRIALS,
            at_trials(target) if np.isfinite(target) else np.nan,
            points,
            f"expected at {target:g} trials per point once binomial noise is corrected for",
            paper.get("pearson_r"),
        ),
        statistic_row(
            FixedEmbedding.PEARSON_R_NOISE_FREE,
            at_trials(np.inf),
            points,
            "expected with unlimited trials",
        ),
        statistic_row(FixedEmbedding.AUC_SIGNAL0, ranking, int(trials.sum()), "alive above dead"),
        statistic_row(
            FixedEmbedding.LOGISTIC_SLOPE, slope, int(trials.sum()), "per unit of signal0, Firth"
        ),
        statistic_row(FixedEmbedding.LOGISTIC_INTERCEPT, fit.intercept, int(trials.sum()), "Firth"),
    ]
    groups = quantile_rates(signal, survived, trials, 5, resampling.confidence)
    for group in groups.to_dict("records"):
        rows.append(
            statistic_row(
                FixedEmbedding.of(f"rate_quintile_{group['group']}"),
                Estimate(group["rate"], group["rate_lo"], group["rate_hi"]),
                group["trials"],
                f"signal0 from {group['x_lo']:.1f} to {group['x_hi']:.1f}; Wilson",
            )
        )
    return rows


def _sigmoid_gain(signal: Floats, survived: Floats, trials: Floats) -> float:
    """Share of the rates' variance that a logistic curve in the signal explains beyond a straight
    line, both of two parameters; NaN where the rates do not vary."""
    rates = survived / trials
    total = float(np.square(rates - rates.mean()).sum())
    if total == 0 or np.ptp(signal) == 0:
        return np.nan
    line = np.polynomial.Polynomial.fit(signal, rates, 1)(signal)
    curve = fit_logistic(signal, survived, trials).rate(signal)
    errors = [float(np.square(rates - model).sum()) for model in (line, curve)]
    return (errors[0] - errors[1]) / total


def perturb_rows(
    rates: pd.DataFrame, strong: float, weak: float, resampling: Resampling
) -> list[Row]:
    """Statistics of the perturbed frequency's survival (S15).

    Args:
        rates: from ``survival.perturb_rates``.
        strong: factors at least this large count as strong.
        weak: factors at most this large count as weak.
        resampling: of the bootstrap over embeddings.
    """
    deviation = rates["deviation"].to_numpy(float)
    survived = rates["survived"].to_numpy(float)
    trials = rates["trials"].to_numpy(float)
    factor = rates["factor"].to_numpy(float)
    embeddings = rates["seed_embedding"].to_numpy()
    total = int(trials.sum())
    fit = fit_logistic(deviation, survived, trials)
    # Factors come from a grid in decimal fractions; 1.1 must not fall below 1.10 by rounding.
    close = 1e-9
    sides = {
        "rate_strong": factor >= strong - close,
        "rate_weak": factor <= weak + close,
        "rate_largest_factor": factor >= factor.max(initial=-np.inf) - close,
        "rate_smallest_factor": factor <= factor.min(initial=np.inf) + close,
    }
    rows = []
    for name, chosen in sides.items():
        count = float(trials[chosen].sum())
        shown = (
            ", ".join(f"{value:g}" for value in np.unique(factor[chosen])[[0, -1]])
            if (chosen.any())
            else "none"
        )
        rows.append(
            statistic_row(
                Perturbed.of(name),
                rate(float(survived[chosen].sum()), count, resampling.confidence),
                int(count),
                f"pooled over embeddings, factors from, to: {shown}; Wilson",
            )
        )
    slope = cluster_bootstrap(
        lambda i: fit_logistic(deviation[i], survived[i], trials[i]).slope, embeddings, resampling
    )
    rows.append(
        statistic_row(Perturbed.LOGISTIC_SLOPE, slope, total, "per unit of deviation, Firth")
    )
    rows.append(
        statistic_row(Perturbed.LOGISTIC_MIDPOINT, fit.midpoint, total, "deviation at rate 1/2")
    )
    ends = {
        "lowest": float(deviation.min(initial=np.inf)),
        "zero": 0.0,
        "highest": float(deviation.max(initial=-np.inf)),
    }
    for name, place in ends.items():
        predicted = float(fit.rate(place)) if np.isfinite(place) else np.nan
        rows.append(
            statistic_row(
                Perturbed.of(f"logistic_at_{name}"), predicted, total, f"at deviation {place:.1f}"
            )
        )
    return rows


def manual_rows(
    outcomes: pd.DataFrame,
    rates: pd.DataFrame,
    resampling: Resampling,
    paper: Mapping[str, float],
) -> list[Row]:
    """Statistics of the constructed embeddings (S16-S18).

    Args:
        outcomes: from ``survival.manual_outcomes``.
        rates: from ``survival.manual_rates``.
        resampling: of the bootstrap over seeds: runs of one seed share pair, directions and MLP
            at every ratio.
        paper: ``manual_first_rate``, the survival rate of the largest frequency.
    """
    log_ratio = np.log(outcomes["ratio"].to_numpy(float))
    second = outcomes["second"].to_numpy(float)
    once = np.ones(len(outcomes))
    seeds = outcomes["seed_embedding"].to_numpy()
    confidence = resampling.confidence
    first_rates = rates[rates["which"] == "first"]
    rows = [
        statistic_row(
            Constructed.of(f"rate_{which}_pooled"),
            rate(float(outcomes[which].sum()), float(len(outcomes)), confidence),
            len(outcomes),
            f"{meaning}, all ratios; Wilson",
            paper.get("manual_first_rate") if which == "first" else None,
        )
        for which, meaning in {
            "first": "largest frequency",
            "second": "second frequency",
            "other": "runs with a survivor built near zero",
        }.items()
    ]
    lowest = float(first_rates["rate"].min()) if len(first_rates) else np.nan
    rows.append(
        statistic_row(
            Constructed.RATE_FIRST_LOWEST, lowest, len(first_rates), "least over the ratios"
        )
    )
    slope = cluster_bootstrap(
        lambda i: fit_logistic(log_ratio[i], second[i], once[i]).slope, seeds, resampling
    )
    rank = cluster_bootstrap(lambda i: spearman(log_ratio[i], second[i]), seeds, resampling)
    rows.append(
        statistic_row(Constructed.SECOND_LOGISTIC_SLOPE, slope, len(outcomes), "per unit of ln r")
    )
    rows.append(
        statistic_row(Constructed.SECOND_SPEARMAN, rank, len(outcomes), "r and fate, by run")
    )
    top = rates[rates["ratio"] == rates["ratio"].max()]
    for row in top[top["which"] != "other"].to_dict("records"):
        rows.append(
            statistic_row(
                Constructed.of(f"rate_{row['which']}_at_largest_ratio"),
                Estimate(row["rate"], row["rate_lo"], row["rate_hi"]),
                row["trials"],
                f"r = {row['ratio']:g}; Wilson",
            )
        )
    return rows
