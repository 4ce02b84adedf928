"""What the figures of common divisors and of sums of powers share."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from fittest.plotting import divisor_panels, sum_panels

TABLE = pd.DataFrame(
    {
        "runset": ["gcd_uniform", "gcd_uniform", "gcd_log_uniform"],
        "end": [False, True, True],
        "epoch": [40.0, 7.0, 9.0],
    }
)


def test_only_the_reports_own_runs_are_told_of() -> None:
    own = divisor_panels.own_runs(TABLE)
    assert divisor_panels.told(own, str.upper) == "uniform numbers: GCD_UNIFORM"
    assert divisor_panels.told(TABLE, lambda _: "x").count("x") == 2
    assert divisor_panels.told(own[:0], str.upper) == "no runs"
    assert divisor_panels.epoch_steps(own) == 40.0
    assert divisor_panels.epoch_steps(own[:0]) == 1.0


def test_each_network_has_its_axes_and_what_is_left_over_is_hidden() -> None:
    grid = Figure().subplots(2, 3)
    found = list(sum_panels.places(grid.flat, [(1, 1), (2, 3)]))
    assert [(number, exponents) for number, _, exponents in found] == [(0, (1, 1)), (1, (2, 3))]
    assert [axes.axison for axes in grid.flat] == [True, True, False, False, False, False]
