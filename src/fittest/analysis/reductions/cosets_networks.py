"""What a network of the cosets paper is made of: its clusters, kinds of neurons and accuracy
(cosets methods 2.9)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fittest.analysis.cosets.clusters import clusters_of, right
from fittest.analysis.cosets.neurons import (
    Bools,
    NeuronRules,
    describe,
    in_band,
    split_two_tables,
)
from fittest.analysis.reductions.reduction import Network, Reduction
from fittest.tasks.task import Task, train_mask

if TYPE_CHECKING:
    from fittest.runs.run import Run

NUMBERS = pa.list_(pa.int16())
COLUMNS = pa.schema(
    [
        pa.field(name, kind, metadata={"description": text})
        for name, kind, text in (
            ("run_id", pa.string(), "which network"),
            ("step", pa.int32(), "a checkpoint or the last step"),
            ("n", pa.int32(), "modulus"),
            ("accuracy", pa.float32(), "share of all pairs answered rightly"),
            ("test_accuracy", pa.float32(), "the same of the pairs that were not trained on"),
            ("neurons", pa.int32(), "all of them"),
            ("live", pa.int32(), "neurons whose parts exceed 0.5"),
            ("stored", pa.int32(), "neurons whose parts exceed 0.1"),
            ("simple", pa.int32(), "simple neurons"),
            ("strict", pa.int32(), "simple neurons that pass the strict test"),
            ("several", pa.int32(), "fine-tuning ones with 3 or more frequencies in the band"),
            ("agree", pa.int32(), "live ones of which 3 or more in the band say the same"),
            ("banded", pa.int32(), "live neurons with a frequency in the band"),
            ("banded_tuned", pa.int32(), "fine-tuning ones of these"),
            ("frequency", NUMBERS, "dominant frequency of each cluster, of one neuron or more"),
            ("size", NUMBERS, "its live neurons"),
            ("tuned", NUMBERS, "its fine-tuning neurons"),
            ("band", NUMBERS, "frequencies in the band of a live neuron"),
            ("band_several", NUMBERS, "those of a neuron that has 3 or more there"),
            ("band_weak", pa.int32(), "frequencies in the band of any neuron, live or not"),
        )
    ]
)

RULES = NeuronRules()
"""By what training stores: cosets methods 2.9 says why these are not read from the settings."""


def needs(run: Run) -> list[str]:
    """All parameters of a network with two tables that adds; nothing of any other."""
    if run.model.name != "two_table_mlp" or run.task.name != "modular_addition":
        return []
    return sorted(run.model.parameter_names())


@lru_cache(maxsize=8)
def _built(task: Any) -> Task:
    built: Task = task.build()
    return built


def _row(network: Network) -> tuple[Any, ...]:
    run, task = network.run, _built(network.run.task)
    n = task.p
    split = split_two_tables(network.parameters, n)
    neurons = describe(split, RULES)
    clusters = clusters_of(neurons, 1)
    answered = right(split).ravel()
    fraction = getattr(run.task, "train_fraction", 1.0)
    tested = ~train_mask(task, fraction, run.seeds.split, run.rng)
    several = neurons.live & (neurons.in_band >= RULES.several)
    banded = neurons.live & (neurons.in_band > 0)
    inside = in_band(neurons.spectrum_a, neurons.spectrum_b, n, RULES)
    return (
        *(run.run_id, network.step, n),
        *(answered.mean(), answered[tested].mean() if tested.any() else np.nan),
        *(len(neurons.live), neurons.live.sum()),
        ((neurons.size_a > RULES.stored) & (neurons.size_b > RULES.stored)).sum(),
        *(neurons.simple.sum(), (neurons.strict & neurons.simple).sum()),
        (neurons.tuned & several).sum(),
        (neurons.live & (neurons.tuned == several)).sum(),
        *(banded.sum(), (banded & neurons.tuned).sum()),
        np.array([one.frequency for one in clusters], dtype=np.int16),
        np.array([one.size for one in clusters], dtype=np.int16),
        np.array([one.tuned for one in clusters], dtype=np.int16),
        *(_frequencies(inside[:, chosen]) for chosen in (neurons.live, several)),
        len(_frequencies(inside)),
    )


def _frequencies(inside: Bools) -> NDArray[np.int16]:
    """Which frequencies stand in the band of one neuron or more, from (K, neurons)."""
    return (np.flatnonzero(inside.any(axis=1)) + 1).astype(np.int16)


def table_of(rows: Sequence[tuple[Any, ...]], columns: pa.Schema) -> pa.Table:
    """Rows of a reduction, each with as many values as there are columns."""
    values = zip(*rows, strict=True) if rows else [()] * len(columns)
    arrays = [pa.array(list(one), kind) for one, kind in zip(values, columns.types, strict=True)]
    return pa.table(arrays, schema=columns)


def _reduce(networks: Sequence[Network]) -> pa.Table:
    return table_of([_row(one) for one in networks if needs(one.run)], COLUMNS)


def _row_bytes(run: Run) -> float:
    # Five clusters and some frequencies of the band, and the numbers beside them.
    return 130.0


COSETS_NETWORKS = Reduction(
    "cosets_networks", COLUMNS, needs, _reduce, every_step=True, row_bytes=_row_bytes
)
