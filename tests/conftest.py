"""Settings and fixtures of all tests."""

from __future__ import annotations

import os

import pytest
import torch
from hypothesis import settings

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


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Two threads on a busy machine wait for each other a hundred times longer than they work.

    Set before each test, because tests of the pipeline set it too.
    """
    torch.set_num_threads(1)
