"""Trained shards in one folder for several clones, or all users of a machine.

A shard lies at `<scale>/<run-set>/<shard>/<key>/`, where the key says all that decides its
results: whoever asks for the same has the same, and whatever differs lies elsewhere. A shard comes
into place whole, by one renaming, whoever else writes it meanwhile; each file has its SHA-256
beside it.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import threading
from collections.abc import Mapping
from pathlib import Path

from fittest.errors import StoreError
from fittest.runs.catalogue import Shard
from fittest.store import check_origin, copied, replacing

log = logging.getLogger(__name__)

DIGESTS = "sha256.json"


def _place(folder: Path, scale: str, shard: Shard) -> Path:
    return folder / scale / shard.runset / shard.name / shard.key


def take(folder: Path, scale: str, shard: Shard, files: Mapping[str, str]) -> bool:
    """Copy the tables of a shard from the shared folder to where this clone has them.

    files: kind -> path; copied in this order. False where the folder does not hold them all, whole;
    what is damaged there is removed, so that the next training puts it right. StoreError where this
    clone's disk refuses.
    """
    place = _place(folder, scale, shard)
    if not place.is_dir():
        return False
    try:
        digests = json.loads((place / DIGESTS).read_text(encoding="utf-8"))
        for kind in files:
            check_origin(place / f"{kind}.parquet", kind=kind, config_hash=shard.key)
        for kind, path in files.items():
            # Opened first: what the disk then refuses is this clone's.
            with (place / f"{kind}.parquet").open("rb") as file, replacing(path) as temporary:
                with temporary.open("wb") as out:
                    digest = copied(file, out)
                if digest != digests[kind]:
                    raise ValueError(f"{kind}.parquet is not what was put there")
    except (ValueError, KeyError, TypeError, OSError) as error:
        return _damaged(place, error)
    except StoreError as error:
        if str(place) not in str(error):
            raise
        return _damaged(place, error)
    return True


def _damaged(place: Path, error: Exception) -> bool:
    log.warning("%s: damaged (%s); it is made anew", place, error)
    shutil.rmtree(place, ignore_errors=True)
    return False


def offer(folder: Path, scale: str, shard: Shard, files: Mapping[str, str]) -> None:
    """Put the tables of a trained shard into the shared folder. Where the disk refuses, a warning
    says so: the clone has its results."""
    place = _place(folder, scale, shard)
    who = f"{socket.gethostname()}.{os.getpid()}.{threading.get_ident()}"
    temporary = place.with_name(f".{shard.key}.{who}.tmp")
    try:
        if place.is_dir():
            return
        temporary.mkdir(parents=True, exist_ok=True)
        digests = {}
        for kind, path in files.items():
            with Path(path).open("rb") as file, (temporary / f"{kind}.parquet").open("wb") as out:
                digests[kind] = copied(file, out)
        (temporary / DIGESTS).write_text(json.dumps(digests, indent=1), encoding="utf-8")
        temporary.rename(place)
    except OSError as error:
        # Another job may have been first, with the same.
        if not place.is_dir():
            log.warning("%s: cannot be shared: %s", place, error.strerror or error)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
