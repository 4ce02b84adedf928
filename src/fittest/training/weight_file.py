"""Weights of many runs at one step in a file, of which those of some runs can be read alone.

The body is one row of bytes per run, all its parameters one after the other. Behind it stand what
the rows are, as JSON with a digest of every row, and a trailer with the length and the digest of
that.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fittest.training.backend import Parameters
from fittest.training.restart import atomic_file

Arrays = dict[str, NDArray[np.generic]]

_DIGEST_BYTES = 8
_TRAILER = struct.Struct("<Q32s")
_BLOCK_BYTES = 32 * 2**20


def write_weights(path: Path, step: int, runs: Tensor, parameters: Parameters) -> None:
    """Write `parameters` (n, ...) of the run indices `runs` (n,) at `step`, atomically."""
    arrays = {name: value.detach().cpu().contiguous().numpy() for name, value in parameters.items()}
    kinds = [(name, a.shape[1:], a.dtype.str) for name, a in arrays.items()]
    rows = [a.reshape(len(runs), prod(a.shape[1:])).view(np.uint8) for a in arrays.values()]
    size = sum(row.shape[1] for row in rows)
    block = max(1, _BLOCK_BYTES // max(1, size))
    digests = bytearray()
    with atomic_file(path) as file:
        for start in range(0, len(runs) if rows else 0, block):
            for row in np.concatenate([part[start : start + block] for part in rows], axis=1):
                content = row.tobytes()
                digests += _digest(content)
                file.write(content)
        about = {
            "step": step,
            "runs": runs.tolist(),
            "parameters": kinds,
            "digests": digests.hex(),
        }
        said = json.dumps(about).encode()
        file.write(said + _TRAILER.pack(len(said), hashlib.sha256(said).digest()))


def _digest(row: bytes) -> bytes:
    return hashlib.sha256(row).digest()[:_DIGEST_BYTES]


@dataclass(frozen=True)
class WeightFile:
    """What such a file says of its rows.

    runs: (n,) run indices. kinds: name, shape and numpy's name of the type of each parameter.
    """

    path: Path
    step: int
    runs: NDArray[np.int64]
    kinds: tuple[tuple[str, tuple[int, ...], str], ...]
    digests: bytes

    @classmethod
    def opened(cls, path: Path) -> WeightFile:
        """ValueError or OSError where the file is missing, of another format, or damaged."""
        with path.open("rb") as file:
            end = file.seek(0, 2)
            if end < _TRAILER.size:
                raise ValueError("it is truncated")
            file.seek(end - _TRAILER.size)
            length, digest = _TRAILER.unpack(file.read())
            if length > end - _TRAILER.size:
                raise ValueError("its trailer does not fit")
            file.seek(end - _TRAILER.size - length)
            said = file.read(length)
        if hashlib.sha256(said).digest() != digest:
            raise ValueError("checksum does not fit")
        found = json.loads(said)
        kinds = tuple((name, tuple(shape), kind) for name, shape, kind in found["parameters"])
        runs = np.array(found["runs"], dtype=np.int64)
        opened = cls(path, found["step"], runs, kinds, bytes.fromhex(found["digests"]))
        if len(runs) * opened.row_bytes + length + _TRAILER.size != end:
            raise ValueError("its length does not fit")
        return opened

    @cached_property
    def row_bytes(self) -> int:
        """Bytes of one run's parameters."""
        return sum(np.dtype(kind).itemsize * prod(shape) for _, shape, kind in self.kinds)

    @cached_property
    def positions(self) -> dict[int, int]:
        """Run index -> which row is its own."""
        return {run: position for position, run in enumerate(self.runs.tolist())}

    def rows(self, positions: Iterable[int]) -> Iterator[Arrays]:
        """The parameters of some rows, by name; ValueError for a damaged one."""
        if not self.kinds:
            yield from ({} for _ in positions)
            return
        with self.path.open("rb") as file:
            for position in positions:
                file.seek(position * self.row_bytes)
                row = file.read(self.row_bytes)
                start = position * _DIGEST_BYTES
                if _digest(row) != self.digests[start : start + _DIGEST_BYTES]:
                    raise ValueError("checksum does not fit")
                yield self._split(row)

    def _split(self, row: bytes) -> Arrays:
        found: Arrays = {}
        start = 0
        for name, shape, kind in self.kinds:
            number = prod(shape)
            values = np.frombuffer(row, dtype=kind, count=number, offset=start)
            found[name] = values.reshape(shape)
            start += values.nbytes
        return found

    def stacked(self) -> Parameters:
        """The parameters of all rows (n, ...)."""
        rows = list(self.rows(range(len(self.runs))))
        names = [name for name, _, _ in self.kinds]
        return {name: torch.from_numpy(np.stack([row[name] for row in rows])) for name in names}
