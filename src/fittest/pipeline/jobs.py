"""What the rules run that train and summarise."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

from fittest.pipeline.collect import collect
from fittest.pipeline.node import own_gpu, project_on_this_node
from fittest.pipeline.plan import job_progress
from fittest.pipeline.project import Project
from fittest.pipeline.train import EXIT_INTERRUPTED, train_shard
from fittest.pipeline.workflow_start import announced
from fittest.training.loop import Interrupted

log = logging.getLogger("fittest")


def run_training(
    config: Mapping[str, Any],
    runset: str,
    shard: str,
    trajectory: str,
    weights: str,
    threads: int,
) -> None:
    """The job of rule `train`.

    One that was asked to stop ends the process with EXIT_INTERRUPTED, so that the workflow starts
    it again.
    """
    project = project_on_this_node(config)
    progress = job_progress(project, runset, shard, announced())
    try:
        with own_gpu(project.config.training):
            train_shard(project, runset, shard, trajectory, weights, threads, progress)
    except Interrupted as stop:
        log.warning("%s", stop)
        sys.exit(EXIT_INTERRUPTED)


def run_collect(config: Mapping[str, Any], runset: str, runs: str, frequencies: str) -> None:
    """The job of rule `collect`."""
    collect(Project(config), runset, runs, frequencies)
