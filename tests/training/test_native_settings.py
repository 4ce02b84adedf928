"""The native kernel trains what it is known to train, and nothing else under its name."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from pydantic import BaseModel

from fittest.errors import DeviceError
from fittest.models.networks.embedding_mlp import EmbeddingMLP
from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.project import Project
from fittest.pipeline.running import backends
from fittest.pipeline.running.backends import choose_backend
from fittest.runs.cost import kernel_knows
from fittest.runs.run import Run
from fittest.store import read_provenance
from fittest.tasks import Task
from fittest.training import native_backend, native_library
from fittest.training.backend import Dropout, Ensemble
from fittest.training.feed import ListedFeed, TableFeed
from fittest.training.native_settings import GIVEN, MODELS, NO_PART_OF_A_STEP, ONLY, obstacle
from fittest.training.optimisers import AdamW
from small_world import REPOSITORY, ensemble_of, runset, small_run, train_all, write_project

needs_native = pytest.mark.skipif(not native_library.available(), reason="no native kernel here")


def members(annotation: Any) -> Iterator[type[BaseModel]]:
    """Settings classes within an annotation, however deep in unions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from members(part)


def is_refused(key: str, member: type[BaseModel], only: Mapping[str, tuple[Any, ...]]) -> bool:
    """Whether whatever else such settings hold is never looked at."""
    name = f"{key}.name"
    return name in only and member.model_fields["name"].default not in only[name]


def keys(
    settings: type[BaseModel], only: Mapping[str, tuple[Any, ...]], above: str = ""
) -> Iterator[str]:
    """Every dotted key that settings can hold; a whole that is given as data is one."""
    for name, field in settings.model_fields.items():
        key = f"{above}{name}"
        inside = list(members(field.annotation)) if key not in GIVEN else []
        for member in inside:
            if not is_refused(key, member, only):
                yield from keys(member, only, f"{key}.")
        # As pydantic dumps it where it is null.
        if not inside or type(None) in get_args(field.annotation):
            yield key


@pytest.mark.parametrize("model", MODELS)
def test_every_setting_of_a_run_stands_in_one_table(model: str) -> None:
    own = MODELS[model]
    only = {**ONLY, **own.only, "model.name": (model,)}
    found = set(keys(Run, only))
    tables = [set(GIVEN) | own.given, set(NO_PART_OF_A_STEP), {*ONLY, *own.only}]
    assert {"optimiser.warmup", "model.activation", "stop.first", "rng"} <= found
    for key in sorted(found):
        assert sum(key in table for table in tables) == 1, f"{key} stands in no table, or in two"
    assert set().union(*tables) <= found, "a table names what no run has"


def test_what_reaches_the_kernel_as_data_is_all_it_looks_at() -> None:
    """A task is given as a whole, so whatever joins it has to pass through here."""
    # Signs are tokens that its network does not read; a split that is given is in the mask.
    known = {"p", "classes", "tokens", "labels", "grid", "signs", "trained"}
    assert {field.name for field in fields(Task)} == known
    assert {field.name for field in fields(TableFeed)} == {"tokens", "labels", "train_mask", "grid"}
    listed = {"tokens", "labels", "train", "test", "size", "seeds"}
    assert {field.name for field in fields(ListedFeed)} == listed
    assert {field.name for field in fields(Ensemble)} == native_backend._KNOWN


def test_a_setting_that_joins_is_refused() -> None:
    class Longer(Run):
        warm_up: int = 0

    assert obstacle(Run().model_dump()) is None
    assert "warm_up" in str(obstacle(Longer().model_dump()))
    for block, key in (("optimiser", "clip"), ("model", "dropout"), ("recording", "noise")):
        dump = Run().model_dump()
        dump[block][key] = None
        assert f"{block}.{key}" in str(obstacle(dump))


@dataclass(frozen=True)
class Weighted(Ensemble):
    """An ensemble that holds something more."""

    weights: float = 1.0


class Subclass(EmbeddingMLP):
    """Might compute anything."""


@dataclass(frozen=True)
class Warm(AdamW):
    """Might update in any way."""


