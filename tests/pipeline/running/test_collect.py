"""The tables of a run-set: equal for reused runs and for runs trained on their own."""

from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fittest.errors import StoreError
from fittest.pipeline.identity.freshness import Freshness
from fittest.pipeline.project import Project
from fittest.pipeline.running.collect import collect
from fittest.store import (
    OPTIONAL,
    SCHEMAS,
    check_origin,
    core_columns,
    read_provenance,
    read_table,
    write_table,
)
from small_world import BACKENDS, plain, runset, train_all, write_project

pytestmark = pytest.mark.skipif(
    "native" not in BACKENDS, reason="equality to the last bit needs the native kernel"
)
# Large steps, so that survivors show within a few hundred of them and some runs settle.
NETWORK: dict[str, Any] = {"task": {"p": 23}, "optimiser": {"lr": 0.03}}
LONG = {**NETWORK, "steps": 400, "recording": {"every": 10, "dense_until": 20}}
STOP = {"first": 100, "window": 60, "separation": 1.0}


def collected(project: Project, name: str) -> dict[str, pd.DataFrame]:
    """The two tables of a run-set, without the words on who trained what."""
    train_all(project, name)
    paths = [project.paths.runs(name), project.paths.frequencies(name)]
    runs_path, frequencies_path = (str(project.root / path) for path in paths)
    collect(project, name, runs_path, frequencies_path)
    runs = read_table(runs_path, "runs").drop(columns=["runset", "source"])
    frequencies = read_table(frequencies_path, "frequencies")
    return {
        "runs": plain(runs).sort_values("run_id", ignore_index=True),
        "frequencies": frequencies.sort_values(["run_id", "k"], ignore_index=True),
    }


def perturbed(frequency: int, factor: float) -> dict[str, Any]:
    return {"intervention": {"kind": "perturb", "frequency": frequency, "factor": factor}}


BORROWERS: dict[str, dict[str, Any]] = {
    "shorter": {**NETWORK, "steps": 200, "recording": LONG["recording"]},
    "fewer rows": {**NETWORK, "steps": 400, "recording": {"every": 40, "dense_until": 4}},
    "off the schedule": {**NETWORK, "steps": 230, "recording": {"every": 40, "dense_until": 4}},
    "stopped": {**LONG, "stop": STOP},
    "stopped, fewer rows": {
        **NETWORK,
        "steps": 300,
        "recording": {"every": 20, "dense_until": 3},
        "stop": STOP,
    },
    "unchanged control": {**LONG, **perturbed(2, 1.0)},
}


@pytest.mark.parametrize("settings", BORROWERS.values(), ids=BORROWERS)
def test_borrowed_runs_are_as_their_own(settings: dict[str, Any], tmp_path: Path) -> None:
    """Same rows to the last bit, whoever trained them."""
    axes = {"seed": {"range": [0, 4]}}
    own = runset(settings, axes)
    alone = collected(write_project(tmp_path / "alone", {"one": own}), "one")
    donor = runset(LONG, {"seed": {"range": [0, 3]}})
    project = write_project(tmp_path / "both", {"donor": donor, "one": own | {"reuse": ["donor"]}})
    assert sum(who == "donor" for who in project.catalogue.owners("one").values()) == 3
    found = collected(project, "one")
    for name, table in alone.items():
        pd.testing.assert_frame_equal(found[name], table, check_exact=True)


def test_stop_rule_really_stops_some_of_them(tmp_path: Path) -> None:
    """Otherwise the test above says nothing of it."""
    declared = runset({**LONG, "stop": STOP}, {"seed": {"range": [0, 4]}})
    runs = collected(write_project(tmp_path, {"one": declared}), "one")["runs"]
    assert runs["last_step"].max() < 400
    assert runs["last_step"].nunique() > 1


def test_borrowed_from_a_run_set_that_stops_alike(tmp_path: Path) -> None:
    donor = runset({**LONG, "stop": STOP}, {"seed": [0, 1, 2]})
    own = runset({**LONG, "stop": STOP}, {"seed": [1, 2]})
    alone = collected(write_project(tmp_path / "alone", {"one": own}), "one")
    project = write_project(tmp_path / "both", {"donor": donor, "one": own | {"reuse": ["donor"]}})
    assert project.catalogue.shards("one") == ()
    for name, table in collected(project, "one").items():
        pd.testing.assert_frame_equal(table, alone[name], check_exact=True)


