"""Where a training job has landed: in a Slurm job, or on a machine that it shares with others."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any

from fittest.errors import FittestError
from fittest.pipeline.configuration.cluster_config import ClusterSettings
from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.project import Project

log = logging.getLogger(__name__)

_POLL_SECONDS = 1.0

SUBMITTED = "FITTEST_SUBMITTED"
"""Environment variable of jobs that Snakemake submitted itself (workflow/rules/cluster.smk)."""


def _refuse_the_last_moment(cluster: ClusterSettings, environ: Mapping[str, str]) -> None:
    """Start nothing when a user's allocation is about to end.

    Who was told of the limit has just stopped; tried again, it would only be killed.
    """
    if not (end := environ.get("SLURM_JOB_END_TIME", "")).isdigit():
        return
    left = int(end) - time.time()
    if left < cluster.limits.warning_seconds:
        raise FittestError(
            f"the Slurm allocation ends in {max(0.0, left):.0f} s, too soon to train"
            f" (cluster.limits.warning_seconds: {cluster.limits.warning_seconds}); give the same"
            " command in the next allocation, and training goes on from its restart point"
        )


def project_on_this_node(
    config: Mapping[str, Any], environ: Mapping[str, str] = os.environ
) -> Project:
    """The project as a training job sees it.

    A job that Snakemake submitted for cores only leaves a GPU alone that it happens to see; one
    that asked for a GPU and sees none says so, and goes on unless `training.device` is cuda.
    Inside an allocation that a user made by hand it is as on any other machine.

    Raises:
        ConfigError: as the project does.
        FittestError: where such an allocation is about to end.
    """
    project = Project(config)
    training, cluster = project.config.training, project.config.cluster
    if SUBMITTED not in environ:
        _refuse_the_last_moment(cluster, environ)
        return project
    if training.device != "auto":
        return project
    if cluster.device == "cpu":
        content = project.config.model_dump(mode="json")
        content["training"]["device"] = "cpu"
        return Project(content, project.root)
    import torch

    if not torch.cuda.is_available():
        log.warning(
            "this job asked Slurm for a GPU, but torch sees none and trains on the CPU: install a"
            " CUDA build of torch, or set cluster.device: cpu (docs/guides/cluster.md)"
        )
    return project


def _lock_of(folder: Path, index: int) -> Path:
    import torch

    # The number of a GPU depends on CUDA_VISIBLE_DEVICES, its identity does not.
    name = str(torch.cuda.get_device_properties(index).uuid)
    # Slices of a GPU may bear the name of the whole one, and share no memory.
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    if index < len(visible) and visible[index].startswith("MIG-"):
        name = visible[index].replace("/", "-")
    return folder / f"fittest-gpu-{name}.lock"


def _opened(path: Path) -> int:
    """A lock file that any user of this machine may open, made where there is none.

    Raises:
        PermissionError: where another user made it and keeps it closed to others.
    """
    while True:
        try:
            # Reading is enough for a lock, and Linux lets nobody create what another user has in
            # a folder for all.
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            pass
        try:
            made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        except FileExistsError:
            continue
        os.fchmod(made, 0o666)
        return made


def _taken(path: Path) -> IO[bytes] | None:
    """The open lock file, or None where another process holds it."""
    # Not removed afterwards: a lock on a file that is gone would exclude nobody.
    try:
        file = os.fdopen(_opened(path), "rb")
    except PermissionError:
        own = path.with_name(f"{path.stem}-{os.getuid()}.lock")
        _warn_once(
            f"{path} belongs to another user and cannot be opened: jobs of the two users do not"
            f" wait for each other's GPU (this one locks {own.name}); have its owner delete it"
        )
        file = os.fdopen(_opened(own), "rb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        return None
    return file


@cache
def _warn_once(message: str) -> None:
    log.warning("%s", message)


@contextmanager
def own_gpu(settings: TrainingSettings, folder: Path | None = None) -> Iterator[int | None]:
    """Keep one of this machine's GPUs for this process, and make it the current one.

    Gives its number, or None where training is not for a GPU or there is none. Waits while all
    are taken, also for the only one: two jobs on one GPU would each count on most of its memory.
    folder: of the lock files, the system's temporary folder by default.
    """
    # Snakemake loads this module too, and has no use for torch.
    import torch

    count = 0 if settings.device == "cpu" else torch.cuda.device_count()
    if count == 0:
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
                if count > 1:
                    log.info("on GPU %d of %d", index, count)
                yield index
            return
        if not waiting:
            log.warning("every GPU has a job: waiting; --resources gpu=%d starts no more", count)
            waiting = True
        time.sleep(_POLL_SECONDS)
