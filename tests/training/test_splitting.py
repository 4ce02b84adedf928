"""An ensemble in parts: same results whatever the parts, and no end when memory runs out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fittest.errors import TrainingError
from fittest.training.backend import Ensemble
from fittest.training.splitting import SplittingBackend, is_out_of_memory
from fittest.training.torch_backend import TorchBackend
from small_world import (
    assert_same_rows,
    ensemble_of,
    evaluation_rows,
    loop_of,
    rows_by_run,
    seeded_runs,
)

RUNS = 7
ENSEMBLE = ensemble_of(seeded_runs(RUNS))


class Small(TorchBackend):
    """Runs out of memory with more than `room` networks, when built or after some steps.

    As on a device, the failure may come in the middle of a stretch of steps.
    """

    def __init__(self, ensemble: Ensemble, room: int, when: str, error: Exception) -> None:
        self._room, self._when, self._error = room, when, error
        if when == "build":
            self._refuse(ensemble.size)
        super().__init__(ensemble)

    def _refuse(self, size: int) -> None:
        if size > self._room:
            raise self._error

    def advance(self, steps: int) -> None:
        for _ in range(steps):
            if self._when == "advance" and self._step >= 3:
                self._refuse(self._feed.runs)
            super().advance(1)

    def evaluate(self):  # type: ignore[no-untyped-def]
        if self._when == "evaluate":
            self._refuse(self._feed.runs)
        return super().evaluate()


OOM = torch.OutOfMemoryError("CUDA out of memory")


def small(room: int, when: str, error: Exception = OOM) -> Callable[[Ensemble], Small]:
    return lambda ensemble: Small(ensemble, room, when, error)


def assert_same_state(backend: SplittingBackend | TorchBackend, whole: TorchBackend) -> None:
    for one, other in zip(
        evaluation_rows(backend.evaluate()), evaluation_rows(whole.evaluate()), strict=True
    ):
        assert one == pytest.approx(other, rel=1e-10)
    state, expected = backend.state(), whole.state()
    assert state.step == expected.step
    assert state.moments.keys() == expected.moments.keys()
    pairs = [(state.parameters, expected.parameters)]
    pairs += [(state.moments[name], group) for name, group in expected.moments.items()]
    for found, wanted in pairs:
        for name, value in wanted.items():
            torch.testing.assert_close(found[name], value, rtol=1e-9, atol=1e-11)
    for name, value in expected.parameters.items():
        torch.testing.assert_close(backend.parameters()[name], value, rtol=1e-9, atol=1e-11)
    gradient = whole.gradient_of("embedding.weight")
    torch.testing.assert_close(
        backend.gradient_of("embedding.weight"), gradient, rtol=1e-8, atol=1e-12
    )


@pytest.mark.parametrize("size", [0, 1, 3, 7, 100])
def test_parts_change_nothing(size: int) -> None:
    parts, whole = SplittingBackend(ENSEMBLE, TorchBackend, size), TorchBackend(ENSEMBLE)
    assert_same_state(parts, whole)
    for backend in (parts, whole):
        backend.advance(4)
        backend.advance(6)
    assert_same_state(parts, whole)


@pytest.mark.parametrize(
    "kept", [[0, 1, 2, 3, 4, 5, 6], [1, 2], [0, 3, 6], [5], [3, 4, 5]], ids=str
)
def test_keep_reaches_across_parts(kept: list[int]) -> None:
    parts, whole = SplittingBackend(ENSEMBLE, TorchBackend, 3), TorchBackend(ENSEMBLE)
    for backend in (parts, whole):
        backend.advance(3)
        backend.keep(torch.tensor(kept))
        backend.advance(3)
        backend.keep(torch.tensor([len(kept) - 1]))
        backend.advance(2)
    assert_same_state(parts, whole)


def test_load_deals_the_state_out() -> None:
    whole = TorchBackend(ENSEMBLE)
    whole.advance(5)
    parts = SplittingBackend(ENSEMBLE, TorchBackend, 2)
    parts.load(whole.state())
    assert_same_state(parts, whole)
    for backend in (parts, whole):
        backend.advance(5)
    assert_same_state(parts, whole)


@pytest.mark.parametrize("when", ["build", "advance", "evaluate"])
@pytest.mark.parametrize("room", [1, 2, 4])
def test_out_of_memory_splits_with_a_warning_and_changes_nothing(
    room: int, when: str, caplog: pytest.LogCaptureFixture
) -> None:
    parts, whole = SplittingBackend(ENSEMBLE, small(room, when), RUNS), TorchBackend(ENSEMBLE)
    for steps in (2, 5, 3):
        for backend in (parts, whole):
            backend.advance(steps)
    assert_same_state(parts, whole)
    assert "out of memory with 7 networks" in caplog.text
    warnings = len(caplog.records)
    parts.advance(2)
    parts.evaluate()
    assert len(caplog.records) == warnings, "what was split stays split"


def test_out_of_memory_inside_the_loop(tmp_path: Path) -> None:
    limits = [20, 5, 20, 12, 20, 20, 8]
    parts = SplittingBackend(ENSEMBLE, small(2, "advance"), RUNS)
    found = rows_by_run(loop_of(parts, limits, tmp_path / "parts").run())
    whole = rows_by_run(loop_of(TorchBackend(ENSEMBLE), limits, tmp_path / "whole").run())
    for run, rows in whole.items():
        assert_same_rows(found[run], rows, rtol=1e-6)


@pytest.mark.parametrize("when", ["build", "advance"])
def test_a_single_network_that_does_not_fit_is_an_error(when: str) -> None:
    with pytest.raises(TrainingError, match=r"out of memory.*single.*device: cpu"):
        SplittingBackend(ENSEMBLE, small(0, when), RUNS).advance(5)


@pytest.mark.parametrize("when", ["build", "advance"])
def test_other_errors_pass(when: str) -> None:
    with pytest.raises(RuntimeError, match="illegal"):
        SplittingBackend(ENSEMBLE, small(1, when, RuntimeError("illegal address")), RUNS).advance(5)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("x"), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 8"), True),
        (RuntimeError("shapes do not fit"), False),
        (ValueError("out of memory"), False),
    ],
    ids=repr,
)
def test_what_counts_as_out_of_memory(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) == expected
