"""What a reduction is: a pure function of some networks, and what it needs of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from numpy.typing import NDArray

if TYPE_CHECKING:
    from fittest.runs.run import Run


@dataclass(frozen=True)
class Network:
    """A run at a step. parameters: by name, in the type that they were trained in."""

    run: Run
    step: int
    parameters: Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Reduction:
    """How networks become rows.

    name: as run-sets name it. columns: of its table, `run_id` and `step` first; each with a
    description. needs: the parameters of a run that it reads; none where it has nothing to say of
    such a run. reduce: from a batch of networks to rows of `columns`, whatever else is in the
    batch. every_step: whether it wants every checkpoint, or the last step of a run alone.
    row_bytes: what a row of a run takes on disk, about; None for that of plain numbers.
    """

    name: str
    columns: pa.Schema
    needs: Callable[[Run], Sequence[str]]
    reduce: Callable[[Sequence[Network]], pa.Table]
    every_step: bool = False
    row_bytes: Callable[[Run], float] | None = None
