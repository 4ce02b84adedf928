"""What the rules run: a job with its log file, its one clear error, and its exit status."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fittest.errors import FittestError, Interrupted

log = logging.getLogger("fittest")

EXIT_INTERRUPTED = 75
"""Exit status of a job that wrote a restart point and wants to be started again (EX_TEMPFAIL)."""


@contextmanager
def job(log_path: str) -> Iterator[None]:
    """Log to a file, and turn a user's error into one message and an exit status.

    Warnings go to standard error as well. A job that was asked to stop ends with
    EXIT_INTERRUPTED, so that the workflow starts it again.
    """
    Path(log_path).parent.mkdir(parents=True, exist_ok=True)
    to_file = logging.FileHandler(log_path, mode="w")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    to_terminal = logging.StreamHandler(sys.stderr)
    to_terminal.setLevel(logging.WARNING)
    to_terminal.setFormatter(logging.Formatter("fittest: %(message)s"))
    log.setLevel(logging.INFO)
    log.handlers = [to_file, to_terminal]
    try:
        yield
    except Interrupted as stop:
        log.warning("%s", stop)
        sys.exit(EXIT_INTERRUPTED)
    except FittestError as error:
        log.error("%s", error)
        sys.exit(1)
    except Exception:
        log.exception("unexpected error; the log is in %s", log_path)
        raise


def run_training(
    config: Mapping[str, Any],
    runset: str,
    shard: str,
    trajectory: str,
    weights: str,
    threads: int,
    log_path: str,
) -> None:
    """The job of rule `train`."""
    # Every job enters `job` above, and only this one pays for importing torch.
    from fittest.pipeline.node import own_gpu, project_on_this_node
    from fittest.pipeline.plan import pending_flops, shard_flops
    from fittest.pipeline.progress import Progress
    from fittest.pipeline.train import train_shard

    with job(log_path):
        project = project_on_this_node(config)
        targets = os.environ.get("FITTEST_TARGETS", "").split()
        number = len(project.catalogue.shards(runset))
        progress = Progress.on_stderr(
            f"{runset} {int(shard) + 1}/{number}",
            total=shard_flops(project.shard(runset, shard)),
            later=pending_flops(project, targets, besides=(runset, shard)),
        )
        with own_gpu(project.config.training):
            train_shard(project, runset, shard, trajectory, weights, threads, progress)


def run_collect(
    config: Mapping[str, Any], runset: str, runs: str, frequencies: str, log_path: str
) -> None:
    """The job of rule `collect`."""
    from fittest.pipeline.collect import collect
    from fittest.pipeline.project import Project

    with job(log_path):
        collect(Project(config), runset, runs, frequencies)
