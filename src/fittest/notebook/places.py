"""Where the repository and its results are, seen from where a notebook runs."""

from __future__ import annotations

from pathlib import Path

from fittest.errors import ConfigError
from fittest.pipeline.project import CONFIG_FILE, Project

PathLike = str | Path


def home() -> Path | None:
    """The nearest folder, this one or above it, with a configuration; None where there is none."""
    here = Path.cwd()
    return next((path for path in (here, *here.parents) if _is_home(path)), None)


def _is_home(path: Path) -> bool:
    return (path / CONFIG_FILE).is_file() and (path / "config" / "runsets").is_dir()


def project(root: PathLike | None, scale: str | None) -> Project:
    """The project of a folder, or of the one that this runs in; ConfigError where there is none."""
    found = home() if root is None else Path(root)
    if found is None or not _is_home(found):
        raise ConfigError(
            f"{Path.cwd() if root is None else root}: no {CONFIG_FILE} here or above; work in a"
            " clone, or name it as `root`"
        )
    return Project.load(found, {"scale": scale})


def results_folder(results: PathLike | None) -> Path:
    """The folder of results that is named, or that the nearest configuration names."""
    if results is not None:
        return Path(results)
    root = home()
    if root is None:
        return Path("results")
    return root / Project.load(root).config.paths.results
