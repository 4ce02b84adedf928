"""Networks taken apart: planted ones have all that the paper says, random ones nothing of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

from fittest.analysis.cosets.dissection import Dissected, dissected
from fittest.analysis.cosets.neurons import NeuronRules
from fittest.analysis.cosets.shown import COLUMNS, FINAL, Shown
from fittest.analysis.cosets.single import TABLES, measured_networks
from fittest.analysis.cosets.single_names import Single
from fittest.analysis.cosets.single_settings import SingleSettings
from fittest.analysis.cosets.single_statistics import single_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import statistics_table
from fittest.models import TwoTableMLPSettings
from fittest.runs.parts import Seeds
from fittest.runs.run import Run
from fittest.tasks import ModularAddition
from planted_cosets import planted_network, square_wave, with_fine_tuning
from small_world import REPOSITORY

N = 91
FREQUENCIES = (35, 25, 8, 21)
RESAMPLING = Resampling(50, 0, 0.95)


@pytest.fixture(scope="module")
def settings() -> SingleSettings:
    text = (REPOSITORY / "config/analysis/cosets.yaml").read_text()
    found = SingleSettings(**yaml.safe_load(text)["single"])
    quick = {"noise": found.noise.model_copy(update={"draws": 2, "step": 0.25}), "ablations": 2}
    return found.model_copy(update={**quick, "chance_draws": 5})


def network(seed: int, parameters: dict[str, np.ndarray]) -> Dissected:
    run = Run(
        task=ModularAddition(p=N, train_fraction=0.6),
        model=TwoTableMLPSettings(),
        seeds=Seeds(embedding=seed, mlp=seed, split=seed),
    )
    return dissected(run, "pop91", parameters, NeuronRules())


def planted(seed: int, fine: bool = True, grid: int = 4) -> Dissected:
    # Waves of four sizes, so that components are not mixed; the last cluster is the smallest.
    parameters = planted_network(N, FREQUENCIES, grid=grid)
    sizes = np.repeat([1.6, 1.4, 1.2, 1.0], 2)
    for name in ("first.weight", "second.weight"):
        parameters[name] = parameters[name] * sizes
    return network(seed, with_fine_tuning(parameters, square_wave()) if fine else parameters)


def random(seed: int) -> Dissected:
    generator = np.random.default_rng(seed)
    shapes = planted_network(N, FREQUENCIES, grid=4)
    return network(seed, {name: generator.standard_normal(v.shape) for name, v in shapes.items()})


def statistics(networks: list[Dissected], settings: SingleSettings) -> dict[str, float]:
    tables = measured_networks(iter(networks), len(networks), settings, 1)
    for name, columns in TABLES.items():
        assert list(tables[name].columns) == columns
    rows = statistics_table(single_rows(**tables, settings=settings, resampling=RESAMPLING))
    assert set(rows["name"]) == {str(name) for name in Single}
    return dict(zip(rows["name"], rows["value"], strict=True))


def test_a_planted_population_has_what_the_paper_says(settings: SingleSettings) -> None:
    found = statistics([planted(seed, seed == 0) for seed in range(3)], settings)
    assert found[Single.NETWORKS] == found[Single.MEASURED] == 3
    assert found[Single.SIMPLE] == pytest.approx(1 - 2 / 66 / 3)
    for name in (Single.STRICT, Single.ONE_WAVE, Single.COSETS, Single.TOGETHER):
        assert found[name] == pytest.approx(1, abs=1e-6), name
    for name in (Single.EVEN, Single.TOGETHER_BETTER):
        assert found[name] == 1, name
    # Phases stand on a lattice: no lean, and no uniform draws either. A code of two rotations has
    # four of each operand as well.
    assert found[Single.EVEN_PAIR] == 0 and 0 <= found[Single.EVEN_CHANCE] <= 1
    assert found[Single.DISTINCT] == 0
    assert found[Single.COSETS_FINE] != found[Single.COSETS_FINE], "they write nothing"
    # Four phases of each operand are few: a vote's best place is within a step four times in five.
    assert found[Single.MOVED] > 0.75
    assert found[Single.OUTPUT_WAVE] > 0.95 and found[Single.OUTPUT_STEPS] < 0.5
    assert found[Single.CIRCLES] > 0.9
    # Those of the fine-tuning neurons are one of three networks'.
    assert found[Single.CIRCLES_SAME] > 0.8 and found[Single.CIRCLES_OTHER] > 0.9
    assert found[Single.MOVED_TURNED] == 1 and found[Single.MOVED_TURNED_FINE] == 0
    assert np.isnan(found[Single.MOVED_LESS_SMALL]), "all simple clusters are large"
    assert found[Single.COMPONENT] > 0.95 and found[Single.POINTS] > 0.95
    assert found[Single.PROJECTED] > 0.95
    assert found[Single.MIXED] == 6 and found[Single.RELATED] == 1
    assert found[Single.FEW] == pytest.approx(1)
    # The planted fine-tuning neurons write nothing.
    assert found[Single.FINE_LEAST] == 1
    assert found[Single.NOISE_RELATIVE] >= found[Single.NOISE_LOSS] / found[Single.LOSS] * 0.5
    assert found[Single.MOVED_FINE] == 0
    assert found[Single.REMAINDER] < 0.01


def test_a_code_of_two_rotations_has_four_phases_and_a_cluster_of_more_has_many(
    settings: SingleSettings,
) -> None:
    found = statistics([planted(seed, False, grid=5) for seed in range(2)], settings)
    assert found[Single.DISTINCT] == 1
    # Of one operand alone they are not enough.
    tables = measured_networks(iter([planted(0, False, grid=5)]), 1, settings, 1)
    tables["clusters"]["distinct_b"] = 4
    rows = single_rows(**tables, settings=settings, resampling=RESAMPLING)
    assert {r["name"]: r["value"] for r in rows}[str(Single.DISTINCT)] == 0


def test_clusters_are_compared_by_size_within_a_kind_and_by_kind_within_a_size(
    settings: SingleSettings,
) -> None:
    tables = measured_networks(iter([planted(s) for s in range(2)]), 2, settings, 1)
    clusters = tables["clusters"].reset_index(drop=True)
    fine = clusters["fine_tuning"].astype(bool)
    small = clusters[~fine].drop_duplicates("run_id").index

    def told(of_small: float, of_fine: float) -> dict[str, float]:
        """One simple cluster of each network has four neurons; outputs that move, by kind."""
        changed = clusters.copy()
        changed.loc[small, "neurons"] = 4
        changed.loc[small, "moved_turned"] = of_small
        changed.loc[fine, "moved_turned"] = of_fine
        rows = single_rows(
            **{**tables, "clusters": changed}, settings=settings, resampling=RESAMPLING
        )
        return {row["name"]: row["value"] for row in rows}

    by_size = told(of_small=0.2, of_fine=0.2)
    assert by_size[Single.MOVED_TURNED_SMALL] == pytest.approx(0.2)
    assert by_size[Single.MOVED_LESS_SMALL] == pytest.approx(0.8)
    # Fine-tuning clusters move as little as simple ones of their size: it is not their kind.
    assert by_size[Single.MOVED_LESS_FINE] == pytest.approx(0)
    by_kind = told(of_small=1, of_fine=0.2)
    assert by_kind[Single.MOVED_LESS_SMALL] == pytest.approx(0)
    assert by_kind[Single.MOVED_LESS_FINE] == pytest.approx(0.8)


def test_who_matters_least_is_told_by_place_and_not_by_label(settings: SingleSettings) -> None:
    tables = measured_networks(iter([planted(s) for s in range(2)]), 2, settings, 1)
    twice = pd.concat([one for _, one in tables["clusters"].groupby("run_id")])
    # Labels that repeat, as of tables that were joined.
    twice.index = list(range(5)) * 2
    rows = single_rows(**{**tables, "clusters": twice}, settings=settings, resampling=RESAMPLING)
    plain = single_rows(**tables, settings=settings, resampling=RESAMPLING)
    found, expected = ({r["name"]: r for r in some} for some in (rows, plain))
    least = str(Single.FINE_LEAST)
    assert found[least]["value"] == expected[least]["value"] == 1
    assert found[least]["n"] == expected[least]["n"] == 2


def test_a_random_population_has_nothing_of_it(settings: SingleSettings) -> None:
    found = statistics([random(seed) for seed in range(2)], settings)
    assert found[Single.SIMPLE] < 0.05
    assert found[Single.TOGETHER] < 0.1
    assert not found[Single.MOVED] > 0.2
    assert found[Single.COMPONENT] < 0.5
    assert found[Single.PROJECTED] < 0.9
    assert found[Single.FEW] < 0.8
    assert np.isnan(found[Single.STRICT]) or found[Single.STRICT] < 1


def test_no_networks_at_all(settings: SingleSettings) -> None:
    found = statistics([], settings)
    assert found[Single.NETWORKS] == 0
    assert np.isnan(found[Single.SIMPLE]) and np.isnan(found[Single.NOISE_LOSS])


def test_a_network_that_does_nothing(settings: SingleSettings) -> None:
    parameters = {name: 0 * values for name, values in planted(0).parameters.items()}
    found = statistics([network(0, parameters)], settings)
    assert found[Single.TOGETHER] == 0
    assert np.isnan(found[Single.SIMPLE]) and np.isnan(found[Single.PROJECTED])
    tables = Shown(network(0, parameters), settings).tables(COLUMNS)
    assert len(tables["clusters"]) == len(tables["noise"]) == 0
    assert set(tables["logits"]["place"]) == {FINAL}


def test_only_the_first_networks_are_measured_whole(settings: SingleSettings) -> None:
    few = settings.model_copy(update={"networks": 1})
    tables = measured_networks(iter([planted(0), planted(1)]), 2, few, 1)
    assert tables["networks"]["accuracy"].notna().tolist() == [True, False]
    assert tables["networks"]["simple"].notna().all()


# -- what figures show -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shown(settings: SingleSettings) -> dict[str, pd.DataFrame]:
    return Shown(planted(0), settings, 21).tables(COLUMNS, seed=0)


def test_a_fine_tuning_cluster_stands_last(shown: dict[str, pd.DataFrame]) -> None:
    clusters = shown["clusters"]
    assert clusters["place"].tolist() == list(range(5))
    assert clusters["fine_tuning"].tolist() == [False] * 4 + [True]
    simple = clusters[~clusters["fine_tuning"]]["removed_loss"]
    assert simple.is_monotonic_decreasing
    assert clusters.loc[clusters["chosen"], "f"].tolist() == [21]


def test_logits_are_what_clusters_add_up_to(shown: dict[str, pd.DataFrame]) -> None:
    logits = shown["logits"]
    keys = ["of", "a", "b", "k"]
    together = logits[logits["place"] != FINAL].groupby(keys)["value"].sum()
    whole = logits[logits["place"] == FINAL].groupby(keys)["value"].sum()
    pd.testing.assert_series_equal(together, whole)
    best = logits[logits["place"] == FINAL]
    best = best.loc[best.groupby(["of", "a", "b"])["value"].idxmax()]
    assert best["right"].all()


def test_curves_are_there_in_both_orders(shown: dict[str, pd.DataFrame]) -> None:
    curves = shown["curves"]
    one = curves[(curves["neuron"] == curves["neuron"].iloc[0]) & (curves["part"] == "a")]
    assert sorted(one["k"]) == sorted(one["y"]) == list(range(N))
    # Remapped, a wave of a frequency without common divisor goes around once.
    slow = np.abs(np.fft.rfft(one.sort_values("y")["value"]))[1:].argmax() + 1
    assert slow == np.gcd(int(one["f"].iloc[0]), N)


def test_disturbed_curves_begin_at_the_network_itself(shown: dict[str, pd.DataFrame]) -> None:
    for name in ("noise", "ablation"):
        first = shown[name].groupby("place").first()
        assert np.allclose(first["loss"], first["loss"].iloc[0])
        assert (first["loss_lo"] <= first["loss"] + 1e-12).all()


def test_sums_end_at_the_part(shown: dict[str, pd.DataFrame]) -> None:
    sums = shown["sums"]
    assert set(sums["place"]) == {4}
    one = sums[(sums["neuron"] == sums["neuron"].iloc[0]) & (sums["part"] == "a")]
    assert one.drop_duplicates("rank")["frequency"].tolist() == [0, 42, 35, 28, 21, 14, 7]
    part, last = (one[one["rank"] == rank]["value"].to_numpy() for rank in (0, 6))
    np.testing.assert_allclose(part, last, atol=1e-9)
