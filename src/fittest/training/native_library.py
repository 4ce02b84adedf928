"""The native kernel as a shared library: which builds there are, and the one that is loaded.

Apart from native_backend.py, so that a plan can ask for it without importing torch.
"""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Iterable
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

VARIANTS = ("march", "avx512", "avx2", "baseline")
"""Names of the builds, best first; `march` exists only where it was asked for at build time."""

_INTERFACE = 3
_NEEDS = {
    "avx512": {"avx512f", "avx512dq", "avx512bw", "avx512vl", "avx2", "fma"},
    "avx2": {"avx2", "fma"},
}


def variants() -> tuple[str, ...]:
    """The builds that exist and that this processor can run, best first."""
    return tuple(v for v in VARIANTS if _path(v) is not None and runs_here(v))


def runs_here(variant: str) -> bool:
    """Whether this processor can run a build, be it there or not."""
    return _NEEDS.get(variant, set()) <= _cpu_flags()


def better_variant() -> str | None:
    """The build for this processor that is missing and would be faster than the one in use.

    A checkout gets the builds of the processor that it is set up on; a cluster may have others.
    """
    better = VARIANTS[: VARIANTS.index(_choice())]
    return next((v for v in better if v in _NEEDS and runs_here(v) and _path(v) is None), None)


def available() -> bool:
    """Whether a kernel can be loaded."""
    return unavailable_reason() is None


def unavailable_reason() -> str | None:
    """Why no kernel can be loaded; None where one can."""
    try:
        library()
    except NativeUnavailableError as error:
        return str(error)
    return None


class NativeUnavailableError(RuntimeError):
    """No native kernel can be loaded here."""


def loaded_variant() -> str:
    """Name of the build that is in use."""
    return _choice()


def _choice() -> str:
    usable = variants()
    forced = os.environ.get("FITTEST_NATIVE_VARIANT")
    if forced:
        if forced not in usable:
            raise NativeUnavailableError(
                f"FITTEST_NATIVE_VARIANT={forced}, but here are only {', '.join(usable) or 'none'}"
            )
        return forced
    if not usable:
        raise NativeUnavailableError(
            "no native kernel was built for this processor; install g++ or clang, then"
            " `touch pyproject.toml` and `make .venv/installed` (docs/troubleshooting.md)"
        )
    return usable[0]


def library() -> ctypes.CDLL:
    """The best build that this processor can run; NativeUnavailableError where there is none."""
    return _load(_choice())


@cache
def _load(variant: str) -> ctypes.CDLL:
    path = _path(variant)
    try:
        library = ctypes.CDLL(str(path))
        version = library.fittest_interface()
    except (OSError, AttributeError) as error:
        raise NativeUnavailableError(f"{path} cannot be loaded: {error}") from error
    if version != _INTERFACE:
        raise NativeUnavailableError(f"{path} is out of date; install the package again")
    pointer, integer, number = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
    real = ctypes.c_double
    signatures: dict[str, tuple[type | None, Iterable[type]]] = {
        "create": (
            pointer,
            (integer, integer, pointer, number, number, number, pointer, pointer, pointer, integer),
        ),
        "destroy": (None, (pointer,)),
        "set_run": (
            integer,
            (pointer, number, pointer, number, pointer, number, pointer),
        ),
        "step": (number, (pointer,)),
        "set_step": (None, (pointer, number)),
        "write": (None, (pointer, integer, integer, pointer)),
        "read": (None, (pointer, integer, integer, pointer)),
        "keep": (integer, (pointer, pointer, number)),
        "advance": (
            integer,
            (pointer, number, integer, pointer, pointer, pointer, pointer, real, integer),
        ),
        "evaluate": (integer, (pointer, integer, pointer)),
        "gradients": (integer, (pointer, integer, pointer)),
    }
    for function, (result, arguments) in signatures.items():
        getattr(library, f"fittest_{function}").restype = result
        getattr(library, f"fittest_{function}").argtypes = tuple(arguments)
    return library


@cache
def _path(variant: str) -> Path | None:
    for suffix in EXTENSION_SUFFIXES:
        path = Path(__file__).with_name(f"_native_{variant}{suffix}")
        if path.exists():
            return path
    return None


@cache
def _cpu_flags() -> frozenset[str]:
    """Instruction sets of this processor, named as Linux names them."""
    info = Path("/proc/cpuinfo")
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return frozenset()
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("flags"):
                return frozenset(line.split(":", 1)[1].split())
    import torch  # only where the system does not tell

    capability = torch.backends.cpu.get_cpu_capability()
    known = {"AVX2": _NEEDS["avx2"], "AVX512": _NEEDS["avx512"]}
    return frozenset(known.get(capability, frozenset()))