def test_failed_run_stays_failed_when_borrowed(tmp_path: Path) -> None:
    """It ends between the rows that the borrower asks for, and must not look alive."""
    axes = {"optimiser.lr": [0.01, 1e30]}
    own = runset({**NETWORK, "steps": 400, "recording": {"every": 200, "dense_until": 0}}, axes)
    project = write_project(
        tmp_path, {"donor": runset(LONG, axes), "one": own | {"reuse": ["donor"]}}
    )
    assert project.catalogue.shards("one") == ()
    runs = collected(project, "one")["runs"]
    assert sorted(runs["failed"]) == [False, True]


def test_run_is_taken_from_the_set_that_covers_it(tmp_path: Path) -> None:
    """Two donors hold the same network; one of them too short a record of it."""
    short = runset({**LONG, "steps": 50}, {"seed": [0, 1]})
    other = runset(LONG, {"seed": [5]})
    other["scales"]["smoke"].append(short["scales"]["smoke"][0])
    wanted = runset(LONG, {"seed": [5, 0]})
    project = write_project(
        tmp_path,
        {
            "partly": other,
            "long": runset(LONG, {"seed": [0]}),
            "one": wanted | {"reuse": ["partly", "long"]},
        },
    )
    assert set(project.catalogue.owners("one").values()) == {"partly", "long"}
    assert collected(project, "one")["runs"]["last_step"].tolist() == [400, 400]


def test_intervention_columns(tmp_path: Path) -> None:
    declared = {
        "perturb": runset({**LONG, "steps": 2}, perturbed_axes()),
        "pair": runset(
            {**LONG, "steps": 2, "intervention": {"kind": "construct", "ratio": 0.5}},
            {"seed": [0, 1]},
        ),
    }
    project = write_project(tmp_path, declared)
    perturb, pair = (collected(project, name) for name in declared)
    frequencies = perturb["frequencies"].set_index(["run_id", "k"])["signal0"]
    for row in perturb["runs"].itertuples():
        at = frequencies[row.run_id]
        if row.intervention == "none":
            continue
        assert at[row.frequency] == pytest.approx(row.factor * row.signal0_unperturbed_k, rel=1e-5)
        others = at.drop(row.frequency).mean()
        assert others == pytest.approx(row.signal0_unperturbed_other_mean, rel=1e-5)
    strongest = pair["frequencies"].set_index(["run_id", "k"])["signal0"]
    for row in pair["runs"].itertuples():
        assert strongest[row.run_id, row.first] == pytest.approx(80, rel=1e-5)
        assert strongest[row.run_id, row.second] == pytest.approx(40, rel=1e-5)


def perturbed_axes() -> dict[str, Any]:
    return {
        "intervention.kind": ["perturb"],
        "intervention.frequency": [2],
        "intervention.factor": [0.5, 1.0, 1.5],
    }


def test_what_lies_beside_the_tables(tmp_path: Path) -> None:
    project = write_project(tmp_path, {"one": runset({**LONG, "steps": 5}, {"seed": [0, 1]})})
    collected(project, "one")
    written = json.loads((tmp_path / project.paths.config("one")).read_text())
    assert written["scale"] == "smoke"
    assert written["config"] == project.config.model_dump(mode="json")
    origin = read_provenance(tmp_path / project.paths.runs("one"))
    assert origin["config_hash"] == project.runset_key("one")
    runs = read_table(tmp_path / project.paths.runs("one"), "runs")
    for row in runs.itertuples():
        assert json.loads(row.config)["steps"] == 5
        assert np.isfinite(row.train_loss)


def test_shard_without_its_run(tmp_path: Path) -> None:
    """As after editing results by hand: named, with what to do."""
    settings = {**LONG, "steps": 5}
    project = write_project(tmp_path, {"one": runset(settings, {"seed": [0, 1]})})
    train_all(project, "one")
    more = write_project(tmp_path, {"one": runset(settings, {"seed": [0, 1, 2]})})
    with pytest.raises(StoreError, match=r"1 runs of `one`.*delete results/smoke/runs/one"):
        collect(more, "one", str(tmp_path / "a.parquet"), str(tmp_path / "b.parquet"))


def test_shard_of_another_configuration_is_named(tmp_path: Path) -> None:
    project = write_project(tmp_path, {"one": runset({**LONG, "steps": 5})})
    train_all(project, "one")
    other = {**LONG, "steps": 5, "recording": {**LONG.get("recording", {}), "every": 5}}
    changed = write_project(tmp_path, {"one": runset(other)})
    with pytest.raises(StoreError, match=r"trajectory/0000\.parquet.*run the same command again"):
        collect(changed, "one", str(tmp_path / "a.parquet"), str(tmp_path / "b.parquet"))


