"""A memory of what has been found of texts, kept from one process to the next.

By content, so it can be old but never wrong, and losing it costs time alone: whatever goes amiss
with its file is passed over in silence.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

MOST = 3000
"""Entries that are kept, the newest ones: some for each source, and for some of its versions."""


def folder() -> Path | None:
    """Where such memories lie: fittest/ in the user's folder for what can be made again."""
    given = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(given) if given else Path.home() / ".cache") / "fittest"
    except RuntimeError:  # a user without a home
        return None


class Memory:
    """What `recall` has made of texts, in a file of its own.

    Args:
        name: of the file.
        version: texts that decide what is made: others, other findings.
    """

    def __init__(self, name: str, version: Iterable[str]) -> None:
        self._name = f"{name}-{_digest(*version)[:16]}.json"
        self._new: dict[str, Any] = {}

    def recall(self, kind: str, text: str, make: Callable[[], Any]) -> Any:
        """What `make` makes of a text, as JSON holds it; `kind` tells apart what is made of one."""
        key = _digest(kind, text)[:32]
        if key not in self._known:
            if not self._new:
                atexit.register(self._save)
            self._known[key] = self._new[key] = make()
        return self._known[key]

    @cached_property
    def _known(self) -> dict[str, Any]:
        return self._read()

    def _path(self) -> Path | None:
        place = folder()
        return None if place is None else place / self._name

    def _read(self) -> dict[str, Any]:
        path = self._path()
        with suppress(OSError, ValueError, RecursionError):
            found = json.loads(path.read_text(encoding="utf-8")) if path else {}
            if isinstance(found, dict):
                return found
        return {}

    def _save(self) -> None:
        """Lay what is new on what is there by now."""
        path = self._path()
        if path is None:
            return
        entries = list((self._read() | self._new).items())[-MOST:]
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, passing = tempfile.mkstemp(dir=path.parent, prefix=path.name)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(dict(entries), file)
                Path(passing).replace(path)
            except OSError:
                Path(passing).unlink(missing_ok=True)


def _digest(*texts: str) -> str:
    whole = hashlib.sha256()
    for text in texts:
        whole.update(f"{len(text)} {text}".encode())
    return whole.hexdigest()
