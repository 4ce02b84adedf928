# Needs config/papers/*.yaml. Makes, for every entry of every paper, under results/<scale>/<paper>/:
# the tables of an analysis (fig<n>.csv holds the numbers of figure n), or a figure; and a rule
# <paper> for all that a paper has. What no entry can say stands in workflow/rules/<paper>.smk.

for entry in project.entry_rules():

    rule:
        """Make an analysis product or a figure, as its entry in config/papers/ says."""
        name:
            entry.name
        input:
            **entry.inputs,
        output:
            **(
                kept_figure(entry.paper, entry.figure)
                if entry.figure is not None
                else entry.outputs
            ),
        log:
            entry.log,
        localrule: entry.local
        threads: entry.threads
        resources:
            **entry.resources,
        params:
            **entry.params,
            **({"key": keys(*entry.runsets)} if entry.runsets else {}),
            # By a parameter, since Snakemake reads this line anew for every job.
            script=entry.script,
        script:
            "../../scripts/{params.script}"

    # Not by its name, which is another one where this workflow is a module.
    *_, made = workflow.rules
    made.docstring = entry.title


for paper in project.papers:

    rule:
        """All that a paper has: figures and tables, its claims judged, and its price."""
        name:
            paper
        input:
            project.figures_of(paper),
            project.tables_of(paper),
            project.verdicts_of(paper),
        localrule: True
