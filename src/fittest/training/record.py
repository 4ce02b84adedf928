"""What a training has recorded so far: rows of numbers in memory, weights on disk."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from fittest.training.backend import Parameters
from fittest.training.restart import pack, unpack, write_atomically

log = logging.getLogger(__name__)


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

    def add(self, label: str, step: int, runs: Tensor, parameters: Parameters) -> None:
        """Keep `parameters` (n, ...) of the run indices `runs` (n,) at `step`.

        `label` tells apart what is recorded at the same step, such as final and checkpoint.
        """
        content = {
            "step": step,
            "runs": runs.cpu(),
            "parameters": {k: v.detach().cpu().clone() for k, v in parameters.items()},
        }
        write_atomically(self._folder / f"weights-{step:09d}-{label}.pt", pack(content))

    def rewind(self, step: int) -> None:
        """Forget everything after `step`: a restart records it again."""
        for path in self._paths():
            if int(path.name.split("-")[1]) > step:
                path.unlink()

    def is_whole(self) -> bool:
        """False if a file is damaged, so that the shard has to start over."""
        try:
            return all(True for _ in self.parts())
        except Exception as error:  # any way of being unreadable
            log.warning("recorded weights in %s are damaged (%s)", self._folder, error)
            return False

    def clear(self) -> None:
        """Forget everything."""
        self.rewind(-1)

    def parts(self) -> Iterator[tuple[int, Tensor, Parameters]]:
        """(step, run indices, parameters) in the order of steps."""
        for path in self._paths():
            part = unpack(path.read_bytes())
            yield part["step"], part["runs"], part["parameters"]

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("weights-*.pt"))
