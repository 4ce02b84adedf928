"""What was measured on: processor, versions, builds. Never the time."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from fittest.pipeline.price.calibrate import processor
from fittest.training import native_library


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def on_one_core() -> bool:
    """Whether this process has a single core."""
    return cores() == 1


def clock() -> float:
    """Seconds. On one core the processor time of this process, which others on it do not change:
    nothing can overlap there. Else the time that passes."""
    return time.process_time() if on_one_core() else time.perf_counter()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _compiler() -> str | None:
    try:
        done = subprocess.run(["g++", "--version"], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.splitlines()[0]


def _memory_gib() -> float | None:
    try:
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None
    return round(pages / 2**30, 1)


def described() -> dict[str, Any]:
    """This machine and what runs on it."""
    available = native_library.available()
    return {
        "processor": processor(),
        "architecture": platform.machine(),
        "cores": cores(),
        "memory_gib": _memory_gib(),
        "vector_extension": torch.backends.cpu.get_cpu_capability(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torch_threads": torch.get_num_threads(),
        "numpy": _version("numpy"),
        "jax": _version("jax"),
        "jaxlib": _version("jaxlib"),
        "compiler": _compiler(),
        "native_variant": native_library.loaded_variant() if available else None,
        "native_unavailable": native_library.unavailable_reason(),
        "cuda_device": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def seconds_waited() -> float | None:
    """Seconds that the threads of this process were ready to run and had no core; None where
    unknown.

    This is what other processes cost, whatever their priorities. Threads that have ended are
    forgotten.
    """
    total = 0
    try:
        for task in Path("/proc/self/task").iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[1])
            except ProcessLookupError:
                continue
    except (OSError, IndexError):
        return None
    return total / 1e9
