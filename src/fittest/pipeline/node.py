"""Where a training job has landed: in a Slurm job, or on a machine that it shares with others."""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import torch

from fittest.pipeline.config import TrainingSettings
from fittest.pipeline.project import Project

log = logging.getLogger(__name__)

_POLL_SECONDS = 1.0


def project_on_this_node(
    config: Mapping[str, Any], environ: Mapping[str, str] = os.environ
) -> Project:
    """The project as a training job sees it.

    A Slurm job that asked for cores only leaves a GPU alone that it happens to see; one that
    asked for a GPU and sees none says so, and goes on unless `training.device` is cuda.
    """
    project = Project(config)
    training, cluster = project.config.training, project.config.cluster
    if "SLURM_JOB_ID" not in environ or training.device != "auto":
        return project
    if cluster.device == "cpu":
        content = project.config.model_dump(mode="json")
        content["training"]["device"] = "cpu"
        return Project(content, project.root)
    if not torch.cuda.is_available():
        log.warning(
            "this job asked Slurm for a GPU, but torch sees none and trains on the CPU: install a"
            " CUDA build of torch, or set cluster.device: cpu (docs/guides/cluster.md)"
        )
    return project


def _lock_of(folder: Path, index: int) -> Path:
    # The number of a GPU depends on CUDA_VISIBLE_DEVICES, its identity does not.
    return folder / f"fittest-gpu-{torch.cuda.get_device_properties(index).uuid}.lock"


def _taken(path: Path) -> IO[str] | None:
    """The open lock file, or None where another process holds it."""
    # Not removed afterwards: a lock on a file that is gone would exclude nobody.
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


@contextmanager
def own_gpu(settings: TrainingSettings, folder: Path | None = None) -> Iterator[int | None]:
    """Keep one of this machine's GPUs for this process, and make it the current one.

    Gives its number, or None where training is not for a GPU or there is none to choose. Waits
    while all are taken. folder: of the lock files, the system's temporary folder by default.
    """
    count = 0 if settings.device == "cpu" else torch.cuda.device_count()
    if count < 2:
        yield None
        return
    folder = folder or Path(tempfile.gettempdir())
    waiting = False
    while True:
        for index in range(count):
            lock = _taken(_lock_of(folder, index))
            if lock is None:
                continue
            with lock:
                torch.cuda.set_device(index)
                log.info("on GPU %d of %d", index, count)
                yield index
            return
        if not waiting:
            log.warning("every GPU has a job: waiting; --resources gpu=%d starts no more", count)
            waiting = True
        time.sleep(_POLL_SECONDS)
