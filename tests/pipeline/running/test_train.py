"""A shard from configuration to tables, and what happens when something goes wrong on the way."""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from fittest.errors import FittestError, StoreError
from fittest.models import EMBEDDING
from fittest.pipeline.project import Project
from fittest.pipeline.running import train
from fittest.pipeline.running.ensembles import build_ensemble, groups
from fittest.pipeline.running.train import train_shard
from fittest.runs.initial import initial_parameters
from fittest.store import read_provenance, read_table
from fittest.training.torch_backend import TorchBackend
from small_world import BACKENDS, plain, runset, small_run, table_of, train_all, write_project

STEPS = {"steps": 30, "recording": {"every": 10, "dense_until": 3}}


def trained(project: Project, name: str = "one") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Trajectory and weights of all runs, from all shards of a run-set."""
    train_all(project, name)
    shards = project.catalogue.shards(name)
    paths = project.paths
    return tuple(  # type: ignore[return-value]
        plain(pd.concat([read_table(project.root / path(name, s.name), kind) for s in shards]))
        .sort_values(["run_id", "step"], kind="stable")
        .reset_index(drop=True)
        for kind, path in (("trajectory", paths.trajectory), ("weights", paths.weights))
    )


def test_tables_hold_what_was_asked_for(tmp_path: Path) -> None:
    declared = runset(
        {**STEPS, "recording": {**STEPS["recording"], "checkpoints_every": 20}},
        {"seed": {"range": [0, 3]}},
    )
    project = write_project(tmp_path, {"one": declared})
    runs = {run.run_id: run for run in project.catalogue.runset("one").runs}
    trajectory, weights = trained(project)
    for run_id, run in runs.items():
        steps = trajectory.loc[trajectory["run_id"] == run_id, "step"]
        assert list(steps) == [0, 1, 2, 3, 10, 20, 30]
        mine = weights[weights["run_id"] == run_id]
        assert sorted(set(mine["step"])) == [0, 20, 30]
        initial = initial_parameters(run, run.task.build())
        start = mine[mine["step"] == 0].set_index("parameter")
        assert set(start.index) == run.model.parameter_names()
        for name, row in start.iterrows():
            values = np.asarray(row["values"]).reshape(row["shape"])
            assert np.array_equal(values, initial[str(name)].astype(np.float32))
    path = tmp_path / project.paths.trajectory("one", "0000")
    origin = read_provenance(path)
    assert origin["config_hash"] == project.shard("one", "0000").key
    assert (origin["scale"], origin["runset"], origin["shard"]) == ("smoke", "one", "0000")
    assert origin["dtype"] == "float32"
    assert origin["device"] == ["cpu"]
    assert not (tmp_path / project.paths.restart("one", "0000")).exists()


def test_size_of_shards_does_not_matter(tmp_path: Path) -> None:
    declared = runset(STEPS, {"seed": {"range": [0, 5]}})
    found = []
    for size in (1, 2, 64):
        over = {"shards": {"smoke": {"runs": size, "pflop": 1.0}}}
        project = write_project(tmp_path / str(size), {"one": declared}, over)
        assert len(project.catalogue.shards("one")) == -(-5 // size)
        found.append(trained(project))
    for trajectory, weights in found[1:]:
        # In float32 torch's batched products may differ in their rounding, the kernel's do not.
        exact = {"check_exact": True} if "native" in BACKENDS else {"rtol": 1e-4}
        pd.testing.assert_frame_equal(trajectory, found[0][0], **exact)
        pd.testing.assert_frame_equal(weights, found[0][1], **exact)


def test_mixed_shard_is_trained_in_groups(tmp_path: Path) -> None:
    """Runs of several shapes and lengths in one shard; each as it would be alone."""
    declared = runset(STEPS, {"model.d": [6, 4], "seed": [0, 1]})
    declared["scales"]["smoke"].append(
        runset({**STEPS, "steps": 20}, {"model.d": [6, 4], "seed": [2, 3]})["scales"]["smoke"][0]
    )
    project = write_project(tmp_path / "all", {"one": declared})
    (shard,) = project.catalogue.shards("one")
    assert [len(g) for g in groups(shard.runs)] == [4, 4]
    trajectory, _ = trained(project)
    assert trajectory.groupby("run_id")["step"].max().tolist().count(20) == 4
    alone = write_project(
        tmp_path / "one",
        {"one": runset({**STEPS, "model": {"d": 4}}, {"steps": [20], "seed": [3]})},
    )
    expected, _ = trained(alone)
    mine = trajectory[trajectory["run_id"] == expected["run_id"][0]].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, expected, rtol=1e-4)


def test_no_weights_at_all(tmp_path: Path) -> None:
    declared = runset({**STEPS, "recording": {"final": []}})
    _, weights = trained(write_project(tmp_path, {"one": declared}))
    assert len(weights) == 0


def test_groups_share_what_can_be_stacked() -> None:
    alike = [small_run(seeds={"mlp": i}, optimiser={"lr": 0.1 + i}, steps=i) for i in range(3)]
    others = [
        small_run(task={"p": 11}),
        small_run(model={"d": 3}),
        small_run(model={"activation": "relu"}),
        small_run(optimiser={"name": "adam"}),
        small_run(optimiser={"name": "sgd"}),
        small_run(frozen=[EMBEDDING]),
        small_run(recording={"every": 5}),
        small_run(stop={"first": 5}),
    ]
    order = [others[0], alike[0], *others[1:], *alike[1:]]
    assert groups(order) == [[0], [1, 9, 10], *([n] for n in range(2, 9))]


def test_ensemble_holds_each_runs_own_settings() -> None:
    runs = [
        small_run(
            seeds={"embedding": i, "mlp": 5 - i, "split": 2 * i},
            optimiser={"lr": 0.1 + i, "betas": [0.1 * i, 0.5], "eps": 1.0 + i, "weight_decay": i}
            | {"warmup": 2 * i, "l1": 0.1 * i},
        )
        for i in range(3)
    ]
    ensemble = build_ensemble(runs, torch.float64)
    for index, run in enumerate(runs):
        alone = build_ensemble([run], torch.float64)
        assert torch.equal(table_of(ensemble).train_mask[index], table_of(alone).train_mask[0])
        for name, value in ensemble.initial.items():
            assert torch.equal(value[index], alone.initial[name][0])
        settings = ensemble.optimiser
        hyper = {f.name: float(getattr(settings, f.name)[index]) for f in fields(settings)}
        assert hyper == {
            "lr": run.optimiser.lr,
            "beta1": run.optimiser.betas[0],
            "beta2": run.optimiser.betas[1],
            "eps": run.optimiser.eps,
            "weight_decay": run.optimiser.weight_decay,
            "warmup": run.optimiser.warmup,
            "l1": run.optimiser.l1,
        }


def test_a_table_says_in_which_numbers_its_runs_were_trained(tmp_path: Path) -> None:
    own = {"arithmetic": {"dtype": "float64"}}
    for declared, said in (
        (runset({**STEPS, **own}), "float64"),
        (runset(STEPS, {"arithmetic.dtype": ["float32", "float64"]}), "float32, float64"),
    ):
        project = write_project(tmp_path / said, {"one": declared})
        train_all(project, "one")
        path = project.root / project.paths.trajectory("one", "0000")
        assert read_provenance(path)["dtype"] == said


def test_a_run_that_fails_spares_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    both = write_project(tmp_path / "both", {"one": runset(STEPS, {"optimiser.lr": [0.01, 1e30]})})
    good, bad = (run.run_id for run in both.catalogue.runset("one").runs)
    with caplog.at_level(logging.WARNING):
        trajectory, weights = trained(both)
    alone = write_project(tmp_path / "alone", {"one": runset(STEPS, {"optimiser.lr": [0.01]})})
    expected, _ = trained(alone)
    mine = trajectory[trajectory["run_id"] == good].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, expected, check_exact="native" in BACKENDS, rtol=1e-5)
    spoilt = trajectory[trajectory["run_id"] == bad]
    last = spoilt.iloc[-1]
    assert last["step"] < 30
    assert not pd.notna(last["train_loss"]) or last["train_loss"] == float("inf")
    assert set(weights["run_id"]) == {good, bad}
    assert any(bad in line and f"step {last['step']}" in line for line in caplog.messages)


# -- what the disk refuses ---------------------------------------------------------------------


def two_shards(root: Path, results: str = "results") -> Project:
    over = {"shards": {"smoke": {"runs": 1, "pflop": 1.0}}, "paths": {"results": results}}
    declared = runset({**STEPS, "model": {"d": 64}}, {"seed": [0, 1]})
    return write_project(root, {"one": declared}, over)


def train_shard_of(project: Project, name: str) -> None:
    paths = project.paths
    outputs = [str(project.root / path("one", name)) for path in (paths.trajectory, paths.weights)]
    train_shard(project, "one", name, *outputs, threads=1)


def contents(folder: Path) -> dict[str, bytes]:
    """Tables of a run-set, by their path within its folder."""
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in folder.rglob("*.parquet")
        if not p.name.startswith(".")
    }


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("left", [0, 4096, 20_480])
def test_full_disk(left: int, small_disk: Path, tmp_path: Path) -> None:
    project = two_shards(tmp_path, str(small_disk / "results"))
    train_shard_of(project, "0000")
    folder = small_disk / "results" / "smoke" / "runs" / "one"
    before = contents(folder)
    assert len(before) == 2
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    with filler.open("r+b") as file:
        file.truncate(filler.stat().st_size - left)
    with pytest.raises(StoreError) as caught:
        train_shard_of(project, "0001")
    assert "results/smoke/runs/one" in str(caught.value)
    assert "free some space and run the same command again" in str(caught.value)
    assert contents(folder) == before
    filler.unlink()
    train_shard_of(project, "0001")
    assert len(contents(folder)) == 4


@pytest.mark.parametrize("where", ["trajectory", "weights", "restart"])
def test_refused_write_anywhere_is_one_clear_error(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = two_shards(tmp_path)
    train_shard_of(project, "0000")
    before = contents(tmp_path / "results/smoke/runs/one")
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if where in str(target):
            raise OSError(28, "No space left on device", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(StoreError, match=r"0001.*free some space"):
        train_shard_of(project, "0001")
    assert contents(tmp_path / "results/smoke/runs/one").items() >= before.items()
    monkeypatch.undo()
    train_shard_of(project, "0001")


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    with pytest.raises(StoreError, match=r"(?s)results.*paths\.results"):
        train_shard_of(two_shards(tmp_path), "0000")


def test_nothing_is_in_place_before_the_shard_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trajectory comes last: where it stands, the weights stand too."""
    project = two_shards(tmp_path)

    def stop(*_: object, **__: object) -> None:
        raise FittestError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(train, "write_table", stop)
        with pytest.raises(FittestError, match="killed"):
            train_shard_of(project, "0000")
    assert set(contents(tmp_path / "results/smoke/runs/one")) == {"weights/0000.parquet"}

    def build_nothing(*_: object) -> None:
        raise AssertionError("trained again")

    # What was trained is safe in the restart point: nothing is trained a second time.
    monkeypatch.setattr("fittest.training.loop.Loop._advance_to", build_nothing)
    train_shard_of(project, "0000")


