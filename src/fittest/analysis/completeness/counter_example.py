"""Frequencies that start strong and die while weaker ones survive (figure 14b of the completeness
paper; methods 2.4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from fittest.analysis.completeness.names import Overtaken
from fittest.analysis.fates.runs import complete
from fittest.analysis.statistics.intervals import share
from fittest.analysis.statistics.table import Row, statistic_row

COLUMNS = ["run_id", "seed", "last_step", "survivors", "dead", "survivor", "gap", "overtaken"]
FIGURE_COLUMNS = ["run_id", "seed", "k", "fate", "rank", "step", "signal"]


def overtakings(runs: pd.DataFrame, frequencies: pd.DataFrame) -> pd.DataFrame:
    """Every run's strongest-starting dead frequency against its weakest-starting survivor.

    Args:
        runs, frequencies: the tables of a run-set; failed runs and those without both fates are
            left out.

    Returns:
        A row of COLUMNS per run: ``gap`` is the rank of the survivor's initial signal minus that
        of the dead one (rank 1 is the strongest), and the dead one was ``overtaken`` if positive;
        ``survivors`` are all of them, in words.
    """
    rows = []
    by_run = dict(iter(frequencies.groupby("run_id")))
    for run in complete(runs).to_dict("records"):
        own = by_run[run["run_id"]]
        alive = own["alive_2mean"].to_numpy(bool)
        if alive.all() or not alive.any():
            continue
        signal, ks = own["signal0"].to_numpy(float), own["k"].to_numpy(int)
        rank = np.empty(len(ks), dtype=int)
        rank[np.argsort(-signal, kind="stable")] = np.arange(1, len(ks) + 1)
        survivor = int(np.argmax(np.where(alive, rank, -1)))
        dead = int(np.argmin(np.where(alive, len(ks) + 1, rank)))
        gap = int(rank[survivor] - rank[dead])
        rows.append(
            {
                "run_id": run["run_id"],
                "seed": int(run["seed_embedding"]),
                "last_step": int(run["last_step"]),
                "survivors": " ".join(str(k) for k in np.sort(ks[alive])),
                "dead": int(ks[dead]),
                "survivor": int(ks[survivor]),
                "gap": gap,
                "overtaken": gap > 0,
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


@dataclass(frozen=True)
class CounterExample:
    """The run shown, its strongest-starting dead k and its weakest-starting survivor."""

    run_id: str
    seed: int
    dead: int
    survivor: int
    overtaken: bool


def choose(table: pd.DataFrame) -> CounterExample | None:
    """Of the longest runs the one with the largest gap, the lowest seed first; None where no run
    has both fates."""
    if len(table) == 0:
        return None
    longest = table[table["last_step"] == table["last_step"].max()]
    best = longest.sort_values(["gap", "seed"], ascending=[False, True]).iloc[0]
    return CounterExample(
        str(best["run_id"]),
        int(best["seed"]),
        int(best["dead"]),
        int(best["survivor"]),
        bool(best["overtaken"]),
    )


def curves(
    chosen: CounterExample | None, frequencies: pd.DataFrame, trajectory: pd.DataFrame
) -> pd.DataFrame:
    """Signals of the chosen run over its steps.

    Args:
        trajectory: run_id, step, signals (K values).

    Returns:
        FIGURE_COLUMNS, a row per recorded step and k: ``fate`` (survivor, dead, `example dead` or
        `example survivor`) and ``rank`` (1 = strongest at the end, 0 for the dead).
    """
    if chosen is None:
        return pd.DataFrame(columns=FIGURE_COLUMNS)
    own = frequencies[frequencies["run_id"] == chosen.run_id].sort_values("k")
    alive = own["alive_2mean"].astype(bool).to_numpy()
    by_end = own[alive].sort_values("signal", ascending=False)["k"].tolist()
    rank = {int(k): place for place, k in enumerate(by_end, start=1)}
    rows = trajectory[trajectory["run_id"] == chosen.run_id].sort_values("step")
    signals = np.stack([np.asarray(row, dtype=np.float64) for row in rows["signals"]])
    ks = np.arange(1, signals.shape[1] + 1)
    table = pd.DataFrame(
        {
            "run_id": chosen.run_id,
            "seed": chosen.seed,
            "k": np.tile(ks, len(rows)),
            "step": np.repeat(rows["step"].to_numpy(int), len(ks)),
            "signal": signals.ravel(),
        }
    )
    table["rank"] = table["k"].map(rank).fillna(0).astype(int)
    table["fate"] = np.where(table["rank"] > 0, "survivor", "dead")
    table.loc[table["k"] == chosen.dead, "fate"] = "example dead"
    table.loc[table["k"] == chosen.survivor, "fate"] = "example survivor"
    return table[FIGURE_COLUMNS]


def overtaking_rows(
    table: pd.DataFrame, chosen: CounterExample | None, confidence: float
) -> list[Row]:
    """How often a dead frequency started above some survivor (K22), and how many different sets
    survive (K50)."""
    often, n = share(table["overtaken"], confidence), len(table)
    text = "share of runs with a dead frequency that started above some survivor"
    shown = np.nan if chosen is None else float(chosen.overtaken)
    different = table["survivors"].nunique() / n if n else np.nan
    return [
        statistic_row(Overtaken.DIFFERENT_SETS, different, n, "different sets over runs"),
        statistic_row(Overtaken.SHARE, often, n, text),
        statistic_row(Overtaken.SHOWN, shown, 1, "the plotted run has one"),
    ]
