"""What the circuits of several runs have in common (progress methods 4, P06 to P32, P59, P67, P70);
ablations, heads and other settings have modules of their own."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from fittest.analysis.progress.ablation_statistics import ablation_rows
from fittest.analysis.progress.constants import HeadSettings
from fittest.analysis.progress.head_statistics import carried_rows, head_rows
from fittest.analysis.progress.names import Circuits
from fittest.analysis.progress.summaries import by_run, least, most, odd_run
from fittest.analysis.statistics.intervals import (
    Estimate,
    Middle,
    Resampling,
    mean_estimate,
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
    seed, others_least = odd_run(-reads["explained"], reads["seed"])
    odd, _ = odd_run(circuits["loss"], circuits["seed"])
    losses = circuits["loss"].to_numpy(float)
    times = most(losses) / float(np.median(losses)) if n else math.nan

    def middle(name: Circuits, table: pd.DataFrame, column: str, how: Middle, note: str) -> Row:
        return _row(name, by_run(table, column, how, resampling), len(table), note)

    rows = [
        _row(Circuits.RUNS, n, n, "runs analysed"),
        _row(Circuits.LOSS_SEED, odd, n, "seed of the run with the largest loss over all pairs"),
        _row(Circuits.LOSS_TIMES, times, n, "its loss over that of the median run"),
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
        _row(Circuits.READS_SEED, seed, len(reads), "seed of the run with the least"),
        _row(Circuits.READS_OTHERS, -others_least, len(reads), "least of the other runs"),
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
    rows += ablation_rows(circuits, ablations, resampling)
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


def _row(name: Circuits, value: Estimate | float, n: int, note: str) -> Row:
    return statistic_row(name, value, n, note)
