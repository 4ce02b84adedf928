"""Sharing and sharding: every run is trained once, and what does not matter retrains nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fittest.errors import ConfigError
from fittest.runs.catalogue import Catalogue, Shard, covers
from fittest.runs.cost import flops
from fittest.runs.run import Run
from fittest.runs.runset import Declaration, RunSet, load_runsets
from small_world import TINY, runset, small_run


def catalogue_of(
    runsets: dict[str, Any],
    runs: int = 3,
    cost: float = 1e30,
    version: str = "v",
) -> Catalogue:
    declared = {
        name: RunSet(name, "test", Declaration.model_validate(one), "smoke", name)
        for name, one in runsets.items()
    }
    return Catalogue(declared, runs, cost, lambda _: version, flops)


def seeds(stop: int, start: int = 0) -> dict[str, Any]:
    return {"seed": {"range": [start, stop]}}


# -- covers ------------------------------------------------------------------------------------

STOP = {"first": 100, "expected": 150}
RUN = {"steps": 200, "recording": {"every": 20, "dense_until": 10}}


def with_(**over: Any) -> Run:
    return small_run(**{**RUN, **over})


def recording(every: int, dense: int) -> dict[str, Any]:
    return {"recording": {"every": every, "dense_until": dense}}


def kept(**more: Any) -> dict[str, Any]:
    return {"recording": {**RUN["recording"], **more}}


@pytest.mark.parametrize(
    ("donor", "wanted", "expected"),
    [
        ({}, {}, True),
        ({"steps": 1000}, {}, True),
        ({"steps": 100}, {}, False),
        (recording(10, 10), {}, True),
        (recording(20, 50), {}, True),
        (recording(40, 10), {}, False),
        (recording(15, 10), {}, False),
        (recording(20, 5), {}, False),
        ({"recording": {**RUN["recording"], "gradients": True}}, {}, True),
        ({}, {"recording": {**RUN["recording"], "gradients": True}}, False),
        (kept(checkpoints_every=20), kept(checkpoints_every=40), True),
        (kept(checkpoints_every=40), kept(checkpoints_every=20), False),
        ({}, kept(checkpoints_every=20), False),
        (kept(checkpoints_every=20), {}, True),
        (kept(every_loss=True), {}, True),
        ({}, kept(every_loss=True), False),
        (kept(observers=["signals", "squared_norm"]), {}, True),
        ({}, kept(observers=["signals", "squared_norm"]), False),
        (kept(final=["embedding.weight", "output.weight"]), {}, True),
        (kept(final=[]), {}, False),
        ({"seeds": {"mlp": 1}}, {}, False),
        ({"optimiser": {"lr": 0.5}}, {}, False),
        # A last step off the donor's schedule is recorded only where the donor ends too.
        ({"steps": 1000}, {"steps": 190}, False),
        ({"steps": 190}, {"steps": 190}, True),
        ({"steps": 1000, **recording(10, 10)}, {"steps": 190}, True),
        # A donor without a stop holds all; one with a stop only what stops alike.
        ({}, {"stop": STOP}, True),
        ({"stop": STOP}, {}, False),
        ({"stop": STOP}, {"stop": STOP}, True),
        ({"stop": STOP}, {"stop": STOP | {"window": 7}}, False),
        ({"stop": STOP}, {"stop": STOP | {"separation": 3}}, False),
        ({"stop": STOP}, {"stop": STOP | {"expected": 7}}, True),
        ({"stop": STOP, "steps": 1000}, {"stop": STOP}, True),
        # It cannot stop before the wanted run ends.
        ({"stop": STOP}, {"steps": 100}, True),
        ({"stop": STOP}, {"steps": 120}, False),
        # It looks more often, so it may stop earlier.
        ({"stop": STOP, **recording(10, 10)}, {"stop": STOP}, False),
        ({"stop": STOP, **recording(20, 50)}, {"stop": STOP}, False),
        ({**recording(10, 50)}, {"stop": STOP}, True),
    ],
    ids=str,
)
def test_covers(donor: dict[str, Any], wanted: dict[str, Any], expected: bool) -> None:
    assert covers(with_(**donor), with_(**wanted)) == expected


def test_factor_one_is_covered_by_the_plain_run() -> None:
    control = {"intervention": {"kind": "perturb", "frequency": 2, "factor": 1.0}}
    assert covers(with_(), with_(**control))
    control["intervention"]["factor"] = 1.1
    assert not covers(with_(), with_(**control))


# -- who trains what ---------------------------------------------------------------------------


def trained(catalogue: Catalogue) -> Counter[str]:
    """How often each network is trained."""
    return Counter(
        run.run_id
        for name in catalogue.names()
        for shard in catalogue.shards(name)
        for run in shard.runs
    )


@given(
    sizes=st.lists(st.tuples(st.integers(0, 6), st.integers(1, 8)), min_size=1, max_size=4),
    runs=st.integers(1, 5),
    cost=st.sampled_from([1e30, 2.5, 1.0, 1e-3]),
)
def test_every_run_is_trained_once_and_found_again(
    sizes: list[tuple[int, int]], runs: int, cost: float
) -> None:
    """Run-sets with overlapping seeds, each reusing those before it."""
    declared = {
        f"set{i}": runset(
            {"steps": 10}, seeds(start + count, start), reuse=[f"set{j}" for j in range(i)]
        )
        for i, (start, count) in enumerate(sizes)
    }
    one = flops(small_run(steps=10))
    catalogue = catalogue_of(declared, runs, cost * one)
    for name in catalogue.names():
        wanted = {run.run_id for run in catalogue.runset(name).runs}
        held = [run.run_id for shard in catalogue.sources(name) for run in shard.runs]
        assert wanted <= set(held)
        assert set(catalogue.owners(name)) == wanted
        for shard in catalogue.shards(name):
            assert 1 <= len(shard.runs) <= runs
            assert len(shard.runs) == 1 or sum(map(flops, shard.runs)) <= cost * one * (1 + 1e-9)
    assert set(trained(catalogue).values()) == {1}


def test_shards_are_filled_in_order() -> None:
    shards = catalogue_of({"one": runset(axes=seeds(8))}).shards("one")
    assert [s.name for s in shards] == ["0000", "0001", "0002"]
    assert [[r.seeds.mlp for r in s.runs] for s in shards] == [[0, 1, 2], [3, 4, 5], [6, 7]]


def test_large_runs_are_alone_and_small_ones_together() -> None:
    declared = runset(axes={"steps": [100], "seed": {"range": [0, 2]}})
    declared["scales"]["smoke"].append(
        {"settings": TINY, "axes": {"steps": [1], "seed": {"range": [2, 7]}}}
    )
    cost = flops(small_run(steps=50))
    shards = catalogue_of({"one": declared}, runs=10, cost=cost).shards("one")
    assert [len(s.runs) for s in shards] == [1, 1, 5]


def test_what_no_donor_covers_is_trained_here() -> None:
    declared = {
        "long": runset({"steps": 200}, seeds(3)),
        "fine": runset({"steps": 200, "recording": {"every": 50}}, seeds(5, 1), reuse=["long"]),
        "longer": runset({"steps": 300}, seeds(2), reuse=["long"]),
    }
    catalogue = catalogue_of(declared)
    owners = Counter(catalogue.owners("fine").values())
    assert owners == {"fine": 4}, "rows every 50 steps are not in rows every 100"
    assert set(catalogue.owners("longer").values()) == {"longer"}


def test_chain_of_donors_ends_at_the_one_that_trains() -> None:
    declared = {
        "a": runset({"steps": 20}, seeds(2)),
        "b": runset({"steps": 20}, seeds(4), reuse=["a"]),
        "c": runset({"steps": 20}, seeds(5), reuse=["b"]),
    }
    catalogue = catalogue_of(declared)
    assert Counter(catalogue.owners("c").values()) == {"a": 2, "b": 2, "c": 1}
    assert [(s.runset, s.name) for s in catalogue.sources("c")] == [
        ("c", "0000"),
        ("a", "0000"),
        ("b", "0000"),
    ]


def test_unknown_runset_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"`two`.*one"):
        catalogue_of({"one": runset()}).shards("two")


# -- keys --------------------------------------------------------------------------------------


def keys(shards: tuple[Shard, ...]) -> list[str]:
    return [shard.key for shard in shards]


def changed(declared: dict[str, Any], other: dict[str, Any], **catalogue: Any) -> list[bool]:
    """Which shards of `one` are trained again."""
    before = keys(catalogue_of({"one": declared}).shards("one"))
    after = keys(catalogue_of({"one": other}, **catalogue).shards("one"))
    assert len(before) == len(after)
    return [b != a for b, a in zip(before, after, strict=True)]


def listed(*values: float) -> dict[str, Any]:
    return runset({"steps": 10}, {"optimiser.lr": list(values)})


def test_only_the_shard_whose_run_changes_is_trained_again() -> None:
    base = (1, 2, 3, 4, 5, 6, 7)
    assert changed(listed(*base), listed(*base)) == [False, False, False]
    assert changed(listed(*base), listed(1, 2, 3, 4, 50, 6, 7)) == [False, True, False]


@pytest.mark.parametrize(
    "settings",
    [
        {"steps": 11},
        {"recording": {"every": 3}},
        {"recording": {"final": ["output.bias"]}},
        {"stop": {"first": 3, "expected": 5}},
        {"seeds": {"split": 1}},
        {"model": {"d": 7}},
    ],
    ids=str,
)
def test_whatever_changes_results_changes_the_key(settings: dict[str, Any]) -> None:
    assert changed(runset({"steps": 10}), runset({"steps": 10, **settings})) == [True]


def test_words_change_nothing() -> None:
    other = runset({"steps": 10}, prime_p=True, reuse=[]) | {"description": "otherwise"}
    assert changed(runset({"steps": 10}), other) == [False]


def test_version_changes_every_key() -> None:
    base = listed(1, 2, 3, 4)
    assert changed(base, base, version="w") == [True, True]


def test_forecast_of_a_stop() -> None:
    stopping = runset({"stop": {"first": 3, "expected": 5}})
    forecast = runset({"stop": {"first": 3, "expected": 6}})
    assert changed(stopping, forecast) == [False]


def test_yaml_layout_changes_nothing(tmp_path: Path) -> None:
    found = []
    for style in (True, False):
        content = {"paper": "a", "runsets": {"one": listed(1, 2)}}
        (tmp_path / "a.yaml").write_text(yaml.safe_dump(content, default_flow_style=style))
        runsets = load_runsets(tmp_path, "smoke")
        found.append(keys(Catalogue(runsets, 3, 1e30, lambda _: "v", flops).shards("one")))
    assert found[0] == found[1]


# -- sketches: what a check looks at ----------------------------------------------------------


def sketch_of(declaration: dict[str, Any], name: str = "many") -> RunSet:
    return RunSet(name, "test", Declaration.model_validate(declaration), "smoke", name, sketch=True)


@given(st.integers(0, 400), st.integers(1, 4))
def test_a_sketch_has_the_ends_and_knows_the_number(stop: int, dims: int) -> None:
    axes = {"model.d": list(range(2, 2 + dims)), **seeds(stop + 1)}
    declaration = runset(TINY, axes=axes)
    shown, whole = sketch_of(declaration), sketch_of(declaration).whole
    assert shown.number == whole.number == len(whole.runs) == dims * (stop + 1)
    assert {run.run_id for run in shown.runs} <= {run.run_id for run in whole.runs}
    for end in (0, stop):
        assert end in {run.seeds.embedding for run in shown.runs}


def test_a_population_takes_no_time_to_check() -> None:
    assert len(sketch_of(runset(TINY, axes=seeds(100_000))).runs) < 200


@pytest.mark.parametrize(
    "axes",
    [
        {"seed": list(range(300))},
        {"model.d": {"range": [2, 302]}},
        {"seed": {"range": [0, 400], "take": list(range(300))}},
    ],
)
def test_what_is_no_row_of_seeds_is_looked_at_whole(axes: dict[str, Any]) -> None:
    """Two of them could be equal, or wrong each in its own way."""
    assert len(sketch_of(runset(TINY, axes=axes)).runs) == 300


@given(st.data())
def test_runs_declared_twice_are_seen_in_a_sketch(data: st.DataObject) -> None:
    """Two blocks overlap in the sketch if and only if they do."""
    start, length, other, others = (data.draw(st.integers(1, 60)) for _ in range(4))
    step = data.draw(st.integers(1, 3))
    kinds = [seeds(other + others, other), {"seed": list(range(other, other + others))}]
    kinds.append({"seed": {"range": [other, other + others, step]}})
    kinds.append({"trial": {"range": [other, other + others]}, "seeds.embedding": [start + 5]})
    second = data.draw(st.sampled_from(kinds))
    declared = runset(TINY, axes=seeds(start + length, start))
    declared["scales"]["smoke"].append({"settings": TINY, "axes": second})
    found = []
    for one in (sketch_of(declared), sketch_of(declared).at_scale("smoke")):
        try:
            found.append(len(one.runs) < 0)
        except ConfigError as error:
            assert "declared twice" in str(error)
            found.append(True)
    assert found[0] == found[1]


def test_blocks_with_the_same_rows_take_no_time_to_check() -> None:
    declared = runset(TINY, axes=seeds(1000))
    wide = {"settings": {"task": {"p": 7}, "model": {"d": 8}}, "axes": seeds(1000)}
    declared["scales"]["smoke"].append(wide)
    shown = sketch_of(declared)
    assert shown.number == 2000
    assert len(shown.runs) < 50


def test_seeds_declared_together_are_all_in_a_sketch() -> None:
    """As mappings, which are in no set."""
    both = [{"embedding": n, "mlp": n, "split": 598 + n} for n in (3, 4)]
    declared = runset(TINY, axes={"seeds": both})
    declared["scales"]["smoke"].append({"settings": TINY, "axes": {"seeds": [{"embedding": 9}]}})
    assert [run.seeds.embedding for run in sketch_of(declared).runs] == [3, 4, 9]
    declared["scales"]["smoke"].append({"settings": TINY, "axes": {"seeds": both[1:]}})
    with pytest.raises(ConfigError, match="declared twice"):
        _ = sketch_of(declared).runs


def test_a_seed_that_is_too_large_is_seen_in_a_sketch() -> None:
    with pytest.raises(ConfigError, match="seed"):
        _ = sketch_of(runset(TINY, axes=seeds(2**63 + 5, 2**63 - 300))).runs


def test_references_beyond_what_a_sketch_shows_are_found() -> None:
    winners = {"kind": "keep", "select": "strongest", "of": "many"}
    declared = {
        "many": sketch_of(runset(TINY, axes=seeds(300))),
        "winners": sketch_of(
            runset({**TINY, "intervention": winners}, axes=seeds(251, 250)), "winners"
        ),
        "lost": sketch_of(runset({**TINY, "intervention": winners}, axes=seeds(301, 300)), "lost"),
    }
    catalogue = Catalogue(declared, 10, 1e30, lambda _: "v", flops)
    catalogue.check("winners")
    with pytest.raises(ConfigError, match="has no run like that"):
        catalogue.check("lost")


def test_too_many_shards_are_seen_in_a_sketch() -> None:
    declared = {"many": sketch_of(runset(TINY, axes=seeds(30_000)))}
    Catalogue(declared, 3, 1e30, lambda _: "v", flops).check("many")
    with pytest.raises(ConfigError, match="30,000 shards"):
        Catalogue(declared, 1, 1e30, lambda _: "v", flops).check("many")
