"""Survival rates: of every frequency, of a perturbed one, of constructed ones (figure 6).

Tables follow the contracts of ``summarise``: ``runs`` has a row per run, ``frequencies`` a row
per run and k. Failed runs (NaN seen) are left out here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from fittest.analysis.fates.runs import complete
from fittest.analysis.statistics.intervals import wilson

RATE_COLUMNS = ["trials", "survived", "rate", "rate_lo", "rate_hi"]


def _alive(runs: pd.DataFrame, frequencies: pd.DataFrame, rule: str) -> pd.DataFrame:
    """Rows (run, k) of the runs that did not fail, with an int column ``alive``."""
    good = complete(runs)
    table = frequencies.loc[frequencies["run_id"].isin(good["run_id"])].copy()
    if bool(table[rule].isna().any()):
        raise ValueError(f"{rule} is missing for runs that are not marked as failed")
    table["alive"] = table[rule].astype(bool).astype(int)
    extra = [column for column in good.columns if column not in table.columns]
    return table.merge(good[["run_id", *extra]], on="run_id", how="left", validate="many_to_one")


def _with_rates(table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Adds rate and Wilson bounds to a table with ``trials`` and ``survived``."""
    low, high = wilson(table["survived"].to_numpy(), table["trials"].to_numpy(), confidence)
    trials = table["trials"].to_numpy(float)
    rate = np.divide(
        table["survived"].to_numpy(float),
        trials,
        out=np.full(len(table), np.nan),
        where=trials > 0,
    )
    return table.assign(rate=rate, rate_lo=low, rate_hi=high)


def survival_rates(
    runs: pd.DataFrame, frequencies: pd.DataFrame, rule: str, confidence: float
) -> pd.DataFrame:
    """Survival rate of every (embedding, k) over its trials (paper 3.2.1, methods 2.4).

    Args:
        runs: run_id, seed_embedding, failed.
        frequencies: run_id, k, signal0 and the column named by ``rule``.
        rule: alive column, ``alive_2mean`` for the authors' rule.
        confidence: level of the Wilson interval of each rate.

    Returns:
        One row per (seed_embedding, k): signal0 (norm), power0 (its square), trials, survived,
        rate, rate_lo, rate_hi.

    Raises:
        ValueError: if trials of one embedding disagree about its initial signals, that is, were
            not started from the same embedding.
    """
    table = _alive(runs, frequencies, rule)
    rates = (
        table.groupby(["seed_embedding", "k"], sort=True)
        .agg(
            signal0=("signal0", "mean"),
            lowest=("signal0", "min"),
            highest=("signal0", "max"),
            trials=("alive", "size"),
            survived=("alive", "sum"),
        )
        .reset_index()
    )
    spread = rates["highest"] - rates["lowest"]
    # Signals are stored in float32 and may come from differently batched shards.
    if bool((spread > 1e-3 * rates["highest"].abs()).any()):
        raise ValueError("trials of one embedding start from different initial signals")
    rates = rates.drop(columns=["lowest", "highest"]).assign(power0=rates["signal0"] ** 2)
    rates = _with_rates(rates, confidence)
    return rates[["seed_embedding", "k", "signal0", "power0", *RATE_COLUMNS]]


