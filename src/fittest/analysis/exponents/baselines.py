"""What guessing by a simple rule costs: losses that a network on primality has to beat (exponents
methods 2.10)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fittest.runs.run import Run
from fittest.tasks import Primality
from fittest.tasks.task import train_mask

Rule = Literal["constant", "coprime to 10"]


@dataclass(frozen=True)
class Baseline:
    """What a simple rule reaches on test numbers. loss: nats. balanced: mean over primes and others
    of the share of right answers, where it answers "prime" for every kind that may be one."""

    rule: Rule
    loss: float
    balanced: float


def rule_loss(
    labels: ArrayLike, kinds: ArrayLike, trained: ArrayLike, tested: ArrayLike, prior: float = 0.5
) -> float:
    """Mean cross-entropy (nats) over the tested of the share of ones among the trained of the same
    kind.

    Args:
        labels: (N,), 0 or 1. kinds: (N,), integers. trained, tested: (N,) bool.
        prior: added to both counts of each kind, so that a kind without ones is no certainty.

    Returns:
        NaN where nothing is tested, infinity where a certainty fails.
    """
    ones, groups = np.asarray(labels, dtype=bool), np.asarray(kinds)
    known, asked = np.asarray(trained, dtype=bool), np.asarray(tested, dtype=bool)
    if not asked.any():
        return float("nan")
    total = 0.0
    for kind in np.unique(groups[asked]):
        seen = ones[known & (groups == kind)]
        here = ones[asked & (groups == kind)]
        counts = np.array([(~seen).sum(), seen.sum()]) + prior
        wanted = np.array([(~here).sum(), here.sum()])
        there = wanted > 0
        with np.errstate(divide="ignore"):
            costs = -np.log(counts[there] / counts.sum())
        total += float((wanted[there] * costs).sum())
    return total / int(asked.sum())


def last_digit_kinds(numbers: ArrayLike) -> NDArray[np.int64]:
    """1 where the last digit is 1, 3, 7 or 9, and may be that of a prime; 2 for 2 and 5, the primes
    that are none of these; 0 for all others."""
    given = np.asarray(numbers)
    kinds = (np.gcd(given, 10) == 1).astype(np.int64)
    return np.asarray(np.where(np.isin(given, (2, 5)), 2, kinds))


def rule_of(run: Run) -> Rule:
    """The best simple rule that a run's network could find: the last digit where it sees digits,
    nothing but the share of primes where each number is a token of its own."""
    assert isinstance(run.task, Primality)
    return "coprime to 10" if run.task.encoding == "digits" else "constant"


def balanced_accuracy(labels: ArrayLike, answers: ArrayLike) -> float:
    """Mean over both labels of the share that is answered right; NaN where a label is missing.

    labels, answers: (N,), 0 or 1.
    """
    ones, said = np.asarray(labels, dtype=bool), np.asarray(answers, dtype=bool)
    if ones.all() or not ones.any():
        return math.nan
    # Here alone: scikit-learn is slow to import, and all baselines are read without it.
    from sklearn.metrics import balanced_accuracy_score

    return float(balanced_accuracy_score(ones, said))


def baseline_of(run: Run) -> Baseline:
    """The rule of its arm, and what that reaches, found on the run's own train numbers."""
    assert isinstance(run.task, Primality)
    task, rule = run.task.build(), rule_of(run)
    numbers = np.arange(1, run.task.numbers + 1)
    kinds = last_digit_kinds(numbers) if rule == "coprime to 10" else np.zeros_like(numbers)
    trained = train_mask(task, run.task.train_fraction, run.seeds.split, run.rng)
    return Baseline(
        rule,
        rule_loss(task.labels, kinds, trained, ~trained),
        balanced_accuracy(task.labels[~trained], kinds[~trained] > 0),
    )
