"""Train one shard (rule `train`)."""

from fittest.pipeline.jobs import run_training

if "snakemake" in globals():
    smk = globals()["snakemake"]
    run_training(
        config=smk.config,
        runset=smk.wildcards.runset,
        shard=smk.wildcards.shard,
        trajectory=smk.output.trajectory,
        weights=smk.output.weights,
        threads=smk.threads,
        log_path=smk.log[0],
    )
