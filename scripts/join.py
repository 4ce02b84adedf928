"""Join what a reduction made of the weights of a run-set's shards (rule `join`)."""

from fittest.pipeline.jobs import run_join
from fittest.pipeline.script import rule_job

if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as smk:
        run_join(
            config=smk.config,
            runset=smk.wildcards.runset,
            reduction=smk.wildcards.reduction,
            joined=smk.output.joined,
        )
