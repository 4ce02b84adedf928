"""Whether groups of times differ, and whether they go one way. A time that is not reached is
infinite: the largest rank there is, whatever the budget was."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fittest.analysis.statistics.intervals import Resampling

Floats = NDArray[np.float64]


def falls(groups: Sequence[ArrayLike]) -> float:
    """Statistic of Jonckheere (1954) for a fall: over all pairs of groups, how often a value of the
    earlier one is larger than one of the later; equal ones count a half."""
    found = 0.0
    for place, first in enumerate(groups):
        for second in groups[place + 1 :]:
            x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
            found += float((x[:, None] > y).sum() + 0.5 * (x[:, None] == y).sum())
    return found


def fall_p(groups: Sequence[ArrayLike], resampling: Resampling) -> float:
    """One-sided p-value of a fall over the order of the groups: the share of random
    re-arrangements of all values that fall as much. NaN with fewer than two groups that have
    values."""
    kept = [np.asarray(group, dtype=np.float64) for group in groups if len(np.asarray(group))]
    if len(kept) < 2:
        return math.nan
    generator = np.random.default_rng(resampling.seed)
    ranks, cuts = _ranks(np.concatenate(kept)), np.cumsum([len(group) for group in kept])[:-1]
    seen = falls(np.split(ranks, cuts))
    drawn = (falls(np.split(generator.permutation(ranks), cuts)) for _ in range(resampling.draws))
    return (1 + sum(one >= seen for one in drawn)) / (1 + resampling.draws)


def sooner_p(strata: Sequence[tuple[ArrayLike, ArrayLike]], resampling: Resampling) -> float:
    """One-sided p-value that values of the first of two groups are smaller, compared within strata
    only: the share of random re-arrangements within each that are as far apart. NaN where no
    stratum has both groups.

    strata: values of the first and of the second group, of each stratum.
    """
    groups = [
        (np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64))
        for first, second in strata
    ]
    both = [(first, second) for first, second in groups if len(first) and len(second)]
    if not both:
        return math.nan
    generator = np.random.default_rng(resampling.seed)
    ranks = [(_ranks(np.concatenate([second, first])), len(second)) for first, second in both]

    def apart(values: Sequence[Floats]) -> float:
        return sum(
            falls([one[:cut], one[cut:]]) for one, (_, cut) in zip(values, ranks, strict=True)
        )

    seen = apart([one for one, _ in ranks])
    drawn = (
        apart([generator.permutation(one) for one, _ in ranks]) for _ in range(resampling.draws)
    )
    return (1 + sum(one >= seen for one in drawn)) / (1 + resampling.draws)


def difference_p(groups: Sequence[ArrayLike]) -> float:
    """P-value of Kruskal and Wallis (1952), of two groups that of Mann and Whitney (1947), exact
    where no values are equal; NaN where there are not two groups, 1 where all values are equal."""
    from scipy.stats import kruskal, mannwhitneyu

    kept = [np.asarray(group, dtype=np.float64) for group in groups if len(np.asarray(group))]
    if len(kept) < 2:
        return math.nan
    ranks = _ranks(np.concatenate(kept))
    if len(np.unique(ranks)) == 1:
        return 1.0
    parts = np.split(ranks, np.cumsum([len(group) for group in kept])[:-1])
    if len(parts) == 2:
        return float(mannwhitneyu(*parts, alternative="two-sided").pvalue)
    return float(kruskal(*parts).pvalue)


def rank_correlation(x: ArrayLike, y: ArrayLike) -> float:
    """Spearman's; infinite values are largest, NaN where one of the two does not vary."""
    one, other = _ranks(x), _ranks(y)
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return math.nan
    return float(np.corrcoef(one, other)[0, 1])


def _ranks(values: ArrayLike) -> Floats:
    from scipy.stats import rankdata

    return np.asarray(rankdata(np.asarray(values, dtype=np.float64)), dtype=np.float64)
