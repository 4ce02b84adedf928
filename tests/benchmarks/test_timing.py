"""Interleaving, and making disturbed measurements again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# `pytest` alone does not put the top folder on the path, `python -m pytest` does.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.timing import Timing, interleaved

from benchmarks import timing


class Counting:
    """A contender that notes when it is called."""

    networks = 2
    stride = 5
    compile_seconds = 0.0

    def __init__(self, name: str, log: list[str]) -> None:
        self.name = name
        self._log = log

    def reset(self) -> None:
        self._log.append(self.name)

    def advance(self, steps: int) -> None:
        assert steps % self.stride == 0

    def train_loss(self) -> float:
        return 0.0


def test_rounds_are_interleaved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "seconds_of_others", lambda: None)
    log: list[str] = []

    def rate() -> float:
        log.append("rate")
        return float(len(log))

    contenders = [Counting("a", log), Counting("b", log)]
    times, rates = interleaved(contenders, [{"r": rate}], 3, 1e-4, attempts=4)
    assert log == ["a", "b", "rate"] * 3
    assert rates["r"].repeats == (3.0, 6.0, 9.0)
    assert set(times) == {"a", "b"}
    assert times["a"].others == (None, None, None)


def test_a_disturbed_measurement_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # Far beyond any elapsed time: taken by others before and after each attempt.
    clock: Iterator[float] = iter([0.0, 1e6, 1e6, 1e6 + 1e3, 2e6, 2e6])
    monkeypatch.setattr(timing, "seconds_of_others", lambda: next(clock))
    values = iter([1.0, 2.0, 3.0, 4.0])
    _, rates = interleaved([], [{"r": lambda: next(values)}], 1, 1e-4, attempts=4)
    assert rates["r"].repeats == (3.0,)
    assert rates["r"].others == (0.0,)


def test_attempts_are_limited_and_the_quietest_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 2e6, 2e6, 2e6 + 1e3])
    monkeypatch.setattr(timing, "seconds_of_others", lambda: next(clock))
    values = iter([1.0, 2.0])
    _, rates = interleaved([], [{"r": lambda: next(values)}], 1, 1e-4, attempts=2)
    assert rates["r"].repeats == (2.0,)


def test_median_and_spread() -> None:
    found = Timing((4.0, 1.0, 2.0, 3.0, 5.0))
    assert found.median == 3.0
    assert found.spread == pytest.approx(1 / 3)
    assert Timing((2.0,)).spread == 0.0
