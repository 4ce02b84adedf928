"""What belongs in the archive of a paper, and whether all of it is there and of now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fittest.errors import ConfigError, StoreError
from fittest.pipeline.project import Project
from fittest.store import check_origin, listed

VERDICTS = ("claims.csv", "claims.md", "claims.html", "derived.txt", "price.csv", "price.html")
"""Judged anew where figures are redrawn; in the archive for who reads it."""

_WORKFLOW = ("Snakefile", "workflow", "LICENSE")


@dataclass(frozen=True)
class Piece:
    """A file and its place in the archive, with / between folders.

    kind: configuration, workflow, trajectory, weights, table or verdict.
    """

    name: str
    path: Path
    kind: str


def contents(project: Project, paper: str, weights: bool = False) -> list[Piece]:
    """The pieces of a paper's archive at the project's scale, by name.

    Raises:
        ConfigError: there is no such paper.
        StoreError: something is not there yet, or was made from another configuration or code than
            now; names the command that makes it.
    """
    if paper not in project.papers:
        raise ConfigError(f"there is no paper `{paper}`; there are {', '.join(project.papers)}")
    found = dict(_results(project, paper, weights))
    missing = [path for path in found if not (project.root / path).is_file()]
    command = f"snakemake {paper} --cores all --config scale={project.scale}"
    if missing:
        raise StoreError(
            f"{missing[0]}: not there, with {len(missing) - 1} more of the {len(found)} files of"
            f" the archive; `{command}` makes what is missing"
        )
    _check(project, paper)
    pieces = [
        Piece(f"results/{_below(project, path)}", project.root / path, kind)
        for path, kind in found.items()
    ]
    pieces += _folder(project.home, "config", "configuration")
    for name in _WORKFLOW if project.source is not None else ():
        assert project.source is not None
        pieces += _folder(project.source / name, name, "workflow")
    return sorted({piece.name: piece for piece in pieces}.values(), key=lambda piece: piece.name)


def _below(project: Project, path: str) -> str:
    return Path(path).relative_to(project.paths.results).as_posix()


def _results(project: Project, paper: str, weights: bool) -> Iterator[tuple[str, str]]:
    """(path, kind) of everything under results/ that stands for the paper."""
    paths = project.paths
    for runset in project.runsets_of(paper):
        for path in (paths.runs(runset), paths.frequencies(runset), paths.config(runset)):
            yield path, "table"
        for path in project.runset_inputs(runset):
            yield path, "trajectory"
        for name in project.catalogue.runset(runset).reductions:
            for path in project.runset_reductions(runset, name):
                yield path, "table"
        for path in project.runset_weights(runset) if weights else ():
            yield path, "weights"
    for path in _tables(project, paper):
        yield path, "table"
    if paper in project.claims:
        for path in project.claim_tables(paper).values():
            yield path, "table"
        there = [paths.table(paper, name) for name in VERDICTS]
        for path in there:
            if path in project.verdicts_of(paper) or (project.root / path).is_file():
                yield path, "verdict"


def _tables(project: Project, paper: str) -> Iterator[str]:
    """Tables that a paper's entries make, and those of others that they read."""
    rules = project.entry_rules()
    made = {path for rule in rules for path in rule.outputs.values()}
    for rule in rules:
        if rule.paper != paper:
            continue
        yield from rule.outputs.values()
        for given in rule.inputs.values():
            yield from (path for path in listed(given) if path in made)
    for name in project.papers[paper].made_by_rules:
        yield project.paths.table(paper, name)


def _check(project: Project, paper: str) -> None:
    """StoreError for a run-set's tables that are of another configuration or code than now."""
    for runset in project.runsets_of(paper):
        key = project.runset_key(runset)
        for path in (project.paths.runs(runset), project.paths.frequencies(runset)):
            check_origin(project.root / path, config_hash=key, scale=project.scale)
        for shard in project.catalogue.sources(runset):
            path = project.paths.trajectory(shard.runset, shard.name)
            check_origin(project.root / path, config_hash=shard.key, scale=project.scale)


def _folder(path: Path, name: str, kind: str) -> Iterable[Piece]:
    """A file, or all files of a folder but those that start with a dot."""
    if path.is_file():
        return [Piece(name, path, kind)]
    return [
        Piece(f"{name}/{file.relative_to(path).as_posix()}", file, kind)
        for file in path.rglob("*")
        if file.is_file() and not any(p.startswith(".") for p in file.relative_to(path).parts)
    ]
