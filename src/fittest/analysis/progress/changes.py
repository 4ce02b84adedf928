"""Phase changes of a loss: how sudden, when, and whether one stands out (progress methods 2.17)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Drop:
    """The largest fall of a loss within a window of steps.

    Attributes:
        step: middle of the window. fall: of the loss in it, nats.
        over_next: that fall over the largest one in a window of its own; infinity where the loss
            falls nowhere else.
    """

    step: float
    fall: float
    over_next: float


@dataclass(frozen=True)
class Fall:
    """How a test loss falls after the training loss has.

    Attributes:
        learned: first step with a train loss below the limit. peak: largest test loss from there
            on, nats. ratio: that over the median test loss of the run's tail. fallen: first step
            after the peak at which the test loss is at most the peak over the factor asked for.
            NaN, and infinity for steps, where it never comes to that.
    """

    learned: float
    peak: float
    ratio: float
    fallen: float


def row_means(losses: ArrayLike, lengths: ArrayLike) -> Floats:
    """Means of consecutive pieces of a (N,) sequence; pieces have `lengths`, (T,), all positive."""
    counts = np.asarray(lengths, dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.asarray(np.add.reduceat(np.asarray(losses, dtype=np.float64), starts) / counts)


def steepest_drop(steps: ArrayLike, losses: ArrayLike, window: int) -> Drop:
    """The largest fall within `window` steps, and how far it stands out.

    Args:
        steps, losses: (T,), increasing in step. window: in steps.

    Returns:
        NaN throughout where the curve is shorter than the window, and a fall of 0 or less where it
        never falls.
    """
    times, values = np.asarray(steps, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    starts = np.flatnonzero(times + window <= times[-1]) if len(times) else np.empty(0, np.int64)
    if len(starts) == 0:
        return Drop(math.nan, math.nan, math.nan)
    ends = np.searchsorted(times, times[starts] + window, side="right") - 1
    falls = values[starts] - values[ends]
    best = int(np.argmax(falls))
    apart = np.abs(times[starts] - times[starts[best]]) >= window
    rest = float(falls[apart].max()) if apart.any() else 0.0
    over = float(falls[best]) / rest if rest > 0 else math.inf
    return Drop(float(times[starts[best]]) + window / 2, float(falls[best]), over)


def distinct_times(steps: ArrayLike, apart: float) -> int:
    """How many of (n,) steps are distinct, if steps closer than `apart` to the first of a group
    belong to it; NaN are none."""
    number, last = 0, -math.inf
    for step in sorted(float(x) for x in np.asarray(steps, dtype=np.float64) if not math.isnan(x)):
        if step - last >= apart:
            number, last = number + 1, step
    return number


def change_width(steps: ArrayLike, losses: ArrayLike, share: float) -> float:
    """The shortest stretch of steps that holds a share of a loss's whole fall, over the run's
    length. 0.6 for a straight line and a share of 0.6, near 0 for a cliff.

    Args:
        steps, losses: (T,), increasing in step. share: of the fall from first to last.

    Returns:
        NaN where the loss does not fall, or with fewer than two values.
    """
    times = np.asarray(steps, dtype=np.float64)
    start, end = shortest_stretch(times, losses, share)
    return (end - start) / float(times[-1] - times[0]) if math.isfinite(end) else math.nan


def change_suddenness(steps: ArrayLike, losses: ArrayLike, share: float) -> float:
    """That stretch over the step at which it ends: near 0 for a cliff after a plateau, near 1 for a
    loss that falls from the start, however soon. Below 1/2 it is shorter than what came before it.

    Args, returns: as in ``change_width``.
    """
    start, end = shortest_stretch(steps, losses, share)
    return (end - start) / end if end > 0 else math.nan


def shortest_stretch(steps: ArrayLike, losses: ArrayLike, share: float) -> tuple[float, float]:
    """First and last step of the shortest stretch with a share of the fall, the first of several;
    NaN where there is none. Args: as in ``change_width``."""
    times, values = np.asarray(steps, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    found = (math.nan, math.nan)
    if len(times) < 2 or not values[0] > values[-1]:
        return found
    wanted, shortest = share * (values[0] - values[-1]), math.inf
    for i in range(len(times) - 1):
        enough = np.flatnonzero(values[i + 1 :] <= values[i] - wanted)
        if len(enough):
            start, end = float(times[i]), float(times[i + 1 + enough[0]])
            if end - start < shortest:
                shortest, found = end - start, (start, end)
    return found


def in_tail(steps: Floats, tail: float) -> NDArray[np.bool_]:
    """Which of (T,) steps, at least one of them, lie in the last share `tail` of a run."""
    return np.asarray(steps >= steps[-1] - tail * (steps[-1] - steps[0]))


def tail_median(steps: ArrayLike, values: ArrayLike, tail: float) -> float:
    """Median of (T,) values over the last share `tail` of the steps; NaN without any."""
    times, data = np.asarray(steps, dtype=np.float64), np.asarray(values, dtype=np.float64)
    return float(np.median(data[in_tail(times, tail)])) if len(times) else math.nan


def fall_left(end: float, guess: float, floor: float) -> float:
    """Which share of the way from the loss of a guess down to the least possible one is left at a
    loss `end`, all in nats: 0 where a task is learned, 1 where nothing is."""
    return (end - floor) / (guess - floor)


def later_fall(steps: ArrayLike, losses: ArrayLike, tail: float) -> float:
    """The share of a loss's fall that comes after half of the run: near 0 where it has come to
    rest. Losses there, and at the end, are medians over a share `tail` of the run around or up to
    them.

    Args:
        steps, losses: (T,), increasing in step.

    Returns:
        NaN where the loss does not fall, or has no value near the middle.
    """
    times, values = np.asarray(steps, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    if len(times) < 2:
        return math.nan
    done = (times - times[0]) / (times[-1] - times[0])
    half = values[np.abs(done - 0.5) <= tail / 2]
    end = tail_median(times, values, tail)
    if len(half) == 0 or not values[0] > end:
        return math.nan
    return (float(np.median(half)) - end) / (float(values[0]) - end)


def delayed_fall(
    steps: ArrayLike, train: ArrayLike, test: ArrayLike, limit: float, factor: float, tail: float
) -> Fall:
    """How the test loss falls after the train loss is below a limit.

    What it falls to is a median: the least of many noisy batches is lower than any loss that lasts.

    Args:
        steps, train, test: (T,), increasing in step, nats. factor: the fall asked for.
        tail: share of the run at its end, of which what comes after the peak counts.
    """
    times, tested = np.asarray(steps, dtype=np.float64), np.asarray(test, dtype=np.float64)
    found = np.flatnonzero(np.asarray(train, dtype=np.float64) < limit)
    if len(found) == 0:
        return Fall(math.inf, math.nan, math.nan, math.inf)
    top = int(found[0]) + int(np.argmax(tested[found[0] :]))
    late = max(top, int(np.flatnonzero(in_tail(times, tail))[0]))
    peak, end = float(tested[top]), float(np.median(tested[late:]))
    low = np.flatnonzero(tested[top:] <= peak / factor)
    return Fall(
        learned=float(times[found[0]]),
        peak=peak,
        ratio=peak / end if end > 0 else math.inf,
        fallen=float(times[top + low[0]]) if len(low) else math.inf,
    )
