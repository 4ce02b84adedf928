"""What a few networks of one kind kept: the signals of one of them, and the fates in each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fittest.analysis.fates.alive import by_signal

COLUMNS = ["panel", "seed", "k", "fate", "rank", "step", "signal", "signal0"]


def shown_run(runs: pd.DataFrame) -> pd.Series:
    """The run whose signals are shown: the lowest embedding seed that did not fail.

    Args:
        runs: summarised; seed_embedding, run_id, failed.

    Raises:
        ValueError: if every run failed.
    """
    usable = runs[~runs["failed"].astype(bool)].sort_values(["seed_embedding", "run_id"])
    if len(usable) == 0:
        raise ValueError("every run failed: there are no signals to show")
    return usable.iloc[0]


def demo_table(
    shown: pd.Series, runs: pd.DataFrame, frequencies: pd.DataFrame, trajectory: pd.DataFrame
) -> pd.DataFrame:
    """All that figure S2 plots.

    Args:
        shown: from ``shown_run``.
        runs: run_id, seed_embedding, failed; failed runs are left out.
        frequencies: run_id, k, signal0, signal, alive_2mean.
        trajectory: run_id, step, signals (K norms); of the shown run at least.

    Returns:
        Rows of two panels: ``signals``, one per recorded step and frequency of the shown run;
        ``fates``, one per run and frequency, with the signal at step 0 and at the end. fate is
        survivor or dead by the 2-mean rule, rank that of the final signal among the run's
        survivors (1 = largest, 0 = dead).
    """
    usable = runs[~runs["failed"].astype(bool)].sort_values(["seed_embedding", "run_id"])
    fates = []
    for run in usable.to_dict("records"):
        own = frequencies[frequencies["run_id"] == run["run_id"]].sort_values("k")
        alive = own.loc[own["alive_2mean"].astype(bool), "k"].astype(int)
        order = by_signal(list(alive), own["signal"].to_numpy(float))
        rank = {k: index + 1 for index, k in enumerate(order)}
        fates.append(
            own[["run_id", "k", "signal0", "signal"]].assign(
                seed=int(run["seed_embedding"]), rank=[rank.get(int(k), 0) for k in own["k"]]
            )
        )
    ends = pd.concat(fates, ignore_index=True).assign(panel="fates")
    ends["fate"] = np.where(ends["rank"] > 0, "survivor", "dead")
    mine = ends[ends["run_id"] == shown["run_id"]]
    steps = trajectory[trajectory["run_id"] == shown["run_id"]].sort_values("step")
    curves = pd.DataFrame(
        {
            "k": np.tile(mine["k"].to_numpy(), len(steps)),
            "step": np.repeat(steps["step"].to_numpy(), len(mine)),
            "signal": np.concatenate([np.asarray(row, dtype=float) for row in steps["signals"]]),
        }
    ).merge(mine[["k", "seed", "fate", "rank"]], on="k", how="left")
    table = pd.concat([curves.assign(panel="signals"), ends], ignore_index=True)
    table["step"] = table["step"].astype("Int64")
    return table.reindex(columns=COLUMNS)
