# Targets and includes, nothing else.
# Any figure: snakemake figures/fig6_survival.pdf. A whole paper: snakemake survival. See README.md.


include: "workflow/rules/common.smk"
include: "workflow/rules/cluster.smk"
include: "workflow/rules/train.smk"


for paper in project.papers:

    include: f"workflow/rules/{paper}.smk"


include: "workflow/rules/claims.smk"
include: "workflow/rules/publish.smk"


rule all:
    """Every figure and every verdict of every paper."""
    default_target: True
    input:
        [project.figures_of(paper) for paper in project.papers],
        [project.verdicts_of(paper) for paper in project.claims],


include: "workflow/rules/last.smk"