def test_damaged_shard_is_named(tmp_path: Path) -> None:
    project = write_project(tmp_path, {"one": runset({**LONG, "steps": 5})})
    train_all(project, "one")
    path = tmp_path / project.paths.trajectory("one", "0000")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(StoreError, match=r"trajectory/0000\.parquet.*delete it"):
        collect(project, "one", str(tmp_path / "a.parquet"), str(tmp_path / "b.parquet"))


def test_runs_say_what_they_are_without_reading_json(tmp_path: Path) -> None:
    settings = {
        "task": {"name": "remainder", "p": 20},
        "model": {"init": "gauss1"},
        "steps": 3,
        "optimiser": {"lr": 0.02, "betas": [0.8, 0.99], "eps": 1e-7},
    }
    project = write_project(
        tmp_path, {"one": runset(settings, {"model.hidden": [[10, 9], [8, 7]]})}
    )
    runs = collected(project, "one")["runs"]
    assert {tuple(widths) for widths in runs["hidden"]} == {(10, 9), (8, 7)}
    known = {
        "task": "remainder",
        "model": "embedding_mlp",
        "init": "gauss1",
        "optimiser": "adamw",
        "learning_rate": 0.02,
        "beta1": 0.8,
        "beta2": 0.99,
        "eps": 1e-7,
    }
    for name, value in known.items():
        assert set(runs[name]) == {value}


def test_runs_say_which_optimiser_and_activation(tmp_path: Path) -> None:
    optimisers = [{"name": "adam", "weight_decay": 0.25}, {"name": "sgd", "momentum": 0.5}]
    axes = {"optimiser": optimisers, "model.activation": ["relu", "square"]}
    project = write_project(tmp_path, {"one": runset({"steps": 3}, axes)})
    runs = collected(project, "one")["runs"].set_index(["optimiser", "activation"]).sort_index()
    assert list(runs.index) == [(o, a) for o in ("adam", "sgd") for a in ("relu", "square")]
    for column, adam, sgd in [
        ("momentum", None, 0.5),
        ("beta1", 0.9, None),
        ("beta2", 0.999, None),
        ("eps", 1e-8, None),
        ("weight_decay", 0.25, 0.0),
        ("learning_rate", 0.01, 0.01),
    ]:
        for name, value in (("adam", adam), ("sgd", sgd)):
            found = runs.loc[name, column]
            assert found.isna().all() if value is None else set(found) == {value}, (name, column)


def analysis(**over: Any) -> dict[str, Any]:
    """A change of the analysis settings, `alive__relative=...` for `alive.relative`."""
    change: dict[str, Any] = {}
    for key, value in over.items():
        block, _, name = key.partition("__")
        change.setdefault(block, {})[name] = value
    return {"analysis": change}


def test_collect_depends_on_its_own_analysis_keys_alone(tmp_path: Path) -> None:
    declared = {"one": runset({**LONG, "steps": 5})}
    project = write_project(tmp_path, declared)
    collected(project, "one")
    paths = [tmp_path / p for p in (project.paths.runs("one"), project.paths.frequencies("one"))]
    before = project.config.analysis
    for path in paths:
        check_origin(path, analysis=before.collecting_key(), config_hash=project.runset_key("one"))
    for change in (
        {"bootstrap__draws": 17},
        {"bootstrap__seed": 3},
        {"bootstrap__confidence": 0.5},
    ):
        other = write_project(tmp_path, declared, analysis(**change)).config.analysis
        assert other != before
        assert other.collecting() == before.collecting()
        assert other.collecting_key() == before.collecting_key()
    for change in (
        {"alive__two_mean_factor": 2.5},
        {"alive__absolute": 11.0},
        {"alive__relative": 0.3},
        {"settle__window": 7},
        {"settle__separation": 1.25},
    ):
        other = write_project(tmp_path, declared, analysis(**change)).config.analysis
        assert other.collecting() != before.collecting()
        for path in paths:
            with pytest.raises(StoreError, match=rf"{path.name}.*analysis"):
                check_origin(path, analysis=other.collecting_key())


def written_before_optional_columns(path: Path, kind: str) -> None:
    """The same table as a version wrote it that knew the core alone, of which signals were."""
    table, origin = read_table(path, kind), read_provenance(path)
    core = [*core_columns(kind), "signals", "signal_mean"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCHEMAS, kind, pa.schema([SCHEMAS[kind].field(name) for name in core]))
        patch.setitem(OPTIONAL, kind, ())
        write_table(table[core], path, {k: v for k, v in origin.items() if k != "kind"}, kind)


