"""What is lost where parts of networks are taken away, over several runs (progress methods 2.11;
P15, P18 to P27, P31, P59, P70)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from fittest.analysis.progress.names import Circuits
from fittest.analysis.progress.summaries import least, most, odd_run
from fittest.analysis.statistics.intervals import Estimate, Resampling, median_estimate
from fittest.analysis.statistics.table import Row, statistic_row


def ablation_rows(
    circuits: pd.DataFrame, ablations: pd.DataFrame, resampling: Resampling
) -> list[Row]:
    """Rows of `Circuits` that are about ablations, from the tables of one run-set.

    Medians have intervals over runs; least and most are over all of them.
    """
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

    def lost(ablation: str) -> np.ndarray:
        """Accuracy that each run loses by it."""
        left = of(ablation, "accuracy")
        return of("none", "accuracy")[: len(left)] - left

    skips = [of(name, "ratio") for name in ("skip_zero", "skip_mean")]
    seeds = [of(name, "seed") for name in ("skip_zero", "skip_mean")]
    skip_seed, skip_others = odd_run(np.concatenate(skips), np.concatenate(seeds))
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
        _row(Circuits.POLYNOMIALS_DROP, most(lost("polynomials")), n, "most accuracy lost by it"),
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
        _row(
            Circuits.COMPLEMENT_ALONE,
            least(of("complement_alone", "loss") / chance),
            n,
            "likewise without what goes around the MLP",
        ),
        _row(
            Circuits.COMPLEMENT_ACCURACY,
            most(of("complement", "accuracy")),
            n,
            "accuracy of the other directions, most",
        ),
        _row(
            Circuits.COMPLEMENT_RATIO,
            least(of("complement", "ratio")),
            n,
            "loss of the other directions, over that of the whole network, least",
        ),
        _row(
            Circuits.DIRECTIONS_ALONE,
            median_estimate(of("directions_alone", "ratio"), resampling),
            n,
            "loss of the directions without what goes around the MLP, over the whole, median",
        ),
        *ratio(
            Circuits.NOT_ITSELF,
            Circuits.NOT_ITSELF_MOST,
            "not_itself",
            "where the sign does not see itself",
        ),
        _row(Circuits.NOT_ITSELF_DROP, most(lost("not_itself")), n, "most accuracy lost by it"),
        _row(
            Circuits.ITSELF_ZERO,
            median_estimate(of("itself_zero", "ratio"), resampling),
            n,
            "likewise where what it paid to itself goes to nobody, median",
        ),
        _row(
            Circuits.NOT_ITSELF_RUNS,
            float((lost("not_itself") <= 0).sum()) if n else math.nan,
            n,
            "runs that lose no right answer where the sign does not see itself",
        ),
        _row(Circuits.SKIP, most(np.concatenate(skips)), n, "loss without the skip, most"),
        _row(Circuits.SKIP_ZERO, most(skips[0]), n, "likewise with zeros in its place"),
        _row(Circuits.SKIP_MEAN, most(skips[1]), n, "likewise with its mean"),
        _row(Circuits.SKIP_SEED, skip_seed, n, "seed of the run with the most"),
        _row(Circuits.SKIP_OTHERS, skip_others, n, "most of the other runs"),
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
        _row(
            Circuits.AROUND_HEADS_RATIO,
            least(of("around_heads_zero", "ratio")),
            n,
            "likewise over that of the whole network, least",
        ),
        _row(
            Circuits.AROUND_HEADS_LOST,
            median_estimate(lost("around_heads_zero"), resampling),
            n,
            "accuracy lost by it, median",
        ),
        _row(
            Circuits.AROUND_HEADS_LOST_LEAST,
            least(lost("around_heads_zero")),
            n,
            "accuracy lost by it, least",
        ),
        *ratio(Circuits.LINEAR, Circuits.LINEAR_MOST, "linear_attention", "with linear attention"),
        _row(Circuits.LINEAR_LOST, most(lost("linear_attention")), n, "most accuracy lost by it"),
        _row(
            Circuits.LINEAR_NOT_ITSELF,
            median_estimate(of("linear_not_itself", "ratio"), resampling),
            n,
            "likewise where the sign does not see itself either, median",
        ),
    ]


def _row(name: Circuits, value: Estimate | float, n: int, note: str) -> Row:
    return statistic_row(name, value, n, note)
