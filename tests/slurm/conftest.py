"""A one-node Slurm for these tests, started and stopped by local-slurm.sh."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_slurm import CANNOT, control

# Two checkouts may be tested on one machine at once, which can hold one test cluster.
LOCK = Path("/tmp/fittest-slurm.lock")
PATIENCE = 900.0


@pytest.fixture(scope="session")
def cluster() -> Iterator[None]:
    """A fresh cluster of one node with GPUS counted GPUs and a partition called `test`."""
    with LOCK.open("a") as lock:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    pytest.skip(f"another test holds the cluster: {LOCK}")
                time.sleep(1)
        started = control("start")
        if started.returncode == CANNOT:
            pytest.skip(started.stdout.strip().splitlines()[-1])
        assert started.returncode == 0, started.stdout
        try:
            yield
        finally:
            stopped = control("stop")
        assert stopped.returncode == 0, stopped.stdout
