"""Train a run-set's shard in the precision that the project does not use (claim S48)."""

from collections.abc import Mapping
from typing import Any

from fittest.pipeline.jobs import run_training
from fittest.pipeline.script import rule_job

OTHER = {"float32": "float64", "float64": "float32"}


def other_precision(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with the other numeric type."""
    training = dict(config.get("training", {}))
    # Full precision: float64 knows no other.
    training |= {"dtype": OTHER[training.get("dtype", "float32")], "precision": "full"}
    return {**config, "training": training}


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as smk:
        run_training(
            config=other_precision(smk.config),
            runset=smk.params.runset,
            shard=smk.params.shard,
            trajectory=smk.output.trajectory,
            weights=smk.output.weights,
            threads=smk.threads,
        )
