"""How many networks and examples at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fittest.training.sizes import (
    EVALUATED_BYTES,
    TOGETHER_BYTES,
    examples_together,
    networks_on_gpu,
    networks_together,
)


@pytest.mark.parametrize("each", [1e3, 1e6, 3.3e7])
def test_networks_together_fill_what_they_may_and_no_more(each: float) -> None:
    number = networks_together(each, 1e12)
    assert number * each <= TOGETHER_BYTES < (number + 1) * each
    assert networks_together(each, 3.5 * each) == min(3, number)


def test_there_is_always_one() -> None:
    assert networks_together(1e12, 1.0) == 1
    assert networks_on_gpu(1e12, 1.0) == 1


def test_jobs_on_one_gpu_leave_each_other_room() -> None:
    """Each takes part of what it finds free: any number of them fit."""
    free, each = 80e9, 1e7
    for _ in range(6):
        taken = networks_on_gpu(each, free) * each
        assert 0.5 * free < taken < 0.7 * free
        free -= taken


@pytest.mark.parametrize("networks", [1, 8, 500])
def test_examples_together_are_bounded_by_bytes(networks: int) -> None:
    number = examples_together(networks, 4e3)
    assert number * networks * 4e3 <= EVALUATED_BYTES
    assert examples_together(networks, 1e9) > 1


def test_no_torch_is_loaded() -> None:
    command = "import sys, fittest.training.sizes; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], check=False).returncode == 0
