"""What figures of progress measures say of ends of phases, and of statistics that decide."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from fittest.analysis.progress.names import Formed
from fittest.analysis.statistics.intervals import Estimate
from fittest.analysis.statistics.table import Statistics, statistic_row, statistics_table
from fittest.plotting import measure_words
from fittest.plotting.measure_words import TOLD

STEPS = np.arange(0, 7001, 100)
ENDS = [1100.0, 4100.0, 6800.0]


def run(floor: float = 0.0, spike: float = 1.0) -> pd.DataFrame:
    """Checkpoints of a run whose test loss falls to a floor, with a rise of its train loss."""
    test = floor + np.exp(-np.maximum(STEPS - 4000, 0) / 250.0)
    train = np.where(STEPS == 2000, spike, 1.0) * 1e-5
    return pd.DataFrame({"step": STEPS, "test_loss": test, "train_loss": train})


@pytest.mark.parametrize(("floor", "open_end"), [(1e-3, False), (0.0, True)])
def test_cleanup_has_no_end_while_the_test_loss_falls(floor: float, open_end: bool) -> None:
    ends = measure_words.known_ends(run(floor), ENDS)
    assert ends == [*ENDS[:2], math.inf if open_end else ENDS[2]]
    told = measure_words.phase_ends("at", ends)
    assert told.startswith("at 1,100 / 4,100 / ") and ("6,800" in told) != open_end
    # What never ends does not come to do so by a cut.
    never = measure_words.known_ends(run(floor), [1100.0, math.nan, math.nan])
    assert [*map(math.isnan, never)] == [False, True, True]
    assert measure_words.known_ends(run(floor), []) == []


@pytest.mark.parametrize(("spike", "said"), [(50.0, False), (1000.0, True)])
def test_slingshots_before_the_circuit_is_formed_are_told(spike: float, said: bool) -> None:
    told = measure_words.shot_ends(run(spike=spike), ENDS, 100)
    assert bool(told) == said
    # Not those of other phases.
    assert not measure_words.shot_ends(run(spike=spike), [3000.0, 4100.0, 6800.0], 100)
    assert not measure_words.shot_ends(run(spike=spike), [math.nan, 4100.0, 6800.0], 100)


def test_what_decides_is_told_and_what_is_unknown_left_out() -> None:
    kinds = ("coefficients",)
    rows = [
        statistic_row(Formed.ALPHA_FORMED, Estimate(0.604, 0.461, 0.653), 5, ""),
        statistic_row(Formed.ALPHA_JUMP, 0.117, 5, ""),
        statistic_row(Formed.ALPHA_JUMP_SEED, 2.0, 5, ""),
        statistic_row(Formed.ALPHA_JUMP_OTHERS, math.nan, 5, ""),
        statistic_row(Formed.ALPHA_FALL, 0.575, 5, ""),
    ]
    said = measure_words.sentences(TOLD[kinds], Statistics(statistics_table(rows)))
    assert len(said) == 3 and not any("nan" in one or "undefined" in one for one in said)
    assert "0.117" in said[1] and "seed 2)" in said[1] and "0.57" in said[2]


@pytest.mark.parametrize(
    ("value", "n", "told"), [(1.0, 1, "this run"), (0.0, 1, "no run"), (0.8, 5, "4 of 5 runs")]
)
def test_shares_of_runs_are_counted(value: float, n: int, told: str) -> None:
    found = Statistics(statistics_table([statistic_row(Formed.RISES_FIRST, value, n, "")]))
    [said] = measure_words.sentences(TOLD["excluded",], found)
    assert said.endswith(told)
