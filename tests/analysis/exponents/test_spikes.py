"""Spikes of losses that are made up."""

from __future__ import annotations

import numpy as np
import pytest

from fittest.analysis.exponents.settings import SpikeSettings
from fittest.analysis.exponents.spikes import loss_spikes

RULES = SpikeSettings(low=1e-4, factor=10, before=200, apart=100, floor=1e-8)
STEPS = np.arange(5000)


def falling() -> np.ndarray:
    return np.maximum(3 * np.exp(-STEPS / 50), 1e-6)


def test_a_loss_that_falls_and_stays_has_none() -> None:
    assert loss_spikes(STEPS, falling(), RULES) == []


def test_each_peak_is_found_once_with_its_height_and_what_was_before() -> None:
    losses = falling()
    for at in (2000, 3000, 4000):
        losses[at : at + 60] = np.linspace(2e-5, 3e-3, 60)
    found = loss_spikes(STEPS, losses, RULES)
    assert [one.step for one in found] == [2000, 3000, 4000]
    assert [one.before for one in found] == pytest.approx([1e-6] * 3)
    assert [one.peak for one in found] == pytest.approx([3e-3] * 3)


def test_rises_near_each_other_are_one() -> None:
    losses = falling()
    losses[[2000, 2050, 2140]] = 1e-3
    losses[2300] = 1e-3
    assert [one.step for one in loss_spikes(STEPS, losses, RULES)] == [2000, 2300]


def test_nothing_counts_before_the_loss_was_low() -> None:
    losses = np.full(5000, 1e-2)
    losses[1000] = 5.0
    assert loss_spikes(STEPS, losses, RULES) == []
    # A rise before, and one after.
    losses[2000:] = 1e-5
    losses[3000] = 1e-2
    assert [one.step for one in loss_spikes(STEPS, losses, RULES)] == [3000]


def test_rounding_of_losses_that_are_next_to_nothing_is_no_spike() -> None:
    losses = falling()
    losses[1000:] = 0.0
    losses[2000:2100:10] = 3e-9
    assert loss_spikes(STEPS, losses, RULES) == []
    losses[3000] = 2e-7
    [one] = loss_spikes(STEPS, losses, RULES)
    assert (one.step, one.before) == (3000, 1e-8)


def test_a_short_run_has_none() -> None:
    assert loss_spikes(STEPS[:100], falling()[:100], RULES) == []
    assert loss_spikes([], [], RULES) == []
