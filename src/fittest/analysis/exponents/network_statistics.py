"""Which of the report's sentences on mechanisms hold of trained networks (exponents methods 2.7,
E12 to E14, E16, E20 to E22)."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from fittest.analysis.exponents.names import Networks
from fittest.analysis.exponents.settings import Exponents, MechanismSettings
from fittest.analysis.exponents.sums import GENERALISED
from fittest.analysis.statistics.intervals import (
    Estimate,
    Middle,
    Resampling,
    mean_estimate,
    over_runs,
    share,
)
from fittest.analysis.statistics.table import Row, statistic_row


def generalising(networks: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Rows of networks whose runs generalised.

    networks: NETWORKS. outcomes: SUM_COLUMNS of at least these runs.
    """
    good = set(outcomes.loc[outcomes["outcome"].isin(GENERALISED), "run_id"])
    return networks[networks["run_id"].isin(good)]


def of_exponents(table: pd.DataFrame, exponents: Iterable[Exponents]) -> pd.DataFrame:
    """Rows of some pairs of exponents, whatever the modulus."""
    wanted = {tuple(one) for one in exponents}
    marks = [(int(a), int(b)) in wanted for a, b in zip(table["a"], table["b"], strict=True)]
    return table[np.array(marks, dtype=bool)]


def statistics(
    networks: pd.DataFrame,
    outcomes: pd.DataFrame,
    settings: MechanismSettings,
    resampling: Resampling,
) -> list[Row]:
    """Rows of the group Networks.

    networks: NETWORKS. outcomes: SUM_COLUMNS of these runs.
    """
    good = generalising(networks, outcomes)
    main = networks["p"].max() if len(networks) else 0
    here = good[good["p"] == main]
    first = of_exponents(here, [settings.first])
    novel = of_exponents(here, settings.novel)
    even = here[(here["a"] == here["b"]) & (here["a"] % 2 == 0)]
    square = of_exponents(even, [settings.square])
    higher = even.drop(square.index)
    compared = of_exponents(here, [settings.compared])
    # By steps alone, so that what came out does not decide what is looked at.
    long = good["step"] >= settings.least_steps
    lost = good["test_accuracy"] - good["masked_test_accuracy"]
    return [
        _end(Networks.MAP_GINI, good, "gini_map", "min", "least Gini of what neurons write"),
        _end(
            Networks.MAP_GINI_LONG,
            good[long],
            "gini_map",
            "min",
            f"the same of networks of at least {settings.least_steps} steps",
        ),
        _end(Networks.MAP_GINI_SHORT, good[~long], "gini_map", "min", "the same of the others"),
        _end(
            Networks.FIRST_GINI,
            first,
            "gini_embedding_raw",
            "min",
            f"least Gini of the embedding of {settings.first}, by numbers",
        ),
        _end(
            Networks.NOVEL_GINI,
            novel,
            "gini_embedding_raw",
            "max",
            "largest Gini of the embedding of the others, by numbers",
        ),
        _end(
            Networks.NOVEL_GINI_POWERED,
            novel,
            "gini_embedding_powered",
            "min",
            "least Gini of the same embeddings, by powers",
        ),
        _end(Networks.COSINES, even, "cosine_share", "min", "even exponents: share of cosines"),
        _end(
            Networks.COSINE_COVER,
            even,
            "cosine_cover",
            "min",
            "even exponents: least share of frequencies above half the median",
        ),
        _end(
            Networks.COSINE_VARIATION,
            even,
            "cosine_variation",
            "max",
            "even exponents: largest coefficient of variation of cosines",
        ),
        _end(
            Networks.SQUARE_GINI,
            square,
            "cosine_gini",
            "max",
            f"{settings.square}: their Gini",
        ),
        _end(Networks.HIGHER_GINI, higher, "cosine_gini", "max", "higher ones: their Gini"),
        _ratio(Networks.BLOCK_RAW, compared, first, "block_raw", resampling),
        _ratio(Networks.BLOCK_POWERED, compared, first, "block_powered", resampling),
        _middle(
            Networks.BLOCK_FIRST,
            first["block_raw"],
            "mean",
            "block_raw, mean over runs",
            resampling,
        ),
        _end(Networks.SIGN_ATTENTION, good, "attention_to_sign", "max", "most, over runs"),
        _middle(
            Networks.SIGN_ATTENTION_MEDIAN,
            good["attention_to_sign"],
            "median",
            "the same, median over runs",
            resampling,
        ),
        statistic_row(
            Networks.SIGN_LOSS,
            _most(lost),
            len(good),
            "test accuracy lost without attention to the sign, most",
        ),
        _middle(
            Networks.SIGN_LOSS_MEDIAN, lost, "median", "the same, median over runs", resampling
        ),
        statistic_row(
            Networks.SIGN_SPARED,
            share(lost < settings.spared, resampling.confidence),
            len(good),
            f"share of runs that lose less than {settings.spared:g} of it",
        ),
        _end(
            Networks.UNSKIPPED,
            good,
            "unskipped_test_accuracy",
            "min",
            "least test accuracy without the way around the MLP",
        ),
        statistic_row(
            Networks.PERIODIC,
            _least(_periodic(good)),
            len(good),
            "least share of the largest blocks, of heads or neurons, in the better basis",
        ),
        statistic_row(
            Networks.PERIODIC_CHANCE,
            _most(good[["periodic_chance_raw", "periodic_chance_powered"]].max(axis=1)),
            len(good),
            "share that they have of tables drawn at random, most",
        ),
    ]


def _periodic(good: pd.DataFrame) -> pd.Series:
    """Of each run, in the basis in which it is more periodic, the lower of neurons and heads."""
    in_basis = [
        good[[f"periodic_neurons_{kind}", f"periodic_heads_{kind}"]].min(axis=1)
        for kind in ("raw", "powered")
    ]
    return pd.concat(in_basis, axis=1).max(axis=1)


def _least(values: pd.Series) -> float:
    return float(values.min()) if len(values) else math.nan


def _most(values: pd.Series) -> float:
    return float(values.max()) if len(values) else math.nan


def _end(name: Networks, runs: pd.DataFrame, column: str, end: str, note: str) -> Row:
    value = _least(runs[column]) if end == "min" else _most(runs[column])
    return statistic_row(name, value, len(runs), note)


def _middle(
    name: Networks, values: pd.Series, kind: Middle, note: str, resampling: Resampling
) -> Row:
    found, n = over_runs(values.to_numpy(float), kind, resampling)
    return statistic_row(name, found, n, note)


def _ratio(
    name: Networks, top: pd.DataFrame, bottom: pd.DataFrame, column: str, resampling: Resampling
) -> Row:
    """Mean over mean, with the interval that comes of both means' own."""
    one, other = (mean_estimate(part[column].to_numpy(float), resampling) for part in (top, bottom))
    value = one.value / other.value if other.value else math.nan
    ends = Estimate(value, *_ends(one, other))
    return statistic_row(name, ends, min(len(top), len(bottom)), f"{column}, over addition's")


def _ends(one: Estimate, other: Estimate) -> tuple[float, float]:
    if any(math.isnan(end) for end in (one.lo, one.hi, other.lo, other.hi)):
        return math.nan, math.nan
    return one.lo / other.hi, one.hi / other.lo
