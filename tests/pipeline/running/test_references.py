"""The ablation's choice: made from the reference run-set's table, trained, and told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fittest import fourier
from fittest.errors import StoreError, TrainingError
from fittest.pipeline.price.plan import needed_shards
from fittest.pipeline.project import Project
from fittest.pipeline.running.collect import collect
from fittest.pipeline.running.references import ready
from fittest.runs.interventions import KeepOnly
from fittest.store import read_provenance, read_table, write_table
from small_world import runset, train_all, write_project

ARMS = {"intervention.select": ["strongest", "random"], "intervention.count": [1, 2]}
SEEDS = {"seed": {"range": [0, 2]}}


def project_in(root: Path) -> Project:
    tiny = {"task": {"p": 13}, "steps": 4}
    kept = {**tiny, "intervention": {"kind": "keep", "of": "plain"}}
    return write_project(
        root,
        {"plain": runset(tiny, SEEDS), "kept": runset(kept, ARMS | SEEDS)},
        figures={"fig1": {"title": "t", "runsets": ["kept"]}},
    )


def collected(project: Project, name: str) -> None:
    collect(project, name, project.paths.runs(name), project.paths.frequencies(name))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = project_in(tmp_path_factory.mktemp("project"))
    for name in ("plain", "kept"):
        train_all(project, name)
        collected(project, name)
    return project


def test_kept_frequencies_are_those_of_the_reference_runs_end(project: Project) -> None:
    ends = read_table(project.root / project.paths.frequencies("plain"))
    plain = read_table(project.root / project.paths.runs("plain")).set_index("run_id")
    runs = read_table(project.root / project.paths.runs("kept"))
    assert set(runs["intervention"]) == {"keep"}
    for row in runs.to_dict("records"):
        reference = plain.index[plain["seed_embedding"] == row["seed_embedding"]][0]
        signals = ends[ends["run_id"] == reference].sort_values("k")["signal"].to_numpy()
        ranked = [int(k) + 1 for k in np.argsort(-signals)]
        recipe = json.loads(row["config"])["intervention"]
        kept = [int(row[name]) for name in ("first", "second") if not np.isnan(row[name])]
        assert len(kept) == recipe["count"]
        assert row["kept"].tolist() == kept
        if recipe["select"] == "strongest":
            assert kept == ranked[: len(kept)]
        else:
            assert not set(kept) & set(ranked[:2])


def test_training_starts_from_the_kept_circles_alone(project: Project) -> None:
    """Signals recorded at step 0: those of the reference run at the kept circles, else zero."""
    runs = read_table(project.root / project.paths.runs("kept"))
    start = read_table(project.root / project.paths.frequencies("kept"))
    plain = read_table(project.root / project.paths.frequencies("plain"))
    for run in project.catalogue.runset("kept").runs:
        row = runs[runs["run_id"] == run.run_id].iloc[0]
        signal0 = start[start["run_id"] == run.run_id].sort_values("k")["signal0"].to_numpy()
        assert run.reference is not None
        before = plain[plain["run_id"] == run.reference[1]].sort_values("k")["signal0"].to_numpy()
        kept = np.isin(np.arange(1, fourier.count(13) + 1), [row["first"], row["second"]])
        np.testing.assert_allclose(signal0, np.where(kept, before, 0), rtol=1e-5, atol=1e-5)


def test_runs_without_an_open_choice_pass_unchanged(project: Project) -> None:
    plain = list(project.catalogue.runset("plain").runs)
    assert ready(project, plain) == plain
    kept = ready(project, list(project.catalogue.runset("kept").runs))
    assert all(isinstance(run.intervention, KeepOnly) and run.reference is None for run in kept)


def test_plan_and_rules_know_what_has_to_come_first(project: Project) -> None:
    assert {shard.runset for shard in needed_shards(project, ["fig1"])} == {"plain", "kept"}
    table = project.paths.frequencies("plain")
    assert project.reference_tables("kept") == [table]
    assert project.reference_tables("kept", "0000") == [table]
    assert project.reference_tables("plain") == []


def test_the_reference_has_to_be_there_and_whole(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    runs = list(project.catalogue.runset("kept").runs)
    with pytest.raises(StoreError, match="missing"):
        ready(project, runs)
    train_all(project, "plain")
    collected(project, "plain")
    path = project.root / project.paths.frequencies("plain")
    table = read_table(path)
    table.loc[table["k"] == 2, "signal"] = np.nan
    write_table(table, path, read_provenance(path), "frequencies")
    with pytest.raises(TrainingError, match="no final signals"):
        ready(project, runs)
