"""Tables for the explorers: the results' own numbers, thinned, as Parquet in scripts."""

from __future__ import annotations

import base64
import io
import json
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from planted_site import STEPS, D, P, project_at

from fittest.analysis.circuits.basis import by_frequency, component_norms
from fittest.pipeline.project import Project
from fittest.site.packing import pack, write_index
from fittest.site.tables import MAKERS, put_tables
from fittest.site.tables.sources import Packed, labels, spread, thinned
from fittest.store import read_run, read_table


def tables(project: Project, explorer: str) -> dict[tuple[str, str], Packed]:
    return {(one.choice, one.name): one for one in MAKERS[explorer](project)}


def test_signals_are_those_of_the_trajectories(project: Project) -> None:
    found = tables(project, "signals")["base", "signals"]
    stored = read_table(project.root / project.paths.trajectory("base", "0000"), "trajectory")
    runs = [run["id"] for run in found.about["runs"]]
    for row in found.table.to_pylist():
        own = stored[(stored["run_id"] == runs[row["run"]]) & (stored["step"] == row["step"])]
        np.testing.assert_array_equal(np.float32(row["signals"]), own["signals"].iloc[0])
    assert sorted({row["step"] for row in found.table.to_pylist()}) == list(STEPS)
    ends = read_table(project.root / project.paths.runs("base"), "runs")
    assert [run["survivors"] for run in found.about["runs"]] == [
        list(one) for one in ends["survivors"]
    ]
    kept = tables(project, "signals")["base", "embeddings"].table
    assert set(kept["step"].to_pylist()) == {0, 1000, 2000, 3000}
    assert {len(values) for values in kept["values"].to_pylist()} == {P * D}


def test_trials_leave_out_failed_runs_and_know_their_embedding(project: Project) -> None:
    found = tables(project, "survival")["", "trials"]
    assert (found.about["runs"], found.about["embeddings"]) == (24, 4)
    assert set(found.table["embedding"].to_pylist()) == {0, 1, 2, 3}


