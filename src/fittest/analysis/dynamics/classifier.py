"""A linear classifier of survival from initial signal and gradient, beside always saying dead.

Survival paper section 3.2.2: a linear support-vector machine on unscaled features, one random
split of rows. Its accuracy means little without that of the majority class (methods 2.18, 7.9).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from fittest.analysis.dynamics.names import AuthorsClassifier
from fittest.analysis.statistics.intervals import (
    NOTHING,
    Estimate,
    Resampling,
    cluster_bootstrap,
)
from fittest.analysis.statistics.table import Row, statistic_row

Floats = NDArray[np.float64]
FEATURES = ["grad_rel_4", "signal0"]
COLUMNS = [
    "features",
    "split",
    "n_train",
    "n_test",
    "accuracy",
    "accuracy_lo",
    "accuracy_hi",
    "balanced_accuracy",
    "balanced_accuracy_lo",
    "balanced_accuracy_hi",
    "auc",
    "majority",
    "gain",
    "gain_lo",
    "gain_hi",
]


@dataclass(frozen=True)
class ClassifierSettings:
    """test_share, seed: of the random split of rows. folds: of the split by embedding."""

    test_share: float
    seed: int
    folds: int


def _model(standardised: bool) -> Any:
    # Centring moves the boundary along with the data and nothing else (the bias is free), but
    # without it the solver needs hundreds of times as many iterations.
    return make_pipeline(StandardScaler(with_std=standardised), SVC(kernel="linear"))


def _splits(table: pd.DataFrame, settings: ClassifierSettings) -> dict[str, list[Any]]:
    rows = np.arange(len(table))
    groups = table["seed_embedding"].to_numpy()
    found: dict[str, list[Any]] = {}
    if len(rows) >= 5:
        found["rows"] = [
            train_test_split(rows, test_size=settings.test_share, random_state=settings.seed)
        ]
    parts = min(settings.folds, len(np.unique(groups)))
    if parts >= 2:
        found["embeddings"] = list(GroupKFold(parts).split(rows, groups=groups))
    return found


def classify(
    table: pd.DataFrame, settings: ClassifierSettings, resampling: Resampling
) -> pd.DataFrame:
    """Train and test the classifier with raw and standardised features, on two kinds of split.

    Args:
        table: from ``gradient_survival.pooled_frequencies``.
        settings: of the splits.
        resampling: of the bootstrap over embeddings, on the tested rows.

    Returns:
        A row per features (raw, standardised) and split (rows: one random share, as the authors
        do; embeddings: each embedding tested by a fit to the others): COLUMNS. majority = accuracy
        of always giving the training rows' commoner fate; gain = accuracy - majority. Splits that
        train on a single fate are left out.
    """
    x = table[FEATURES].to_numpy(float)
    alive = table["alive"].to_numpy(bool)
    clusters = table["seed_embedding"].to_numpy()
    rows = []
    for split, parts in _splits(table, settings).items():
        if any(len(np.unique(alive[train])) < 2 for train, _ in parts):
            continue
        for features in ("raw", "standardised"):
            tested, given, score, common = [], [], [], []
            for train, test in parts:
                model = _model(features == "standardised").fit(x[train], alive[train])
                tested.append(test)
                given.append(model.predict(x[test]))
                score.append(model.decision_function(x[test]))
                common.append(np.full(len(test), alive[train].mean() > 0.5))
            rows.append(
                {
                    "features": features,
                    "split": split,
                    "n_train": len(parts[0][0]),
                    "n_test": sum(len(test) for test in tested),
                    **_measures(
                        alive[np.concatenate(tested)],
                        np.concatenate(given),
                        np.concatenate(score),
                        np.concatenate(common),
                        clusters[np.concatenate(tested)],
                        resampling,
                    ),
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def _measures(
    truth: NDArray[np.bool_],
    given: NDArray[np.bool_],
    score: Floats,
    common: NDArray[np.bool_],
    clusters: NDArray[Any],
    resampling: Resampling,
) -> dict[str, float]:
    right, by_default = (given == truth).astype(float), (common == truth).astype(float)

    def boot(values: Floats) -> Estimate:
        return cluster_bootstrap(lambda i: float(values[i].mean()), clusters, resampling)

    accuracy, gain = boot(right), boot(right - by_default)
    both = len(np.unique(truth)) == 2

    def balance(i: NDArray[np.intp]) -> float:
        # The mean of both fates' accuracies; a draw with one of them only says nothing.
        fates = [right[i][truth[i] == fate] for fate in (True, False)]
        return float(np.mean([f.mean() for f in fates])) if all(len(f) for f in fates) else np.nan

    balanced = cluster_bootstrap(balance, clusters, resampling)
    return {
        "accuracy": accuracy.value,
        "accuracy_lo": accuracy.lo,
        "accuracy_hi": accuracy.hi,
        "balanced_accuracy": balanced.value,
        "balanced_accuracy_lo": balanced.lo,
        "balanced_accuracy_hi": balanced.hi,
        "auc": float(roc_auc_score(truth, score)) if both else np.nan,
        "majority": float(by_default.mean()),
        "gain": gain.value,
        "gain_lo": gain.lo,
        "gain_hi": gain.hi,
    }


def estimate_in(judged: pd.DataFrame, features: str, split: str, name: str) -> tuple[Estimate, int]:
    """A measure of one row of ``classify``, and the rows tested; nothing where there is no such
    row."""
    found = judged[(judged["features"] == features) & (judged["split"] == split)]
    if len(found) == 0:
        return NOTHING, 0
    row = found.iloc[0]
    low, high = (float(row.get(f"{name}_{end}", np.nan)) for end in ("lo", "hi"))
    return Estimate(float(row[name]), low, high), int(row["n_test"])


def authors_classifier_rows(judged: pd.DataFrame) -> list[Row]:
    """Statistics of the raw classifier with every run tested by a fit to the others (S23).

    judged: from ``classify``, of runs from one embedding, each a group of its own.
    """
    asked = {
        AuthorsClassifier.ACCURACY: ("accuracy", "raw features, runs tested by the others"),
        AuthorsClassifier.GAIN: ("gain", "over always giving the commoner fate"),
        AuthorsClassifier.BALANCED: ("balanced_accuracy", "mean of both fates' accuracies"),
        AuthorsClassifier.MAJORITY: ("majority", "always the commoner fate"),
    }
    return [
        statistic_row(name, *estimate_in(judged, "raw", "embeddings", column), note)
        for name, (column, note) in asked.items()
    ]


def boundary(table: pd.DataFrame, settings: ClassifierSettings, standardised: bool) -> pd.DataFrame:
    """The line on which the classifier of the random split is undecided, across the data.

    Returns:
        Two points grad_rel_4, signal0 at the data's smallest and largest gradient; empty where
        no classifier can be trained or the line is vertical.
    """
    nothing = pd.DataFrame(columns=FEATURES)
    parts = _splits(table, settings).get("rows")
    if not parts:
        return nothing
    train = parts[0][0]
    x, alive = table[FEATURES].to_numpy(float), table["alive"].to_numpy(bool)
    if len(np.unique(alive[train])) < 2:
        return nothing
    model = _model(standardised).fit(x[train], alive[train])
    ends = np.array([x[:, 0].min(), x[:, 0].max()])
    # The decision is affine in the features: three values give its plane.
    origin, along, up = model.decision_function(
        np.array([[ends[0], 0.0], [ends[0] + 1.0, 0.0], [ends[0], 1.0]])
    )
    if up == origin:
        return nothing
    signal = -(origin + (along - origin) * (ends - ends[0])) / (up - origin)
    return pd.DataFrame({"grad_rel_4": ends, "signal0": signal})
