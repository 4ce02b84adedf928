# What training jobs ask for, from `cluster` in config/config.yaml: see docs/guides/cluster.md.
# On one machine only `gpu` matters, under `--resources gpu=N`. Any other job needs no word here:
# last.smk says where they run, the profile how much memory and time they get.

import functools

from fittest.pipeline import cluster


@functools.cache
def training_request(runset, shard, attempt):
    return cluster.training_request(project, project.shard(runset, shard), attempt)


@functools.cache
def collect_request(runset, attempt):
    return cluster.collect_request(project, runset, attempt)


def training_cores():
    """What a cluster is asked for, or every core that Snakemake was given on this machine."""
    # Snakemake counts nodes where it submits jobs, in a dry run of that too.
    if workflow.remote_exec or workflow.nodes is not None:
        return cluster.training_cores(project.config.cluster)
    try:
        # One job per GPU, where `--resources gpu=N` says how many there are.
        return max(
            1, workflow.cores // (workflow.global_resources.get("gpu").value or 1)
        )
    except WorkflowError:  # no cores given, as for --unlock
        return 1


def training_resources(runset=None, shard=None):
    """Resources of a rule that trains a shard, that of its wildcards where none is named."""

    def request(wildcards, attempt):
        return training_request(
            runset or wildcards.runset, shard or wildcards.shard, attempt
        )

    return {
        "mem_mb": lambda wildcards, attempt: request(wildcards, attempt).memory_mb,
        "runtime": lambda wildcards, attempt: request(wildcards, attempt).minutes,
        **cluster.training_options(project.config.cluster),
    }
