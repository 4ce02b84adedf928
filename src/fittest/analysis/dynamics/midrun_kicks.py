"""What a kick of one signal in mid-training does to the others, against the fitted matrix (S34).

Up to the kick a run is the one without it, bit for bit with the native kernel; its MLP and
optimiser belong to the embedding that is kicked. Linear equations (survival methods 2.15) say that
the change of signal i answers at once, by the entry (i, k) of their matrix per unit of the kick.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fittest.analysis.dynamics.kicks import sign_rows
from fittest.analysis.dynamics.linear_ode import Floats, fit_lasso, fit_ols, steps_and_changes
from fittest.analysis.dynamics.names import MidrunKick
from fittest.analysis.statistics.correlation import spearman
from fittest.analysis.statistics.intervals import Resampling, cluster_bootstrap
from fittest.analysis.statistics.table import Row, statistic_row

COLUMNS = ["seed", "step", "k", "i", "up", "down", "ols", "lasso"]

Kicked = tuple[int, int, int, float]
"""Seed, step, frequency, factor."""


def answer(x: Floats, path: Floats, step: int, k: int, follow: int) -> Floats:
    """By how much a kick changes the change of each signal, per step and per unit of the kick.

    Args:
        x, path: (T + 1, K) signals of the run without the kick and with it, the kick in the row of
            `step`. k: the frequency kicked, from 1. follow: steps after it whose mean is taken, or
            as many as there are.

    Returns:
        (K,); NaN where nothing was kicked, or either ends there.
    """
    last = min(step + follow, len(x) - 1, len(path) - 1)
    if last <= step or path[step, k - 1] == x[step, k - 1]:
        return np.full(x.shape[1], np.nan)
    apart = path[[step, last]] - x[[step, last]]
    return np.asarray((apart[1] - apart[0]) / ((last - step) * apart[0, k - 1]))


def answers(
    plain: Mapping[int, Floats],
    kicked: Mapping[Kicked, Floats],
    follow: int,
    lasso_alpha: float,
    lasso_iterations: tuple[int, int],
) -> pd.DataFrame:
    """Answers of all other signals to kicks up and down, and what fitted matrices say.

    Args:
        plain: seed -> dense signals (T + 1, K) without a kick, to which the matrices are fitted.
        kicked: the same with one; of every (seed, step, k) the smallest and the largest factor
            count, and only where they lie on both sides of 1.
        follow: steps after the kick. lasso_alpha, lasso_iterations: as for the equations.

    Returns:
        COLUMNS, a row per seed, step, kicked k and other frequency i whose answer is known: to a
        kick up and to one down, and entry (i, k) of the least-squares matrix and of the Lasso's.
    """
    fits: dict[int, tuple[Floats, Floats]] = {}
    rows = []
    for seed, step, k in sorted({key[:3] for key in kicked}):
        factors = sorted(key[3] for key in kicked if key[:3] == (seed, step, k))
        if seed not in plain or not factors[0] < 1 < factors[-1]:
            continue
        x = plain[seed]
        up, down = (
            answer(x, kicked[seed, step, k, factor], step, k, follow)
            for factor in (factors[-1], factors[0])
        )
        if np.isnan(up + down).any():
            continue
        if seed not in fits:
            data = steps_and_changes(x)
            fits[seed] = (
                fit_ols(*data).matrix,
                fit_lasso(*data, lasso_alpha, *lasso_iterations).matrix,
            )
        columns = [up, down, *(matrix[:, k - 1] for matrix in fits[seed])]
        rows += [
            (seed, step, k, i, *(float(column[i - 1]) for column in columns))
            for i in range(1, x.shape[1] + 1)
            if i != k
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def midrun_kick_rows(table: pd.DataFrame, resampling: Resampling) -> list[Row]:
    """Statistics for the claim S34, bootstrap over seeds.

    Args:
        table: from ``answers``.
    """
    up, down, ols, lasso = (table[name].to_numpy(float) for name in COLUMNS[4:])
    seeds, n = table["seed"].to_numpy(), len(table)
    # No answer at all is none of one sign.
    same = up * down > 0
    mean = (up + down) / 2
    return [
        *sign_rows(
            (MidrunKick.SAME_SIGN, MidrunKick.POSITIVE_SHARE),
            same,
            mean,
            seeds,
            resampling,
            "answers to kicks up",
        ),
        statistic_row(
            MidrunKick.AGREEMENT,
            cluster_bootstrap(lambda i: spearman(mean[i], ols[i]), seeds, resampling),
            n,
            "Spearman of the mean answer and the entry of the least-squares matrix",
        ),
        statistic_row(
            MidrunKick.AGREEMENT_LASSO,
            cluster_bootstrap(lambda i: spearman(mean[i], lasso[i]), seeds, resampling),
            n,
            "the same with the Lasso's matrix, most of whose entries are 0",
        ),
    ]