def test_whatever_is_not_known_is_refused() -> None:
    ensemble = ensemble_of([small_run()], torch.float32)
    assert native_backend.supports(ensemble) is None
    given = {field.name: getattr(ensemble, field.name) for field in fields(ensemble)}
    optimiser = Warm(**{f.name: getattr(ensemble.optimiser, f.name) for f in fields(AdamW)})
    model = Subclass(7, 6, (10, 9), 7)
    for other, reason in [
        (Weighted(**given), "weights"),
        (Ensemble(**given | {"model": model}), "Subclass"),
        (Ensemble(**given | {"optimiser": optimiser}), "optimiser"),
        (Ensemble(**given | {"loss": "float32"}), "loss"),
        (Ensemble(**given | {"metrics": ("exact",)}), "exact"),
        (Ensemble(**given | {"dropout": Dropout(0.5, (1,), (0,))}), "dropout"),
        (Ensemble(**given | {"frozen": frozenset({"positions"})}), "frozen"),
    ]:
        assert reason in str(native_backend.supports(other))
    for settings in (
        {"model": {"activation": "relu"}},
        {"optimiser": {"name": "sgd"}},
        {"arithmetic": {"loss": "float32"}},
    ):
        run = small_run(**settings)
        assert native_backend.supports(ensemble_of([run], torch.float32)) is not None
        assert native_backend.supports(ensemble, [run.model_dump()]) is not None


CPU = {"device": "cpu", "compile": "never"}


def chosen(run: Run, ensemble: Ensemble | None = None, **settings: Any) -> str:
    ensemble = ensemble or ensemble_of([run], torch.float32)
    return choose_backend(TrainingSettings(**CPU, **settings), ensemble, [run], 0.0, 1).name


@needs_native
@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"model": {"activation": "relu"}}, "model.activation"),
        ({"model": {"activation": "square"}}, "model.activation"),
        ({"optimiser": {"name": "sgd", "momentum": 0.9}}, "optimiser.name"),
    ],
)
def test_what_the_kernel_does_not_know_goes_to_torch_with_one_warning(
    settings: dict[str, Any], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    backends._warn_once.cache_clear()
    run = small_run(**settings)
    with caplog.at_level(logging.WARNING):
        assert [chosen(run), chosen(run)] == ["torch", "torch"]
    assert caplog.text.count(reason) == 1
    with pytest.raises(DeviceError, match=rf"training\.backend: native.*{reason}"):
        chosen(run, backend="native")


def test_a_plan_asks_for_the_kernel_where_it_is_used() -> None:
    """Of all kinds of runs here, by settings alone as a plan does, and by what is trained."""
    catalogue = Project.load(REPOSITORY).at_scale("smoke").catalogue
    kinds = {}
    for name in catalogue.names():
        for run in catalogue.runset(name).runs:
            # The weights of some depend on other runs.
            plain = run.model_copy(update={"intervention": None})
            parts = plain.task, plain.model, plain.optimiser.name, plain.data, plain.arithmetic
            kinds[repr((*parts, plain.recording.every_loss))] = plain
    found = set()
    for run in kinds.values():
        obstacle = native_backend.supports(ensemble_of([run], torch.float32), [run.model_dump()])
        assert kernel_knows(run) == (obstacle is None), (run, obstacle)
        found.add((run.model.name, obstacle is None))
    assert {("transformer", True), ("transformer", False), ("embedding_mlp", True)} <= found


@needs_native
def test_a_subclass_of_the_network_goes_to_torch() -> None:
    run = small_run()
    ensemble = ensemble_of([run], torch.float32)
    assert chosen(run, ensemble) == "native"
    given = {field.name: getattr(ensemble, field.name) for field in fields(ensemble)}
    with torch.device("meta"):
        model = Subclass(7, 6, (10, 9), 7)
    assert chosen(run, Ensemble(**given | {"model": model})) == "torch"


@needs_native
def test_a_project_trains_each_run_as_its_settings_say(tmp_path: Path) -> None:
    """Activations and optimisers side by side in one run-set: each by a backend that knows it."""
    axes = {"model.activation": ["silu", "relu"], "optimiser.name": ["adamw", "sgd"]}
    project = write_project(
        tmp_path, {"one": runset({"steps": 4, "recording": {"every": 1}}, axes)}
    )
    train_all(project, "one")
    path = tmp_path / project.paths.trajectory("one", "0000")
    assert "native" in str(read_provenance(path)) and "torch" in str(read_provenance(path))
