"""What single networks have in common (cosets methods 4: C06, C07, C09, C18 to C20, C23 to C28,
C33, C34 and C37 to C40)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.cosets.single_names import Pizza, Single
from fittest.analysis.cosets.single_settings import SingleSettings
from fittest.analysis.statistics.intervals import (
    NOTHING,
    Estimate,
    Middle,
    Resampling,
    cluster_bootstrap,
    over_runs,
    rate,
    share,
)
from fittest.analysis.statistics.table import Row, statistic_row


def by_network(table: pd.DataFrame, column: str, middle: Middle, resampling: Resampling) -> Row:
    """Mean or median over the rows that have a value, with an interval over networks: what belongs
    to one network is drawn together. `estimate` and `n`, the rows."""
    known = table[table[column].notna()]
    values = known[column].to_numpy(np.float64)
    if len(values) == 0:
        return {"estimate": NOTHING, "n": 0}
    reduce: Any = {"mean": np.mean, "median": np.median}[middle]
    found = cluster_bootstrap(lambda i: float(reduce(values[i])), known["run_id"], resampling)
    return {"estimate": found, "n": len(values)}


def single_rows(
    networks: pd.DataFrame,
    clusters: pd.DataFrame,
    planes: pd.DataFrame,
    mixed: pd.DataFrame,
    settings: SingleSettings,
    resampling: Resampling,
) -> list[Row]:
    """Rows of `Single`, from the tables of `single.TABLES`. Intervals are over networks."""
    measured = networks[networks["accuracy"].notna()]
    least = settings.least_neurons
    whole = clusters[clusters["removed_loss"].notna()]
    fine = whole["fine_tuning"].astype(bool)
    judged = whole[~fine & (whole["neurons"] >= least)]
    # Fine-tuning clusters are mostly small: simple ones are compared by size with simple ones, and
    # small ones by kind with small ones.
    few = whole["neurons"] < least
    small, small_fine = whole[~fine & few], whole[fine & few]
    large = clusters["neurons"] >= least
    simple = clusters[large & ~clusters["fine_tuning"].astype(bool)]
    own = mixed[mixed["in_cluster"].astype(bool)]

    def over(name: Single, table: pd.DataFrame, column: str, middle: Middle, note: str) -> Row:
        found = by_network(table, column, middle, resampling)
        return statistic_row(name, found["estimate"], found["n"], note)

    def of(name: Single, column: str, middle: Middle, note: str) -> Row:
        estimate, n = over_runs(networks[column].to_numpy(float), middle, resampling)
        return statistic_row(name, estimate, n, note)

    def less(name: Single, one: pd.DataFrame, other: pd.DataFrame, note: str) -> Row:
        found = _less(one, other, "moved_turned", resampling)
        return statistic_row(name, found, min(len(one), len(other)), note)

    def hits(name: Single, marks: pd.Series, note: str) -> Row:
        found = share(marks.to_numpy(bool), resampling.confidence)
        return statistic_row(name, found, len(marks), note)

    better = measured["together_accuracy"] > measured["alone_accuracy"]
    even, pair = (simple[name] > settings.uniform for name in ("even", "even_pair"))
    circular, same = (planes[name].astype(bool) for name in ("circular", "same"))
    planes = planes.assign(agree=circular == same)
    several = simple[["distinct", "distinct_b"]].min(axis=1) >= settings.distinct
    rows = [
        statistic_row(Single.NETWORKS, len(networks), len(networks), "networks with weights"),
        statistic_row(Single.MEASURED, len(measured), len(measured), "of which all is measured"),
        of(Single.SIMPLE, "simple", "mean", "simple of live neurons, mean share"),
        of(Single.STRICT, "strict", "mean", "simple neurons that pass the strict test, mean share"),
        of(Single.AGREEING, "agreeing", "mean", "the same without the output's concentration"),
        of(Single.OUTPUT_SHARE, "output_share", "median", "output's power at one frequency"),
        of(Single.ONE_WAVE, "one_wave", "median", "R^2 of one wave, simple neurons' parts"),
        over(Single.OUTPUT_WAVE, whole[~fine], "wave_explained", "median", "R^2, simple clusters"),
        over(Single.OUTPUT_WAVE_ALL, whole, "wave_explained", "median", "R^2, all clusters"),
        over(Single.OUTPUT_STEPS, whole[~fine], "wave_steps", "median", "steps from the answer"),
        over(Single.COSETS, whole, "coset_share", "median", "clusters with g > 1"),
        over(Single.COSETS_FINE, whole[fine], "coset_share", "median", "fine-tuning ones of them"),
        of(Single.TOGETHER, "together_accuracy", "mean", "all clusters, all pairs"),
        of(Single.ALONE, "alone_accuracy", "mean", "best single cluster, all pairs"),
        hits(Single.TOGETHER_BETTER, better, "networks whose clusters answer better together"),
        of(Single.REMAINDER, "remainder", "median", "of the logits' variance, in no cluster"),
        of(Single.COMPONENT, "component_share", "median", "energy at one frequency, of PCs"),
        over(Single.CIRCLES, planes, "agree", "mean", "circle iff same f"),
        over(Single.CIRCLES_SAME, planes[same], "agree", "mean", "circles, of pairs of same f"),
        over(Single.CIRCLES_OTHER, planes[~same], "agree", "mean", "no circles, of other pairs"),
        over(Single.POINTS, planes, "coset_share", "median", "pairs of PCs with g > 1"),
        over(Single.MIXED, own, "strong", "median", "frequencies of fine-tuning parts"),
        over(Single.RELATED, own, "related", "mean", "of which sums of others, mean share"),
        over(Single.RELATED_CHANCE, own, "by_chance", "mean", "the same of random sets"),
        over(Single.FEW, mixed, "explained", "median", "R^2 of few frequencies"),
        *_disturbed(measured, whole, resampling),
        over(Single.MOVED, judged, "moved", "mean", "simple clusters"),
        over(Single.MOVED_TURNED, judged, "moved_turned", "mean", "within some degrees"),
        over(Single.MOVED_TURNED_FINE, whole[fine], "moved_turned", "mean", "fine-tuning ones"),
        over(Single.MOVED_TURNED_SMALL, small, "moved_turned", "mean", "small simple ones"),
        less(Single.MOVED_LESS_SMALL, judged, small, "simple clusters less small simple ones"),
        less(Single.MOVED_LESS_FINE, small, small_fine, "small simple ones less fine-tuning ones"),
        over(Single.MOVED_CORRELATION, judged, "moved_correlation", "mean", "at the shift itself"),
        over(Single.MOVED_FINE, whole[fine], "moved", "mean", "fine-tuning clusters"),
        over(Single.EVEN, simple.assign(even=even), "even", "mean", "clusters of even phases"),
        over(Single.EVEN_CHANCE, simple, "even_chance", "mean", "the same of uniform phases"),
        over(Single.EVEN_PAIR, simple.assign(even=pair), "even", "mean", "of even pairs of phases"),
        over(Single.DISTINCT, simple.assign(many=several), "many", "mean", "of many phases"),
        of(Single.PROJECTED, "projected", "median", "tables' energy at cluster frequencies"),
    ]
    return rows


def _less(one: pd.DataFrame, other: pd.DataFrame, column: str, resampling: Resampling) -> Estimate:
    """Mean over the clusters of one table less that over those of the other, with an interval over
    networks: all clusters of one are drawn together."""
    both = pd.concat([one.assign(of_other=False), other.assign(of_other=True)])
    known = both[both[column].notna()]
    values, of_other = known[column].to_numpy(np.float64), known["of_other"].to_numpy(bool)

    def difference(rows: np.ndarray) -> float:
        drawn, marks = values[rows], of_other[rows]
        if marks.all() or not marks.any():
            return float("nan")
        return float(drawn[~marks].mean() - drawn[marks].mean())

    return cluster_bootstrap(difference, known["run_id"], resampling)


def _disturbed(measured: pd.DataFrame, whole: pd.DataFrame, resampling: Resampling) -> list[Row]:
    """Noise and removal, by network: its worst cluster, and how unequal its clusters are."""
    base = measured.drop_duplicates("run_id").set_index("run_id")[["loss", "accuracy"]]
    table = whole.join(base, on="run_id")
    table = table.assign(
        rise=table["noise_loss"] - table["loss"],
        fall=table["accuracy"] - table["noise_accuracy"],
    )
    table = table.assign(relative=table["rise"] / table["loss"].where(table["loss"] > 0))
    worst = table.groupby("run_id")[["rise", "fall", "relative"]].max()
    several = whole[whole.groupby("run_id")["run_id"].transform("size") > 1]
    by_run = several.groupby("run_id")["removed_loss"]
    ratio = by_run.max() / by_run.min()
    # The cluster of each network that matters least, by place in the table and not by its labels.
    least = several.sort_values("removed_loss", kind="stable").drop_duplicates("run_id")
    with_fine = set(several.loc[several["fine_tuning"].astype(bool), "run_id"])
    marks = least.loc[least["run_id"].isin(with_fine), "fine_tuning"]
    estimates: list[tuple[Single, Estimate, int, str]] = []
    for name, values, note in (
        (Single.LOSS, measured["loss"], "test loss, nats"),
        (Single.NOISE_LOSS, worst["rise"], "worst cluster's rise of the test loss, nats"),
        (Single.NOISE_RELATIVE, worst["relative"], "the same over the network's own test loss"),
        (Single.NOISE_ACCURACY, worst["fall"], "worst cluster's fall of test accuracy"),
        (Single.REMOVAL_RATIO, ratio, "loss without the most important over the least, median"),
    ):
        estimate, n = over_runs(values.to_numpy(float), "median", resampling)
        estimates.append((name, estimate, n, note))
    found = by_network(table, "rise", "median", resampling)
    estimates.append((Single.NOISE_LOSS_MEDIAN, found["estimate"], found["n"], "of all clusters"))
    lost = int(marks.astype(bool).sum())
    estimates.append(
        (
            Single.FINE_LEAST,
            rate(lost, len(marks), resampling.confidence),
            len(marks),
            "networks with a fine-tuning cluster that matters least",
        )
    )
    return [statistic_row(name, estimate, n, note) for name, estimate, n, note in estimates]


def pizza_rows(neurons: pd.DataFrame, runs: pd.DataFrame, resampling: Resampling) -> list[Row]:
    """Rows of `Pizza`. Intervals of three networks say little: each one's share stands beside.

    Args:
        runs: their runs: run_id, test_accuracy, last_step.
        neurons: of the largest clusters of each network: run_id, explained (R^2 of one wave, the
            less of both parts), neighbours (whether the strongest numbers are neighbours).
    """
    networks = neurons["run_id"].nunique()
    explained = by_network(neurons, "explained", "median", resampling)
    near = by_network(neurons.assign(near=neurons["neighbours"]), "near", "mean", resampling)
    each = neurons.groupby("run_id")["neighbours"].mean().astype(float)
    own = runs[runs["run_id"].isin(neurons["run_id"])]
    accuracy, steps = (own[name].astype(float).min() for name in ("test_accuracy", "last_step"))
    return [
        statistic_row(Pizza.NETWORKS, networks, networks, "networks"),
        statistic_row(Pizza.ONE_WAVE, explained["estimate"], explained["n"], "R^2 of one wave"),
        statistic_row(Pizza.NEIGHBOURS, near["estimate"], near["n"], "strong at a and a +- d"),
        statistic_row(Pizza.NEIGHBOURS_LEAST, each.min(), networks, "of one network, the least"),
        statistic_row(Pizza.NEIGHBOURS_MOST, each.max(), networks, "of one network, the most"),
        statistic_row(Pizza.ACCURACY, accuracy, networks, "test accuracy, the least"),
        statistic_row(Pizza.STEPS, steps, networks, "steps, the fewest"),
    ]
