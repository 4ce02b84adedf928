"""Builds the native training kernel; everything else is declared in pyproject.toml.

The kernel is compiled once per instruction set and chosen when it is loaded. Every extension is
optional: where no suitable compiler exists the package installs without, and training falls back
on torch. A wheel holds all of them. A checkout, which is built where it is used, gets those that
this processor can run, unless FITTEST_KERNELS says otherwise: all, or names with commas between.
FITTEST_NATIVE_MARCH (for example "native") builds one more for that architecture.
"""

import copy
import importlib.util
import os
import platform
import subprocess
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist
from setuptools.modified import newer_group

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


def cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def kernel(variant: str, flags: list[str]) -> Extension:
    """The kernel as an extension module file; it is loaded with ctypes, not imported."""
    return Extension(
        f"fittest.training._native_{variant}",
        sources=sorted(str(source) for source in SOURCES.glob("*.cpp")),
        depends=sorted(str(header) for header in SOURCES.glob("*.h")),
        extra_compile_args=FLAGS + flags,
        extra_link_args=["-pthread"],
        language="c++",
        optional=True,
    )


def library():  # type: ignore[no-untyped-def]
    """What knows which processor runs which kernel, as long as nothing is installed."""
    path = SOURCES.parent / "native_library.py"
    spec = importlib.util.spec_from_file_location("native_library", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wanted(in_place: bool) -> set[str]:
    """The variants to build: those that are asked for, else those that can be used."""
    variants = set(library().VARIANTS)
    asked = os.environ.get("FITTEST_KERNELS", "")
    if names := set(asked.replace(",", " ").split()):
        if unknown := names - variants - {"all"}:
            raise SystemExit(
                f"FITTEST_KERNELS={asked}: no kernel is called {', '.join(sorted(unknown))};"
                f" there are all, {', '.join(sorted(variants))}"
            )
        return variants if "all" in names else names
    return {v for v in variants if not in_place or library().runs_here(v)}


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
    """Compiles all files of all kernels side by side, one on each core, and in a folder for each
    kernel: they share their sources, and with them the names of the object files."""

    def run(self) -> None:
        variants = wanted(in_place=bool(self.inplace or self.editable_mode))
        names = {f"fittest.training._native_{variant}" for variant in variants}
        self.extensions = [one for one in self.extensions if one.name in names]
        with ThreadPoolExecutor(cores()) as self._compilers:
            super().run()

    def build_extension(self, ext: Extension) -> None:
        made = self.get_ext_fullpath(ext.name)
        if not self.force and not newer_group([*ext.sources, *ext.depends], made):
            return
        compiled: list[Future[list[str]]] = [
            self._compilers.submit(self._compiled, ext, source) for source in ext.sources
        ]
        whole = copy.copy(ext)
        whole.sources = []
        whole.extra_objects = [file for one in compiled for file in one.result()]
        own = copy.copy(self)
        own.force = True
        build_ext.build_extension(own, whole)

    def _compiled(self, ext: Extension, source: str) -> list[str]:
        """The object file of a source of a kernel."""
        folder = str(Path(self.build_temp) / ext.name)
        flags = ext.extra_compile_args
        return list(self.compiler.compile([source], output_dir=folder, extra_postargs=flags))


setup(
    ext_modules=kernels(),
    cmdclass={"build_ext": BuildKernels, "build_py": BuildWithCommit, "sdist": SourcesWithCommit},
    # All wait at once for the cores to compile them.
    options={"build_ext": {"parallel": len(kernels())}},
)
