# Needs, for every paper with config/claims/<paper>.yaml, the tables that file names. Makes, under
# results/<scale>/<paper>/: claims.csv, claims.md, claims.html, derived.txt, a caption of every figure
# for the report, and the price; and results/<scale>/speed.json, how fast this machine trains.


rule calibrate:
    """Measure how fast this machine trains, once, for prices and for the time left."""
    output:
        speed=project.paths.speed(),
    log:
        f"logs/{project.scale}/calibrate.log",
    # Before any training and with nothing beside it: jobs that start earlier do not know how long
    # the others take, and share the cores that are measured.
    priority: 1
    localrule: True
    threads: given_cores()
    script:
        "../../scripts/calibrate.py"


for paper, file in project.claims.items():

    rule:
        """Judge every claim of a paper from its tables."""
        name:
            f"{paper}_claims"
        input:
            **{
                name.replace(".", "__"): path
                for name, path in project.claim_tables(paper).items()
            },
            claims=f"{project.config.paths.configuration}/claims/{paper}.yaml",
            descriptions=report_descriptions(paper),
        output:
            csv=report(
                project.paths.table(paper, "claims.csv"),
                category=report_category(paper),
                subcategory="0 Claims and price",
                labels={"result": "claims, as a table"},
            ),
            markdown=project.paths.table(paper, "claims.md"),
            page=report(
                project.paths.table(paper, "claims.html"),
                caption="../report/claims.rst",
                category=report_category(paper),
                subcategory="0 Claims and price",
                labels={"result": "claims and verdicts"},
            ),
            captions=[
                project.paths.caption(paper, name)
                for name in project.papers[paper].figures
            ],
        log:
            f"logs/{project.scale}/{paper}/claims.log",
        params:
            tables={
                name: name.replace(".", "__") for name in project.claim_tables(paper)
            },
            scale=project.scale,
            title=project.papers[paper].title,
            bootstrap=project.config.analysis.bootstrap.model_dump(),
            figures={
                name: {"title": figure.title, "runs": project.runs_of(paper, name)}
                for name, figure in project.papers[paper].figures.items()
            },
            modules=own_measures(paper),
        script:
            "../../scripts/claims.py"

    rule:
        """Fail where a derived claim does not hold; the empirical ones never fail the build."""
        name:
            f"{paper}_derived"
        input:
            csv=project.paths.table(paper, "claims.csv"),
        output:
            report=project.paths.table(paper, "derived.txt"),
        log:
            f"logs/{project.scale}/{paper}/derived.log",
        script:
            "../../scripts/check_derived.py"

    rule:
        """What a paper costs at every scale on this machine, and what this scale did cost."""
        name:
            f"{paper}_price"
        input:
            csv=project.paths.table(paper, "claims.csv"),
            # However old it is: a price changes with the machine, not with the day.
            speed=ancient(project.paths.speed()),
        output:
            csv=project.paths.table(paper, "price.csv"),
            page=report(
                project.paths.table(paper, "price.html"),
                caption="../report/price.rst",
                category=report_category(paper),
                subcategory="0 Claims and price",
                labels={"result": "price"},
            ),
        log:
            f"logs/{project.scale}/{paper}/price.log",
        localrule: True
        params:
            paper=paper,
            key=keys(*project.runsets_of(paper)),
        script:
            "../../scripts/price.py"
