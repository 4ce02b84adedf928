# Needs the figures and tables kept under results/<scale>/. Makes figures/: those last asked for, at
# whatever scale; each scale's own stay where they are.


rule publish:
    """Put the figure of the configured scale where the reader looks for it, with its PNG."""
    input:
        pdf=lambda w: project.kept(w.figure),
        png=lambda w: project.paths.png(project.kept(w.figure)),
    output:
        pdf=project.paths.published("{figure}"),
        png=project.paths.png(project.paths.published("{figure}")),
    log:
        f"logs/{project.scale}/publish/{{figure}}.log",
    localrule: True
    shell:
        "(cp {input.pdf:q} {output.pdf:q} && cp {input.png:q} {output.png:q}) 2> {log:q}"


rule publish_table:
    """Put the table of the configured scale where the reader looks for it."""
    input:
        table=lambda w: project.kept(w.table),
    output:
        table=project.paths.published("{table}", ending="csv"),
    log:
        f"logs/{project.scale}/publish/{{table}}.log",
    localrule: True
    shell:
        "cp {input.table:q} {output.table:q} 2> {log:q}"
