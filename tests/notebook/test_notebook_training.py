"""`fittest.train`: the pipeline's values, in memory, and what is there after Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

import fittest
from fittest.errors import ConfigError
from fittest.notebook.training import STANDARD
from fittest.pipeline.configuration.analysis_config import AnalysisSettings
from fittest.pipeline.running.collect import collect
from small_world import BACKENDS, REPOSITORY, TINY, plain, train_all, write_project

SHORT: dict[str, Any] = {**TINY, "steps": 40, "recording": {"every": 10, "dense_until": 4}}
ON_CPU = {"device": "cpu", "compile": "never"}
TRANSFORMER: dict[str, Any] = {
    "task": {"p": 7, "equals": "input_and_output", "train_fraction": 0.6},
    "model": {"name": "transformer", "d": 16, "heads": 2, "head_size": 8, "mlp": 24},
    "data": {"name": "batch"},
    "steps": 20,
    "recording": {"every": 5, "checkpoints_every": 10, "observers": ["squared_norm"]},
}


def assert_same_frames(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Bit for bit."""
    pd.testing.assert_frame_equal(
        plain(ours).reset_index(drop=True), plain(theirs).reset_index(drop=True), check_exact=True
    )


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("settings", [SHORT, TRANSFORMER], ids=["embedding_mlp", "transformer"])
def test_values_are_those_of_a_shard_that_the_pipeline_trained(
    backend: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    how = {**ON_CPU, "backend": backend}
    declared = {
        "description": "test",
        "scales": {"smoke": [{"settings": settings, "axes": {"seed": {"range": [0, 3]}}}]},
    }
    project = write_project(tmp_path, {"few": declared}, {"training": how})
    train_all(project, "few")
    collect(project, "few", project.paths.runs("few"), project.paths.frequencies("few"))
    theirs = fittest.load("few", results=tmp_path / project.paths.results)

    ours = fittest.train(settings, seeds=range(3), training=how, threads=1, progress=False)

    assert ours.finished
    assert_same_frames(ours.trajectories, theirs.trajectories)
    assert_same_frames(ours.frequencies, theirs.frequencies)
    of_a_runset = ["runset", "source"]
    assert_same_frames(ours.runs.drop(columns=of_a_runset), theirs.runs.drop(columns=of_a_runset))
    for run_id in ours.runs["run_id"]:
        assert ours.steps_of_weights(run_id) == theirs.steps_of_weights(run_id)
        for step in ours.steps_of_weights(run_id):
            mine, stored = ours.weights(run_id, step), theirs.weights(run_id, step)
            assert sorted(mine) == sorted(stored)
            for name, values in mine.items():
                assert values.shape == stored[name].shape
                np.testing.assert_array_equal(values, stored[name])


def test_a_setting_may_be_a_mapping_a_run_or_keywords() -> None:
    first = fittest.train(SHORT, seeds=[3], progress=False, training=ON_CPU)
    again = fittest.train(first.setting(0), seeds=None, progress=False, training=ON_CPU)
    words = fittest.train(**SHORT, seeds=[3], progress=False, training=ON_CPU)
    over = fittest.train(
        {**SHORT, "steps": 7}, steps=40, seeds=[3], progress=False, training=ON_CPU
    )
    for other in (again, words, over):
        assert_same_frames(first.runs, other.runs)
        assert_same_frames(first.trajectories, other.trajectories)


def test_seeds_set_all_three_or_those_that_they_name() -> None:
    seeds = [np.int64(2), {"embedding": 0, "mlp": 1}, {"split": 5}]
    done = fittest.train(SHORT, steps=1, seeds=seeds, progress=False, training=ON_CPU)
    columns = ["seed_embedding", "seed_mlp", "seed_split"]
    assert done.runs[columns].to_numpy().tolist() == [[2, 2, 2], [0, 1, 0], [0, 0, 5]]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"steps": -1}, "fittest.train: steps: "),
        ({"modle": {}}, "fittest.train: modle: unknown key"),
        ({"task": {"train_fraction": 0.0001}}, "fittest.train: task.train_fraction: "),
        ({"seeds": []}, "fittest.train: seeds: none given"),
        ({"seeds": [1, 1]}, "fittest.train: seeds: the run"),
        ({"seeds": ["1"]}, "fittest.train: seeds: must be whole numbers"),
        ({"seeds": [{"embeding": 1}]}, "fittest.train: seeds.embeding: unknown key"),
        ({"training": {"device": "tpu"}}, "fittest.train: training: device: "),
        (
            {"intervention": {"kind": "keep", "select": "strongest", "of": "base"}},
            "fittest.train: intervention.of: ",
        ),
    ],
)
def test_what_is_wrong_is_named_before_anything_trains(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        fittest.train(**{"steps": 1, "progress": False, **given})
    assert str(caught.value).startswith(words), str(caught.value)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)
    handler = signal.getsignal(signal.SIGINT)
    low = {"model": {"name": "transformer"}, "arithmetic": {"loss": "float32"}}
    fittest.train(SHORT, seeds=[0, 1], progress=False, training=ON_CPU, threads=2)
    fittest.train({"task": {"p": 5}, **low}, steps=2, progress=False, training=ON_CPU, threads=2)
    assert list(tmp_path.iterdir()) == []
    assert torch.get_num_threads() == 1
    assert float(torch.full((1,), 1e-39) * torch.ones(1)) > 0
    assert signal.getsignal(signal.SIGINT) is handler


