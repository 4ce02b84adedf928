"""What the rules run that train and summarise."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import Any

from fittest.errors import Interrupted

log = logging.getLogger("fittest")

EXIT_INTERRUPTED = 75
"""Exit status of a job that wrote a restart point and wants to be started again (EX_TEMPFAIL)."""


def run_training(
    config: Mapping[str, Any],
    runset: str,
    shard: str,
    trajectory: str,
    weights: str,
    threads: int,
    reductions: Mapping[str, str] | None = None,
) -> None:
    """The job of rule `train`.

    One that was asked to stop ends the process with EXIT_INTERRUPTED, so that the workflow starts
    it again.
    """
    # Every script comes by here, and only this job pays for importing torch.
    from fittest.pipeline.price.plan import job_progress
    from fittest.pipeline.running.node import SUBMITTED, own_gpu, project_on_this_node
    from fittest.pipeline.running.train import train_shard
    from fittest.pipeline.workflow_start import announced, announced_cores

    project = project_on_this_node(config)
    # On a cluster nobody knows how many jobs run at once, nor on what.
    asked = () if SUBMITTED in os.environ else announced()
    progress = job_progress(project, runset, shard, asked, announced_cores())
    try:
        with own_gpu(project.config.training):
            train_shard(project, runset, shard, trajectory, weights, threads, progress, reductions)
    except Interrupted as stop:
        log.warning("%s", stop)
        sys.exit(EXIT_INTERRUPTED)
    finally:
        # What has ended, in whatever way, is no measure of how fast others are.
        progress.close()


def run_join(config: Mapping[str, Any], runset: str, reduction: str, joined: str) -> None:
    """The job of rule `join`."""
    from fittest.pipeline.project import Project
    from fittest.pipeline.running.reductions import join

    join(Project(config), runset, reduction, joined)


def run_collect(config: Mapping[str, Any], runset: str, runs: str, frequencies: str) -> None:
    """The job of rule `collect`."""
    from fittest.pipeline.project import Project
    from fittest.pipeline.running.collect import collect

    collect(Project(config), runset, runs, frequencies)
