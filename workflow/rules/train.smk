# Needs config/runsets/*.yaml. Makes, for every run-set of every paper:
#   results/<scale>/runs/<run-set>/trajectory/<shard>.parquet and weights/<shard>.parquet
#   results/<scale>/runs/<run-set>/<reduction>/<shard>.parquet for every reduction that it names
#   results/<scale>/runs/<run-set>/runs.parquet and frequencies.parquet
#   results/<scale>/runs/<run-set>/<reduction>.parquet, where it is asked for

# Snakemake knows the outputs of a rule before it knows the run-set: one rule for those that reduce
# nothing, and one for each choice of reductions. They differ in that alone.
for names, runsets in project.reducing().items():

    rule:
        """Train the networks of one shard, resuming from a restart point where there is one."""
        name:
            "_".join(["train_with", *names]) if names else "train"
        input:
            # Tables that decide initial weights. What they say is in the key, so a newer file alone
            # retrains nothing.
            ancient(lambda w: project.reference_tables(w.runset, w.shard)),
        output:
            **{
                name: project.paths.reduction("{runset}", name, "{shard}")
                for name in names
            },
            trajectory=project.paths.trajectory("{runset}", "{shard}"),
            weights=project.paths.weights("{runset}", "{shard}"),
        log:
            f"logs/{project.scale}/train/{{runset}}/{{shard}}.log",
        wildcard_constraints:
            # No run-set at all is a word that none has.
            runset="|".join(runsets) or "-",
        threads: training_threads
        resources:
            **training_resources(),
        params:
            shard_key=lambda w: project.shard(w.runset, w.shard).key,
        script:
            "../../scripts/train.py"


rule join:
    """What a reduction made of the weights of a run-set, in one table."""
    input:
        lambda w: project.runset_reductions(w.runset, w.reduction),
    output:
        joined=project.paths.reduced("{runset}", "{reduction}"),
    log:
        f"logs/{project.scale}/join/{{runset}}/{{reduction}}.log",
    wildcard_constraints:
        reduction="|".join(name for names in project.reducing() for name in names)
        or "-",
    params:
        runset_key=lambda w: project.runset_key(w.runset),
    script:
        "../../scripts/join.py"


rule collect:
    """Summarise a run-set: one row per run, and one per run and frequency."""
    input:
        lambda w: project.runset_inputs(w.runset),
        lambda w: project.reference_tables(w.runset),
    output:
        runs=project.paths.runs("{runset}"),
        frequencies=project.paths.frequencies("{runset}"),
    log:
        f"logs/{project.scale}/collect/{{runset}}.log",
    resources:
        mem_mb=lambda w, attempt: collect_request(w.runset, attempt).memory_mb,
        runtime=lambda w, attempt: collect_request(w.runset, attempt).minutes,
    params:
        key=lambda w: keys(w.runset, *project.references_of(w.runset)),
    script:
        "../../scripts/collect.py"
