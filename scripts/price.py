"""The price of a paper at every scale, as a table and as a page."""

from fittest.pipeline.script import rule_job

if "snakemake" in globals():
    from fittest.pipeline.price.calibrate import calibrated
    from fittest.pipeline.price.price_page import price_page, price_table, runs_of
    from fittest.pipeline.project import Project
    from fittest.store import write_csv, write_text

    with rule_job(globals()["snakemake"]) as smk:
        project = Project(smk.config)
        rate = calibrated(project, runs=runs_of(project.root, dict(smk.config), smk.params.paper))
        table = price_table(project.root, dict(smk.config), smk.params.paper, rate)
        write_csv(table, smk.output.csv)
        write_text(price_page(table, project.scale, rate.source), smk.output.page)
