"""Run-sets out of YAML: their runs, and one clear error for whatever is wrong in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fittest.errors import ConfigError
from fittest.runs.axes import combinations, merged
from fittest.runs.expansion import expanded
from fittest.runs.parts import Seeds
from fittest.runs.primes import is_prime, near_primes
from fittest.runs.run import Run
from fittest.runs.runset import SCALES, RunSet, load_runsets
from small_world import REPOSITORY, TINY, runset


def written(folder: Path, runsets: dict[str, Any], name: str = "test") -> dict[str, RunSet]:
    content = {"paper": name, "runsets": runsets}
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return load_runsets(folder, "smoke")


def refused(folder: Path, runsets: dict[str, Any]) -> str:
    """The message with which run-sets are refused, at loading or when runs are asked for."""
    with pytest.raises(ConfigError) as caught:
        for one in written(folder, runsets).values():
            assert one.runs
    return str(caught.value)


def test_runs_in_the_order_of_blocks_and_axes(tmp_path: Path) -> None:
    declared = runset({"steps": 7}, {"seeds.mlp": {"range": [0, 2]}, "optimiser.lr": [0.1, 0.2]})
    declared["scales"]["smoke"].append({"settings": TINY, "axes": {"seed": [9]}})
    runs = written(tmp_path, {"one": declared})["one"].runs
    assert [(r.seeds.mlp, r.optimiser.lr, r.steps) for r in runs] == [
        (0, 0.1, 7),
        (0, 0.2, 7),
        (1, 0.1, 7),
        (1, 0.2, 7),
        (9, 0.01, 30_000),
    ]


def test_block_settings_lie_over_those_of_the_runset(tmp_path: Path) -> None:
    declared = runset({"optimiser": {"lr": 0.5}})
    declared["settings"] = {"optimiser": {"lr": 1, "eps": 1}}
    (run,) = written(tmp_path, {"one": declared})["one"].runs
    assert (run.optimiser.lr, run.optimiser.eps) == (0.5, 1)


def test_every_runset_of_the_repository_is_valid_at_every_scale() -> None:
    for scale in SCALES:
        for one in load_runsets(REPOSITORY / "config" / "runsets", scale).values():
            if scale in one.declaration.scales:
                assert one.at_scale(scale, sketch=True).runs


def test_runs_of_the_repository_are_those_validated_each() -> None:
    """Of every run-set and scale the first, the last and some between."""
    for scale in SCALES:
        for one in load_runsets(REPOSITORY / "config" / "runsets", scale).values():
            if scale not in one.declaration.scales:
                continue
            for made in {one.runs[0], *one.runs[:: len(one.runs) // 3 + 1], one.runs[-1]}:
                whole = Run.model_validate_json(made.model_dump_json())
                assert made == whole
                assert made.run_id == whole.run_id
                assert made.decisive_json() == whole.decisive_json()
                leave = {"stop": {"expected"}} if whole.stop else None
                assert made.decisive_json() == whole.model_dump_json(exclude=leave)


def test_a_copy_is_described_by_its_own_settings() -> None:
    """Not by what the run that it was copied from had already been asked."""
    run = Run().with_seeds(Seeds(embedding=3))
    before = run.decisive_json()
    longer = run.model_copy(update={"steps": 7})
    assert longer.decisive_json() == longer.model_dump_json() != before
    assert longer.with_seeds(Seeds()).decisive_json() == Run(steps=7).decisive_json()


def transformer(**model: float) -> dict[str, Any]:
    """A run-set of one transformer."""
    settings = {"model": {"name": "transformer", **model}}
    return {"description": "x", "scales": {"smoke": [{"settings": settings}]}}


PERTURB = {"kind": "perturb", "factor": 2}
WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown key of a run-set": (runset(prime=True), ["runsets.one.prime"]),
    "unknown key of a block": (
        {"description": "x", "scales": {"smoke": [{"setings": {}}]}},
        ["runsets.one.scales.smoke.0.setings"],
    ),
    "unknown setting": (runset({"modle": {"d": 3}}), ["one.scales.smoke[0]", "modle"]),
    "unknown axis": (runset(axes={"seeds.embeding": [1]}), ["smoke[0]", "seeds.embeding"]),
    "wrong type": (runset({"task": {"p": "many"}}), ["smoke[0]", "task", "p", "many"]),
    "wrong type of an axis value": (runset(axes={"steps": [1.5]}), ["smoke[0]", "steps", "1.5"]),
    "no description": ({"scales": {"smoke": [{}]}}, ["runsets.one.description"]),
    "unknown scale": (
        {"description": "x", "scales": {"tiny": [{}]}},
        ["runsets.one.scales", "tiny", "smoke"],
    ),
    "no entry for the scale": (
        {"description": "x", "scales": {"full": [{}]}},
        ["runsets.one.scales", "smoke"],
    ),
    "p below 3": (runset({"task": {"p": 2}}), ["task", "p", "2"]),
    "even p": (runset({"task": {"p": 8}}, prime_p=True), ["task.p", "8", "prime"]),
    "composite p": (
        runset({"task": {"p": 15}}, prime_p=True),
        ["task.p", "15", "prime", "use 13 or 17"],
    ),
    "a head size that does not divide": (
        transformer(d=12, head_size=5),
        ["smoke[0]", "model", "head_size: 5", "d = 12", "use one of 1, 2, 3, 4, 6, 12"],
    ),
    "dropout of everything": (
        transformer(d=12, head_size=6, dropout=1),
        ["smoke[0]", "model.dropout", "less than 1", "1"],
    ),
    "no test example": (
        runset({"task": {"train_fraction": 1.0}}),
        ["smoke[0]", "task.train_fraction: 1.0", "no test example", "use a smaller one"],
    ),
    "no train example": (
        runset({"task": {"train_fraction": 1e-6}}),
        ["smoke[0]", "task.train_fraction", "no train example", "use a larger one"],
    ),
    "checkpoints off the schedule": (
        runset({"recording": {"every": 10, "checkpoints_every": 105}}),
        ["smoke[0]", "recording", "checkpoints_every: 105", "every, 10", "use 100 or 110"],
    ),
    "checkpoints between the first two rows": (
        runset({"recording": {"every": 10, "checkpoints_every": 5}}),
        ["checkpoints_every: 5", "use 10"],
    ),
    "k of 0": (runset({"intervention": {**PERTURB, "frequency": 0}}), ["frequency", "0"]),
    "k beyond half of p": (
        runset({"intervention": {**PERTURB, "frequency": 4}}),
        ["intervention.frequency", "4", "1..3"],
    ),
    "empty axis": (runset(axes={"seed": {"range": [3, 3]}}), ["smoke[0].axes.seed"]),
    "empty list": (runset(axes={"seed": []}), ["smoke[0].axes.seed"]),
    "two kinds of values": (
        runset(axes={"seed": {"range": [0, 2], "linspace": [0, 1, 2]}}),
        ["axes.seed", "exactly one"],
    ),
    "axis through a value": (
        runset({"seeds": 3}, {"seeds.mlp": [1]}),
        ["smoke[0].axes.seeds.mlp", "`seeds`"],
    ),
    "duplicated run": (runset(axes={"seed": [1, 2, 1]}), ["smoke[0]", "twice"]),
    "missing donor": (runset(reuse=["base"]), ["runsets.one.reuse", "base"]),
    "itself as donor": (runset(reuse=["one"]), ["circle", "one"]),
    "unknown frozen parameter": (
        runset({"frozen": ["embedding"]}),
        ["smoke[0]", "embedding", "embedding.weight"],
    ),
    "unknown kept parameter": (runset({"recording": {"final": ["head"]}}), ["smoke[0]", "head"]),
}


@pytest.mark.parametrize(("declared", "named"), WRONG.values(), ids=WRONG)
def test_mistakes_are_named_with_file_and_key(
    declared: dict[str, Any], named: list[str], tmp_path: Path
) -> None:
    message = refused(tmp_path, {"one": declared})
    for word in named if "circle" in named else ["test.yaml", *named]:
        assert word in message


PAIR = runset({"steps": 100}, {"seed": [1]})
PAIR["scales"]["smoke"].append({"settings": {**TINY, "steps": 200}, "axes": {"seed": [1]}})


@pytest.mark.parametrize(
    ("declared", "named"),
    [
        (runset(axes={"seed": {"range": [0]}}), r"axes\.seed\.range: must be \[start, stop\)"),
        (runset(axes={"seed": {"range": [0, 1.5]}}), r"axes\.seed\.range: must be .*whole"),
        (runset(axes={"seed": {"range": [0, 3, 0]}}), r"axes\.seed: range: the step must not be 0"),
        (runset(axes={"seed": {"linspace": [0, 1]}}), r"axes\.seed\.linspace: must be \[first"),
        (runset(axes={"seed": {"rnage": [0, 1], "range": [0, 1]}}), r"axes\.seed\.rnage: unknown"),
        (runset(axes={"seed": 3}), r"axes\.seed: must be a list of values, or one of range"),
        (runset(axes={"seed": "0-3"}), r"axes\.seed: must be a list of values, or one of range"),
        (runset(axes={"seed": {}}), r"axes\.seed: give exactly one of range"),
        (runset(axes={"steps": [100, 200]}), r"axes\.steps: .*no part of its identity.*`reuse`"),
        (
            runset(axes={"recording.every": {"range": [1, 3]}}),
            r"axes\.recording\.every: .*no part of its identity",
        ),
        (PAIR, r"smoke\[1\]: two runs \(.*differ only in steps, .*identity.*`reuse`"),
    ],
    ids=str,
)
def test_an_axis_error_is_one_true_line(
    declared: dict[str, Any], named: str, tmp_path: Path
) -> None:
    message = refused(tmp_path, {"one": declared})
    assert re.search(named, message)
    assert "\n" not in message
    for internal in ("Axis", "list[any]", "tuple[", "Input should"):
        assert internal not in message


@given(
    seeds=st.tuples(*[st.integers(0, 2**63 - 1)] * 3),
    factor=st.sampled_from([None, 1.0, 1.5]),
    rng=st.sampled_from(["streams", "authors"]),
)
def test_runs_made_from_one_another_are_those_validated_each(
    seeds: tuple[int, int, int], factor: float | None, rng: str
) -> None:
    if rng == "authors":
        seeds = tuple(seed % 2**32 for seed in seeds)  # type: ignore[assignment]
    content = merged(TINY, {"rng": rng})
    if factor is not None:
        content["intervention"] = {"kind": "perturb", "frequency": 2, "factor": factor}
    axes = {
        f"seeds.{name}": [0, seed]
        for name, seed in zip(("embedding", "mlp", "split"), seeds, strict=True)
    }
    for made, one in zip(expanded(content, axes, "here"), combinations(content, axes), strict=True):
        whole = Run.model_validate(one)
        assert made == whole
        assert made.run_id == whole.run_id
        assert made.decisive_json() == whole.decisive_json()
        assert Run.model_validate_json(made.model_dump_json()) == whole
        assert hash(made) == hash(whole)


def test_circle_of_three_is_named(tmp_path: Path) -> None:
    names = {"a": "b", "b": "c", "c": "a"}
    message = refused(tmp_path, {k: runset(reuse=[v]) for k, v in names.items()})
    assert "circle" in message
    assert all(name in message for name in names)


def test_duplicate_key_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "test.yaml").write_text("paper: a\nrunsets:\n  one: {}\n  one: {}\n")
    with pytest.raises(ConfigError, match=r"test\.yaml.*`one`.*line 4"):
        load_runsets(tmp_path, "smoke")


def test_name_in_two_files(tmp_path: Path) -> None:
    written(tmp_path, {"one": runset()}, "first")
    with pytest.raises(ConfigError, match=r"second\.yaml.*`one`.*first\.yaml"):
        written(tmp_path, {"one": runset()}, "second")


def test_no_files_and_unknown_scale(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=str(tmp_path)):
        load_runsets(tmp_path, "smoke")
    with pytest.raises(ConfigError, match=r"huge.*smoke"):
        load_runsets(tmp_path, "huge")


def test_primes() -> None:
    assert [n for n in range(-3, 40) if is_prime(n)] == [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]


@pytest.mark.parametrize(
    ("n", "near"), [(112, [109, 113]), (91, [89, 97]), (4, [3, 5]), (3, [5]), (1, [3]), (-7, [3])]
)
def test_primes_nearby(n: int, near: list[int]) -> None:
    assert near_primes(n) == near
