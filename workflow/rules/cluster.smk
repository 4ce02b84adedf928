# What jobs ask for, from `cluster` in config/config.yaml: see docs/guides/cluster.md. On one machine
# only `gpu` matters, under `--resources gpu=N`. Training and summaries say it in their rules; for
# every other rule, and for what no user may drop, last.smk does.

import functools
import os

from fittest.pipeline.forecasts.trainer import job_threads
from fittest.pipeline.price import cluster
from fittest.pipeline.running.node import SUBMITTED

# A job that Snakemake submitted has what it asked for. One that runs inside an allocation that a
# user made by hand has not.
if workflow.remote_exec:
    os.environ[SUBMITTED] = "1"
elif not workflow.subprocess_exec:
    os.environ.pop(SUBMITTED, None)


def submits_jobs():
    """Whether jobs leave this machine. Snakemake counts nodes then, in a dry run of that too."""
    return workflow.nodes is not None and not workflow.remote_exec


@functools.cache
def training_request(runset, shard, attempt):
    return cluster.training_request(project, project.shard(runset, shard), attempt)


@functools.cache
def collect_request(runset, attempt):
    return cluster.collect_request(project, runset, attempt)


def given_cores():
    """Every core that Snakemake was given on this machine, for each of its GPUs."""
    try:
        # One job per GPU, where `--resources gpu=N` says how many there are.
        return max(
            1, workflow.cores // (workflow.global_resources.get("gpu").value or 1)
        )
    except WorkflowError:  # no cores given, as for --unlock
        return 1


def training_threads(wildcards):
    """What a cluster is asked for; on this machine what the backend can use of the cores."""
    shard = project.shard(wildcards.runset, wildcards.shard)
    if workflow.remote_exec or submits_jobs():
        return cluster.training_cores(project, shard.runs)
    return job_threads(project.config.training, shard.kinds, given_cores())


def training_resources(runset=None, shard=None):
    """Resources of a rule that trains a shard, that of its wildcards where none is named."""

    def request(wildcards, attempt):
        return training_request(
            runset or wildcards.runset, shard or wildcards.shard, attempt
        )

    options = cluster.training_options(project.config.cluster)
    # Where the command line's word would replace it or be replaced: see keep_sbatch_options.
    del options["slurm_extra"]
    if not (workflow.remote_exec or submits_jobs()) and "gres" in options:
        del options["gres"], options["cpus_per_task"]
        options["gpu"] = 1
    return {
        "mem_mb": lambda wildcards, attempt: request(wildcards, attempt).memory_mb,
        "runtime": lambda wildcards, attempt: request(wildcards, attempt).minutes,
        "restart_points": 1,
        **options,
    }


def ask_for_memory_and_time(made):
    """Memory and time of a rule that names none.

    Not as `default-resources` of the profile: one word of the command line replaces all of those.
    """
    own = made.resources.get("mem_mb")
    default = (workflow.resource_settings.default_resources or {}).get("mem_mb")
    # Snakemake has a default of its own, by the size of the input; what a user writes keeps its
    # words in `raw`.
    unsaid = own == default and getattr(default, "raw", default) is None
    if "mem_mb" not in made.resources or unsaid:
        made.resources["mem_mb"] = lambda wildcards, attempt: cluster.analysis_request(
            project.config.cluster, attempt
        ).memory_mb
    made.resources.setdefault(
        "runtime",
        lambda wildcards, attempt: cluster.analysis_request(
            project.config.cluster, attempt
        ).minutes,
    )


def keep_sbatch_options(made):
    """Join what the command line asks of sbatch with what the configuration and training need."""
    given = made.resources.get("slurm_extra")
    training = made.resources.get("restart_points").value is not None

    def joined(wildcards, **known):
        said = given.evaluate(wildcards, **known).value
        return cluster.sbatch_options(project.config.cluster, training, said)

    if training or project.config.cluster.extra is not None:
        made.resources["slurm_extra"] = joined