def test_trials_of_all_lengths_are_asked_at_the_same_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that end at different steps: no run's earlier step stands for another's."""
    ends = {"a": 400, "b": 1000, "c": 2000}
    rows = pd.DataFrame(
        [
            {"run_id": run, "step": step, "signals": [float(step)], "signal_mean": 1.0}
            for run, end in ends.items()
            for step in range(0, end + 100, 10)
        ]
    )
    signals = import_module("fittest.site.tables.signals")
    # Another shard holds none of these runs.
    others = rows.assign(run_id="d").astype({"run_id": "string[pyarrow]"})
    files = {"one": rows, "other": others}
    monkeypatch.setattr(signals, "read_table", lambda path, *_: files[path.name])
    chosen = pd.DataFrame({"run_id": list(ends), "last_step": list(ends.values())})
    table, steps = signals._at_common_steps([Path(name) for name in files], chosen)
    assert len(steps) == signals.ASKED and steps[0] == 0 and steps[-1] == 2000
    found = table.to_pandas()
    for place, end in enumerate(ends.values()):
        own = set(found.loc[found["run"] == place, "step"])
        assert own == {step for step in steps if step <= end} | {end}


def test_spectra_are_those_of_the_weights(project: Project) -> None:
    found = tables(project, "circuits")["", "spectra"].table.to_pylist()
    run = read_table(project.root / project.paths.runs("main"), "runs")["run_id"][1]
    rows = read_run(project.root / project.paths.weights("main", "0000"), run, [2000])
    stored = {
        row["parameter"]: np.reshape(row["values"], tuple(row["shape"]))
        for row in rows.to_dict("records")
    }
    map_ = stored["unembedding.weight"][:P] @ stored["layers.0.mlp_out.weight"]
    (ours,) = [r for r in found if (r["seed"], r["step"], r["of"]) == (1, 2000, "W_L")]
    np.testing.assert_allclose(ours["norms"], by_frequency(component_norms(map_)), rtol=1e-5)


def test_where_nothing_is_nothing_is_offered(tmp_path: Path) -> None:
    assert put_tables(project_at(tmp_path), tmp_path / "data") == []
    assert (tmp_path / "data" / "index.js").read_text() == "self.fittestIndex={};\n"


@pytest.mark.parametrize("most", [2, 7, 30])
def test_thinned_steps_keep_both_ends_and_fill_what_they_may(most: int) -> None:
    steps = [*range(0, 100), *range(100, 30_001, 100)]
    found = thinned(steps, most)
    assert len(found) == most and found == sorted(set(found)) and set(found) <= set(steps)
    assert (found[0], found[-1]) == (0, 30_000)
    assert thinned([3, 5, 9], 5) == [3, 5, 9]


def sweep(*told: dict[str, object]) -> pd.DataFrame:
    """Runs whose configurations say this."""
    return pd.DataFrame({"config": [json.dumps(one) for one in told]})


def seeds(
    embedding: int, mlp: int | None = None, split: int | None = None
) -> dict[str, int | None]:
    known = embedding if mlp is None else mlp
    return {"embedding": embedding, "mlp": known, "split": known if split is None else split}


def test_labels_tell_runs_apart_by_all_that_differs() -> None:
    kinds = [{"select": select, "rescale": scaled} for select in "ab" for scaled in (True, False)]
    same = {"task": {"p": 59}, "stop": None}
    runs = sweep(
        *(
            {**same, "seeds": seeds(seed), "intervention": kind}
            for kind in kinds
            for seed in (0, 1)
        ),
        # What is kept of a run, and when it may end, is no difference.
        {**same, "seeds": seeds(2), "intervention": None, "stop": {"first": 9}, "steps": 7},
    )
    found = [label.split(": ", 1)[1] for label in labels(runs)]
    assert len(set(found)) == len(runs)
    assert found[0] == "select a, rescale yes, seed 0" and found[-1] == "seed 2"
    # Seeds that differ within a run are named one by one, in every run.
    apart = sweep({"seeds": seeds(0, 0)}, {"seeds": seeds(1, 4)})
    assert labels(apart)[0] == "run 1: embedding seed 0, MLP seed 0, split seed 0"
    assert labels(sweep({"p": 1})) == ["run 1"] and labels(sweep()) == []


@pytest.mark.parametrize(("most", "ds"), [(4, [2, 6, 12, 16]), (8, [*range(2, 18, 2)])])
def test_some_of_a_sweep_span_it(most: int, ds: list[int]) -> None:
    wide = [{"model": {"d": d}, "seeds": seeds(seed)} for d in range(2, 18, 2) for seed in range(9)]
    chosen = spread(sweep(*wide), most)
    told = [json.loads(one) for one in chosen["config"]]
    assert [one["model"]["d"] for one in told] == ds
    assert {one["seeds"]["mlp"] for one in told} == {0}


def test_runs_that_differ_by_seeds_alone_are_the_first() -> None:
    runs = sweep(*({"seeds": seeds(seed)} for seed in range(50)))
    assert list(spread(runs, 3).index) == [0, 1, 2]
    assert list(spread(runs.head(2), 3).index) == [0, 1] and spread(runs.head(0), 3).empty


def test_packed_tables_come_back(tmp_path: Path) -> None:
    table = pa.table({"k": pa.array([1, 2], pa.int32()), "list": [[1.5], [2.5, 3.5]]})
    pack(tmp_path, "one", table, {"scale": "smoke"})
    text = (tmp_path / "one.js").read_text(encoding="ascii")
    wrapped = re.search(r'\["one"\]=\{about:(.*),parquet:"(.*)"\};', text)
    assert wrapped is not None and json.loads(wrapped[1]) == {"scale": "smoke"}
    assert pq.read_table(io.BytesIO(base64.b64decode(wrapped[2]))).equals(table)


def test_an_explorer_opens_with_what_is_first(tmp_path: Path) -> None:
    write_index(tmp_path, {"cosets": {"pop91": {}, "full91": {}}})
    written = (tmp_path / "index.js").read_text()
    assert written.index("pop91") < written.index("full91")
