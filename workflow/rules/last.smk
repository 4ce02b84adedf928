# After every rule: where jobs run on a cluster and what they ask for, which finished files are stale,
# and a last word on jobs that failed.

from fittest.pipeline.running import prefork
from fittest.pipeline import workflow_end
from fittest.pipeline.running.failures import summary
from fittest.pipeline.configuration.targets import check_targets

# In another workflow, any target may be one of that workflow's own.
if HOME is not None and os.path.realpath(workflow.main_snakefile) in (
    os.path.realpath(source("Snakefile")),
    os.path.realpath(source("workflow/Snakefile")),
):
    try:
        check_targets(project, asked.targets, [made.name for made in workflow.rules])
    except FittestError as error:
        sys.exit(f"fittest: {error}")
    # Where jobs run on this machine, they need not load the libraries one by one.
    if asked.runs_jobs and workflow.nodes is None:
        workflow_start.use_interpreter(prefork.start())

# The rules of this workflow, also where it is a module of another one.
ours = [made for made in workflow.rules if made.basedir == HERE]


def script_of(made):
    """The source file of a rule's script."""
    if not made.is_script:
        return None
    script = made.script.format(params=made.params)
    return Path(source(os.path.normpath(os.path.join("workflow/rules", script))))


# Here and not in each rule, so that a new rule cannot forget it. What the command line or the rule
# itself says goes first.
for made in ours:
    for name, value in cluster.placement(
        project.config.cluster, training=False
    ).items():
        made.resources.setdefault(name, value)
    if submits_jobs():
        ask_for_memory_and_time(made)
        keep_sbatch_options(made)

# Likewise: every job knows the key of all that decides what it makes, and is done again where what
# is there has another, even if Snakemake's own memory of it is gone (freshness.py).
workflow_end.remake_what_is_stale(
    project,
    ours,
    script_of,
    ancient,
    look=workflow.is_main_process and not asked.keeps_older,
)


onerror:
    failed = getattr(getattr(workflow, "scheduler", None), "failed", ())
    print(
        summary(
            [(job.rule.name, list(job.wildcards), list(job.log)) for job in failed],
            getattr(workflow.executor_settings, "logdir", None),
        ),
        file=sys.stderr,
    )
