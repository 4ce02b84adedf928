"""How long to train: the pilot (cosets methods 1.4)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from fittest.analysis.cosets.estimates import mean_of, named, ratio_of_sums
from fittest.analysis.statistics.intervals import Estimate

FURTHER = 1 / 3
"""Of the epochs so far, for which the set of frequencies has to stay the same."""
LONGER, ROUND = 1.5, 100
"""The budget is so many times the epoch found, rounded up to so many epochs."""
FOUND = [
    *("n", "networks", "settled", "budget"),
    *("over_one", "over_one_lo", "over_one_hi", "near_zero", "near_zero_lo", "near_zero_hi"),
]
"""Columns, a row per modulus: e* and the budget that follows; the shares of entries over 1 and near
zero at that budget, NaN where no checkpoint stands there."""


def first_settled(
    epochs: Sequence[float],
    accurate: np.ndarray,
    sets: Sequence[Sequence[frozenset[int]]],
    share: float,
) -> float:
    """e*: the first epoch at which enough networks answer rightly and keep their set of
    frequencies for a third of it; NaN where none is.

    Args:
        epochs: (T,), of the checkpoints. accurate: (networks, T). sets: of frequencies, by network
            and checkpoint. share: of the networks, at least.
    """
    times = np.asarray(epochs, dtype=np.float64)
    for index, epoch in enumerate(times):
        until = epoch * (1 + FURTHER)
        if until > times[-1] + 1e-9:
            break
        later = [t for t, time in enumerate(times) if epoch <= time <= until + 1e-9]
        kept = [all(own[t] == own[index] for t in later) for own in sets]
        if np.mean(accurate[:, index] & np.array(kept)) >= share:
            return float(epoch)
    return math.nan


def budget(epoch: float) -> float:
    """Epochs to train for."""
    return ROUND * math.ceil(LONGER * epoch / ROUND - 1e-9) if math.isfinite(epoch) else math.nan


def pilot_tables(
    networks: pd.DataFrame,
    entries: pd.DataFrame,
    accurate: float,
    share: float,
    confidence: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What the networks are like over their epochs, a row per modulus and checkpoint; and FOUND.

    Args:
        networks: a row per network and checkpoint: `n`, `run_id`, `epoch`, `test_accuracy`, `set`
            (of frequencies with two neurons or more), `tuned_clusters`. entries: `run_id`, `epoch`,
            `entries`, `over_one`, `near_zero`.
    """
    curves, found = [], []
    for n in sorted(int(one) for one in networks["n"].unique()):
        part = networks[networks["n"] == n]
        wide = part.pivot(index="run_id", columns="epoch", values="set")
        reached = part.pivot(index="run_id", columns="epoch", values="test_accuracy") >= accurate
        sets = wide.to_numpy().tolist()
        epochs = [float(epoch) for epoch in wide.columns]
        settled = first_settled(epochs, reached.to_numpy(), sets, share)
        same = np.array([[one == own[-1] for one in own] for own in sets])
        sizes = np.array([[len(one) for one in own] for own in sets], dtype=float)
        tuned = part.pivot(index="run_id", columns="epoch", values="tuned_clusters") > 0
        own = entries[entries["run_id"].isin(wide.index)]
        enough = own[np.isclose(own["epoch"].to_numpy(float), budget(settled))]
        found.append(
            {
                **{"n": n, "networks": len(wide), "settled": settled, "budget": budget(settled)},
                **named("over_one", _share(enough, "over_one", confidence)),
                **named("near_zero", _share(enough, "near_zero", confidence)),
            }
        )
        sums = own.groupby("epoch")[["entries", "over_one", "near_zero"]].sum()
        total = sums["entries"].to_numpy(float)
        tails, zeros = (sums[name].to_numpy(float) / total for name in ("over_one", "near_zero"))
        for index, epoch in enumerate(epochs):
            curves.append(
                {
                    **{"n": n, "epoch": epoch, "networks": len(wide)},
                    "accurate": float(reached.to_numpy()[:, index].mean()),
                    "final_set": float(same[:, index].mean()),
                    **named("m", mean_of(sizes[:, index], confidence)),
                    "tuned": float(tuned.to_numpy()[:, index].mean()),
                    "over_one": float(tails[index]),
                    "near_zero": float(zeros[index]),
                }
            )
    return pd.DataFrame(curves), pd.DataFrame(found, columns=FOUND)


def _share(entries: pd.DataFrame, column: str, confidence: float) -> Estimate:
    return ratio_of_sums(entries[column], entries["entries"], confidence)
