"""Summarise a run-set (rule `collect`)."""

from fittest.pipeline.jobs import run_collect
from fittest.pipeline.script import rule_job

if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as smk:
        run_collect(
            config=smk.config,
            runset=smk.wildcards.runset,
            runs=smk.output.runs,
            frequencies=smk.output.frequencies,
        )
