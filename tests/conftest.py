"""Settings and fixtures of all tests."""

from __future__ import annotations

import pytest
import torch
from hypothesis import settings

# The machines that run these tests are shared: how long an example takes says nothing.
settings.register_profile("fittest", deadline=None, max_examples=50)
settings.load_profile("fittest")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a GPU where there is none."""
    if not torch.cuda.is_available():
        for item in items:
            if item.get_closest_marker("cuda"):
                item.add_marker(pytest.mark.skip(reason="no CUDA device"))


@pytest.fixture(autouse=True)
def _two_threads() -> None:
    """Tests of the pipeline set torch's threads; none may slow those that come after it."""
    torch.set_num_threads(2)