def test_the_bar_goes_to_standard_error_and_may_be_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fittest.train(SHORT, seeds=[0, 1], training=ON_CPU)
    shown = capsys.readouterr()
    assert "2 networks 100%" in shown.err and shown.out == ""
    fittest.train(SHORT, seeds=[0, 1], training=ON_CPU, progress=False)
    assert capsys.readouterr().err == ""


@pytest.fixture
def ctrl_c_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Press Ctrl-C once a step has been recorded."""
    from fittest.training.loop import Loop

    record_step = Loop._record_step

    def press(at: int) -> None:
        def recorded(loop: Loop) -> None:
            record_step(loop)
            if loop._step == at:
                os.kill(os.getpid(), signal.SIGINT)
                # The handler runs between two instructions of the main thread.
                deadline = time.monotonic() + 60
                while not loop.control.request_stop and time.monotonic() < deadline:
                    time.sleep(0.001)

        monkeypatch.setattr(Loop, "_record_step", recorded)

    yield press


@pytest.mark.parametrize("backend", BACKENDS)
def test_ctrl_c_keeps_what_is_done(backend: str, ctrl_c_at: Any) -> None:
    how = {**ON_CPU, "backend": backend}
    whole = fittest.train(SHORT, seeds=[0, 1], progress=False, training=how, threads=1)
    ctrl_c_at(20)
    part = fittest.train(SHORT, seeds=[0, 1], progress=False, training=how, threads=1)
    assert not part.finished and "stopped" in repr(part)
    assert part.runs["last_step"].tolist() == [20, 20]
    rows = whole.trajectories
    assert_same_frames(part.trajectories, rows[rows["step"] <= 20])
    assert part.steps_of_weights(0) == [20]
    until = fittest.train(SHORT, steps=20, seeds=[0, 1], progress=False, training=how, threads=1)
    for run in range(2):
        ours, theirs = part.weights(run), until.weights(run)
        np.testing.assert_array_equal(ours["embedding.weight"], theirs["embedding.weight"])


def test_it_trains_in_a_thread_too() -> None:
    found = []

    def work() -> None:
        found.append(fittest.train(SHORT, steps=2, seeds=[0], progress=False, training=ON_CPU))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(timeout=300)
    assert len(found) == 1 and found[0].finished


def test_the_survivor_rules_are_those_of_the_configuration() -> None:
    content = yaml.safe_load((REPOSITORY / "config" / "config.yaml").read_text())
    assert AnalysisSettings.model_validate(content["analysis"]).thresholds() == STANDARD


def test_results_tell_what_is_not_there() -> None:
    done = fittest.train(SHORT, seeds=[0], progress=False, training=ON_CPU)
    with pytest.raises(ConfigError, match="no run 1; give a place from 0 to 0"):
        done.trajectory(1)
    with pytest.raises(ConfigError, match="at step 3; there are those of 40"):
        done.weights(0, step=3)
    signals = done.signals(0)
    assert signals.columns.tolist() == [1, 2, 3]
    assert signals.index.tolist() == [0, 1, 2, 3, 4, 10, 20, 30, 40]
    silent = fittest.train(TRANSFORMER, seeds=[0], progress=False, training=ON_CPU)
    with pytest.raises(ConfigError, match="records no signals"):
        silent.signals(0)
    assert silent.steps_of_weights(0) == [0, 10, 20]
