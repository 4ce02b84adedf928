"""Train one shard (rule `train`)."""

from fittest.pipeline.jobs import run_training
from fittest.pipeline.script import rule_job

if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as smk:
        run_training(
            config=smk.config,
            runset=smk.wildcards.runset,
            shard=smk.wildcards.shard,
            trajectory=smk.output.trajectory,
            weights=smk.output.weights,
            threads=smk.threads,
            reductions={
                name: path
                for name, path in smk.output.items()
                if name not in ("trajectory", "weights")
            },
        )
