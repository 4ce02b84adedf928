"""The price of a paper at every scale, as a table and as a page."""

from fittest.pipeline.script import rule_job

if "snakemake" in globals():
    from fittest.pipeline.price.calibrate import calibrated
    from fittest.pipeline.price.price_page import (
        at_every_scale,
        price_page,
        price_table,
        runs_of,
    )
    from fittest.pipeline.project import Project
    from fittest.store import write_csv, write_text

    with rule_job(globals()["snakemake"]) as smk:
        project = Project(smk.config)
        scales, paper = at_every_scale(project), smk.params.paper
        # The rule `calibrate` has measured, beside other jobs: it knows what these took.
        rate = calibrated(project, runs=runs_of(scales, paper), busy_too=True)
        table = price_table(scales, paper, rate, project.scale)
        write_csv(table, smk.output.csv)
        write_text(price_page(table, project.scale, rate.source), smk.output.page)
