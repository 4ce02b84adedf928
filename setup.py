"""Builds the native training kernel; everything else is declared in pyproject.toml.

The kernel is compiled once per instruction set and chosen when it is loaded. Every extension is
optional: where no suitable compiler exists the package installs without, and training falls back
on torch. FITTEST_NATIVE_MARCH (for example "native") builds one more for that architecture.
"""

import os
import platform
from pathlib import Path

from setuptools import Extension, setup

SOURCES = Path("src/fittest/training/native")
FLAGS = [
    "-std=c++17",
    "-O3",
    "-g0",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fvisibility=hidden",
    "-pthread",
]


def kernel(variant: str, flags: list[str]) -> Extension:
    """The kernel as an extension module file; it is loaded with ctypes, not imported."""
    return Extension(
        f"fittest.training._native_{variant}",
        sources=[str(SOURCES / "kernel.cpp")],
        depends=sorted(str(header) for header in SOURCES.glob("*.h")),
        extra_compile_args=FLAGS + flags,
        extra_link_args=["-pthread"],
        language="c++",
        optional=True,
    )


def kernels() -> list[Extension]:
    """One extension per instruction set of this kind of processor."""
    found = [kernel("baseline", [])]
    if platform.machine().lower() in ("x86_64", "amd64"):
        found.append(kernel("avx2", ["-march=haswell"]))
        found.append(kernel("avx512", ["-march=skylake-avx512"]))
    if march := os.environ.get("FITTEST_NATIVE_MARCH"):
        found.append(kernel("march", [f"-march={march}"]))
    return found


setup(ext_modules=kernels())
