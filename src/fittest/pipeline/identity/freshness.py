"""Which finished files are still what the configuration and the code now ask for.

Every job of the workflow is a node with a key: a hash of its parameters, of its code and of the
keys of all that it reads, back to the shards. A job records its key beside what it makes
(made.py), a shard's tables say theirs themselves. Files whose key is another one are stale, also
where Snakemake's own memory is gone or speaks of another folder.
"""

from __future__ import annotations

import filecmp
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fittest.errors import StoreError
from fittest.pipeline.identity.codehash import collecting_hash, script_hash
from fittest.pipeline.identity.made import is_made_from
from fittest.runs.catalogue import Shard
from fittest.runs.run import digest
from fittest.store import read_provenance

if TYPE_CHECKING:
    from fittest.pipeline.project import Project

MARKER = ".snakemake/fittest/configuration"
"""A file that every rule reads, and those of stale files find newer than these."""


@dataclass(frozen=True)
class Step:
    """A rule without wildcards, as plain data.

    params: those that are values. script: its source file, if it has one. code: modules that the
    script loads by name, such as `claims/survival.py`.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    script: Path | None = None
    code: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Made:
    """Files that one job makes together, and whether they are as it would make them now."""

    files: tuple[str, ...]
    is_fresh: Callable[[], bool]


class Freshness:
    """Keys and staleness of a project's files. `steps`: the workflow's rules without wildcards."""

    def __init__(self, project: Project, steps: Iterable[Step]) -> None:
        self._project = project
        self._steps = list(steps)
        self._keys: dict[str, str] = {}
        self._by_output = {path: step for step in self._steps for path in step.outputs}

    # -- keys --------------------------------------------------------------------------

    def key(self, step: Step) -> str:
        """What decides the outputs of a rule without wildcards."""
        if step.name not in self._keys:
            parts = [
                self._project.scale,
                json.dumps(step.params, sort_keys=True, default=str),
                script_hash(step.script, step.code) if step.script else "",
                *(self._key_of_file(path) for path in step.inputs),
            ]
            self._keys[step.name] = digest(json.dumps(parts))
        return self._keys[step.name]

    def collect_key(self, runset: str) -> str:
        """What decides the `runs` and `frequencies` tables of a run-set."""
        project = self._project
        collecting = project.config.analysis.collecting()
        return digest(
            json.dumps([project.scale, project.runset_key(runset), collecting, collecting_hash()])
        )

    def join_key(self, runset: str, reduction: str) -> str:
        """What decides the table of a reduction of all runs of a run-set."""
        project = self._project
        return digest(json.dumps([project.scale, project.runset_key(runset), reduction]))

    def _joined(self, runset: str) -> dict[str, Callable[[], str]]:
        """The tables of a run-set's reductions, with their keys."""
        return {
            self._project.paths.reduced(runset, name): partial(self.join_key, runset, name)
            for name in self._project.catalogue.runset(runset).reductions
        }

    def _key_of_file(self, path: str) -> str:
        if path in self._by_output:
            return self.key(self._by_output[path])
        if path in self._of_runs:
            return self._of_runs[path]()
        return _content(self._project.root / path)

    @cached_property
    def _of_runs(self) -> dict[str, Callable[[], str]]:
        """File -> its key, for what training and summaries make."""
        paths = self._project.paths
        found: dict[str, Callable[[], str]] = {}
        for runset in self._runsets:
            for path in (paths.runs(runset), paths.frequencies(runset)):
                found[path] = partial(self.collect_key, runset)
            found |= self._joined(runset)
            for shard in self._project.catalogue.shards(runset):
                found |= dict.fromkeys(self._shard_files(shard), partial(_shard_key, shard))
        return found

    @cached_property
    def _runsets(self) -> list[str]:
        catalogue = self._project.catalogue
        return [
            name
            for name in catalogue.names()
            if self._project.scale in catalogue.runset(name).declaration.scales
        ]

    def _shard_files(self, shard: Shard) -> tuple[str, ...]:
        paths = self._project.paths
        own = paths.trajectory(shard.runset, shard.name), paths.weights(shard.runset, shard.name)
        return (*own, *self._project.reduction_tables(shard).values())

    # -- staleness ---------------------------------------------------------------------

    def stale(self) -> set[str]:
        """Files that exist and are not what is asked for now, with those made beside them.

        Raises StoreError where the disk does not give a file: that says nothing of what it holds,
        and what is stale is removed.
        """
        root = self._project.root
        found: set[str] = set()
        for made in (*self._shards(), *self._summaries(), *self._products(), *self._shown()):
            try:
                if any((root / file).exists() for file in made.files) and not made.is_fresh():
                    found |= set(made.files)
            except OSError as error:
                raise StoreError(
                    f"{error.filename or made.files[0]}: cannot be read"
                    f" ({error.strerror or error}), so whether it is of now is not known; see to"
                    " the disk, and run the same command again"
                ) from error
        return found

    def _shards(self) -> Iterator[_Made]:
        for runset in self._runsets:
            for shard in self._project.catalogue.shards(runset):
                yield _Made(self._shard_files(shard), partial(self._shard_is_fresh, shard))

    def _summaries(self) -> Iterator[_Made]:
        paths = self._project.paths
        for runset in self._runsets:
            files = (paths.runs(runset), paths.frequencies(runset))
            yield self._recorded(files, partial(self.collect_key, runset))
            for path, key in self._joined(runset).items():
                yield self._recorded([path], key)

    def _products(self) -> Iterator[_Made]:
        for step in self._steps:
            # Rules without a script, such as those that only gather, record nothing.
            if step.outputs and step.script:
                yield self._recorded(step.outputs, partial(self.key, step))

    def _shown(self) -> Iterator[_Made]:
        """The figures and tables that the reader sees: copies of those kept for this scale."""
        project = self._project
        for short, paper in project.papers.items():
            for name in (*paper.figures, *paper.tables):
                kept, shown = project.kept_of(short, name), project.published(short, name)
                pairs = [(kept, shown)]
                if name in paper.figures:
                    pairs.append((project.paths.png(kept), project.paths.png(shown)))
                yield _Made(tuple(path for _, path in pairs), partial(self._are_copies, pairs))

    def _recorded(self, outputs: Sequence[str], key: Callable[[], str]) -> _Made:
        files = [self._project.root / path for path in outputs]
        return _Made(tuple(outputs), lambda: is_made_from(files, key()))

    def _are_copies(self, pairs: Iterable[tuple[str, str]]) -> bool:
        root = self._project.root
        return all(_same(root / kept, root / shown) for kept, shown in pairs)

    def _shard_is_fresh(self, shard: Shard) -> bool:
        for file in self._shard_files(shard):
            path = self._project.root / file
            if not path.exists():
                continue
            try:
                origin = read_provenance(path)
            except StoreError as error:
                if isinstance(error.__cause__, OSError) and error.__cause__.errno:
                    raise error.__cause__ from error
                return False
            if (origin.get("config_hash"), origin.get("scale")) != (shard.key, self._project.scale):
                return False
        return True


def _shard_key(shard: Shard) -> str:
    return shard.key


def _same(kept: Path, shown: Path) -> bool:
    # Nothing to compare with: what is shown may be of any scale, and asking for it makes it anew.
    return not kept.exists() or not shown.exists() or filecmp.cmp(kept, shown, shallow=False)


def _content(path: Path) -> str:
    """Of a file that no rule makes: configuration, captions."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError:
        return "absent"


def mark(root: Path, now: bool) -> bool:
    """See to it that the marker is there, and newer than all results if `now`.

    Returns False where the folder cannot be written: nothing can be made there either.
    """
    path = root / MARKER
    try:
        if now or not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    except OSError:
        return False
    return True
