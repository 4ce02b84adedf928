"""What a kick of one signal does to the others, against what the fitted matrix says (claim S34).

A kick scales one frequency of the initial embedding; everything else of the run, MLP and split,
stays. Training is deterministic, so every later difference from the run without the kick is an
effect of it. The linear equations (survival methods 2.15) predict the same differences.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fittest.analysis.dynamics.linear_ode import (
    Floats,
    LinearSystem,
    fit_diagonal,
    fit_ols,
    steps_and_changes,
)
from fittest.analysis.dynamics.names import Kick
from fittest.analysis.statistics.correlation import spearman
from fittest.analysis.statistics.intervals import Resampling, cluster_bootstrap
from fittest.analysis.statistics.names import StatisticName
from fittest.analysis.statistics.table import Row, statistic_row

COLUMNS = ["seed", "k", "i", "up", "down", "predicted", "later", "later_predicted", "later_alone"]


def predicted_change(system: LinearSystem, moved: Floats, steps: int) -> Floats:
    """How a displacement (K,) of all signals should change within some steps: (K,)."""
    now = moved
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            now = now + system.matrix @ now
        return np.asarray(now - moved)


def predicted_response(x: Floats, k: int, window: tuple[int, int]) -> Floats:
    """How far each signal should move per unit of a kick of signal k at step 0: (K,).

    Args:
        x: (T + 1, K) dense signals of the run without a kick, to which A is fitted.
        k: the frequency kicked, from 1. window: first and last step of the mean.
    """
    matrix = fit_ols(*steps_and_changes(x)).matrix
    move = np.zeros(x.shape[1])
    move[k - 1] = 1.0
    total = np.zeros_like(move)
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(window[1] + 1):
            if step >= window[0]:
                total += move
            move = move + matrix @ move
    return np.asarray(total / (window[1] - window[0] + 1))


def responses(
    plain: Mapping[int, Floats],
    kicked: Mapping[tuple[int, int, float], Floats],
    shares: tuple[float, float],
) -> pd.DataFrame:
    """Responses of all other signals to kicks up and down.

    Args:
        plain: seed -> dense signals (T + 1, K) without a kick.
        kicked: (seed, k, factor) -> the same with one; of every (seed, k) the smallest and the
            largest factor count, and only where they lie on both sides of 1.
        shares: of the steps, between which responses are averaged. In mid-run, for as many steps
            from the second on, what the kicks have become by then is followed as a displacement
            of its own.

    Returns:
        COLUMNS, a row per seed, kicked k and other frequency i: mean change of signal i per unit
        of the change of signal k at step 0, for a kick up and one down, and as predicted. later:
        how the part that turns with the sign of the kick changes in mid-run, as predicted by the
        fitted matrix from the displacement of all signals there, and by a diagonal one.
    """
    rows = []
    for seed, k in sorted({(seed, k) for seed, k, _ in kicked}):
        factors = sorted(f for s, q, f in kicked if (s, q) == (seed, k))
        if seed not in plain or not factors[0] < 1 < factors[-1]:
            continue
        x = plain[seed]
        paths = [kicked[seed, k, factors[-1]], kicked[seed, k, factors[0]]]
        last = min(len(x), *(len(path) for path in paths)) - 1
        window = (round(shares[0] * last), round(shares[1] * last))
        steps = slice(window[0], window[1] + 1)
        found = [
            (path[steps] - x[steps]).mean(0) / (path[0, k - 1] - x[0, k - 1]) for path in paths
        ]
        columns = [*found, predicted_response(x, k, window), *_in_mid_run(x, paths, k, window)]
        rows += [
            (seed, k, i, *(float(column[i - 1]) for column in columns))
            for i in range(1, x.shape[1] + 1)
            if i != k
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _in_mid_run(
    x: Floats, paths: list[Floats], k: int, window: tuple[int, int]
) -> tuple[Floats, Floats, Floats]:
    """Changes (K,) of what kicks up and down have in common, as found and by both models."""
    first, length = window[1], window[1] - window[0]
    last = min(first + length, len(x) - 1)
    moved = np.mean(
        [(p[: last + 1] - x[: last + 1]) / (p[0, k - 1] - x[0, k - 1]) for p in paths], axis=0
    )
    data = steps_and_changes(x)
    full, alone = (
        predicted_change(fit(*data), moved[first], last - first) for fit in (fit_ols, fit_diagonal)
    )
    return moved[last] - moved[first], full, alone


def sign_rows(
    names: tuple[StatisticName, StatisticName],
    same: NDArray[np.bool_],
    mean: Floats,
    seeds: NDArray[np.integer],
    resampling: Resampling,
    which: str,
) -> list[Row]:
    """How often a kick's sign decides that of its answer, and how often such an answer helps.

    Args:
        names: of the share of one sign and of that of helped ones among these. same: (n,) whether
            kicks up and down have one sign. mean: (n,) of both. which: first words for them.
    """
    steady = np.flatnonzero(same)
    return [
        statistic_row(
            names[0],
            cluster_bootstrap(lambda i: float(same[i].mean()), seeds, resampling),
            len(same),
            f"share of (kicked k, other i) whose {which} and down have one sign; chance 0.5",
        ),
        statistic_row(
            names[1],
            cluster_bootstrap(
                lambda i: float((mean[steady][i] > 0).mean()), seeds[steady], resampling
            ),
            len(steady),
            "share of helped ones among those with one sign",
        ),
    ]


def kick_rows(table: pd.DataFrame, resampling: Resampling) -> list[Row]:
    """Statistics for the claim S34, bootstrap over seeds.

    Kicks up and down tell an interaction from the growth of small differences: an effect of the
    kick turns with its sign, so that both responses per unit of it agree.

    Args:
        table: from ``responses``.
    """
    up, down, model, later, full, alone = (table[name].to_numpy(float) for name in COLUMNS[3:])
    seeds, n = table["seed"].to_numpy(), len(table)
    same = np.sign(up) == np.sign(down)
    mean = (up + down) / 2
    return [
        *sign_rows(
            (Kick.SAME_SIGN, Kick.POSITIVE_SHARE), same, mean, seeds, resampling, "responses up"
        ),
        statistic_row(
            Kick.LINEARITY,
            cluster_bootstrap(lambda i: spearman(up[i], down[i]), seeds, resampling),
            n,
            "Spearman of the responses to kicks up and down",
        ),
        statistic_row(
            Kick.AGREEMENT,
            cluster_bootstrap(lambda i: spearman(mean[i], model[i]), seeds, resampling),
            n,
            "Spearman of the mean response and that of the least-squares matrix",
        ),
        statistic_row(
            Kick.LATER_AGREEMENT,
            cluster_bootstrap(lambda i: spearman(later[i], full[i]), seeds, resampling),
            n,
            "in mid-run: Spearman of the change of a displacement and that by the matrix",
        ),
        statistic_row(
            Kick.LATER_GAIN,
            cluster_bootstrap(
                lambda i: spearman(later[i], full[i]) - spearman(later[i], alone[i]),
                seeds,
                resampling,
            ),
            n,
            "that less the same of a diagonal matrix, in which no signal sees another",
        ),
    ]
