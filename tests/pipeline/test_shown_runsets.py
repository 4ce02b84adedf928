"""The run-sets of the progress, cosets and exponents papers, at the smoke scale: each network, task
and kind of data through the pipeline, from its YAML to its tables."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from fittest.errors import Interrupted
from fittest.pipeline.forecasts.progress import Progress
from fittest.pipeline.project import Project
from fittest.pipeline.running import train
from fittest.pipeline.running.collect import collect
from fittest.pipeline.running.train import train_shard
from fittest.runs.axes import merged
from fittest.runs.run import Run
from fittest.store import read_table
from fittest.training.loop import Control
from small_world import REPOSITORY, plain, train_all

PAPERS = ("progress", "cosets", "exponents")
OTHERS = ("exponents_primality", "exponents_sequences")
FILES = [
    *(f"config/papers/{paper}.yaml" for paper in PAPERS),
    *(f"config/analysis/{paper}.yaml" for paper in PAPERS),
    *(f"config/runsets/{name}.yaml" for name in (*PAPERS, "progress_sequences", *OTHERS)),
]
LIKE_MAIN = {"frac", "p113_wd0", "p113_wd03", "p113_wd3"}
"""Differ from `main` in numbers alone, as do those of other moduli, which stand in another file."""
NAMES = [
    name
    for file in FILES
    if "runsets" in file
    for name in yaml.safe_load((REPOSITORY / file).read_text())["runsets"]
    if name not in LIKE_MAIN
]
STOPPED = 47
"""A step at which no run-set records anything, and no pass over the examples ends."""


def project_in(root: Path, **over: Any) -> Project:
    """The three papers at the smoke scale, in float64."""
    for file in FILES:
        # Not every paper has constants.
        if (REPOSITORY / file).exists():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / file, root / file)
    config = yaml.safe_load((REPOSITORY / "config" / "config.yaml").read_text())
    training = {"device": "cpu", "compile": "never", "dtype": "float64"}
    here = merged(config, {"scale": "smoke", "training": training})
    (root / "config" / "config.yaml").write_text(yaml.safe_dump(merged(here, over)))
    return Project.load(root)


def tables(project: Project, name: str) -> dict[str, pd.DataFrame]:
    """Of all shards that are there, by kind."""
    folders = {"trajectory": project.paths.trajectory, "weights": project.paths.weights}
    found = {}
    for kind, path in folders.items():
        files = [project.root / path(name, shard.name) for shard in project.catalogue.shards(name)]
        parts = [plain(read_table(file, kind)) for file in files if file.exists()]
        found[kind] = pd.concat(parts, ignore_index=True)
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    """The project in which a run-set has been trained at one go."""
    project = project_in(tmp_path_factory.mktemp("whole"))

    def trained(name: str) -> Project:
        train_all(project, name)
        return project

    return trained


class Signalling(Progress):
    """Sends this process a signal when so many updates have been reported."""

    def __init__(self, number: int, steps: int) -> None:
        super().__init__("", 0.0, 0.0, None)
        self._number = number
        self._left = steps

    def part(self, runs: Sequence[Run]) -> tuple[Callable[[int], None], Callable[[int, int], None]]:
        def progress(_: int) -> None:
            self._left -= 1
            if self._left == 0:
                signal.raise_signal(self._number)

        return progress, lambda _steps, _rows: None


def train_slowly(project: Project, name: str, progress: Progress | None = None) -> None:
    """One step at a time, so that there is a report of each. The run-set is one shard."""
    (shard,) = project.catalogue.shards(name)
    paths = (project.paths.trajectory(name, shard.name), project.paths.weights(name, shard.name))
    trajectory, weights = (str(project.root / path) for path in paths)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "Control", partial(Control, slice_seconds=0.0))
        train_shard(project, name, shard.name, trajectory, weights, 1, progress)


@pytest.mark.parametrize("name", NAMES)
def test_stopped_and_resumed(
    name: str, whole: Callable[[str], Project], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """SIGTERM between two rows: the same to the last bit, losses of every step included."""
    project = project_in(tmp_path)
    with pytest.raises(Interrupted, match=f"at step {STOPPED};"):
        train_slowly(project, name, Signalling(signal.SIGTERM, STOPPED))
    with caplog.at_level("INFO"):
        train_slowly(project, name)
    assert f"resumed at step {STOPPED} with " in caplog.text
    found, expected = tables(project, name), tables(whole(name), name)
    for kind, table in expected.items():
        pd.testing.assert_frame_equal(found[kind], table, check_exact=True)


@pytest.mark.parametrize("name", NAMES)
def test_alone_as_in_company(name: str, whole: Callable[[str], Project], tmp_path: Path) -> None:
    """The second run in a shard of its own."""
    project = project_in(tmp_path, shards={"smoke": {"runs": 1, "pflop": 1.0}})
    first, second, *_ = project.catalogue.shards(name)
    paths = (project.paths.trajectory(name, second.name), project.paths.weights(name, second.name))
    trajectory, weights = (str(project.root / path) for path in paths)
    train_shard(project, name, second.name, trajectory, weights, 1)
    together = tables(whole(name), name)["trajectory"]
    (run,) = second.runs
    assert run.run_id != first.runs[0].run_id
    expected = together[together["run_id"] == run.run_id].reset_index(drop=True)
    found = tables(project, name)["trajectory"]
    assert list(found["step"]) == list(expected["step"])
    for column in ("train_loss", "test_loss", "train_losses", "squared_norm"):
        pairs = zip(found[column], expected[column], strict=True)
        for one, other in pairs:
            if other is not None:
                np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_tables_say_what_was_trained(name: str, whole: Callable[[str], Project]) -> None:
    project = whole(name)
    runs_path, frequencies_path = (
        str(project.root / path)
        for path in (project.paths.runs(name), project.paths.frequencies(name))
    )
    collect(project, name, runs_path, frequencies_path)
    runs = read_table(runs_path, "runs").set_index("run_id")
    assert len(read_table(frequencies_path, "frequencies")) == 0
    found = tables(project, name)
    declared = {run.run_id: run for run in project.catalogue.runset(name).runs}
    assert set(runs.index) == set(declared)
    for run_id, run in declared.items():
        row = runs.loc[run_id]
        assert (row["task"], row["model"]) == (run.task.name, run.model.name)
        assert row["data"] == run.trained_on.name
        assert not row["failed"]
        assert row["last_step"] == run.steps
        assert pd.isna(row["p"]) == (getattr(run.task, "p", None) is None)
        assert Run.model_validate_json(row["config"]) == run
        if project.catalogue.owners(name)[run_id] != name:
            continue  # trained, and looked at, with another run-set
        check_trajectory(run, found["trajectory"].query("run_id == @run_id"))
        check_weights(run, found["weights"].query("run_id == @run_id"))


def check_trajectory(run: Run, rows: pd.DataFrame) -> None:
    """Losses of every step where asked for, metrics of the task, what is observed, no more."""
    assert rows["step"].iloc[-1] == run.steps
    assert rows["signals"].isna().all()
    losses = rows[["train_loss", "test_loss"]].to_numpy(float)
    assert np.isfinite(losses).all()
    if run.recording.every_loss:
        assert [len(each) for each in rows["train_losses"]] == list(
            np.diff(rows["step"], prepend=0)
        )
    else:
        assert rows["train_losses"].isna().all()
    for part in ("train", "test"):
        for metric in ("token_losses", "exact", "balanced_accuracy"):
            there = rows[f"{part}_{metric}"].notna()
            assert there.all() if metric in run.task.metrics() else not there.any()
        if "token_losses" in run.task.metrics():
            means = [np.mean(each) for each in rows[f"{part}_token_losses"]]
            np.testing.assert_allclose(means, rows[f"{part}_loss"], rtol=1e-12)
    assert rows["squared_norm"].notna().all() == ("squared_norm" in run.observers)


def check_weights(run: Run, rows: pd.DataFrame) -> None:
    """All parameters at the end, and at every checkpoint where there are some."""
    every = run.recording.checkpoints_every
    steps = list(range(0, run.steps + 1, every)) if every else [run.steps]
    assert sorted(set(rows["step"])) == steps
    shapes = run.model.shapes(run.task.build())
    for step in steps:
        here = rows[rows["step"] == step]
        assert {n: tuple(s) for n, s in zip(here["parameter"], here["shape"], strict=True)} == {
            name: tuple(shape) for name, shape in shapes.items()
        }


# -- killed, in a process of its own -----------------------------------------------------------

WORKER = """
import signal, sys
sys.path[:0] = [{tests!r}, {here!r}]
from test_shown_runsets import Signalling, train_slowly
from fittest.pipeline.project import Project
train_slowly(Project.load(), sys.argv[1], Signalling(signal.SIGKILL, {step}))
"""


@pytest.mark.parametrize("name", ["pop91", "digits_inf"])
def test_killed_and_resumed(name: str, whole: Callable[[str], Project], tmp_path: Path) -> None:
    """SIGKILL, with minibatches and with fresh examples: on from the last restart point."""
    project = project_in(tmp_path, training={"restart_minutes": 1e-6})
    here = Path(__file__).parent
    code = WORKER.format(tests=str(here.parent), here=str(here), step=STOPPED)
    command = [sys.executable, "-c", code, name]
    done = subprocess.run(
        command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    folder = project.root / project.paths.restart(name, "0000")
    newest = max(folder.glob("*/state-*.pt"))
    assert newest.name == f"state-{STOPPED - 1:09d}.pt"
    train_slowly(project, name)
    found, expected = tables(project, name), tables(whole(name), name)
    for kind, table in expected.items():
        pd.testing.assert_frame_equal(found[kind], table, check_exact=True)