def test_device_out_of_memory_is_survived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    declared = {"one": runset(STEPS, {"seed": {"range": [0, 5]}})}
    over: dict[str, Any] = {"training": {"backend": "torch", "dtype": "float64"}}
    expected, _ = trained(write_project(tmp_path / "whole", declared, over))
    advance = TorchBackend.advance

    def small(self: TorchBackend, steps: int) -> None:
        if len(self.state().parameters[EMBEDDING]) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        advance(self, steps)

    monkeypatch.setattr(TorchBackend, "advance", small)
    found, _ = trained(write_project(tmp_path / "small", declared, over))
    pd.testing.assert_frame_equal(found, expected, rtol=1e-6)
    assert "out of memory" in caplog.text


def test_a_run_is_kicked_at_its_step_and_not_before(tmp_path: Path) -> None:
    """Runs of several kicks share a shard; the row of the step shows the signals as kicked."""
    kick = {"kind": "kick", "step": 20, "frequency": 2}
    declared = runset(STEPS, {"seed": [0, 1]})
    declared["scales"]["smoke"] += [
        *runset({**STEPS, "intervention": kick}, {"seed": [0, 1], "intervention.factor": [0.5, 2]})[
            "scales"
        ]["smoke"],
        *runset({**STEPS, "intervention": {**kick, "step": 15, "factor": 2}}, {"seed": [0]})[
            "scales"
        ]["smoke"],
    ]
    project = write_project(tmp_path, {"one": declared})
    runs = {run.run_id: run for run in project.catalogue.runset("one").runs}
    assert len(groups(list(runs.values()))) == 1
    trajectory, _ = trained(project)
    signals = {
        run_id: dict(zip(rows["step"], map(np.asarray, rows["signals"]), strict=True))
        for run_id, rows in trajectory.groupby("run_id")
    }
    own = {run.seeds: run_id for run_id, run in runs.items() if run.intervention is None}
    found = 0
    for run_id, run in runs.items():
        if run.intervention is None or not hasattr(run.intervention, "step"):
            continue
        found += 1
        plain_one, mine, step = signals[own[run.seeds]], signals[run_id], run.intervention.step
        for recorded in (0, 1, 2, 3, 10):
            np.testing.assert_array_equal(mine[recorded], plain_one[recorded])
        if step == 20:
            ratio = mine[20] / plain_one[20]
            np.testing.assert_allclose(ratio, [1, run.intervention.factor, 1], rtol=1e-5)
        else:
            assert not np.allclose(mine[20], plain_one[20], rtol=1e-3)
        assert not np.allclose(mine[30], plain_one[30], rtol=1e-3)
    assert found == 5
