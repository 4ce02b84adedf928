# After every rule: where jobs run on a cluster and what they ask for, and a last word on those that
# failed.

from fittest.pipeline.failures import summary

# Here and not in each rule, so that a new rule cannot forget it. What the command line or the rule
# itself says goes first.
for made in workflow.rules:
    for name, value in cluster.placement(
        project.config.cluster, training=False
    ).items():
        made.resources.setdefault(name, value)
    if submits_jobs():
        ask_for_memory_and_time(made)
        keep_sbatch_options(made)


onerror:
    failed = getattr(getattr(workflow, "scheduler", None), "failed", ())
    print(
        summary(
            [(job.rule.name, list(job.wildcards), list(job.log)) for job in failed],
            getattr(workflow.executor_settings, "logdir", None),
        ),
        file=sys.stderr,
    )
