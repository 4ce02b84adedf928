"""Runs, ensembles and projects small enough to train within a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
import yaml
from torch import Tensor

from fittest.pipeline.project import Project
from fittest.pipeline.running.ensembles import build_ensemble, observing
from fittest.pipeline.running.train import train_shard
from fittest.runs.axes import merged
from fittest.runs.run import Run
from fittest.training import native_library
from fittest.training.backend import Backend, Ensemble, Evaluation
from fittest.training.feed import TableFeed
from fittest.training.loop import Control, Keep, Loop, StopRule
from fittest.training.native_backend import NativeBackend
from fittest.training.record import Record, WeightSpool
from fittest.training.restart import RestartFolder
from fittest.training.schedule import Schedule
from fittest.training.torch_backend import TorchBackend

REPOSITORY = Path(__file__).parents[1]
BACKENDS = ["torch", *(["native"] if native_library.available() else [])]
TINY: dict[str, Any] = {"task": {"p": 7}, "model": {"d": 6, "hidden": [10, 9]}}


def small_run(**settings: Any) -> Run:
    """A run on p = 7 with few neurons, unless `settings` say otherwise."""
    return Run.model_validate(merged(TINY, settings))


def seeded_runs(count: int, **settings: Any) -> list[Run]:
    """Runs that differ in all seeds and, a little, in every hyperparameter."""
    return [
        small_run(
            seeds={"embedding": i, "mlp": i + 1, "split": i + 2},
            optimiser={
                "lr": 0.01 / (1 + i),
                "betas": [0.9 - 0.02 * i, 0.999 - 0.001 * i],
                "eps": 1e-8 * 10**i,
                "weight_decay": 0.5 * i,
            },
            **settings,
        )
        for i in range(count)
    ]


def ensemble_of(runs: Sequence[Run], dtype: torch.dtype = torch.float64) -> Ensemble:
    """Runs stacked as the pipeline stacks them."""
    return build_ensemble(runs, dtype)


def table_of(ensemble: Ensemble) -> TableFeed:
    """The whole table that an ensemble is trained on."""
    assert isinstance(ensemble.feed, TableFeed)
    return ensemble.feed


def backend_of(name: str, ensemble: Ensemble) -> Backend:
    """The backend called `name`."""
    return NativeBackend(ensemble, threads=1) if name == "native" else TorchBackend(ensemble)


def loop_of(
    backend: Backend,
    limits: Sequence[int],
    folder: Path,
    schedule: Schedule | None = None,
    keep: Keep | None = None,
    stop_rule: StopRule | None = None,
    control: Control | None = None,
    key: str = "key",
) -> Loop:
    """A loop with its spool and restart points in `folder`."""
    return Loop(
        backend=backend,
        limits=torch.tensor(limits),
        schedule=schedule or Schedule(every=5, dense_until=2),
        observe=observing(["signals"], 7),
        spool=WeightSpool(folder),
        keep=keep or Keep(("embedding.weight",)),
        stop_rule=stop_rule,
        restart=RestartFolder(folder, key),
        control=control or Control(),
    )


Row = dict[str, Tensor]


def rows_by_run(record: Record) -> dict[int, dict[int, Row]]:
    """run -> step -> recorded values."""
    found: dict[int, dict[int, Row]] = {}
    for rows in record.rows:
        for position, run in enumerate(rows.runs.tolist()):
            values = {name: column[position] for name, column in rows.columns.items()}
            assert rows.step not in found.setdefault(run, {}), "a step is recorded twice"
            found[run][rows.step] = values
    return found


def weights_by_run(spool: WeightSpool) -> dict[tuple[int, int, str], Tensor]:
    """(run, step, parameter) -> recorded weights."""
    return {
        (run, step, name): values[position]
        for step, runs, parameters in spool.parts()
        for name, values in parameters.items()
        for position, run in enumerate(runs.tolist())
    }


def assert_same_rows(first: dict[int, Row], second: dict[int, Row], rtol: float = 0.0) -> None:
    """Equal steps and values; `rtol` 0 means bit for bit, but for NaN."""
    assert list(first) == list(second)
    for step, row in first.items():
        for name, value in row.items():
            torch.testing.assert_close(
                value, second[step][name], rtol=rtol, atol=0, equal_nan=True, msg=f"{step} {name}"
            )


def evaluation_rows(evaluation: Evaluation) -> list[tuple[float, ...]]:
    """(train loss, test loss, train accuracy, test accuracy) of each run."""
    columns = (
        evaluation["train_loss"],
        evaluation["test_loss"],
        evaluation["train_accuracy"],
        evaluation["test_accuracy"],
    )
    return [tuple(values) for values in torch.stack(columns, dim=1).tolist()]


def runset(
    settings: Mapping[str, Any] | None = None,
    axes: Mapping[str, Any] | None = None,
    **declaration: Any,
) -> dict[str, Any]:
    """A run-set of tiny runs with one block at the smoke scale."""
    block = {"settings": merged(TINY, settings or {}), "axes": dict(axes or {})}
    return {"description": "test", "scales": {"smoke": [block]}, **declaration}


def write_project(
    root: Path,
    runsets: Mapping[str, Any],
    over: Mapping[str, Any] | None = None,
    figures: Mapping[str, Any] | None = None,
    **paper: Any,
) -> Project:
    """A project in `root` with the repository's config.yaml at the smoke scale, on the CPU.

    figures, paper: of its one paper, `test`.
    """
    here = {"scale": "smoke", "training": {"device": "cpu", "compile": "never"}}
    config = yaml.safe_load((REPOSITORY / "config" / "config.yaml").read_text())
    head = {"title": "A", "reference": "B", "folder": ""}
    files = {
        "config.yaml": merged(merged(config, here), over or {}),
        "runsets/test.yaml": {"paper": "test", "runsets": dict(runsets)},
        "papers/test.yaml": {**head, **paper, "figures": dict(figures or {})},
    }
    for name, content in files.items():
        path = root / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False))
    return Project.load(root)


def train_all(project: Project, runset_name: str, threads: int = 1) -> None:
    """Train the shards of a run-set, and those whose runs it reuses."""
    for shard in project.catalogue.sources(runset_name):
        target = project.root / project.paths.trajectory(shard.runset, shard.name)
        if not target.exists():
            weights = project.root / project.paths.weights(shard.runset, shard.name)
            train_shard(
                project, shard.runset, shard.name, str(target), str(weights), threads=threads
            )


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """Lists in place of arrays, so that pandas compares them."""
    return table.map(lambda v: v.tolist() if hasattr(v, "tolist") else v)
