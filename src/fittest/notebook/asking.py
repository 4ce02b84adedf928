"""What a clone is asked for: figures, and run-sets as they are declared."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fittest.errors import ConfigError, StoreError
from fittest.notebook.places import PathLike, project
from fittest.pipeline.configuration.targets import canonical, published_names
from fittest.pipeline.project import Project
from fittest.runs.runset import Declaration, RunSet
from fittest.yaml_file import validated


class Figure:
    """A finished figure: notebooks show it where it stands last in a cell.

    name: with the folder of its paper. path: of the PDF. png: of the picture beside it. title: from
    its paper's file. scale: of the networks in it.
    """

    def __init__(self, name: str, title: str, scale: str, path: Path) -> None:
        self.name = name
        self.title = title
        self.scale = scale
        self.path = path
        self.png = path.with_suffix(".png")

    def __fspath__(self) -> str:
        return os.fspath(self.path)

    def __repr__(self) -> str:
        return f"<Figure {self.name} at scale {self.scale}: {self.path}>"

    def _repr_png_(self) -> bytes:
        return self.png.read_bytes()


def figure(
    name: str, scale: str | None = None, make: bool = False, root: PathLike | None = None
) -> Figure:
    """A figure of one of the papers, as it was last made at a scale.

    Args:
        name: "fig6_survival", or as much of it as is unambiguous, "fig6"; of papers with a folder
            of their own, "completeness/fig2_xor".
        scale: smoke, reduced, settled or full; that of config/config.yaml where left out.
        make: have Snakemake make it, and train what it needs, or bring it up to date; what it
            says appears on standard error. `python -m fittest plan NAME` says what that costs.
        root: the clone; the one that this runs in where left out.

    Raises:
        ConfigError: there is no such figure, or no clone; says what may have been meant.
        StoreError: it is not there, and `make` is False (says which command makes it), or could not
            be made.
    """
    found = project(root, scale)
    target = canonical(found, name)
    paper, entry = published_names(found).get(target, ("", ""))
    if not paper or entry not in found.papers[paper].figures:
        raise ConfigError(f"`{name}` is no figure, but {target}; config/papers/ lists the figures")
    kept = found.kept_of(paper, entry)
    path = found.root / kept
    if make:
        _run_snakemake(found, kept)
    if not path.exists() or not path.with_suffix(".png").exists():
        command = f"snakemake {shlex.quote(kept)} --cores all --config scale={found.scale}"
        raise StoreError(
            f"{path}: not there; make=True makes it, as does `{command}`; `python -m fittest plan"
            f" {target} --scale {found.scale}` says what that costs"
        )
    return Figure(target, found.figure(paper, entry).title, found.scale, path)


def _run_snakemake(project: Project, target: str) -> None:
    """Make a file; its words go to standard error, where notebooks show them."""
    words = [sys.executable, "-m", "snakemake", target, "--cores", "all", "--rerun-incomplete"]
    command = [*words, "--config", f"scale={project.scale}"]
    with subprocess.Popen(
        command, cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        last = ""
        for line in process.stdout:
            sys.stderr.write(line)
            last = line.strip() or last
    if process.returncode:
        raise StoreError(f"{project.root / target}: could not be made: {last}")


def runset(
    name: str | Mapping[str, Any], scale: str | None = None, root: PathLike | None = None
) -> RunSet:
    """A run-set as it is declared, with all its runs in `.runs`; notebooks show what it is.

    Args:
        name: of one of config/runsets/; or a declaration as it stands there, with `description` and
            `scales`, for which no clone is needed.
        scale: smoke, reduced, settled or full; that of config/config.yaml where left out, and for a
            declaration its only one.
        root: the clone; the one that this runs in where left out.

    Raises:
        ConfigError: there is no such run-set, or it is wrong; names file and key.
    """
    if isinstance(name, Mapping):
        where = "fittest.runset"
        declared = validated(Declaration, dict(name), where)
        chosen = scale or (next(iter(declared.scales)) if len(declared.scales) == 1 else None)
        if chosen is None:
            raise ConfigError(f"{where}: declared at {', '.join(declared.scales)}: name a `scale`")
        return RunSet("declared", "", declared, chosen, where)
    return project(root, scale).catalogue.runset(name)


def runsets(scale: str | None = None, root: PathLike | None = None) -> pd.DataFrame:
    """All run-sets of a clone: name, paper, number of runs, whether they are finished at the scale,
    and what they are for. Scale and root as for `figure`."""
    found = project(root, scale)
    rows = [found.catalogue.runset(name) for name in found.catalogue.names()]
    return pd.DataFrame(
        {
            "runset": [one.name for one in rows],
            "paper": [one.paper for one in rows],
            "runs": [one.number for one in rows],
            "finished": [(found.root / found.paths.runs(one.name)).is_file() for one in rows],
            "for": [one.declaration.description for one in rows],
        }
    )
