"""Reductions of a run-set's weights: what makes sense, what they depend on, and their tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from fittest.analysis.reductions import REDUCTIONS, Network, Reduction
from fittest.errors import ConfigError, StoreError
from fittest.pipeline.codehash import sources_hash
from fittest.pipeline.targets import meant
from fittest.runs.run import Run
from fittest.runs.runset import RunSet
from fittest.store import check_origin, read_groups, write_batches

if TYPE_CHECKING:
    from fittest.pipeline.project import Project
    from fittest.training.record import RunWeights

BATCH_BYTES = 32 * 2**20
"""Bytes of weights that a reduction is given at once, and that a row group is made of."""
BATCH_NETWORKS = 10_000
"""Most networks of such a batch."""


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


def stored_version(runset: RunSet, runs: Sequence[Run]) -> str:
    """What decides which files a shard has and what stands in them, beside its runs: its
    reductions with their code, and how many of its runs keep their weights. Empty where nothing
    is reduced and all are kept."""
    parts = [
        f"{name} {sources_hash((f'analysis/reductions/{name}.py',))}"
        for name in runset.reductions
        if name in REDUCTIONS
    ]
    kept = sum(runset.keeps_weights(run) for run in runs)
    if kept < len(runs):
        parts.append(f"weights of {kept}")
    return " ".join(parts)


def reduced(
    reduction: Reduction, runs: Sequence[Run], weights: Iterable[RunWeights]
) -> Iterator[pa.Table]:
    """Rows of a reduction, one table per batch of networks.

    weights: of an ensemble, as `WeightSpool.by_run` gives them.
    """
    batch: list[Network] = []
    filled = 0
    for index, step, parameters in weights:
        batch.append(Network(runs[index], step, parameters))
        filled += sum(values.nbytes for values in parameters.values())
        if filled >= BATCH_BYTES or len(batch) >= BATCH_NETWORKS:
            yield reduction.reduce(batch)
            batch, filled = [], 0
    if batch:
        yield reduction.reduce(batch)


def join(project: Project, runset: str, name: str, out: str) -> None:
    """Write the table of a reduction of all runs of a run-set, reused ones included, in the order
    of the shards that hold them; one row group is in memory at a time.

    Raises StoreError where a shard's is missing, damaged, of another configuration or code than
    now, or does not hold a run that it should.
    """
    owners = project.catalogue.owners(runset)
    missing = set(owners)

    def rows() -> Iterator[pa.Table]:
        for shard in project.catalogue.sources(runset):
            path = project.root / project.paths.reduction(shard.runset, name, shard.name)
            check_origin(path, kind=name, config_hash=shard.key)
            # Another run-set may hold a shorter training of the same network.
            mine = [r.run_id for r in shard.runs if owners.get(r.run_id) == shard.runset]
            wanted = pa.array(mine, pa.string())
            for table in read_groups(path, name):
                found = table.filter(pc.is_in(table["run_id"], wanted))
                missing.difference_update(found["run_id"].unique().to_pylist())
                yield found
        if missing:
            raise StoreError(
                f"{len(missing)} runs of `{runset}` are in none of its tables {name}, such as"
                f" {min(missing)}; delete {project.paths.runset(runset)} and run the same command"
                " again"
            )

    origin = project.provenance(project.runset_key(runset), runset=runset, n_runs=len(owners))
    write_batches(rows(), out, origin, name, REDUCTIONS[name].columns)
