"""What the circuits of several runs have in common (progress methods 4, P06 to P32, P45, P51 to
P53, P59, P67, P69)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from fittest.analysis.progress.constants import HeadSettings
from fittest.analysis.progress.head_statistics import carried_rows, head_rows
from fittest.analysis.progress.names import Circuits, OtherCircuits
from fittest.analysis.progress.summaries import by_run, least, most
from fittest.analysis.statistics.intervals import (
    Estimate,
    Middle,
    Resampling,
    mean_estimate,
    median_estimate,
    share,
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
    head_components: pd.DataFrame,
    settings: HeadSettings,
    resampling: Resampling,
) -> list[Row]:
    """Rows of `Circuits`, from the tables of one run-set (circuits.final.TABLES).

    Means and medians have intervals over runs; least and most are over all of them.
    """
    n = len(circuits)
    sets = [frozenset(int(k) for k in ks) for ks in circuits["keys"]]
    embedded = [frozenset(int(k) for k in ks) for ks in circuits["keys_of_embedding"]]
    inside = [keys <= others for keys, others in zip(sets, embedded, strict=True)]
    sizes, others = [len(s) for s in sets], [len(s) for s in embedded]
    balanced = _balanced(reads)
    shown = neurons[neurons["neuron"] < NEURONS]
    of_keys = clusters[clusters["is_key"].astype(bool)]
    explained = circuits["logits_explained"].to_numpy(float)

    def middle(name: Circuits, table: pd.DataFrame, column: str, how: Middle, note: str) -> Row:
        return _row(name, by_run(table, column, how, resampling), len(table), note)

    rows = [
        _row(Circuits.RUNS, n, n, "runs analysed"),
        _row(Circuits.KEYS_LEAST, least(sizes), n, "fewest key frequencies of a run"),
        _row(Circuits.KEYS_MOST, most(sizes), n, "most of them"),
        _row(Circuits.KEY_SETS, len(set(sets)), n, "different sets of key frequencies"),
        _row(Circuits.EMBEDDED_LEAST, least(others), n, "fewest frequencies of an embedding"),
        _row(Circuits.EMBEDDED_MOST, most(others), n, "most of them"),
        _row(Circuits.EMBEDDED_KEYS, share(inside, resampling.confidence), n, "have all keys"),
        _row(Circuits.RESIDUAL, most(circuits["map_residual"]), n, "norm left of the map, most"),
        _row(Circuits.RESIDUAL_SQUARED, most(circuits["map_residual_squared"]), n, "its square"),
        _row(Circuits.SPECTRUM, least(circuits["spectrum_in_blocks"]), n, "energy in blocks"),
        _row(Circuits.SPECTRUM_LARGEST, least(circuits["largest_in_blocks"]), n, "of the largest"),
        middle(
            Circuits.PERIODIC_HEADS, heads, "periodic", "median", "share of one frequency, head"
        ),
        middle(Circuits.PERIODIC_NEURONS, shown, "explained", "median", "likewise, neuron"),
        middle(Circuits.READS_MEAN, reads, "explained", "mean", "reads explained, mean"),
        _row(Circuits.READS_LEAST, least(reads["explained"]), len(reads), "reads, least"),
        middle(Circuits.READS_BALANCE, balanced, "balance", "median", "larger over smaller"),
        _row(Circuits.READS_BALANCE_MOST, most(balanced["balance"]), len(balanced), "its largest"),
        _row(Circuits.LOGITS, mean_estimate(explained, resampling), n, "logits explained, mean"),
        _row(
            Circuits.NEURONS,
            mean_estimate(circuits["neurons_explained"].to_numpy(float), resampling),
            n,
            "share of neurons explained, mean",
        ),
        _row(
            Circuits.WRITTEN_LEAST,
            least(of_keys["written_share"]),
            len(of_keys),
            "own frequency, least",
        ),
        middle(
            Circuits.WRITTEN_MEDIAN, of_keys, "written_share", "median", "own frequency, median"
        ),
    ]
    rows += _of_ablations(circuits, ablations, resampling)
    rows += carried_rows(heads, head_components, circuits, resampling)
    return rows + head_rows(heads, settings, resampling)


def _balanced(reads: pd.DataFrame) -> pd.DataFrame:
    """Reads of cosines, with `balance`: the larger of their two products over the smaller, infinite
    where both have one sign, which makes a wave of a - b.

    Reads of sines are left out: their two products are each other's mirror image, equal in any
    network that treats both operands alike.
    """
    cosines = reads[reads["part"] == "cos"]
    one, other = cosines["first"].astype(float), -cosines["second"].astype(float)
    sizes = pd.concat([one.abs(), other.abs()], axis=1)
    ratio = sizes.max(axis=1) / sizes.min(axis=1)
    return cosines.assign(balance=ratio.where(one * other > 0, math.inf))


def _of_ablations(
    circuits: pd.DataFrame, ablations: pd.DataFrame, resampling: Resampling
) -> list[Row]:
    n = len(circuits)
    p = float(circuits["p"].iloc[0]) if n else math.nan
    by_name = dict(iter(ablations.groupby("ablation")))

    def of(name: str, column: str) -> np.ndarray:
        return by_name[name][column].to_numpy(float) if name in by_name else np.array([])

    def ratio(name: Circuits, largest: Circuits, ablation: str, text: str) -> list[Row]:
        values = of(ablation, "ratio")
        note = f"loss {text}, over that of the whole network, median"
        return [
            _row(name, median_estimate(values, resampling), len(values), note),
            _row(largest, most(values), len(values), "its largest"),
        ]

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
    around = of("around_heads_zero", "loss") / chance
    accuracies = [of(name, "accuracy") for name in ("skip_zero", "skip_mean")]
    return [
        *ratio(Circuits.FITTED, Circuits.FITTED_MOST, "fitted", "of the fitted waves"),
        *ratio(
            Circuits.POLYNOMIALS,
            Circuits.POLYNOMIALS_MOST,
            "polynomials",
            "with polynomials for explained neurons",
        ),
        _row(Circuits.POLYNOMIALS_DROP, drops[0], n, "most accuracy lost by it"),
        *ratio(Circuits.SUMS, Circuits.SUMS_MOST, "sums", "with waves of a + b for neurons"),
        _row(Circuits.NECESSARY, least(ratios[is_key]), int(is_key.sum()), "without a key, least"),
        _row(Circuits.HARMLESS, most(ratios[~is_key]), int((~is_key).sum()), "without another"),
        *ratio(
            Circuits.KEY_BLOCKS, Circuits.KEY_BLOCKS_MOST, "key_blocks", "of the keys' blocks alone"
        ),
        _row(
            Circuits.WITHOUT_KEYS,
            least(of("without_sums", "test_loss") / chance),
            n,
            "test loss without the keys, over that of a guess, least",
        ),
        _row(Circuits.KEYS_ALONE, most(of("restricted", "test_ratio")), n, "of the keys alone"),
        *ratio(
            Circuits.DIRECTIONS,
            Circuits.DIRECTIONS_MOST,
            "directions",
            "of the directions that the logits read",
        ),
        _row(
            Circuits.COMPLEMENT,
            least(of("complement", "loss") / chance),
            n,
            "loss of the other directions, over that of a guess, least",
        ),
        *ratio(
            Circuits.NOT_ITSELF,
            Circuits.NOT_ITSELF_MOST,
            "not_itself",
            "where the sign does not see itself",
        ),
        _row(Circuits.NOT_ITSELF_DROP, drops[1], n, "most accuracy lost by it"),
        _row(Circuits.SKIP, most(np.concatenate(skips)), n, "loss without the skip, most"),
        _row(Circuits.SKIP_ACCURACY, least(np.concatenate(accuracies)), n, "accuracy, least"),
        _row(
            Circuits.HEADS_ZERO,
            least(of("heads_zero", "loss") / chance),
            n,
            "loss without heads, over that of a guess, least",
        ),
        _row(Circuits.AROUND_HEADS, least(around), n, "loss without what goes around them, least"),
        _row(
            Circuits.AROUND_HEADS_MEDIAN,
            median_estimate(around, resampling),
            len(around),
            "likewise, median",
        ),
        *ratio(Circuits.LINEAR, Circuits.LINEAR_MOST, "linear_attention", "with linear attention"),
    ]


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
        most_loss: test loss below which a network with weight decay generalises, nats.
        accurate: test accuracy from which on one with dropout does, whose losses stay higher.
    """
    dropped = circuits["runset"] == "dropout"
    p109 = circuits[circuits["runset"] == "p109"]
    decayed = circuits[~dropped & (circuits["test_loss"] < most_loss)]
    spread = circuits[dropped & (circuits["test_accuracy"] >= accurate)]
    wide = ablations.pivot(index=["runset", "run_id"], columns="ablation", values="accuracy")
    loss = ablations.pivot(index=["runset", "run_id"], columns="ablation", values="loss")
    generalising = pd.concat([decayed, spread])
    group = generalising.set_index(["runset", "run_id"])["group"]
    change = pd.DataFrame(
        {
            "group": group,
            "drop": (wide["none"] - wide["skip_mean"]).reindex(group.index),
            "whole": loss["none"].reindex(group.index),
            "left": loss["skip_mean"].reindex(group.index),
        }
    )
    means = change.groupby("group")[["drop", "whole", "left"]].mean()
    n, explained = len(generalising), decayed["logits_explained"].to_numpy(float)
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
        _row(OtherCircuits.SKIP_DROP, most(means["drop"]), n, "accuracy lost by a group, most"),
        _row(OtherCircuits.SKIP, most(means["left"] / means["whole"]), n, "loss of a group, most"),
    ]


def _row(name: Circuits | OtherCircuits, value: Estimate | float, n: int, note: str) -> Row:
    return statistic_row(name, value, n, note)
