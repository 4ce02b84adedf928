"""Reductions that a run-set names: what makes sense, and what they depend on."""

from __future__ import annotations

from collections.abc import Sequence

from fittest.analysis.reductions import REDUCTIONS
from fittest.errors import ConfigError
from fittest.pipeline.configuration.targets import meant
from fittest.pipeline.identity.codehash import closed, sources_hash
from fittest.runs.run import Run
from fittest.runs.runset import RunSet


def check_reductions(runset: RunSet) -> None:
    """ConfigError where a run-set names a reduction that there is not, or that its runs do not
    keep the parameters for."""
    where = f"{runset.where}.reductions"
    for name in runset.reductions:
        if name not in REDUCTIONS:
            raise ConfigError(
                f"{where}: there is no reduction `{name}`; {meant(name, REDUCTIONS)}there are"
                f" {', '.join(REDUCTIONS)}"
            )
        # Runs of a run-set have few kinds of networks.
        for run in {(r.task, r.model, r.recording): r for r in runset.runs}.values():
            needed = REDUCTIONS[name].needs(run)
            if not needed:
                raise ConfigError(
                    f"{where}: {name} has nothing to say of {run.model.name} on {run.task.name};"
                    " leave it out"
                )
            absent = set() if run.recording.checkpoints_every else {*needed} - {*run.kept}
            if absent:
                raise ConfigError(
                    f"{where}: {name} needs {', '.join(sorted(absent))}; add it to recording.final"
                )


def reducing_sources(name: str) -> tuple[str, ...]:
    """The files that decide what a reduction makes: its module, and what that comes to import of
    the analysis; not what says what a reduction is."""
    found = closed(f"analysis/reductions/{name}.py", "analysis")
    return tuple(file for file in found if file != "analysis/reductions/reduction.py")


def stored_version(runset: RunSet, runs: Sequence[Run]) -> str:
    """What decides which files a shard has and what stands in them, beside its runs: its
    reductions with their code, and how many of its runs keep their weights. Empty where nothing
    is reduced and all are kept."""
    parts = [
        f"{name} {sources_hash(reducing_sources(name))}"
        for name in runset.reductions
        if name in REDUCTIONS
    ]
    kept = sum(runset.keeps_weights(run) for run in runs)
    if kept < len(runs):
        parts.append(f"weights of {kept}")
    return " ".join(parts)
