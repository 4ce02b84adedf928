# Needs config/runsets/*.yaml. Makes, for every run-set of every paper:
#   results/<scale>/runs/<run-set>/trajectory/<shard>.parquet and weights/<shard>.parquet
#   results/<scale>/runs/<run-set>/runs.parquet and frequencies.parquet


rule train:
    """Train the networks of one shard, resuming from a restart point where there is one."""
    input:
        # Tables that decide initial weights. What they say is in the key, so a newer file alone
        # retrains nothing.
        ancient(lambda w: project.reference_tables(w.runset, w.shard)),
    output:
        trajectory=project.paths.trajectory("{runset}", "{shard}"),
        weights=project.paths.weights("{runset}", "{shard}"),
    log:
        f"logs/{project.scale}/train/{{runset}}/{{shard}}.log",
    threads: training_cores()
    resources:
        **training_resources(),
    params:
        shard_key=lambda w: project.shard(w.runset, w.shard).key,
    script:
        "../../scripts/train.py"


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
