"""What of a target is still to do, as Snakemake will see it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fittest.errors import StoreError
from fittest.pipeline.configuration.targets import canonical, snakemake_target
from fittest.pipeline.project import Project
from fittest.pipeline.running.shared import holds
from fittest.runs.catalogue import Shard
from fittest.store import read_provenance

# What Snakemake says of a job is indented; between jobs there may be an empty line or none.
_JOB = re.compile(r"^(?:local)?rule (train(?:_with_\w+)?|collect):\n((?:[ \t].*\n?)*)", re.M)
_SECONDS = 300


@dataclass(frozen=True)
class Remaining:
    """Jobs that are to do: shards as (run-set, shard), and run-sets whose summary is to make.

    fetched: those of the shards whose job trains nothing, since `paths.shared` holds them. note:
    what to tell about how they were counted, "" for nothing.
    """

    shards: frozenset[tuple[str, str]]
    summaries: frozenset[str]
    note: str = ""
    fetched: frozenset[tuple[str, str]] = frozenset()

    @property
    def trained(self) -> frozenset[tuple[str, str]]:
        """Those of the shards that are to be trained."""
        return self.shards - self.fetched


NOTHING = Remaining(frozenset(), frozenset())


def needed_shards(project: Project, targets: Iterable[str]) -> list[Shard]:
    """Every shard that the targets need, each once, those of reused and reference runs included."""
    found: dict[tuple[str, str], Shard] = {}
    for target in targets:
        for runset in project.runsets_of(target):
            for shard in project.catalogue.needed(runset):
                found[shard.runset, shard.name] = shard
    return list(found.values())


def is_finished(project: Project, shard: Shard) -> bool:
    """True if the shard's tables are in place, and of this configuration and code."""
    path = project.root / project.paths.trajectory(shard.runset, shard.name)
    beside = [
        project.paths.weights(shard.runset, shard.name),
        *project.reduction_tables(shard).values(),
    ]
    try:
        return bool(read_provenance(path)["config_hash"] == shard.key) and all(
            (project.root / other).exists() for other in beside
        )
    except (StoreError, KeyError):
        return False


def is_shared(project: Project, shard: Shard) -> bool:
    """True if `paths.shared` holds the shard, so that its job has only to copy it."""
    common = project.config.paths.shared
    return common is not None and holds(project.root / common, project.scale, shard)


def remaining(project: Project, targets: Sequence[str]) -> Remaining:
    """What the targets still need. ConfigError for an unknown target.

    Results of which nothing is missing, or nothing made yet, are counted by their files. Between
    the two, a missing file may be one that nothing asks for any more, and only Snakemake can tell.
    """
    found = _jobs(project, targets)
    fetched = (
        (shard.runset, shard.name)
        for shard in needed_shards(project, targets)
        if (shard.runset, shard.name) in found.shards and is_shared(project, shard)
    )
    return replace(found, fetched=frozenset(fetched))


def _jobs(project: Project, targets: Sequence[str]) -> Remaining:
    files = _by_files(project, targets)
    if not files.shards or not _anything_made(project, targets, files):
        return files
    try:
        return _by_snakemake(project, targets)
    except (OSError, subprocess.SubprocessError) as error:
        note = f"Counted by files, since Snakemake could not be asked ({why_not(error)})."
        return Remaining(files.shards, files.summaries, note)


def _by_files(project: Project, targets: Sequence[str]) -> Remaining:
    shards = [s for s in needed_shards(project, targets) if not is_finished(project, s)]
    runsets = {name for target in targets for name in project.runsets_of(target)}
    missing = {r for r in runsets if not (project.root / project.paths.runs(r)).exists()}
    return Remaining(frozenset((s.runset, s.name) for s in shards), frozenset(missing))


def _anything_made(project: Project, targets: Sequence[str], files: Remaining) -> bool:
    """Whether some product of the missing shards may be there."""
    runsets = {name for target in targets for name in project.runsets_of(target)}
    made = [project.paths.runs(name) for name in {*runsets, *(r for r, _ in files.shards)}]
    papers = set()
    for target in targets:
        name = canonical(project, target)
        for short in project.papers:
            shown = (*project.figures_of(short), *project.tables_of(short))
            if name in ("all", short) or snakemake_target(project, name) in shown:
                papers.add(short)
                made.append(snakemake_target(project, name))
    return any((project.root / path).exists() for path in made) or any(
        _holds_product(project, short, runsets) for short in sorted(papers)
    )


def _holds_product(project: Project, paper: str, runsets: set[str]) -> bool:
    """Whether a paper has a table or figure of one of the run-sets: what the demo leaves, say, is
    none of figure 6."""
    tables = (project.root / project.paths.table(paper, "")).glob("*.*")
    return any(
        (project.root / project.paths.kept_figure(paper, name)).exists()
        for name, figure in project.papers[paper].figures.items()
        if not runsets.isdisjoint(figure.runsets)
    ) or any(
        not runsets.isdisjoint(project.runsets_behind(paper, path.name))
        for path in tables
        if path.is_file()
    )


def why_not(error: OSError | subprocess.SubprocessError) -> str:
    """Why there was no dry run, in Snakemake's last words."""
    output = getattr(error, "stderr", None) or str(error)
    return str((output.strip().splitlines() or ["no reason given"])[-1])


def dry_run(project: Project, targets: Sequence[str]) -> str:
    """What Snakemake says of the jobs that some targets need. OSError or SubprocessError where
    there can be no dry run."""
    snakefile = _snakefile(project)
    words = [snakemake_target(project, canonical(project, target)) for target in targets]
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile)]
    command += ["--directory", str(project.root.resolve()), "--dry-run", "--nolock"]
    command += ["--rerun-incomplete", "--config", f"scale={project.scale}", "--", *words]
    # A profile of the user's may speak of a cluster, or be quiet.
    environment = {k: v for k, v in os.environ.items() if k != "SNAKEMAKE_PROFILE"}
    done = subprocess.run(
        command,
        cwd=project.root,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=_SECONDS,
    )
    return done.stdout + done.stderr


def _by_snakemake(project: Project, targets: Sequence[str]) -> Remaining:
    """The jobs of a dry run. Raises as `dry_run`."""
    shards, summaries = set(), set()
    for rule, body in _JOB.findall(dry_run(project, targets)):
        wildcards = dict(re.findall(r"\b(runset|shard)=(\w+)", body))
        if rule != "collect":
            shards.add((wildcards["runset"], wildcards["shard"]))
        else:
            summaries.add(wildcards["runset"])
    return Remaining(frozenset(shards), frozenset(summaries))


def _snakefile(project: Project) -> Path:
    """The workflow of a project; OSError where it has none."""
    for place in ("Snakefile", "workflow/Snakefile"):
        path = project.root.resolve() / place
        if path.is_file():
            return path
    raise OSError("there is no Snakefile here")
