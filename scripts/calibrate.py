"""How fast this machine trains (rule `calibrate`)."""

from fittest.pipeline.script import rule_job

if "snakemake" in globals():
    import json

    from fittest.pipeline.price.calibrate import calibrated
    from fittest.pipeline.price.plan import kinds_of, pending_shards, rate_as_json
    from fittest.pipeline.project import Project
    from fittest.pipeline.workflow_start import announced
    from fittest.store import write_text

    with rule_job(globals()["snakemake"]) as smk:
        project = Project(smk.config)
        runs = kinds_of(pending_shards(project, announced()))
        rate = calibrated(project, runs=runs, busy_too=True)
        write_text(json.dumps(rate_as_json(rate), indent=1), smk.output.speed)
