"""The price of a paper at every scale, as a table and as a page."""

if "snakemake" in globals():
    from fittest.pipeline.calibrate import calibrated
    from fittest.pipeline.jobs import job
    from fittest.pipeline.price_page import price_page, price_table
    from fittest.pipeline.project import Project
    from fittest.store import write_csv, write_text

    smk = globals()["snakemake"]
    with job(smk.log[0]):
        project = Project(smk.config)
        rate = calibrated(project)
        table = price_table(project.root, dict(smk.config), smk.params.paper, rate)
        write_csv(table, smk.output.csv)
        write_text(price_page(table, project.scale, rate.source), smk.output.page)
