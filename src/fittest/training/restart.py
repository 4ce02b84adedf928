"""Restart points: atomic, checksummed, and always one older than the newest.

A folder holds at most two snapshots and the weights recorded so far. A snapshot that is
truncated, altered, or of another shard is refused with a warning, and the one before it is used.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import shutil
from pathlib import Path
from typing import Any

import torch

log = logging.getLogger(__name__)

_DIGEST_BYTES = 32


def write_atomically(path: Path, content: bytes) -> None:
    """Write to a temporary name beside `path`, force it to disk, and rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


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

    def load(self) -> dict[str, Any] | None:
        """The newest payload that is whole and of this shard; None to start from step 0."""
        for path in reversed(self._snapshots()):
            try:
                found = unpack(path.read_bytes())
            except Exception as error:  # any way of being unreadable means: use the one before
                log.warning("restart point %s is damaged (%s); using an older one", path, error)
                path.unlink(missing_ok=True)
                continue
            if found["key"] == self._key:
                payload: dict[str, Any] = found["payload"]
                return payload
            log.warning("restart point %s belongs to another configuration; ignored", path)
            path.unlink(missing_ok=True)
        return None

    def clear(self) -> None:
        """Remove the folder; called when the shard's results are in place."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _snapshots(self) -> list[Path]:
        return sorted(self.folder.glob("state-*.pt"))
