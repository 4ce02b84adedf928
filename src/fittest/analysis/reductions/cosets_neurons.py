"""The neurons of networks of the cosets paper at the end: spectra, sizes and phases (cosets methods
2.9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from fittest.analysis.cosets.neurons import describe, split_two_tables
from fittest.analysis.reductions.cosets_networks import RULES, needs, table_of
from fittest.analysis.reductions.reduction import Network, Reduction

if TYPE_CHECKING:
    from fittest.runs.run import Run

_HALVES = pa.list_(pa.float16())
COLUMNS = pa.schema(
    [
        pa.field(name, kind, metadata={"description": text})
        for name, kind, text in (
            ("run_id", pa.string(), "which network"),
            ("step", pa.int32(), "its last step"),
            ("n", pa.int32(), "modulus"),
            ("neuron", pa.list_(pa.int16()), "neurons whose parts exceed 0.1"),
            ("frequency", pa.list_(pa.int16()), "dominant frequency of each"),
            ("simple", pa.list_(pa.bool_()), "whether it is simple"),
            ("strict", pa.list_(pa.bool_()), "whether it passes the strict test"),
            ("size_a", _HALVES, "largest absolute value of the part of the first operand"),
            ("size_b", _HALVES, "of the second"),
            ("kappa_d", _HALVES, "share of the output's power at the frequency"),
            ("phase_a", _HALVES, "phase of the first operand's part, radians"),
            ("phase_b", _HALVES, "of the second's"),
            ("phase_d", _HALVES, "of the output"),
            ("spectrum_a", _HALVES, "magnitudes of the first part at f = 1..K, neuron by neuron"),
            ("spectrum_b", _HALVES, "of the second part"),
        )
    ]
)


def _row(network: Network) -> tuple[Any, ...]:
    n = network.run.task.p  # type: ignore[union-attr]
    found = describe(split_two_tables(network.parameters, n), RULES)
    kept = np.flatnonzero((found.size_a > RULES.stored) & (found.size_b > RULES.stored))
    halves = (
        *(found.size_a[kept], found.size_b[kept], found.kappa_d[kept]),
        *(found.phase_a[kept], found.phase_b[kept], found.phase_d[kept]),
        *(found.spectrum_a[:, kept].T.ravel(), found.spectrum_b[:, kept].T.ravel()),
    )
    return (
        *(network.run.run_id, network.step, n),
        *(kept.astype(np.int16), found.frequency[kept].astype(np.int16)),
        *(found.simple[kept], found.strict[kept]),
        *(np.asarray(values, dtype=np.float16) for values in halves),
    )


def _reduce(networks: Sequence[Network]) -> pa.Table:
    return table_of([_row(one) for one in networks if needs(one.run)], COLUMNS)


def _row_bytes(run: Run) -> float:
    """If every neuron is stored: two spectra of float16 each, and a dozen of small numbers."""
    hidden = int(getattr(run.model, "hidden", 0))
    return 40.0 + hidden * (2 * 2 * (getattr(run.task, "p", 0) // 2) + 18.0)


COSETS_NEURONS = Reduction("cosets_neurons", COLUMNS, needs, _reduce, row_bytes=_row_bytes)
