"""What training stores of a population: right, small, and within bounded memory."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from fittest.analysis.cosets import weights
from fittest.analysis.cosets.populations import final, read_population
from fittest.analysis.cosets.ranks import read_ranks
from fittest.analysis.cosets.relation_rows import found_in, relation_row
from fittest.analysis.cosets.stored import stored_kinds, weak_summary
from fittest.analysis.cosets.summaries import summarise
from fittest.analysis.cosets.weights import quantile, read_entries
from fittest.analysis.reductions import REDUCTIONS, Network, cosets_embeddings
from fittest.analysis.reductions.cosets_networks import RULES
from fittest.models import TwoTableMLPSettings
from fittest.pipeline.configuration.reductions import reducing_sources
from fittest.pipeline.forecasts.job_memory import shard_disk, shard_memory
from fittest.pipeline.project import Project
from fittest.pipeline.running.reductions import reduced
from fittest.runs.parts import Seeds
from fittest.runs.run import Run
from fittest.store import read_groups, write_batches
from fittest.tasks import ModularAddition
from planted_cosets import planted_network, square_wave, with_fine_tuning
from small_world import REPOSITORY

N = 91
ORIGIN = {"scale": "smoke", "config_hash": "0" * 16}
NAMES = ("cosets_networks", "cosets_neurons", "cosets_ranks", "cosets_embeddings")


def run(seed: int, n: int = N, hidden: int = 194, steps: int = 400) -> Run:
    seeds = Seeds(embedding=seed, mlp=seed, split=seed)
    task = ModularAddition(p=n, train_fraction=0.6)
    return Run(task=task, model=TwoTableMLPSettings(hidden=hidden), seeds=seeds, steps=steps)


def described(runs: list[Run]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run_id": [one.run_id for one in runs],
            "runset": "pop91",
            "seed_embedding": [one.seeds.embedding for one in runs],
            "hidden": [[one.model.hidden] for one in runs],  # type: ignore[union-attr]
            "data": "minibatches",
            "init": "he",
            "steps": [one.steps for one in runs],
        }
    )


@pytest.fixture(scope="module")
def networks() -> list[Network]:
    """A planted network, at half of its training without one of its clusters; and another one with
    two fine-tuning neurons."""
    both, tuned = planted_network(N, (8, 35)), None
    tuned = with_fine_tuning(planted_network(N, (9,)), square_wave())
    return [
        Network(run(0), 200, planted_network(N, (8,))),
        Network(run(0), 400, both),
        Network(run(1), 400, tuned),
    ]


def test_networks_are_what_was_planted(networks: list[Network]) -> None:
    table = REDUCTIONS["cosets_networks"].reduce(networks)
    found = read_population(described([run(0), run(1)]), [table])
    last = final(found.networks).sort_values("network")
    assert list(found.networks["share"]) == [0.5, 1, 1]
    assert list(last["m2"]) == [2, 2] and list(last["m3"]) == [2, 1]
    assert list(last["tuned_clusters"]) == [0, 1] and list(last["bands"]) == [0, 4]
    assert list(last["simple"]) == [128, 64] and list(last["live"]) == [128, 66]
    assert list(last["strict"]) == [128, 64] and list(last["agree"]) == [128, 66]
    assert (last["accuracy"] == 1).all() and (last["test_accuracy"] == 1).all()
    of_second = found.bands[found.bands["network"] == 1]
    assert list(of_second["frequency"]) == [14, 21, 28, 35] and of_second["several"].all()
    clusters = found.clusters.set_index(["network", "frequency"])
    assert clusters.loc[(1, 42), "tuned"] == 2 and clusters.loc[(0, 35), "size"] == 64
    assert len(found.clusters) == 4, "those of the end alone"


def test_a_family_of_three_frequencies_is_counted_as_the_paper_counts() -> None:
    """At n = 91 only 13, 26 and 39 have the divisor 13, and a neuron's own spike is over the band:
    whoever asks for three magnitudes in the band counts no neuron of this family alone."""
    family = with_fine_tuning(planted_network(N, (9,)), square_wave(period=7), neurons=3)
    # Weak waves of 8 are in the band, but of no live neuron.
    weak = planted_network(N, (9, 8))
    for name in ("first.weight", "second.weight"):
        weak[name][:, 2:] *= 0.4
    parts = [Network(run(0), 400, family), Network(run(1), 400, weak)]
    found = read_population(
        described([run(0), run(1)]), [REDUCTIONS["cosets_networks"].reduce(parts)]
    )
    last = final(found.networks).set_index("network")
    assert last.loc[0, ["tuned_clusters", "bands", "bands_several"]].tolist() == [1, 2, 0]
    assert last.loc[0, ["several", "banded", "banded_tuned"]].tolist() == [0, 3, 3]
    assert last.loc[1, ["bands", "bands_several", "bands_weak", "banded"]].tolist() == [0, 0, 1, 0]
    assert found.bands[["network", "frequency", "several"]].to_numpy().tolist() == [
        [0, 13, False],
        [0, 26, False],
    ]
    sets = found_in(found, "pop91")
    row = relation_row(sets, 0.95)
    # Two of the three, of one network in two; and no unit.
    assert sets.band[:, [12, 25, 38]].sum() == 2 and not sets.several.any()
    assert math.isnan(row["thirteens"]), "there is no unit to compare with"
    summary = summarise(found.networks, [1.0], 0.99, 0.999, 0.95).iloc[0]
    assert summary["recall"] == summary["precision"] == 1
    assert summary["band"] == pytest.approx(2 / 90) and summary["band_several"] == 0
    assert summary["band_weak"] == pytest.approx(3 / 90)
    assert summary["tuned_ratio"] == pytest.approx(1 / 2)


def test_neurons_ranks_and_entries(networks: list[Network]) -> None:
    runs = [run(0), run(1)]
    last = networks[1:]
    neurons = REDUCTIONS["cosets_neurons"].reduce(last).to_pylist()[1]
    assert len(neurons["neuron"]) == 66 and len(neurons["spectrum_a"]) == 66 * 45
    spectrum = np.reshape(neurons["spectrum_a"], (66, 45)).astype(float)
    np.testing.assert_allclose(spectrum[-1, [41, 34]], [58.07, 19.74], atol=0.05)
    assert neurons["simple"] == [True] * 64 + [False] * 2
    ranks = read_ranks([REDUCTIONS["cosets_ranks"].reduce(last)])
    assert ranks.shape == (4, 1 + N) and (ranks[:, 1:].sum(axis=1) == N * N).all()
    assert list(ranks[:, 0]) == [0, 0, 1, 1]
    np.testing.assert_array_equal(ranks[:3, 1], N * N)
    entries, bins = read_entries(described(runs), [REDUCTIONS["cosets_embeddings"].reduce(last)])
    expected = np.concatenate(
        [last[0].parameters[f"{t}.weight"].ravel() for t in ("first", "second")]
    )
    assert entries["entries"].iloc[0] == expected.size == 2 * 4 * N
    assert entries["near_zero"].iloc[0] == (np.abs(expected) < 0.025).sum()
    assert entries["over_one"].iloc[0] == 0 and entries["largest"].iloc[0] == pytest.approx(1)
    assert bins[1.0].sum() == entries["entries"].sum()
    # The entries of one cosine exceed cos(pi / 4) half of the time.
    assert quantile(bins[1.0], 0.5) == pytest.approx(np.cos(np.pi / 4), abs=0.1)


def test_stored_spectra_tell_neurons_apart_as_training_did(networks: list[Network]) -> None:
    weak = {**planted_network(N, (8, 35))}
    weak["first.weight"] = weak["first.weight"] * 0.3
    parts = [REDUCTIONS["cosets_neurons"].reduce([*networks[1:], Network(run(2), 400, weak)])]
    found = list(stored_kinds(parts, RULES))
    assert [int(live.sum()) for _, live, _ in found] == [128, 66, 0]
    assert [int(simple.sum()) for _, _, simple in found] == [128, 64, 0]
    assert sorted(set(found[1][0].tolist())) == [9, 42]
    row = weak_summary(parts, RULES, 0.95).iloc[0]
    assert (row["networks"], row["m2"]) == (3, 2) and row["tuned"] == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match=r"live: 0\.05 is below 0\.1"):
        next(stored_kinds(parts, RULES.model_copy(update={"live": 0.05})))


def test_of_other_networks_there_is_nothing_to_say() -> None:
    for name in NAMES:
        assert not REDUCTIONS[name].needs(Run())
        assert len(REDUCTIONS[name].reduce([Network(Run(), 1, {})])) == 0
        empty = REDUCTIONS[name].reduce([])
        assert empty.schema.equals(REDUCTIONS[name].columns)
    assert len(read_population(described([run(0)]), []).networks) == 0


def test_both_sides_have_the_same_bins() -> None:
    assert (cosets_embeddings.WIDTH, cosets_embeddings.SIDE) == (weights.WIDTH, weights.SIDE)


def test_what_is_stored_uses_the_numbers_of_the_configuration() -> None:
    constants: Any = Project.load(REPOSITORY).constants("cosets")
    assert constants.neurons == RULES


def test_code_of_the_definitions_is_in_the_key_of_populations() -> None:
    assert reducing_sources("cosets_networks") == (
        "analysis/cosets/clusters.py",
        "analysis/cosets/neurons.py",
        "analysis/reductions/cosets_networks.py",
    )
    assert reducing_sources("embedding_spectrum") == ("analysis/reductions/embedding_spectrum.py",)


# -- sizes ---------------------------------------------------------------------------------------


def test_a_population_streams_and_takes_the_disk_that_was_forecast(tmp_path: Path) -> None:
    """Of some thousand networks neither weights nor rows are ever all in memory."""
    number, n, hidden = 1500, 11, 20
    runs = [run(seed, n, hidden) for seed in range(number)]
    generator = np.random.default_rng(0)
    shapes = runs[0].model.shapes(runs[0].task.build())
    drawn = [
        {
            name: generator.standard_normal(shape).astype(np.float32)
            for name, shape in shapes.items()
        }
        for _ in range(16)
    ]

    def population() -> Iterator[Any]:
        for index in range(number):
            yield index, 400, {name: v.copy() for name, v in drawn[index % 16].items()}

    for name in NAMES:
        reduction, path = REDUCTIONS[name], tmp_path / f"{name}.parquet"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("fittest.pipeline.running.reductions.BATCH_BYTES", 2**20)
            tracemalloc.start()
            rows = reduced(reduction, runs, population())
            write_batches(rows, path, ORIGIN, name, reduction.columns)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < 16 * 2**20, name
        assert reduction.row_bytes is not None
        assert path.stat().st_size < 1.3 * number * reduction.row_bytes(runs[0]) + 20_000, name
        table = pa.concat_tables(read_groups(path, name))
        assert len(table) == number and table["run_id"].to_pylist() == [r.run_id for r in runs]
        if name == "cosets_networks":
            found = read_population(described(runs), read_groups(path, name))
            assert len(found.networks) == number


@pytest.mark.parametrize("name", ["pop91", "pop89"])
def test_a_hundred_thousand_networks_fit(name: str) -> None:
    """By the plan: below 5 GB of disk and 4 GB of memory."""
    project = Project.load(REPOSITORY, {"scale": "full"})
    runset, shards = project.catalogue.runset(name), project.catalogue.shards(name)
    assert len(runset.runs) == 100_000
    first, last = (
        shard_disk(s, runset.keeps_weights, runset.reductions) for s in shards[:: len(shards) - 1]
    )
    per_run = last / len(shards[-1].runs)
    kept = 512 * first / len(shards[0].runs)
    total = kept + per_run * (100_000 - 512)
    # The tables of all shards are joined once more.
    assert 1e9 < total < 3.4e9 and per_run < 40_000
    assert shard_memory(project, shards[0]) < 4 * 2**30