def perturb_rates(
    runs: pd.DataFrame, frequencies: pd.DataFrame, rule: str, confidence: float
) -> pd.DataFrame:
    """Survival rate of the perturbed frequency k* per embedding and factor (methods 2.11).

    Args:
        runs: run_id, seed_embedding, frequency (k*), factor (alpha), failed,
            signal0_unperturbed_k, signal0_unperturbed_other_mean.
        frequencies: run_id, k and the alive column.
        rule, confidence: as for ``survival_rates``.

    Returns:
        One row per (seed_embedding, factor): frequency; deviation = alpha x signal of k* minus
        the mean signal of the other frequencies, both of the *unperturbed* embedding (the
        authors' released axis differs, methods 7.6); trials, survived, rate and bounds.
    """
    table = _alive(runs, frequencies, rule)
    table = table[table["k"] == table["frequency"]]
    rates = (
        table.groupby(["seed_embedding", "factor"], sort=True)
        .agg(
            frequency=("frequency", "first"),
            own=("signal0_unperturbed_k", "mean"),
            others=("signal0_unperturbed_other_mean", "mean"),
            trials=("alive", "size"),
            survived=("alive", "sum"),
        )
        .reset_index()
    )
    rates["deviation"] = rates["factor"] * rates["own"] - rates["others"]
    rates["frequency"] = rates["frequency"].astype("int64")
    rates = _with_rates(rates, confidence)
    return rates[["seed_embedding", "frequency", "factor", "deviation", *RATE_COLUMNS]]


def pooled_by_deviation(rates: pd.DataFrame, bins: int, confidence: float) -> pd.DataFrame:
    """Pools ``perturb_rates`` over embeddings in equally full bins of the deviation.

    Pooling at equal factors would mix deviations: k* starts from a different signal in each
    embedding (standard deviation about 4 at p = 59).

    Returns:
        One row per bin, ascending: deviation (mean weighted by trials), deviation_lo,
        deviation_hi, points, trials, survived, rate, rate_lo, rate_hi.
    """
    ordered = rates.sort_values(["deviation", "seed_embedding"], kind="stable")
    rows = []
    for part in np.array_split(np.arange(len(ordered)), max(1, min(bins, len(ordered)))):
        if len(part) == 0:
            continue
        chunk = ordered.iloc[part]
        trials = int(chunk["trials"].sum())
        rows.append(
            {
                "deviation": float((chunk["deviation"] * chunk["trials"]).sum() / trials),
                "deviation_lo": float(chunk["deviation"].min()),
                "deviation_hi": float(chunk["deviation"].max()),
                "points": len(chunk),
                "trials": trials,
                "survived": int(chunk["survived"].sum()),
            }
        )
    names = ["deviation", "deviation_lo", "deviation_hi", "points", "trials", "survived"]
    return _with_rates(pd.DataFrame(rows, columns=names), confidence)


def manual_outcomes(runs: pd.DataFrame, frequencies: pd.DataFrame, rule: str) -> pd.DataFrame:
    """Fate of the constructed frequencies in every run (methods 2.12).

    Args:
        runs: run_id, seed_embedding, first, second (the two frequencies), ratio, failed.
        frequencies: run_id, k and the alive column.
        rule: as for ``survival_rates``.

    Returns:
        One row per run: ratio, seed_embedding, run_id and, as 0 or 1, first, second (alive at
        the end) and other (any frequency built with a signal near zero is alive: "revived").
    """
    table = _alive(runs, frequencies, rule)
    table = table.assign(
        first=table["alive"] * (table["k"] == table["first"]),
        second=table["alive"] * (table["k"] == table["second"]),
    )
    table["other"] = table["alive"] - table["first"] - table["second"]
    by_run = table.groupby(["ratio", "seed_embedding", "run_id"], sort=True)
    return by_run[["first", "second", "other"]].max().reset_index()


def manual_rates(outcomes: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Survival in constructed embeddings, per ratio r of the two signals (paper 3.2.1).

    Args:
        outcomes: from ``manual_outcomes``.
        confidence: level of the Wilson intervals.

    Returns:
        Rows (ratio, which) with which = first (the largest), second or other; trials (runs),
        survived, rate, rate_lo, rate_hi.
    """
    parts = [
        outcomes.groupby("ratio", sort=True)[which]
        .agg(trials="size", survived="sum")
        .reset_index()
        .assign(which=which)
        for which in ("first", "second", "other")
    ]
    rates = pd.concat(parts, ignore_index=True)
    rates[["trials", "survived"]] = rates[["trials", "survived"]].astype("int64")
    return _with_rates(rates, confidence)[["ratio", "which", *RATE_COLUMNS]]
