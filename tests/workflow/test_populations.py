"""Reductions in the workflow: outputs of the training, joined where asked for, known to plans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from checkouts import checkout, snakemake
from fittest.pipeline.price.remaining import remaining
from fittest.pipeline.project import Project
from fittest.store import read_table
from small_world import runset

pytestmark = pytest.mark.workflow

SMOKE = ("--config", "scale=smoke", "--cores", "1")
FOLDER = "results/smoke/runs/population"
JOINED, RUNS = f"{FOLDER}/embedding_spectrum.parquet", f"{FOLDER}/runs.parquet"
SETTINGS = {"steps": 20, "recording": {"every": 10, "dense_until": 2}}


def declare(folder: Path, **more: Any) -> None:
    declared = runset(SETTINGS, {"seed": {"range": [0, 3]}}, **more)
    file = {"paper": "survival", "runsets": {"population": declared}}
    (folder / "config/runsets/population.yaml").write_text(yaml.safe_dump(file))


def test_population_from_yaml_to_its_joined_table(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    config = yaml.safe_load((folder / "config/config.yaml").read_text())
    config["shards"]["smoke"] = {"runs": 2, "pflop": 1.0}
    (folder / "config/config.yaml").write_text(yaml.safe_dump(config))
    declare(folder, reductions=["embedding_spectrum"], keep_weights_of=1)
    made = snakemake(folder, JOINED, RUNS, *SMOKE)
    assert made.returncode == 0, made.stdout + made.stderr
    assert len(read_table(folder / JOINED, "embedding_spectrum")) == 3
    kept = [len(read_table(path, "weights")) for path in folder.glob(f"{FOLDER}/weights/*.parquet")]
    assert sorted(kept) == [0, 1]
    again = snakemake(folder, JOINED, RUNS, "--dry-run", *SMOKE)
    assert "Nothing to be done" in again.stdout + again.stderr
    declare(folder, reductions=["embedding_spectrum"])
    stale = snakemake(folder, JOINED, "--dry-run", *SMOKE)
    assert "rule train_with_embedding_spectrum" in stale.stdout + stale.stderr
    assert "made from another configuration" in stale.stdout + stale.stderr
    # What is to do is counted by Snakemake, whose rule has another name than for other run-sets.
    left = remaining(Project.load(folder, {"scale": "smoke"}), ["population"])
    assert left.note == ""
    assert left.shards == {("population", "0000"), ("population", "0001")}
    assert left.summaries == {"population"}
