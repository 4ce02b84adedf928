"""What a training has recorded so far: rows of numbers in memory, weights on disk."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from fittest.training.backend import Parameters
from fittest.training.restart import numbered, pack, unpack, write_atomically

log = logging.getLogger(__name__)

_PART = re.compile(r"weights-(\d+)-\w+\.pt")


Part = tuple[int, Tensor, Parameters]
"""Recorded weights: step, run indices (n,), stacked parameters (n, ...)."""


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
        content = {
            "step": step,
            "runs": runs.cpu(),
            "parameters": {k: v.detach().cpu().clone() for k, v in parameters.items()},
        }
        name = f"weights-{step:09d}-{label}.pt"
        write_atomically(self._folder / name, pack(content))
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
            return all(True for _ in self.parts())
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
        for path in self._paths():
            part = unpack(path.read_bytes())
            yield part["step"], part["runs"], part["parameters"]

    def _paths(self) -> list[Path]:
        return numbered(self._folder, _PART)


def _step_of(name: str) -> int:
    match = _PART.fullmatch(name)
    assert match is not None
    return int(match[1])
