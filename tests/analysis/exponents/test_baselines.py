"""What guessing costs on primality: the numbers of the specification, and small cases by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fittest.analysis.exponents.baselines import (
    balanced_accuracy,
    baseline_of,
    last_digit_kinds,
    rule_loss,
)
from fittest.models import TransformerSettings
from fittest.runs.run import Run
from fittest.tasks import Primality

NUMBERS = np.arange(1, 1001)
PRIMES = Primality().build().labels


def run(**task: object) -> Run:
    return Run(task=Primality(**task), model=TransformerSettings(mlp=32))


def test_the_split_of_the_report() -> None:
    assert PRIMES[:700].sum() == 125 and PRIMES[700:].sum() == 43
    assert 1 - PRIMES[700:].mean() == pytest.approx(0.8567, abs=1e-4)


def test_the_share_of_primes_below_700_as_a_guess_above() -> None:
    trained = NUMBERS <= 700
    loss = rule_loss(PRIMES, np.zeros(1000), trained, ~trained, prior=0)
    assert loss == pytest.approx(0.4154, abs=5e-5)
    # Half a number more of each kind changes next to nothing.
    simple = baseline_of(run())
    assert simple.rule == "constant" and simple.loss == pytest.approx(0.4154, abs=5e-4)
    assert simple.balanced == 0.5


def test_the_last_digit_and_nothing_over_all_numbers() -> None:
    everything = np.ones(1000, dtype=bool)
    kinds = last_digit_kinds(NUMBERS)
    assert rule_loss(PRIMES, kinds, everything, everything, prior=0) == pytest.approx(
        0.2715, abs=5e-5
    )
    nothing = rule_loss(PRIMES, np.zeros(1000), everything, everything, prior=0)
    assert nothing == pytest.approx(0.4527, abs=5e-5)


def test_digits_are_held_against_the_last_digit_on_their_own_split() -> None:
    first, second = (
        baseline_of(
            Run(
                task=Primality(encoding="digits", split="random"),
                model=TransformerSettings(mlp=32),
                seeds={"split": seed},
            )
        )
        for seed in (6, 7)
    )
    assert first.rule == second.rule == "coprime to 10"
    assert first.loss != second.loss
    assert 0.2 < first.loss < 0.36 and 0.2 < second.loss < 0.36
    # No prime is missed; of 832 others 234 end like one.
    assert 0.8 < first.balanced < 0.92


def test_balanced_accuracy_by_hand() -> None:
    assert balanced_accuracy([1, 1, 0, 0, 0, 0], [1, 0, 1, 0, 0, 0]) == pytest.approx(5 / 8)
    assert balanced_accuracy([1, 0, 0], [0, 0, 0]) == 0.5
    assert balanced_accuracy(PRIMES, last_digit_kinds(NUMBERS) > 0) == pytest.approx(
        (1 + 1 - 234 / 832) / 2
    )
    assert math.isnan(balanced_accuracy([0, 0], [0, 1]))


def test_by_hand() -> None:
    trained = np.array([True] * 4 + [False] * 2)
    labels = [0, 0, 0, 1, 0, 1]
    expected = -(math.log(3 / 4) + math.log(1 / 4)) / 2
    assert rule_loss(labels, np.zeros(6), trained, ~trained, prior=0) == pytest.approx(expected)
    # A certainty that fails, and a kind that was never seen.
    assert rule_loss([0, 0, 1], [0, 0, 0], [1, 1, 0], [0, 0, 1], prior=0) == math.inf
    assert rule_loss([0, 0, 1], [0, 0, 1], [1, 1, 0], [0, 0, 1]) == pytest.approx(math.log(2))
    assert math.isnan(rule_loss([0, 1], [0, 0], [1, 1], [0, 0]))
