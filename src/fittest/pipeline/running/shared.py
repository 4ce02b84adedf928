"""Trained shards in one folder for several clones, or all users of a machine.

A shard lies at `<scale>/<run-set>/<shard>/<key>/`, where the key says all that decides its
results: whoever asks for the same has the same, and whatever differs lies elsewhere. A shard comes
into place whole, by one renaming, and leaves it by one, whoever else reads or writes it meanwhile;
each file has its SHA-256 beside it. What is under way has a name that begins with a dot.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import shutil
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from fittest.errors import StoreError
from fittest.runs.catalogue import Shard
from fittest.store import check_origin, copied, replacing

log = logging.getLogger(__name__)

DIGESTS = "sha256.json"
_UNDER_WAY = re.compile(r"\.\w+\.(?P<host>.+)\.(?P<pid>\d{1,9})\.\w+\.tmp")
# Whether a process of another machine lives cannot be told; none takes so long for a shard.
_LONGEST_SECONDS = 24 * 3600.0


class _Damaged(Exception):
    """What is in the folder is proven not to be what was put there."""


class _Unusable(Exception):
    """The folder, or what is in it, cannot be used now; nothing is proven."""


def _place(folder: Path, scale: str, shard: Shard) -> Path:
    return folder / scale / shard.runset / shard.name / shard.key


def holds(folder: Path, scale: str, shard: Shard) -> bool:
    """Whether the shared folder has this shard, as far as a look without reading tells."""
    try:
        # A key is a hash of every run: not made where nothing at all lies.
        if not any((folder / scale / shard.runset / shard.name).iterdir()):
            return False
        return (_place(folder, scale, shard) / DIGESTS).is_file()
    except OSError:
        return False


def take(folder: Path, scale: str, shard: Shard, files: Mapping[str, str]) -> bool:
    """Copy the tables of a shard from the shared folder to where this clone has them.

    files: kind -> path; copied in this order. False where the folder does not hold them all, whole,
    or cannot be read now: a warning says so. What is proven to be damaged is removed, so that the
    next training puts it right. StoreError where this clone's disk refuses.
    """
    place = _place(folder, scale, shard)
    _clear(place.parent)
    try:
        # Held open, it stays the same folder whatever others put in its place meanwhile.
        held = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        log.warning("%s: cannot be read (%s); it is made here", place, error.strerror)
        return False
    try:
        _copy_all(place, held, shard.key, files)
    except _Damaged as error:
        kept = _set_aside(place, held)
        log.warning("%s: damaged (%s); it is made anew%s", place, error, kept)
        return False
    except _Unusable as error:
        log.warning("%s: %s; it is made here", place, error)
        return False
    finally:
        os.close(held)
    return True


def _copy_all(place: Path, held: int, key: str, files: Mapping[str, str]) -> None:
    with _open(place, held, DIGESTS) as file:
        digests = _digests(_read(file, -1), files)
    for kind, path in files.items():
        name = f"{kind}.parquet"
        # Opened first: what the disk then refuses to write is this clone's.
        with _open(place, held, name) as file, replacing(path) as temporary:
            if _copied(file, temporary) != digests[kind]:
                raise _Damaged(f"{name} is not what was put there")
            try:
                check_origin(place / name, kind=kind, config_hash=key)
            except StoreError as error:
                if isinstance(error.__cause__, OSError) and error.__cause__.errno:
                    raise _unreadable(name, error.__cause__) from error
                # It is what was put there: not for this clone to judge.
                raise _Unusable(f"cannot be used: {error}") from error


def _digests(content: bytes, kinds: Mapping[str, str]) -> dict[str, str]:
    try:
        found = json.loads(content)
        return {kind: str(found[kind]) for kind in kinds}
    except (ValueError, KeyError, TypeError) as error:
        raise _Damaged(f"{DIGESTS} cannot be read: {error!r}") from None


def _open(place: Path, held: int, name: str) -> BinaryIO:
    """A file of the folder `held`, which was found at `place`."""
    try:
        return open(name, "rb", opener=lambda path, flags: os.open(path, flags, dir_fd=held))
    except FileNotFoundError:
        if _is_at(place, held):
            raise _Damaged(f"{name} is missing") from None
        raise _Unusable("another job has removed it as damaged") from None
    except OSError as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: OSError) -> _Unusable:
    """Disks of a network come and go; that says nothing of what is on them."""
    return _Unusable(f"{name} cannot be read ({error.strerror or error})")


def _read(file: BinaryIO, most: int) -> bytes:
    try:
        return file.read(most)
    except OSError as error:
        raise _unreadable(file.name, error) from error


def _copied(file: BinaryIO, target: Path) -> str:
    """Copy an open file of the shared folder; SHA-256 of what was read."""
    with target.open("wb") as out:
        return copied(partial(_read, file), out)


def _is_at(place: Path, held: int) -> bool:
    """Whether the open folder `held` lies at `place`."""
    try:
        return os.path.samestat(place.stat(), os.fstat(held))
    except OSError:
        return False


def _set_aside(place: Path, held: int) -> str:
    """Remove the open folder `held` from `place`; what to tell if that cannot be."""
    aside = _under_way(place)
    try:
        if not _is_at(place, held):
            return ""
        place.rename(aside)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f", and cannot be removed ({error.strerror})"
    if not _is_at(aside, held):
        # Another job was faster, and has put a whole one there since.
        with suppress(OSError):
            aside.rename(place)
    shutil.rmtree(aside, ignore_errors=True)
    return ""


def offer(folder: Path, scale: str, shard: Shard, files: Mapping[str, str]) -> None:
    """Put the tables of a trained shard into the shared folder. Where the disk refuses, a warning
    says so: the clone has its results."""
    place = _place(folder, scale, shard)
    temporary = _under_way(place)
    _clear(place.parent)
    try:
        if place.is_dir():
            return
        temporary.mkdir(parents=True)
        digests = {}
        for kind, path in files.items():
            with Path(path).open("rb") as file:
                digests[kind] = _copied(file, temporary / f"{kind}.parquet")
        (temporary / DIGESTS).write_text(json.dumps(digests, indent=1), encoding="utf-8")
        temporary.rename(place)
    except (OSError, _Unusable) as error:
        # Another job may have been first, with the same.
        if not _is_folder(place):
            why = getattr(error, "strerror", None) or error
            log.warning("%s: cannot be shared: %s", place, why)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _is_folder(place: Path) -> bool:
    try:
        return place.is_dir()
    except OSError:
        return False


# -- what is under way ---------------------------------------------------------------------------


def _under_way(place: Path) -> Path:
    """A new path beside `place`, whose name says which process works on it."""
    who = f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"
    return place.with_name(f".{place.name}.{who}.tmp")


def _clear(folder: Path) -> None:
    """Remove what killed jobs have left under way in a folder."""
    with suppress(OSError):
        for path in list(folder.iterdir()):
            found = _UNDER_WAY.fullmatch(path.name)
            if found is None or not _is_left(path, found["host"], int(found["pid"])):
                continue
            # Renamed first: should its process live after all, as in another container of this
            # name, then it has no folder to put in place any more, rather than half a one.
            aside = _under_way(path.with_name(path.name[1:].partition(".")[0]))
            with suppress(OSError):
                path.rename(aside)
                shutil.rmtree(aside, ignore_errors=True)


def _is_left(path: Path, host: str, pid: int) -> bool:
    if host != socket.gethostname():
        with suppress(OSError):
            return path.stat().st_mtime < time.time() - _LONGEST_SECONDS
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False
