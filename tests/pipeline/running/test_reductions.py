"""Populations stream: weights become small tables while they are there, and then go."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fittest.analysis.reductions import REDUCTIONS
from fittest.errors import ConfigError, StoreError
from fittest.fourier import signals
from fittest.models import EMBEDDING
from fittest.pipeline.identity.freshness import Freshness
from fittest.pipeline.project import Project
from fittest.pipeline.running import train
from fittest.pipeline.running.reductions import join, reduced
from fittest.pipeline.running.train import train_shard
from fittest.runs.parts import Seeds
from fittest.store import check_origin, read_provenance, read_table, write_batches
from fittest.training.loop import Loop
from small_world import runset, small_run, write_project

NAME = "embedding_spectrum"
SETTINGS = {"steps": 20, "recording": {"every": 10, "dense_until": 2}}
OVER = {"shards": {"smoke": {"runs": 2, "pflop": 1.0}}}


def declared(**more: Any) -> dict[str, Any]:
    return runset(SETTINGS, {"seed": {"range": [0, 5]}}, **more)


def trained(root: Path, runsets: dict[str, Any]) -> Project:
    project = write_project(root, runsets, OVER)
    project.check()
    for name in runsets:
        for shard in project.catalogue.shards(name):
            train_one(project, name, shard.name)
    return project


def train_one(project: Project, name: str, shard: str) -> None:
    paths = project.paths
    files = [str(project.root / path(name, shard)) for path in (paths.trajectory, paths.weights)]
    tables = project.reduction_tables(project.shard(name, shard))
    reductions = {kind: str(project.root / path) for kind, path in tables.items()}
    train_shard(project, name, shard, *files, threads=1, reductions=reductions)


def joined(project: Project, name: str = "one") -> pd.DataFrame:
    path = project.root / project.paths.reduced(name, NAME)
    join(project, name, NAME, str(path))
    check_origin(path, kind=NAME, config_hash=project.runset_key(name))
    return read_table(path, NAME).set_index("run_id")


def weights_of(project: Project, name: str = "one") -> pd.DataFrame:
    shards = project.catalogue.shards(name)
    paths = [project.root / project.paths.weights(name, shard.name) for shard in shards]
    return pd.concat([read_table(path, "weights") for path in paths]).set_index("run_id")


def test_all_are_reduced_and_the_first_keep_their_weights(tmp_path: Path) -> None:
    whole = trained(tmp_path / "whole", {"one": declared()})
    project = trained(tmp_path / "some", {"one": declared(reductions=[NAME], keep_weights_of=3)})
    runs = [run.run_id for run in project.catalogue.runset("one").runs]
    expected, kept, found = weights_of(whole), weights_of(project), joined(project)
    assert set(kept.index) == set(runs[:3])
    assert set(found.index) == set(runs)
    for run_id in runs:
        row = expected.loc[run_id]
        power = signals(np.reshape(row["values"], row["shape"]).astype(np.float64)) ** 2
        np.testing.assert_array_equal(found.loc[run_id, "power"], power.astype(np.float32))
        assert found.loc[run_id, "parameter"] == EMBEDDING
        assert found.loc[run_id, "step"] == 20
        if run_id in kept.index:
            assert list(kept.loc[run_id, "values"]) == list(row["values"])


def test_what_a_run_set_keeps_decides_its_shards_and_no_others(tmp_path: Path) -> None:
    def keys(**more: Any) -> list[str]:
        project = write_project(tmp_path, {"one": declared(**more)}, OVER)
        return [shard.key for shard in project.catalogue.shards("one")]

    plain, with_table = keys(), keys(reductions=[NAME])
    assert keys(keep_weights_of=5) == plain
    assert not set(plain) & set(with_table)
    # Of three shards of two, one and a half.
    assert [a == b for a, b in zip(plain, keys(keep_weights_of=3), strict=True)] == [1, 0, 0]
    assert keys(keep_weights_of=4)[1] == plain[1]


def test_stale_and_missing_tables_are_known(tmp_path: Path) -> None:
    project = trained(tmp_path, {"one": declared(reductions=[NAME])})
    assert Freshness(project, []).stale() == set()
    shard = project.shard("one", "0001")
    table = project.reduction_tables(shard)[NAME]
    assert table.endswith(f"runs/one/{NAME}/0001.parquet")
    assert read_provenance(tmp_path / table)["shard"] == "0001"
    other = write_project(tmp_path, {"one": declared(reductions=[NAME], keep_weights_of=3)}, OVER)
    stale = Freshness(other, []).stale()
    assert table in stale
    assert other.paths.trajectory("one", "0001") in stale
    assert project.paths.trajectory("one", "0000") not in stale
    (tmp_path / table).unlink()
    with pytest.raises(StoreError, match=rf"{NAME}/0001\.parquet: missing"):
        joined(project)
    train_one(project, "one", "0001")
    assert len(joined(project)) == 5


def test_killed_while_reducing_it_goes_on_without_training_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_project(tmp_path, {"one": declared(reductions=[NAME], keep_weights_of=0)}, OVER)
    written = []

    def killed(batches: Any, path: str, origin: Any, kind: str, *more: Any) -> None:
        if kind == "weights":
            raise KeyboardInterrupt
        write_batches(batches, path, origin, kind, *more)
        written.append(kind)

    with monkeypatch.context() as patch:
        patch.setattr(train, "write_batches", killed)
        with pytest.raises(KeyboardInterrupt):
            train_one(project, "one", "0000")
    assert written == [NAME], "the reductions come before any weights are dropped"
    assert not (tmp_path / project.paths.trajectory("one", "0000")).exists()

    def refuse(*_: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(Loop, "_advance_to", refuse)
    train_one(project, "one", "0000")
    table = project.reduction_tables(project.shard("one", "0000"))[NAME]
    assert len(read_table(tmp_path / table, NAME)) == 2


def test_reused_only_where_as_much_is_kept(tmp_path: Path) -> None:
    def owners(donor: dict[str, Any], own: dict[str, Any]) -> list[str]:
        runsets = {"donor": declared(**donor), "one": declared(**own, reuse=["donor"])}
        found = write_project(tmp_path, runsets, OVER).catalogue.owners("one")
        return list(found.values())

    assert owners({}, {}) == ["donor"] * 5
    assert owners({}, {"reductions": [NAME]}) == ["one"] * 5
    assert owners({"keep_weights_of": 2}, {}) == ["donor"] * 2 + ["one"] * 3
    assert owners({"keep_weights_of": 2}, {"keep_weights_of": 1}) == ["donor"] * 5
    both = {"reductions": [NAME], "keep_weights_of": 0}
    project = trained(
        tmp_path, {"donor": declared(**both), "one": declared(**both, reuse=["donor"])}
    )
    assert project.catalogue.shards("one") == ()
    assert joined(project).equals(joined(project, "donor"))


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown": (declared(reductions=["embeding_spectrum"]), f"did you mean `{NAME}`"),
    "not kept": (
        runset({"recording": {"final": []}}, reductions=[NAME]),
        "needs embedding.weight; add it to recording.final",
    ),
}


@pytest.mark.parametrize(("wrong", "words"), WRONG.values(), ids=WRONG)
def test_reductions_that_cannot_be_are_named_before_anything_starts(
    wrong: dict[str, Any], words: str, tmp_path: Path
) -> None:
    project = write_project(tmp_path, {"one": wrong})
    with pytest.raises(ConfigError, match=r"test\.yaml: runsets\.one\.reductions") as caught:
        project.check()
    assert words in str(caught.value)


def test_a_population_is_reduced_within_bounded_memory(tmp_path: Path) -> None:
    """Thousands of networks, of which neither all weights nor all rows are ever together."""
    first, number = small_run(), 20_000
    runs = [first.with_seeds(Seeds(embedding=seed)) for seed in range(number)]
    weights = np.random.default_rng(0).random((64, 7, 64))

    def network(index: int) -> Any:
        return index, 20, {EMBEDDING: weights[index % 64] + 0.0}

    def population() -> Iterator[Any]:
        return map(network, range(number))

    path, reduction = tmp_path / "table.parquet", REDUCTIONS[NAME]
    origin = {"scale": "smoke", "config_hash": "0" * 16}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fittest.pipeline.running.reductions.BATCH_BYTES", 2**21)
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        write_batches(reduced(reduction, runs, population()), path, origin, NAME, reduction.columns)
        peak = tracemalloc.get_traced_memory()[1] - before
        tracemalloc.stop()
    all_weights = number * weights[0].nbytes
    assert peak < 6 * 2**20 < all_weights / 10
    assert path.stat().st_size < all_weights / 50
    file = pq.ParquetFile(path)
    assert file.metadata.num_rows == number
    assert file.num_row_groups > 20
    assert pa.types.is_float32(file.schema_arrow.field("power").type.value_type)
