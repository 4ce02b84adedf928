"""Runs that keep some circles of their initial embedding, named or chosen by another run's end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fittest.errors import ConfigError
from fittest.models import EMBEDDING
from fittest.runs.catalogue import Catalogue
from fittest.runs.cost import flops
from fittest.runs.initial import initial_parameters
from fittest.runs.interventions import KeepOnly
from fittest.runs.run import Run
from fittest.runs.runset import Declaration, RunSet
from small_world import runset, small_run


def keep(select: str | None = "strongest", count: int = 1, **settings: Any) -> Run:
    intervention = {"kind": "keep", "select": select, "count": count, "of": "plain"}
    return small_run(**({"task": {"p": 13}, "intervention": intervention} | settings))


def kept_frequencies(run: Run, final_signals: np.ndarray) -> tuple[int, ...]:
    decided = run.with_decision(final_signals).intervention
    assert isinstance(decided, KeepOnly) and decided.frequencies is not None
    return decided.frequencies


def catalogue_of(plain: dict[str, Any], kept: dict[str, Any], of: str = "plain") -> Catalogue:
    intervention = {"kind": "keep", "select": "strongest", "of": of}
    declared = {
        "plain": runset(plain, {"seed": {"range": [0, 3]}}),
        "kept": runset({**kept, "intervention": intervention}, {"seed": {"range": [0, 2]}}),
    }
    runsets = {
        name: RunSet(name, "test", Declaration.model_validate(one), "smoke", name)
        for name, one in declared.items()
    }
    return Catalogue(runsets, 2, 1e30, lambda _: "v", flops)


@given(signals=st.permutations([9.0, 8.0, 7.0, 3.0, 2.0, 1.0]), seed=st.integers(0, 50))
def test_choice(signals: list[float], seed: int) -> None:
    """The strongest by final signal; random ones among all but the two strongest."""
    values = np.array(signals)
    seeds = {"seeds": {"embedding": seed}}
    ranked = [int(k) + 1 for k in np.argsort(-values)]
    one, two = (kept_frequencies(keep("strongest", n, **seeds), values) for n in (1, 2))
    assert (one, two) == ((ranked[0],), (ranked[0], ranked[1]))
    one, two = (kept_frequencies(keep("random", n, **seeds), values) for n in (1, 2))
    assert one == two[:1]
    assert len(set(two)) == 2
    assert not set(two) & set(ranked[:2])


def test_random_choices_vary_with_the_embedding_seed_alone() -> None:
    signals = np.arange(29.0)
    at = {"task": {"p": 59}}
    drawn = {
        kept_frequencies(keep("random", 2, **at, seeds={"embedding": s}), signals)
        for s in range(30)
    }
    assert len(drawn) > 20
    other = keep("random", 2, **at, seeds={"embedding": 3, "mlp": 5, "split": 7})
    same = keep("random", 2, **at, seeds={"embedding": 3})
    assert kept_frequencies(other, signals) == kept_frequencies(same, signals)


@pytest.mark.parametrize("frequencies", [(4,), (2, 5)])
def test_only_the_kept_circles_are_left(frequencies: tuple[int, ...]) -> None:
    plain = small_run(task={"p": 13}, model={"d": 8})
    task = plain.task.build()
    made = small_run(
        task={"p": 13}, model={"d": 8}, intervention={"kind": "keep", "frequencies": frequencies}
    )
    before, after = (initial_parameters(run, task) for run in (plain, made))
    expected = np.fft.fft(before[EMBEDDING], axis=0)
    left = {*frequencies, *(13 - k for k in frequencies)}
    # k = 0 goes too (survival methods 7.22).
    expected[[k for k in range(13) if k not in left]] = 0
    np.testing.assert_allclose(np.fft.fft(after[EMBEDDING], axis=0), expected, atol=1e-12)
    for name in before:
        assert name == EMBEDDING or bool((before[name] == after[name]).all())


def test_an_open_choice_cannot_be_trained() -> None:
    run = keep()
    with pytest.raises(ValueError, match="have not been chosen yet"):
        initial_parameters(run, run.task.build())


def test_the_reference_is_the_same_run_without_the_intervention() -> None:
    run = keep(seeds={"embedding": 1, "mlp": 2, "split": 3})
    plain = small_run(task={"p": 13}, seeds={"embedding": 1, "mlp": 2, "split": 3}, steps=7)
    assert run.reference == ("plain", plain.run_id)
    assert run.run_id != plain.run_id
    assert plain.reference is None
    assert small_run(intervention={"kind": "keep", "frequencies": [1, 2]}).reference is None


@pytest.mark.parametrize(
    ("intervention", "named"),
    [
        ({}, "either frequencies"),
        ({"select": "random"}, "both or neither"),
        ({"of": "plain"}, "both or neither"),
        ({"frequencies": [1], "select": "random", "of": "plain"}, "either frequencies"),
        ({"frequencies": []}, "frequencies"),
        ({"frequencies": [1, 1]}, "twice"),
        ({"frequencies": [1, 4]}, "frequencies"),
        ({"select": "weakest", "of": "plain"}, "select"),
        ({"select": "strongest", "of": "plain", "count": 3}, "count"),
        # p = 7 has three frequencies: beside the two strongest there is one.
        ({"select": "random", "of": "plain", "count": 2}, "count"),
    ],
    ids=str,
)
def test_what_is_refused(intervention: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError) as caught:
        small_run(intervention={"kind": "keep", **intervention})
    assert named in str(caught.value)


# -- in the catalogue --------------------------------------------------------------------------


def keys(catalogue: Catalogue, name: str = "kept") -> list[str]:
    return [shard.key for shard in catalogue.shards(name)]


def test_whatever_decides_the_reference_runs_end_is_in_the_key() -> None:
    same = keys(catalogue_of({"steps": 20}, {"steps": 10}))
    assert keys(catalogue_of({"steps": 20}, {"steps": 10})) == same
    assert keys(catalogue_of({"steps": 21}, {"steps": 10})) != same
    assert keys(catalogue_of({"steps": 20, "stop": {"first": 5}}, {"steps": 10})) != same


def test_how_the_reference_runs_are_cut_into_shards_is_not() -> None:
    ours = catalogue_of({"steps": 20}, {"steps": 10})
    more = runset({"steps": 20}, {"seed": {"range": [0, 9]}})
    larger = Catalogue(
        {
            "plain": RunSet("plain", "test", Declaration.model_validate(more), "smoke", "plain"),
            "kept": ours.runset("kept"),
        },
        2,
        1e30,
        lambda _: "v",
        flops,
    )
    assert keys(larger) == keys(ours)


def test_reference_runs_are_needed_but_hold_nothing() -> None:
    catalogue = catalogue_of({"steps": 20}, {"steps": 10})
    assert {s.runset for s in catalogue.sources("kept")} == {"kept"}
    needed = [(s.runset, s.name) for s in catalogue.needed("kept")]
    assert needed == [("kept", "0000"), ("plain", "0000"), ("plain", "0001")]
    assert catalogue.references(catalogue.runset("kept").runs) == ["plain"]
    assert catalogue.references(catalogue.runset("plain").runs) == []


@pytest.mark.parametrize(
    ("kept", "of", "named"),
    [
        ({"optimiser": {"lr": 0.5}}, "plain", "has no run like"),
        ({}, "other", "no run-set `other`"),
    ],
)
def test_a_missing_reference_is_named(kept: dict[str, Any], of: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        catalogue_of({}, kept, of).check_references("kept")
