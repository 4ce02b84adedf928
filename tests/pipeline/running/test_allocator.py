"""Large blocks that are freed are used again, and not asked of the system anew."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

PAGES = """
import resource, sys
import numpy as np
from fittest.pipeline.running.allocator import keep_freed_memory

if sys.argv[1] == "kept":
    keep_freed_memory()
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(1 << 23)
before = faults()
for _ in range(10):
    np.ones(1 << 23)
print(faults() - before)
"""
BLOCK_PAGES = (8 << 23) // 4096


def pages_asked(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PAGES, how], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_a_freed_block_is_used_again() -> None:
    assert pages_asked("kept") < BLOCK_PAGES / 2
    # Huge pages may make fewer faults of it, but never fewer than when nothing is asked for.
    assert pages_asked("default") > pages_asked("kept")
