"""What the circuits of several runs have in common (progress methods 4, P06 to P31, P45, P51 to
P53)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from fittest.analysis.progress.names import Circuits, OtherCircuits
from fittest.analysis.statistics.intervals import (
    Estimate,
    Resampling,
    mean_estimate,
    median_estimate,
)
from fittest.analysis.statistics.table import Row, statistic_row

NEURONS = 5
"""Neurons whose periodicity is judged: those that the paper shows (figures 4 and 12)."""


def circuit_rows(
    circuits: pd.DataFrame,
    ablations: pd.DataFrame,
    reads: pd.DataFrame,
    neurons: pd.DataFrame,
    clusters: pd.DataFrame,
    heads: pd.DataFrame,
    resampling: Resampling,
) -> list[Row]:
    """Rows of `Circuits`, from the tables of one run-set (circuits.final.TABLES).

    Means and medians over runs have intervals over runs; least and most are over all of them.
    """
    n = len(circuits)
    sets = [frozenset(int(k) for k in ks) for ks in circuits["keys"]]
    embedded = [frozenset(int(k) for k in ks) for ks in circuits["keys_of_embedding"]]
    inside = [keys <= others for keys, others in zip(sets, embedded, strict=True)]
    sizes, others = [len(s) for s in sets], [len(s) for s in embedded]
    ratios = reads[["first", "second"]].abs()
    balance = (ratios.max(axis=1) / ratios.min(axis=1)).to_numpy(float)
    shown = neurons[neurons["neuron"] < NEURONS]["explained"]
    periodic = pd.concat([heads["periodic"], shown]).to_numpy(float)
    of_keys = clusters.loc[clusters["is_key"].astype(bool), "written_share"].to_numpy(float)
    explained = circuits["logits_explained"].to_numpy(float)
    rows = [
        _row(Circuits.RUNS, n, n, "runs analysed"),
        _row(Circuits.KEYS_LEAST, _least(sizes), n, "fewest key frequencies of a run"),
        _row(Circuits.KEYS_MOST, _most(sizes), n, "most of them"),
        _row(Circuits.KEY_SETS, len(set(sets)), n, "different sets of key frequencies"),
        _row(Circuits.EMBEDDED_LEAST, _least(others), n, "fewest frequencies of an embedding"),
        _row(Circuits.EMBEDDED_MOST, _most(others), n, "most of them"),
        _row(Circuits.EMBEDDED_KEYS, _mean(inside), n, "embeddings that have all keys"),
        _row(Circuits.RESIDUAL, _most(circuits["map_residual"]), n, "norm left of the map, most"),
        _row(Circuits.RESIDUAL_SQUARED, _most(circuits["map_residual_squared"]), n, "its square"),
        _row(Circuits.SPECTRUM, _least(circuits["spectrum_in_blocks"]), n, "energy in blocks"),
        _row(Circuits.SPECTRUM_LARGEST, _least(circuits["largest_in_blocks"]), n, "of the largest"),
        _row(Circuits.PERIODIC, _median(periodic), len(periodic), "one frequency's share, median"),
        _row(Circuits.READS_MEAN, _mean(reads["explained"]), len(reads), "reads explained, mean"),
        _row(Circuits.READS_LEAST, _least(reads["explained"]), len(reads), "reads, least"),
        _row(Circuits.READS_BALANCE, _median(balance), len(reads), "larger over smaller, median"),
        _row(Circuits.LOGITS, mean_estimate(explained, resampling), n, "logits explained, mean"),
        _row(
            Circuits.NEURONS,
            mean_estimate(circuits["neurons_explained"].to_numpy(float), resampling),
            n,
            "share of neurons explained, mean",
        ),
        _row(Circuits.WRITTEN_LEAST, _least(of_keys), len(of_keys), "own frequency, least"),
        _row(Circuits.WRITTEN_MEDIAN, _median(of_keys), len(of_keys), "own frequency, median"),
    ]
    return rows + _of_ablations(circuits, ablations, resampling) + _of_heads(heads)


def _of_ablations(
    circuits: pd.DataFrame, ablations: pd.DataFrame, resampling: Resampling
) -> list[Row]:
    n = len(circuits)
    p = float(circuits["p"].iloc[0]) if n else math.nan
    by_name = dict(iter(ablations.groupby("ablation")))

    def of(name: str, column: str) -> np.ndarray:
        return by_name[name][column].to_numpy(float) if name in by_name else np.array([])

    def ratio(name: Circuits, ablation: str, text: str) -> Row:
        values = of(ablation, "ratio")
        note = f"loss {text}, over that of the whole network, median"
        return _row(name, median_estimate(values, resampling), len(values), note)

    chance = math.log(p) if n else math.nan
    single = by_name.get("without_k", ablations.iloc[:0])
    keys = {row["run_id"]: {int(k) for k in row["keys"]} for row in circuits.to_dict("records")}
    is_key = np.array(
        [int(k) in keys[run] for run, k in zip(single["run_id"], single["k"], strict=True)],
        dtype=bool,
    )
    ratios = single["ratio"].to_numpy(float)
    drops = [
        float(np.max(of("none", "accuracy") - of(name, "accuracy"), initial=-math.inf))
        if len(of(name, "accuracy"))
        else math.nan
        for name in ("polynomials", "not_itself")
    ]
    skips = [of(name, "ratio") for name in ("skip_zero", "skip_mean")]
    accuracies = [of(name, "accuracy") for name in ("skip_zero", "skip_mean")]
    return [
        ratio(Circuits.FITTED, "fitted", "of the fitted waves"),
        _row(Circuits.FITTED_MOST, _most(of("fitted", "ratio")), n, "its largest"),
        ratio(Circuits.POLYNOMIALS, "polynomials", "with polynomials for explained neurons"),
        _row(Circuits.POLYNOMIALS_DROP, drops[0], n, "most accuracy lost by it"),
        ratio(Circuits.SUMS, "sums", "with waves of a + b for neurons"),
        _row(Circuits.NECESSARY, _least(ratios[is_key]), int(is_key.sum()), "without a key, least"),
        _row(Circuits.HARMLESS, _most(ratios[~is_key]), int((~is_key).sum()), "without another"),
        ratio(Circuits.KEY_BLOCKS, "key_blocks", "of the keys' blocks alone"),
        _row(
            Circuits.WITHOUT_KEYS,
            _least(of("without_sums", "test_loss") / chance),
            n,
            "test loss without the keys, over that of a guess, least",
        ),
        _row(Circuits.KEYS_ALONE, _most(of("restricted", "test_ratio")), n, "of the keys alone"),
        ratio(Circuits.DIRECTIONS, "directions", "of the directions that the logits read"),
        _row(
            Circuits.COMPLEMENT,
            _least(of("complement", "loss") / chance),
            n,
            "loss of the other directions, over that of a guess, least",
        ),
        ratio(Circuits.NOT_ITSELF, "not_itself", "where the sign does not see itself"),
        _row(Circuits.NOT_ITSELF_DROP, drops[1], n, "most accuracy lost by it"),
        _row(Circuits.SKIP, _most(np.concatenate(skips)), n, "loss without the skip, most"),
        _row(Circuits.SKIP_ACCURACY, _least(np.concatenate(accuracies)), n, "accuracy, least"),
        _row(
            Circuits.HEADS_ZERO,
            _least(of("heads_zero", "loss") / chance),
            n,
            "loss without heads, over that of a guess, least",
        ),
        ratio(Circuits.LINEAR, "linear_attention", "with linear attention"),
    ]


def _of_heads(heads: pd.DataFrame) -> list[Row]:
    """Of all heads of all runs; `best`: the best of a run, in the worst run."""
    n = len(heads)
    rows = [_row(Circuits.ITSELF, _most(heads["itself"]), n, "attention of the sign to itself")]
    for best, median, column, what in (
        (Circuits.PATTERN_BEST, Circuits.PATTERN, "pattern_explained", "attention"),
        (Circuits.LOOKUP_BEST, Circuits.LOOKUP, "lookup_explained", "scores"),
    ):
        least = _least(heads.groupby("run_id")[column].max())
        rows.append(_row(best, least, n, f"{what} by one wave, best head of the worst run"))
        rows.append(_row(median, _median(heads[column]), n, f"{what} by one wave, median head"))
    linear = _median(heads["linear_explained"])
    return [*rows, _row(Circuits.SIGMOID, linear, n, "sigmoid by a line, median head")]


def other_rows(circuits: pd.DataFrame, ablations: pd.DataFrame, most_loss: float) -> list[Row]:
    """Rows of `OtherCircuits`.

    Args:
        circuits: networks of tables 5 and 6, with their `group`. ablations: of the same.
        most_loss: test loss below which a network generalises, nats.
    """
    dropped = circuits["runset"] == "dropout"
    p109 = circuits[circuits["runset"] == "p109"]
    decayed = circuits[~dropped & (circuits["test_loss"] < most_loss)]
    wide = ablations.pivot(index=["runset", "run_id"], columns="ablation", values="accuracy")
    loss = ablations.pivot(index=["runset", "run_id"], columns="ablation", values="loss")
    group = circuits.set_index(["runset", "run_id"])["group"]
    change = pd.DataFrame(
        {
            "group": group,
            "drop": (wide["none"] - wide["skip_mean"]).reindex(group.index),
            "whole": loss["none"].reindex(group.index),
            "left": loss["skip_mean"].reindex(group.index),
        }
    )
    means = change.groupby("group")[["drop", "whole", "left"]].mean()
    n, sparse = len(circuits), circuits["gini_embedding"]
    return [
        _row(OtherCircuits.P109, _mean(p109["logits_explained"]), len(p109), "p = 109, mean"),
        _row(
            OtherCircuits.SPARSER,
            _least(sparse[~dropped]) - _most(sparse[dropped]),
            n,
            "Gini of W_E: least with weight decay, less the most with dropout",
        ),
        _row(
            OtherCircuits.LOGITS,
            _median(decayed["logits_explained"]),
            len(decayed),
            "with weight decay and generalising, median",
        ),
        _row(
            OtherCircuits.LOGITS_LEAST,
            _least(decayed["logits_explained"]),
            len(decayed),
            "likewise, least",
        ),
        _row(OtherCircuits.SKIP_DROP, _most(means["drop"]), n, "accuracy lost by a group, most"),
        _row(OtherCircuits.SKIP, _most(means["left"] / means["whole"]), n, "loss of a group, most"),
    ]


def _row(name: Circuits | OtherCircuits, value: Estimate | float, n: int, note: str) -> Row:
    return statistic_row(name, value, n, note)


def _values(values: Sequence[float] | np.ndarray | pd.Series) -> np.ndarray:
    return np.asarray(values, dtype=np.float64)


def _least(values: Sequence[float] | np.ndarray | pd.Series) -> float:
    """NaN where there are none, or where one is."""
    found = _values(values)
    return float(found.min()) if len(found) else math.nan


def _most(values: Sequence[float] | np.ndarray | pd.Series) -> float:
    found = _values(values)
    return float(found.max()) if len(found) else math.nan


def _mean(values: Sequence[float] | np.ndarray | pd.Series) -> float:
    found = _values(values)
    return float(found.mean()) if len(found) else math.nan


def _median(values: Sequence[float] | np.ndarray | pd.Series) -> float:
    found = _values(values)
    return float(np.median(found)) if len(found) else math.nan
