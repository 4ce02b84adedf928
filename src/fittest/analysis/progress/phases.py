"""The phases of a run that groks: memorisation, circuit formation, cleanup (progress methods 2.14).

The paper draws the lines between them by eye. Here they follow from the curves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PhaseRules:
    """The numbers behind the lines between phases.

    Attributes:
        window: checkpoints of the running median of the logarithm of a loss.
        factor: times the loss at which a fall comes to rest, below which the fall is over.
    """

    window: int
    factor: float


@dataclass(frozen=True)
class Phases:
    """Ends of phases, in steps; NaN where there is none.

    Attributes:
        memorised: end of memorisation, t1. formed: end of circuit formation, t2. cleaned: end of
            cleanup, t3.
        least_excluded: where the excluded loss is least before t2, the other reading of t1.
        highest_test, largest_norm: where test loss and squared weights are largest before t2, which
            the paper also reads as the end of memorisation.
    """

    memorised: float
    formed: float
    cleaned: float
    least_excluded: float
    highest_test: float
    largest_norm: float


def running_median(values: ArrayLike, window: int) -> Floats:
    """Median over `window` neighbours, the value itself in their middle; fewer at the ends.

    Args:
        values: (T,). window: odd.

    Raises:
        ValueError: for a window that is even or below 1.
    """
    if window < 1 or window % 2 == 0:
        raise ValueError(f"a running median needs an odd window, not {window}")
    data = np.asarray(values, dtype=np.float64)
    half = window // 2
    return np.array(
        [np.median(data[max(0, i - half) : i + half + 1]) for i in range(len(data))], dtype=float
    )


def smoothed_loss(losses: ArrayLike, window: int) -> Floats:
    """The running median of a (T,) loss, taken of its logarithm; a loss of zero stays one."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp(running_median(np.log(np.asarray(losses, float)), window)))


def growth_after(steps: ArrayLike, losses: ArrayLike, start: float) -> float:
    """The largest ratio of a loss to its least before, from a step on: 1 where it only falls.

    Args:
        steps, losses: (T,), increasing in step. start: infinity for never.

    Returns:
        NaN where no step is that late.
    """
    late = np.asarray(losses, dtype=np.float64)[np.asarray(steps, dtype=np.float64) >= start]
    return float((late / np.minimum.accumulate(late)).max()) if len(late) else math.nan


def left_after(steps: ArrayLike, losses: ArrayLike, start: float, tail: float) -> float:
    """A loss at the end over its least, from a step on: like ``growth_after``, without rises that
    pass, such as those of slingshots.

    Args:
        steps, losses: (T,), increasing in step. start: infinity for never.
        tail: share of the run, at its end, whose median loss counts.

    Returns:
        NaN where no step is that late.
    """
    times, values = np.asarray(steps, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    late = values[times >= start]
    if len(late) == 0:
        return math.nan
    end = np.median(values[times >= times[-1] - tail * (times[-1] - times[0])])
    return float(end / late.min())


def below_for_good(values: ArrayLike, limit: float) -> int | None:
    """Index from which on all (T,) values are below a limit; None where the last one is not."""
    above = np.flatnonzero(~(np.asarray(values, dtype=np.float64) < limit))
    first = int(above[-1]) + 1 if len(above) else 0
    return first if first < len(np.asarray(values)) else None


def first_floor(values: ArrayLike, factor: float) -> float:
    """Where a fall of (T,) values comes to rest: the least before they first stand `factor` times
    above it; the least of all where they never do. T >= 1."""
    data = np.asarray(values, dtype=np.float64)
    lowest = np.minimum.accumulate(data)
    risen = np.flatnonzero(data > factor * lowest)
    return float(lowest[risen[0]] if len(risen) else lowest[-1])


def find_phases(
    steps: ArrayLike,
    train_loss: ArrayLike,
    excluded: ArrayLike,
    test_loss: ArrayLike,
    squared_norm: ArrayLike,
    p: int,
    rules: PhaseRules,
) -> Phases:
    """The phases of one run.

    Generalisation is the first checkpoint from which on the smoothed test loss stays below ln p,
    the loss of a guess. t1 is the first checkpoint whose smoothed train loss is at most `factor`
    times its least before generalisation; t2 is generalisation itself; t3 the first checkpoint from
    t2 on whose test loss is at most `factor` times that at which its fall first comes to rest. Of a
    run that never generalises, t1 is sought among all checkpoints and there are no t2 and t3.

    Args:
        steps: (T,) increasing. train_loss, test_loss: (T,) nats. excluded: (T,) excluded loss with
            all key frequencies removed, nats. squared_norm: (T,) sum of squared weights.
        p: modulus.

    Raises:
        ValueError: for curves of unequal lengths, or without a checkpoint.
    """
    times = np.asarray(steps, dtype=np.float64)
    curves = [
        np.asarray(x, dtype=np.float64) for x in (train_loss, excluded, test_loss, squared_norm)
    ]
    if len(times) == 0 or any(x.shape != times.shape for x in curves):
        raise ValueError("the curves of a run have one value for each of its checkpoints")
    trained, without, tested = (smoothed_loss(x, rules.window) for x in curves[:3])
    start = below_for_good(tested, math.log(p))
    # Nothing comes before the first checkpoint: there a run is as if it never generalised.
    before = slice(None, start or None)
    known = np.flatnonzero(trained[before] <= rules.factor * trained[before].min())
    t2, t3 = math.nan, math.nan
    if start is not None:
        t2 = float(times[start])
        floor = first_floor(tested[start:], rules.factor)
        t3 = float(times[start + np.flatnonzero(tested[start:] <= rules.factor * floor)[0]])
    return Phases(
        memorised=float(times[known[0]]),
        formed=t2,
        cleaned=t3,
        least_excluded=float(times[np.argmin(without[before])]),
        highest_test=float(times[np.argmax(tested[before])]),
        largest_norm=float(times[np.argmax(curves[3][before])]),
    )
