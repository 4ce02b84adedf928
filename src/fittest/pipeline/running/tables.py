"""From what training recorded to the rows of the `trajectory`, `weights` and `runs` tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from fittest.models import EMBEDDING, ModelSettings
from fittest.runs.cost import examples_per_step, trained_examples
from fittest.runs.run import Run
from fittest.store import completed
from fittest.tasks import Rng, TaskSettings

if TYPE_CHECKING:
    from fittest.training.record import Record, RunWeights


def trajectory_table(runs: Sequence[Run], record: Record) -> pa.Table:
    """`trajectory` rows of an ensemble, run by run, in the order of steps."""
    ids = np.array([run.run_id for run in runs])
    which = np.concatenate([rows.runs.numpy() for rows in record.rows])
    steps = np.concatenate([np.full(len(r.runs), r.step, dtype=np.int32) for r in record.rows])
    order = np.lexsort((steps, which))
    columns: dict[str, pa.Array] = {
        "run_id": pa.array(ids[which[order]]),
        "step": pa.array(steps[order]),
    }
    for name in record.rows[0].columns:
        parts = [r.columns[name].numpy() for r in record.rows]
        if parts[0].ndim > 1:
            columns[name] = pa.concat_arrays([_lists(part) for part in parts]).take(order)
        else:
            columns[name] = pa.array(np.concatenate(parts)[order])
    # What this ensemble does not record, another of the same shard may.
    return completed(pa.table(columns), "trajectory")


GROUP_BYTES = 4 * 2**20
"""Bytes of weights in a row group, about: what has to be read to get at one step of a run."""


def weight_tables(
    runs: Sequence[Run], weights: Iterable[RunWeights], group_bytes: int = GROUP_BYTES
) -> Iterator[pa.Table]:
    """`weights` rows of an ensemble, one table per row group.

    weights: run by run, of each in the order of steps. A group is of many small runs, or of a few
    steps of a large one: a run that fills a quarter of a group shares its last one with no other.
    """
    rows: list[tuple[str, int, str, NDArray[Any]]] = []
    filled, current = 0, -1
    for index, step, parameters in weights:
        if filled >= group_bytes or (index != current and 4 * filled >= group_bytes):
            yield _weights_table(rows)
            rows, filled = [], 0
        current = index
        for name, values in parameters.items():
            rows.append((runs[index].run_id, step, name, values))
            filled += 4 * values.size + _ROW_BYTES
    if rows:
        yield _weights_table(rows)


# Of a row beside its values.
_ROW_BYTES = 100


def _weights_table(rows: Sequence[tuple[str, int, str, NDArray[Any]]]) -> pa.Table:
    ids, steps, names, values = zip(*rows, strict=True)
    offsets = np.cumsum([0, *(v.size for v in values)], dtype=np.int32)
    flat = np.concatenate([v.reshape(-1).astype(np.float32, copy=False) for v in values])
    return pa.table(
        {
            "run_id": pa.array(ids),
            "step": pa.array(steps, type=pa.int32()),
            "parameter": pa.array(names),
            "shape": pa.array([list(v.shape) for v in values], type=pa.list_(pa.int32())),
            "values": pa.ListArray.from_arrays(offsets, pa.array(flat)),
        }
    )


def _lists(values: NDArray[np.floating[Any]]) -> pa.Array:
    """(n, K) -> n lists of K, without a Python object per number."""
    n, length = values.shape
    offsets = np.arange(n + 1, dtype=np.int32) * length
    return pa.ListArray.from_arrays(offsets, values.reshape(-1))


def runs_table(
    name: str, runs: Sequence[Run], owners: Mapping[str, str], decided: Sequence[Run]
) -> pd.DataFrame:
    """One row per run with what is known before training (columns of `runs` up to `config`).

    decided: the same runs with the choices of their interventions made.
    """
    return pd.DataFrame(
        [
            _describe(name, run, owners[run.run_id], made)
            for run, made in zip(runs, decided, strict=True)
        ]
    )


_OF_MODELS = ("d", "hidden", "init", "activation", "layers", "heads", "attention")
_OF_INTERVENTIONS = (
    "frequency",
    "factor",
    "first",
    "second",
    "ratio",
    "signal0_unperturbed_k",
    "signal0_unperturbed_other_mean",
    "kept",
)


def _describe(name: str, run: Run, owner: str, made: Run) -> dict[str, object]:
    betas = getattr(run.optimiser, "betas", (None, None))
    row: dict[str, object] = {
        "run_id": run.run_id,
        "runset": name,
        "source": owner,
        "task": run.task.name,
        **run.task.describe(),
        "model": run.model.name,
        **dict.fromkeys(_OF_MODELS),
        **run.model.describe(),
        "optimiser": run.optimiser.name,
        "learning_rate": run.optimiser.lr,
        "beta1": betas[0],
        "beta2": betas[1],
        "eps": getattr(run.optimiser, "eps", None),
        "momentum": getattr(run.optimiser, "momentum", None),
        "weight_decay": run.optimiser.weight_decay,
        "seed_embedding": run.seeds.embedding,
        "seed_mlp": run.seeds.mlp,
        "seed_split": run.seeds.split,
        "data": run.trained_on.name,
        "batch_size": examples_per_step(run),
        "trained_examples": trained_examples(run),
        "train_fraction": getattr(run.task, "train_fraction", None),
        "warmup": run.optimiser.warmup,
        "l1": run.optimiser.l1,
        "steps": run.steps,
        "frozen": list(run.frozen),
        "intervention": "none" if run.intervention is None else run.intervention.kind,
        "config": run.model_dump_json(),
        **dict.fromkeys(_OF_INTERVENTIONS),
    }
    if made.intervention is None:
        return row
    embedding = _unedited(run.task, run.model, run.seeds.embedding, run.rng)
    return row | made.intervention.facts(embedding, run.seeds.embedding)


@lru_cache(maxsize=64)
def _unedited(task: TaskSettings, model: ModelSettings, seed: int, rng: Rng) -> NDArray[np.float64]:
    """Initial embedding (p, d) before any intervention."""
    parameters = model.initial(task.build(), seed, 0, rng)
    return parameters[EMBEDDING]
