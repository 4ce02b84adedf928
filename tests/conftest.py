"""Settings and fixtures of all tests."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from pathlib import Path

# Each of several workers has one core. Before torch is imported, which reads it then.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"

import pytest
import torch
from hypothesis import settings

# The browser, for every file of tests that looks at a site.
pytest_plugins = ["browsing"]

# Files of minutes come first, so that no core waits for the last of them: by how long each takes
# alone, which for Slurm is mostly waiting.
LONGEST = (
    "tests/slurm/",
    "tests/workflow/test_smoke",
    "tests/workflow/test_anywhere",
    "tests/docs/test_commands",
    "tests/pipeline/running/test_kill",
    "tests/test_wheel",
    "tests/site/test_site_browser",
    "tests/benchmarks/",
    "tests/docs/test_extending",
    "tests/pipeline/price/",
    "tests/pipeline/test_shown_runsets",
    "tests/workflow/",
    "tests/scripts/",
    "tests/training/",
    "tests/pipeline/",
)

# The machines that run these tests are shared: how long an example takes says nothing.
settings.register_profile("fittest", deadline=None, max_examples=50)
# What a change is judged by depends on the change alone; new examples are tried by everybody else.
settings.register_profile("fittest-ci", settings.get_profile("fittest"), derandomize=True)
settings.load_profile("fittest-ci" if os.environ.get("CI") else "fittest")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what needs a GPU where there is none, and slow tests unless -m speaks of markers."""
    for item in items:
        if item.get_closest_marker("cuda") and not torch.cuda.is_available():
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))
        if item.get_closest_marker("slow") and not config.option.markexpr:
            item.add_marker(pytest.mark.skip(reason="slow; pytest -m slow runs it"))
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[bool, int]:
    place = [item.nodeid.startswith(start) for start in LONGEST]
    alone = item.get_closest_marker("alone") is not None
    return alone, place.index(True) if any(place) else len(LONGEST)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three more workers than this process has cores, which may be fewer than the machine has:
    those that wait for Slurm, or for a job to write a file, leave theirs to others."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) + 3
    return (os.cpu_count() or 1) + 3


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """While a test marked `alone` runs, no other worker runs any.

    The others share a lock that it takes for itself. They ask for it through a gate, which it
    closes first: else it would wait for as long as any two of them overlap.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return (yield)
    # A worker's temporary folder lies in that of the session.
    folder = Path(item.config.option.basetemp).parent
    alone = item.get_closest_marker("alone") is not None
    with (folder / "gate").open("w") as gate, (folder / "lock").open("w") as lock:
        fcntl.flock(gate, fcntl.LOCK_EX)
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        return (yield)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Two threads on a busy machine wait for each other a hundred times longer than they work.

    Set before each test, because tests of the pipeline set it too.
    """
    torch.set_num_threads(1)
