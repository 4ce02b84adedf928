"""How fast this machine trains (rule `calibrate`)."""

from fittest.pipeline.script import rule_job

if "snakemake" in globals():
    import json

    from fittest.pipeline.price.calibrate import calibrated
    from fittest.pipeline.price.plan import rate_as_json
    from fittest.pipeline.project import Project
    from fittest.store import write_text

    with rule_job(globals()["snakemake"]) as smk:
        rate = calibrated(Project(smk.config), busy_too=True)
        write_text(json.dumps(rate_as_json(rate), indent=1), smk.output.speed)
