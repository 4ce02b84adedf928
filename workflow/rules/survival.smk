# What no entry of config/papers/survival.yaml can say: a training in another numeric type.
# Needs the run-set precision. Makes, under results/<scale>/survival/precision/, its trajectory and
# weights.


rule train_other_precision:
    """Train the run-set `precision` in the numeric type that the others are not trained in."""
    input:
        # After the usual training: the two share a folder for restart points.
        usual=project.runset_inputs("precision"),
    output:
        trajectory=project.paths.table("survival", "precision/trajectory/0000.parquet"),
        weights=project.paths.table("survival", "precision/weights/0000.parquet"),
    log:
        f"logs/{project.scale}/survival/train_other_precision.log",
    threads: training_cores()
    resources:
        **training_resources("precision", "0000"),
    params:
        runset="precision",
        shard="0000",
        key=keys("precision"),
    script:
        "../../scripts/survival/train_other_precision.py"
