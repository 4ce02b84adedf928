# Targets and includes, nothing else.
# Any figure: snakemake figures/fig6_survival.pdf. A whole paper: snakemake survival. See README.md.
# Targets and rules stand in workflow/, where other workflows can take them from as a module.


include: "workflow/Snakefile"
