"""What the circuits of other settings have in common (progress methods 4, P45, P51 to P53, P69)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from fittest.analysis.progress.circuit_tables import generalise
from fittest.analysis.progress.names import OtherCircuits
from fittest.analysis.progress.summaries import least, most
from fittest.analysis.statistics.intervals import (
    Estimate,
    Resampling,
    mean_estimate,
    median_estimate,
)
from fittest.analysis.statistics.table import Row, statistic_row


def other_rows(
    circuits: pd.DataFrame,
    ablations: pd.DataFrame,
    most_loss: float,
    accurate: float,
    resampling: Resampling,
) -> list[Row]:
    """Rows of `OtherCircuits`.

    Args:
        circuits: networks of tables 5 and 6, with their `group`. ablations: of the same.
        most_loss, accurate: which of them generalise (`circuit_tables.generalise`). The others
            are left out.
    """
    generalising = circuits[generalise(circuits, most_loss, accurate)]
    dropped = generalising["runset"] == "dropout"
    decayed, spread = generalising[~dropped], generalising[dropped]
    p109 = generalising[generalising["runset"] == "p109"]
    explained = decayed["logits_explained"].to_numpy(float)
    few = spread.loc[np.isclose(spread["dropout"].astype(float), 0.2), "logits_explained"]
    typical = median_estimate(explained, resampling)
    sizes = [len(ks) for ks in decayed["keys"]]
    return [
        _row(
            OtherCircuits.P109,
            mean_estimate(p109["logits_explained"].to_numpy(float), resampling),
            len(p109),
            "p = 109, mean",
        ),
        _row(
            OtherCircuits.SPARSER,
            least(decayed["gini_embedding"]) - most(spread["gini_embedding"]),
            min(len(decayed), len(spread)),
            "Gini of W_E: least with weight decay, less the most with dropout, generalising both",
        ),
        _row(
            OtherCircuits.SPARSER_MAP,
            least(decayed["gini_map"]) - most(spread["gini_map"]),
            min(len(decayed), len(spread)),
            "likewise of the neuron-logit map",
        ),
        _row(OtherCircuits.LOGITS, typical, len(decayed), "with decay and generalising, median"),
        _row(OtherCircuits.LOGITS_LEAST, least(explained), len(decayed), "likewise, least"),
        _row(OtherCircuits.KEYS_MOST, most(sizes), len(decayed), "most key frequencies of these"),
        _row(
            OtherCircuits.LESS_EXPLAINED,
            typical.value - (float(few.mean()) if len(few) else math.nan),
            len(few),
            "share of the logits: median with weight decay, less the mean with a dropout of 0.2",
        ),
        *_of_skips(generalising, ablations),
    ]


def _of_skips(generalising: pd.DataFrame, ablations: pd.DataFrame) -> list[Row]:
    """What goes around the MLP, in each group of runs: a group's loss ratio is the median over its
    runs, since the mean loss of a group is that of the one run that ends in a slingshot."""
    named = ["runset", "run_id"]
    wide = ablations.pivot(index=named, columns="ablation", values=["accuracy", "loss"])
    found = generalising.set_index(named)[["group"]].join(
        pd.DataFrame(
            {
                "drop": wide["accuracy", "none"] - wide["accuracy", "skip_mean"],
                "whole": wide["loss", "none"],
                "left": wide["loss", "skip_mean"],
            }
        )
    )
    groups = found.assign(ratio=found["left"] / found["whole"]).groupby("group")
    ratios, sizes, means = groups["ratio"].median(), groups.size(), groups[["whole", "left"]].mean()
    n = len(sizes)
    worst = str(ratios.idxmax()) if n else ""
    rest = ratios.drop(worst) if n else ratios
    return [
        _row(OtherCircuits.SKIP_DROP, most(groups["drop"].mean()), n, "accuracy lost, most"),
        _row(OtherCircuits.SKIP, most(ratios), n, "loss, median over the runs of a group, most"),
        _row(
            OtherCircuits.SKIP_RUNS,
            float(sizes[worst]) if n else math.nan,
            n,
            "runs of that group",
        ),
        _row(OtherCircuits.SKIP_OTHERS, most(rest), max(n - 1, 0), "most of the other groups"),
        _row(
            OtherCircuits.SKIP_MEANS,
            most(means["left"] / means["whole"]),
            n,
            "mean loss of a group over that of its whole networks, most",
        ),
        _row(
            OtherCircuits.SLINGSHOTS,
            float(generalising["slingshot"].astype(bool).sum()),
            len(generalising),
            "networks that are analysed inside a slingshot",
        ),
    ]


def _row(name: OtherCircuits, value: Estimate | float, n: int, note: str) -> Row:
    return statistic_row(name, value, n, note)
