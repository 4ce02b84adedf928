"""Reductions of a run-set's weights: their tables, shard by shard and joined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from fittest.analysis.reductions import REDUCTIONS, Network, Reduction
from fittest.errors import StoreError
from fittest.runs.run import Run
from fittest.store import check_origin, read_groups, write_batches

if TYPE_CHECKING:
    from fittest.pipeline.project import Project
    from fittest.training.record import RunWeights

BATCH_BYTES = 32 * 2**20
"""Bytes of weights that a reduction is given at once, and that a row group is made of."""
BATCH_NETWORKS = 10_000
"""Most networks of such a batch."""


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
