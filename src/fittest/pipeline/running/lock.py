"""One job at a time on a shard: a lock that its holder's death releases, however it dies."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from fittest.errors import TrainingError

log = logging.getLogger(__name__)

_UNSUPPORTED = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
"""How a file system says that it knows no locks."""


@contextmanager
def sole_holder(folder: Path) -> Iterator[None]:
    """Work on `folder` that no other job does meanwhile.

    The lock is on a file beside the folder; the system releases it when the process ends, so that
    a file left behind by a killed job is in nobody's way. Raises TrainingError where another
    process holds it, and OSError where the file cannot be made. Without locks on the file system
    it warns and goes on.
    """
    path = folder.with_name(f"{folder.name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path) as file:
        try:
            file.truncate(0)
            file.write(f"{os.getpid()} on {socket.gethostname()}")
            file.flush()
            yield
        finally:
            # Still locked: whoever opened this file in the meantime finds that it is gone.
            path.unlink(missing_ok=True)


def _locked(path: Path) -> IO[str]:
    while True:
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with file:
                raise TrainingError(_held(path, file)) from None
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                file.close()
                raise
            log.warning(
                "%s: this file system has no locks (%s); see that no second job trains this shard",
                path,
                error.strerror,
            )
            return file
        if _is_at(file, path):
            return file
        file.close()


def _is_at(file: IO[str], path: Path) -> bool:
    """False if the last holder removed the file between our opening and locking it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _held(path: Path, file: IO[str]) -> str:
    file.seek(0)
    holder = file.read().strip()
    who = f"process {holder}" if holder else "another process"
    return (
        f"{path}: {who} is training this shard already, such as a job that outlived its workflow;"
        " wait until it has ended, or end it, then run the same command again"
    )
