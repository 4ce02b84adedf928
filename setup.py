"""Builds the native training kernel; everything else is declared in pyproject.toml.

The kernel is compiled once per instruction set and chosen when it is loaded. Every extension is
optional: where no suitable compiler exists the package installs without, and training falls back
on torch. FITTEST_NATIVE_MARCH (for example "native") builds one more for that architecture.
"""

import copy
import os
import platform
import subprocess
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

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


# Written into what is built, never into the sources: a checkout asks git.
COMMIT = Path("src/fittest/_commit.txt")


def commit() -> str:
    """The commit that is built: git's word in a checkout, what an sdist brings otherwise."""
    here = Path(__file__).resolve().parent

    def git(*words: str) -> str:
        command = ["git", "-C", str(here), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")).resolve() == here:
            return git("describe", "--always", "--dirty", "--abbrev=12")
    except (OSError, subprocess.SubprocessError):
        pass
    return COMMIT.read_text(encoding="ascii").strip() if COMMIT.is_file() else "unknown"


class BuildWithCommit(build_py):
    """Stores the commit in a wheel."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "fittest" / COMMIT.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(commit() + "\n", encoding="ascii")


class SourcesWithCommit(sdist):
    """Stores the commit in a source distribution."""

    def make_release_tree(self, base_dir, files) -> None:  # type: ignore[no-untyped-def]
        super().make_release_tree(base_dir, files)
        target = Path(base_dir) / COMMIT
        # It may be a hard link to a file of the checkout.
        target.unlink(missing_ok=True)
        target.write_text(commit() + "\n", encoding="ascii")


class BuildKernels(build_ext):
    """Compiles each kernel in a folder of its own: they share their source, and with it the name of
    the object file, which another one that is built at the same time would replace."""

    def build_extension(self, ext: Extension) -> None:
        own = copy.copy(self)
        own.build_temp = str(Path(self.build_temp) / ext.name)
        build_ext.build_extension(own, ext)


setup(
    ext_modules=kernels(),
    cmdclass={"build_ext": BuildKernels, "build_py": BuildWithCommit, "sdist": SourcesWithCommit},
    options={"build_ext": {"parallel": os.cpu_count() or 1}},
)
