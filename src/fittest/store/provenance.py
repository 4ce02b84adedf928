"""Where a file comes from: code, versions, machine and scale. Never the time, so that equal
inputs give equal bytes."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fittest.store.checks import PathLike
from fittest.store.files import read_provenance

_PACKAGES = ("fittest", "torch", "numpy", "pandas", "pyarrow", "scikit-learn", "matplotlib")


_STORED_COMMIT = "_commit.txt"
_PACKAGE = Path(__file__).resolve().parents[1]


@cache
def git_commit(package: Path = _PACKAGE) -> str:
    """Commit of the code, `-dirty` behind it where files differ from it; `unknown` without one.

    In a checkout git says it; otherwise what was stored when the package was built. A checkout is
    told by its layout: an installed package may lie inside the git project of somebody else.
    """
    root = package.parents[1]
    if package == root / "src" / "fittest" and (root / "pyproject.toml").is_file():
        found = _described(root)
        if found is not None:
            return found
    stored = package / _STORED_COMMIT
    try:
        return stored.read_text(encoding="ascii").strip() or "unknown"
    except (OSError, UnicodeDecodeError):
        return "unknown"


def _described(root: Path) -> str | None:
    """What git says of a folder that is the top of its own project; None for any other."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(root), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
        return done.stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")).resolve() != root:
            return None
        return git("describe", "--always", "--dirty", "--abbrev=12")
    except (OSError, subprocess.SubprocessError):
        return None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def provenance(scale: str, config_hash: str, **more: Any) -> dict[str, Any]:
    """What every Parquet file and figure says of its origin.

    more: what is known of the training (device, dtype, backend, threads).
    """
    return {
        "scale": scale,
        "config_hash": config_hash,
        "commit": git_commit(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _PACKAGES},
        **more,
    }


def joint_provenance(
    sources: PathLike | Sequence[PathLike], figure_runs: int | None = None
) -> dict[str, Any]:
    """The provenance of what is made of one or more tables.

    Where they differ (run-sets, config hashes, perhaps commits), their values stand joined by
    "+", in the order of the tables; counts of runs of each are left out.

    Args:
        sources: Parquet files. figure_runs: number of runs shown, if it is known.

    Raises:
        StoreError: where a file is missing or damaged.
    """
    paths = [sources] if isinstance(sources, str | Path) else list(sources)
    found = [read_provenance(path) for path in paths]
    joint = _joined(found, {"kind", "figure_runs"} | ({"n_runs"} if len(found) > 1 else set()))
    return joint if figure_runs is None else joint | {"figure_runs": figure_runs}


def _joined(parts: Sequence[Mapping[str, Any]], left_out: set[str]) -> dict[str, Any]:
    joint: dict[str, Any] = {}
    for key in dict.fromkeys(key for part in parts for key in part):
        if key in left_out:
            continue
        values = [part[key] for part in parts if key in part]
        different = [v for i, v in enumerate(values) if v not in values[:i]]
        if len(different) == 1:
            joint[key] = different[0]
        elif all(isinstance(v, Mapping) for v in different):
            joint[key] = _joined(different, set())
        else:
            names = dict.fromkeys(name for v in different for name in str(v).split("+"))
            joint[key] = "+".join(names)
    return joint
