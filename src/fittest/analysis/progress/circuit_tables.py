"""The paper's tables 1 to 6, from the circuits of runs."""

from __future__ import annotations

import pandas as pd

_READS = ["k", "part", "expansion", "first", "second", "merged", "explained"]
_GROUPS = {
    "frac": "other shares of the data",
    "layers2": "two layers",
    "p53_wd5": "p = 53",
    "p109": "p = 109",
    "dropout": "dropout",
}


def read_tables(reads: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Table 1, of the first seed, and table 3, of the others: a row per key frequency and wave."""
    first = reads["seed"] == reads["seed"].min()
    return reads.loc[first, _READS], reads.loc[~first, ["seed", *_READS]]


def head_table(heads: pd.DataFrame) -> pd.DataFrame:
    """Table 2: a row per head of the first seed. The pattern is as figures 4 and 9 draw it."""
    columns = ["head", "itself", "k", "alpha", "beta", "pattern_explained", "divided_explained"]
    columns += ["lookup_k", "lookup_explained"]
    return heads.loc[heads["seed"] == heads["seed"].min(), columns]


def ablation_table(ablations: pd.DataFrame) -> pd.DataFrame:
    """Table 4: test losses of each seed but the first, without the waves of its key frequencies,
    and with these alone."""
    wanted = {"none": "test_loss", "without_sums": "keys_removed", "restricted": "rest_removed"}
    others = ablations[ablations["seed"] != ablations["seed"].min()]
    rows = others[others["ablation"].isin(list(wanted))]
    wide = rows.pivot(index="seed", columns="ablation", values="test_loss").rename(columns=wanted)
    return wide.reindex(columns=list(wanted.values())).reset_index()


def generalising(
    circuits: pd.DataFrame, least_fraction: float, most_dropout: float
) -> pd.DataFrame:
    """The rows of `circuits` that tables 5 and 6 are of, with the group that each belongs to.

    least_fraction: share of the data that runs of `frac` have at least. most_dropout: most dropout.
    """
    few = (circuits["runset"] == "frac") & (circuits["train_fraction"] < least_fraction - 1e-9)
    heavy = circuits["dropout"] > most_dropout + 1e-9
    chosen = circuits[circuits["runset"].isin(list(_GROUPS)) & ~few & ~heavy]
    group = chosen["runset"].map(_GROUPS)
    dropped = chosen["runset"] == "dropout"
    return chosen.assign(
        group=group.where(~dropped, group + " " + chosen["dropout"].map("{:g}".format))
    )


def generalise(circuits: pd.DataFrame, most_loss: float, accurate: float) -> pd.Series:
    """Which networks generalise, a boolean for each row.

    Args:
        most_loss: test loss below which one with weight decay does, nats.
        accurate: test accuracy from which on one with dropout does, whose losses stay higher.
    """
    dropped = circuits["runset"] == "dropout"
    low = circuits["test_loss"] < most_loss
    return low.where(~dropped, circuits["test_accuracy"] >= accurate).astype(bool)


def generalising_table(chosen: pd.DataFrame) -> pd.DataFrame:
    """Table 5: a row per network, of those of `generalising` that do (`generalise`)."""
    columns = ["group", "train_fraction", "seed", "step", "slingshot", "test_loss", "test_accuracy"]
    columns += ["gini_embedding", "gini_map", "keys", "logits_explained", "reads_mean", "reads_sd"]
    listed = chosen["keys"].map(lambda ks: " ".join(str(int(k)) for k in ks))
    return chosen.assign(keys=listed)[columns]


def skip_table(
    chosen: pd.DataFrame, ablations: pd.DataFrame, generalises: pd.Series
) -> pd.DataFrame:
    """Table 6: losses over all pairs of each group, whole, and with what goes around the last MLP
    replaced by its mean or by zero; mean and deviation over the networks that generalise, and the
    median of their ratios, since one that ends in a slingshot makes up the mean of its group.

    Args:
        generalises: which rows of `chosen` do; `left_out` counts the others of a group.
    """
    good = chosen[generalises]
    named = good[["runset", "run_id", "group"]].merge(ablations, on=["runset", "run_id"])
    table = pd.DataFrame({"group": chosen["group"].unique()}).set_index("group")
    groups = table.index
    table["networks"] = good.groupby("group").size().reindex(groups, fill_value=0)
    table["left_out"] = chosen.groupby("group").size().reindex(groups) - table["networks"]
    shots = good.groupby("group")["slingshot"].sum()
    table["in_slingshot"] = shots.reindex(groups, fill_value=0).astype(int)
    for ablation, name in (("none", "whole"), ("skip_mean", "mean"), ("skip_zero", "zero")):
        of_groups = named[named["ablation"] == ablation].groupby("group")
        table[f"{name}_loss"] = of_groups["loss"].mean()
        table[f"{name}_loss_sd"] = of_groups["loss"].std(ddof=1)
        if ablation != "none":
            table[f"{name}_ratio_median"] = of_groups["ratio"].median()
        table[f"{name}_accuracy"] = of_groups["accuracy"].mean()
    return table.reset_index()