def test_shards_without_a_column_that_came_later_count_as_they_are(tmp_path: Path) -> None:
    """Beside shards that have it, and without being trained again."""
    over = {"shards": {"smoke": {"runs": 2, "pflop": 1.0}}}
    declared = runset(LONG, {"seed": {"range": [0, 4]}})
    project = write_project(tmp_path, {"one": declared}, over)
    before = collected(project, "one")
    old, new = (tmp_path / project.paths.trajectory("one", name) for name in ("0000", "0001"))
    written_before_optional_columns(old, "trajectory")
    assert "gradient_signals" not in pq.read_schema(old).names
    assert "gradient_signals" in pq.read_schema(new).names
    content = old.read_bytes()
    after = collected(project, "one")
    assert old.read_bytes() == content
    for name, table in before.items():
        pd.testing.assert_frame_equal(after[name], table, check_exact=True)
    assert not any("trajectory" in file for file in Freshness(project, []).stale())


def test_signals_that_a_run_asks_for_are_not_missed_in_silence(tmp_path: Path) -> None:
    project = write_project(tmp_path, {"one": runset(LONG, {"seed": [0]})})
    collected(project, "one")
    path = tmp_path / project.paths.trajectory("one", "0000")
    table, origin = read_table(path, "trajectory"), read_provenance(path)
    columns = [name for name in table.columns if not name.startswith("signal")]
    del origin["kind"]
    write_table(table[columns], path, origin, "trajectory")
    with pytest.raises(StoreError, match=r"0000\.parquet.*signals.*delete"):
        collect(project, "one", str(tmp_path / "r.parquet"), str(tmp_path / "f.parquet"))


def test_a_shard_of_runs_with_and_without_an_optional_recording(tmp_path: Path) -> None:
    """One table, null where nothing was recorded."""
    short = {**LONG, "steps": 20}
    with_gradients = {**short, "recording": {**LONG["recording"], "gradients": True}}
    first, second = (
        runset(settings, {"seed": [seed]}) for seed, settings in enumerate((short, with_gradients))
    )
    blocks = first["scales"]["smoke"] + second["scales"]["smoke"]
    project = write_project(tmp_path, {"one": {**first, "scales": {"smoke": blocks}}})
    assert len(project.catalogue.shards("one")) == 1
    train_all(project, "one")
    table = read_table(tmp_path / project.paths.trajectory("one", "0000"), "trajectory")
    recorded = table["gradient_signals"].notna().groupby(table["run_id"]).agg(["any", "all"])
    assert sorted(recorded.itertuples(index=False, name=None)) == [(False, False), (True, True)]


def test_trajectories_of_many_shards_are_never_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One shard's in memory at a time, and the tables as from a single shard, row by row."""
    declared = {"one": runset({**LONG, "steps": 40}, {"seed": {"range": [0, 12]}})}
    whole = collected(write_project(tmp_path / "whole", declared), "one")
    over = {"shards": {"smoke": {"runs": 1, "pflop": 1.0}}}
    project = write_project(tmp_path / "parts", declared, over)
    assert len(project.catalogue.shards("one")) == 12
    train_all(project, "one")
    read: list[weakref.ref[pd.DataFrame]] = []
    alive = []

    def counted(*arguments: Any) -> pd.DataFrame:
        gc.collect()
        alive.append(sum(one() is not None for one in read))
        table = read_table(*arguments)
        read.append(weakref.ref(table))
        return table

    monkeypatch.setattr("fittest.pipeline.running.collect.read_table", counted)
    found = collected(project, "one")
    assert len(alive) == 12
    assert max(alive) <= 1
    for name, table in whole.items():
        pd.testing.assert_frame_equal(found[name], table, check_exact=True)


def test_the_order_of_runs_is_the_run_sets_whoever_trained_them(tmp_path: Path) -> None:
    donor = runset(LONG, {"seed": [1, 3]})
    own = runset(LONG, {"seed": [0, 1, 2, 3]}, reuse=["donor"])
    project = write_project(tmp_path, {"donor": donor, "one": own})
    collected(project, "one")
    ids = [run.run_id for run in project.catalogue.runset("one").runs]
    for path in (project.paths.runs("one"), project.paths.frequencies("one")):
        found = read_table(tmp_path / path, columns=["run_id"])["run_id"]
        assert list(dict.fromkeys(found)) == ids
