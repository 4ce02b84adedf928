"""Summarise a run-set (rule `collect`)."""

from fittest.pipeline.jobs import run_collect

if "snakemake" in globals():
    smk = globals()["snakemake"]
    run_collect(
        config=smk.config,
        runset=smk.wildcards.runset,
        runs=smk.output.runs,
        frequencies=smk.output.frequencies,
        log_path=smk.log[0],
    )
