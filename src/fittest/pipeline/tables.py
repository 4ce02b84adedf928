"""From what training recorded to the rows of the `trajectory`, `weights` and `runs` tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from fittest import fourier
from fittest.models import EMBEDDING
from fittest.runs.initial import construction_pair
from fittest.runs.run import Construct, Perturb, Run
from fittest.store import SCHEMAS
from fittest.training.record import Record, WeightSpool


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
        values = np.concatenate([r.columns[name].numpy() for r in record.rows])[order]
        columns[name] = _lists(values) if values.ndim > 1 else pa.array(values)
    schema = SCHEMAS["trajectory"]
    absent = {name: pa.nulls(len(order), schema.field(name).type) for name in schema.names}
    return pa.table({name: columns.get(name, absent[name]) for name in schema.names}).cast(schema)


def weight_tables(runs: Sequence[Run], spool: WeightSpool) -> Iterator[pa.Table]:
    """`weights` rows of an ensemble, one table per recorded step."""
    for step, which, parameters in spool.parts():
        ids, names, shapes, values = [], [], [], []
        for name, stacked in parameters.items():
            for position, run in enumerate(which.tolist()):
                ids.append(runs[run].run_id)
                names.append(name)
                shapes.append(list(stacked.shape[1:]))
                values.append(stacked[position].float().flatten().numpy())
        yield pa.table(
            {
                "run_id": ids,
                "step": np.full(len(ids), step, dtype=np.int32),
                "parameter": names,
                "shape": shapes,
                "values": pa.array(values, type=pa.list_(pa.float32())),
            }
        )


def _lists(values: NDArray[np.float32]) -> pa.Array:
    """(n, K) -> n lists of K, without a Python object per number."""
    n, length = values.shape
    offsets = np.arange(n + 1, dtype=np.int32) * length
    return pa.ListArray.from_arrays(offsets, values.astype(np.float32).reshape(-1))


def runs_table(
    name: str,
    runs: Sequence[Run],
    owners: Mapping[str, str],
    kept: Mapping[str, tuple[int, ...]],
) -> pd.DataFrame:
    """One row per run with what is known before training (columns of `runs` up to `config`).

    kept: run_id -> frequencies that its intervention keeps, for runs that have such a one.
    """
    return pd.DataFrame(
        [_describe(name, run, owners[run.run_id], kept.get(run.run_id, ())) for run in runs]
    )


def _describe(name: str, run: Run, owner: str, kept: tuple[int, ...]) -> dict[str, object]:
    row: dict[str, object] = {
        "run_id": run.run_id,
        "runset": name,
        "source": owner,
        "p": run.task.p,
        "d": run.model.d,
        "weight_decay": run.optimiser.weight_decay,
        "seed_embedding": run.seeds.embedding,
        "seed_mlp": run.seeds.mlp,
        "seed_split": run.seeds.split,
        "steps": run.steps,
        "frozen": list(run.frozen),
        "intervention": "none" if run.intervention is None else run.intervention.kind,
        "frequency": None,
        "factor": None,
        "first": None,
        "second": None,
        "ratio": None,
        "signal0_unperturbed_k": None,
        "signal0_unperturbed_other_mean": None,
        "config": run.model_dump_json(),
    }
    if isinstance(run.intervention, Perturb):
        k = run.intervention.frequency
        signals = _unperturbed_signals(run)
        row |= {
            "frequency": k,
            "factor": run.intervention.factor,
            "signal0_unperturbed_k": float(signals[k - 1]),
            "signal0_unperturbed_other_mean": float(np.delete(signals, k - 1).mean()),
        }
    elif isinstance(run.intervention, Construct):
        first, second = construction_pair(run)
        row |= {"first": first, "second": second, "ratio": run.intervention.ratio}
    row |= dict(zip(("first", "second"), kept, strict=False))
    return row


_unperturbed: dict[tuple[object, ...], NDArray[np.float64]] = {}


def _unperturbed_signals(run: Run) -> NDArray[np.float64]:
    """Initial signals (K,) of the run's embedding before the intervention."""
    key = (run.task, run.model, run.seeds.embedding, run.rng)
    if key not in _unperturbed:
        parameters = run.model.initial(run.task.build(), run.seeds.embedding, 0, run.rng)
        _unperturbed[key] = fourier.signals(parameters[EMBEDDING].numpy()).astype(np.float64)
    return _unperturbed[key]
