"""Restart points: atomic, checksummed, and always one older than the newest.

A folder holds at most two snapshots and the weights recorded so far. A snapshot that is
truncated, altered, incomplete, or of another shard is refused with a warning, and the one before it
is used. Files of other names are left alone.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import torch

log = logging.getLogger(__name__)

_DIGEST_BYTES = 32
_SNAPSHOT = re.compile(r"state-(\d+)\.pt")


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A file under a temporary name beside `path`, forced to disk and renamed at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes) -> None:
    """Write to a temporary name beside `path`, force it to disk, and rename."""
    with atomic_file(path) as file:
        file.write(content)


def pack(payload: dict[str, Any]) -> bytes:
    """A checksummed byte string of tensors, numbers, strings and containers of them."""
    buffer = io.BytesIO()
    torch.save(payload, buffer)
    body = buffer.getvalue()
    return hashlib.sha256(body).digest() + body


def unpack(content: bytes) -> dict[str, Any]:
    """The payload of `pack`; ValueError where the checksum does not fit."""
    digest, body = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != digest:
        raise ValueError("checksum does not fit")
    # weights_only: a restart point can carry data, never code.
    payload: dict[str, Any] = torch.load(io.BytesIO(body), weights_only=True)
    return payload


def numbered(folder: Path, pattern: re.Pattern[str]) -> list[Path]:
    """Files whose names fit `pattern`, in the order of the number in its first group."""
    found = [(match, p) for p in folder.glob("*") if (match := pattern.fullmatch(p.name))]
    return [p for match, p in sorted(found, key=lambda e: (int(e[0][1]), e[1])) if p.is_file()]


class RestartFolder:
    """The restart points of one shard, identified by `key` (its config hash)."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = folder
        self._key = key

    def save(self, step: int, payload: dict[str, Any]) -> None:
        """Write the snapshot of `step` and forget all but the two newest."""
        content = pack({"key": self._key, "step": step, "payload": payload})
        write_atomically(self.folder / f"state-{step:09d}.pt", content)
        for old in self._snapshots()[:-2]:
            old.unlink()

    def load(
        self, check: Callable[[dict[str, Any]], object] = lambda _: None
    ) -> dict[str, Any] | None:
        """The newest payload that is whole and of this shard; None to start from step 0.

        check: raises, whatever the error, for a payload that training cannot go on from.
        """
        for path in reversed(self._snapshots()):
            try:
                found = unpack(path.read_bytes())
                key, payload = found["key"], found["payload"]
                if key == self._key:
                    check(payload)
            except Exception as error:  # any way of being unreadable means: use the one before
                # What a KeyError says is the bare name of what is missing.
                reason = f"it lacks {error}" if isinstance(error, KeyError) else error
                log.warning("restart point %s is damaged (%s); using an older one", path, reason)
                path.unlink(missing_ok=True)
                continue
            if key == self._key:
                return dict(payload)
            log.warning("restart point %s belongs to another configuration; ignored", path)
            path.unlink(missing_ok=True)
        return None

    def clear(self) -> None:
        """Remove the folder; called when the shard's results are in place."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _snapshots(self) -> list[Path]:
        return numbered(self.folder, _SNAPSHOT)
