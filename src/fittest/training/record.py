"""What a training has recorded so far: rows of numbers in memory, weights on disk."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from fittest.training.backend import Parameters
from fittest.training.restart import numbered
from fittest.training.weight_file import Arrays, WeightFile, write_weights

log = logging.getLogger(__name__)

_PART = re.compile(r"weights-(\d+)-\w+\.bin")


Part = tuple[int, Tensor, Parameters]
"""Recorded weights: step, run indices (n,), stacked parameters (n, ...)."""


RunWeights = tuple[int, int, Arrays]
"""Recorded weights of one run: its index, step, parameters by name."""

BLOCK_BYTES = 256 * 2**20
"""Bytes of recorded weights that are in memory at once while they are put in the order of runs."""
# What Python needs for an array, of which small networks have many.
_OBJECT_BYTES = 250


@dataclass(frozen=True)
class Rows:
    """One recorded step: `runs` (n,) int64 indices, `columns` name -> (n, ...) on the CPU."""

    step: int
    runs: Tensor
    columns: dict[str, Tensor]


@dataclass
class Record:
    """Rows in the order of steps, and where each finished run ended.

    last_step: run index -> step of its last row; failed: run indices whose loss was not finite.
    """

    rows: list[Rows] = field(default_factory=list)
    last_step: dict[int, int] = field(default_factory=dict)
    failed: set[int] = field(default_factory=set)

    def dump(self) -> dict[str, object]:
        """Plain containers and tensors, for a restart point."""
        return {
            "rows": [(r.step, r.runs, r.columns) for r in self.rows],
            "last_step": self.last_step,
            "failed": sorted(self.failed),
        }

    @classmethod
    def restored(cls, dump: dict) -> Record:
        """The record that `dump` was made of."""
        return cls([Rows(*row) for row in dump["rows"]], dump["last_step"], set(dump["failed"]))


class WeightSpool:
    """Recorded weights, one file per step and parameter set, kept until the shard is written.

    On disk, so that hundreds of checkpoints neither fill the memory nor slow restart points.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: list[str] = []

    @property
    def names(self) -> list[str]:
        """What has been recorded, for a restart point: a name for each call of `add`."""
        return list(self._names)

    def add(self, label: str, step: int, runs: Tensor, parameters: Parameters) -> None:
        """Keep `parameters` (n, ...) of the run indices `runs` (n,) at `step`.

        `label` tells apart what is recorded at the same step, such as final and checkpoint.
        """
        name = f"weights-{step:09d}-{label}.bin"
        write_weights(self._folder / name, step, runs, parameters)
        self._names.append(name)

    def rewind(self, step: int) -> None:
        """Forget everything after `step`: a restart records it again."""
        for path in self._paths():
            if _step_of(path.name) > step:
                path.unlink()
        self._names = [name for name in self._names if _step_of(name) <= step]

    def is_whole(self, promised: Collection[str] = ()) -> bool:
        """False if a file is damaged or one of those `promised` is missing, so that the shard has
        to start over."""
        missing = sorted(set(promised) - {path.name for path in self._paths()})
        if missing:
            log.warning("recorded weights in %s lack %s", self._folder, ", ".join(missing))
            return False
        try:
            return all(True for file in self.files() for _ in file.rows(range(len(file.runs))))
        except Exception as error:  # any way of being unreadable
            log.warning("recorded weights in %s are damaged (%s)", self._folder, error)
            return False

    def restore(self, names: Collection[str]) -> None:
        """Go on from where `names` was taken: forget what has been recorded since."""
        self._names = list(names)
        for path in self._paths():
            if path.name not in names:
                path.unlink()

    def clear(self) -> None:
        """Forget everything."""
        self.rewind(-1)

    def parts(self) -> Iterator[Part]:
        """(step, run indices, parameters) in the order of steps."""
        for file in self.files():
            yield file.step, torch.from_numpy(file.runs), file.stacked()

    def files(self) -> list[WeightFile]:
        """What the files say of themselves, in the order of steps; ValueError for a damaged one."""
        return [WeightFile.opened(path) for path in self._paths()]

    def by_run(
        self,
        order: Sequence[int],
        limit: int = BLOCK_BYTES,
        only: Mapping[int, int] | None = None,
    ) -> Iterator[RunWeights]:
        """(run index, step, parameters by name) of the run indices in `order`, each run's in the
        order of steps.

        limit: bytes of parameters in memory at once, of one run and step at least. only: run index
        -> the one step that is wanted of it. Every row is read once; ValueError for a damaged one.
        """
        files = [(file, _wanted(file, only)) for file in self.files()]
        for block in _blocks(order, _bytes_of_runs(files), limit):
            if len(block) == 1:
                yield from _of_runs(files, block)
                continue
            found: dict[int, list[tuple[int, Arrays]]] = {run: [] for run in block}
            for run, step, parameters in _of_runs(files, block):
                found[run].append((step, parameters))
            for run in block:
                for step, parameters in found.pop(run):
                    yield run, step, parameters

    def _paths(self) -> list[Path]:
        return numbered(self._folder, _PART)


def _wanted(file: WeightFile, only: Mapping[int, int] | None) -> dict[int, int]:
    """Run index -> row, of the runs that are wanted at the step of a file."""
    if only is None:
        return file.positions
    return {run: row for run, row in file.positions.items() if only[run] == file.step}


_Files = Sequence[tuple[WeightFile, Mapping[int, int]]]


def _of_runs(files: _Files, runs: Sequence[int]) -> Iterator[RunWeights]:
    """(run index, step, parameters) of some runs, in the order of files."""
    for file, positions in files:
        here = [run for run in runs if run in positions]
        if here:
            rows = file.rows(positions[run] for run in here)
            for run, parameters in zip(here, rows, strict=True):
                yield run, file.step, parameters


def _bytes_of_runs(files: _Files) -> Counter[int]:
    """What the parameters of each run take in memory."""
    found: Counter[int] = Counter()
    for file, positions in files:
        each = file.row_bytes + _OBJECT_BYTES * (1 + len(file.kinds))
        for run in positions:
            found[run] += each
    return found


def _blocks(order: Sequence[int], sizes: Mapping[int, int], limit: int) -> Iterator[list[int]]:
    """`order` cut where more would take over `limit` bytes."""
    block: list[int] = []
    filled = 0
    for run in order:
        if block and filled + sizes[run] > limit:
            yield block
            block, filled = [], 0
        block.append(run)
        filled += sizes[run]
    if block:
        yield block


def _step_of(name: str) -> int:
    match = _PART.fullmatch(name)
    assert match is not None
    return int(match[1])
