# Targets and includes, nothing else.
# Any figure: snakemake figures/fig6_survival.pdf. A whole paper: snakemake survival. See README.md.


include: "workflow/rules/common.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/survival.smk"
include: "workflow/rules/publish.smk"


rule all:
    """Every figure of every paper."""
    default_target: True
    input:
        [project.figures_of(paper) for paper in project.papers],
