"""A run's identity, and what is refused in its settings."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fittest.models import EMBEDDING
from fittest.runs.axes import merged
from fittest.runs.run import Run
from fittest.settings import later
from small_world import TINY, small_run

FREE = {
    "steps": st.integers(0, 10**5),
    "recording": st.fixed_dictionaries(
        {"every": st.integers(1, 500), "dense_until": st.integers(0, 500)}
    ),
    "stop": st.none()
    | st.fixed_dictionaries({"first": st.integers(1, 9), "expected": st.integers(1, 9)}),
}
DECIDING = {
    "task": st.fixed_dictionaries(
        {"p": st.sampled_from([11, 13, 17]), "train_fraction": st.sampled_from([0.5, 0.8])}
    ),
    "model": st.fixed_dictionaries(
        {
            "d": st.sampled_from([4, 5]),
            "hidden": st.sampled_from([(3, 4), (4, 3)]),
            "init": st.sampled_from(["code", "gauss1"]),
        }
    ),
    "optimiser": st.fixed_dictionaries(
        {
            "lr": st.sampled_from([0.01, 0.02]),
            "betas": st.sampled_from([(0.9, 0.999), (0.9, 0.99)]),
            "eps": st.sampled_from([1e-8, 1e-6]),
            "weight_decay": st.sampled_from([0.0, 0.5]),
        }
    ),
    "seeds": st.fixed_dictionaries({k: st.integers(0, 2) for k in ("embedding", "mlp", "split")}),
    "intervention": st.none()
    | st.fixed_dictionaries(
        {
            "kind": st.just("perturb"),
            "frequency": st.sampled_from([1, 5]),
            "factor": st.sampled_from([0.9, 1.0, 1.1]),
        }
    )
    | st.fixed_dictionaries(
        {
            "kind": st.just("construct"),
            "ratio": st.sampled_from([0.5, 1.0]),
            "plane": st.sampled_from(["line", "full"]),
            "pair": st.sampled_from(["random", (1, 2), (2, 1)]),
        }
    ),
    "frozen": st.sampled_from([(), (EMBEDDING,)]),
    "rng": st.sampled_from(["streams", "authors"]),
}


def without_null_perturbation(deciding: dict[str, Any]) -> dict[str, Any]:
    intervention = deciding["intervention"]
    if intervention and intervention.get("factor") == 1:
        return deciding | {"intervention": None}
    return deciding


@given(
    deciding=st.fixed_dictionaries(DECIDING),
    one=st.fixed_dictionaries(FREE),
    other=st.fixed_dictionaries(FREE),
)
def test_length_recording_and_stop_are_no_part_of_the_identity(
    deciding: dict, one: dict, other: dict
) -> None:
    first = Run.model_validate(deciding | one)
    second = Run.model_validate(deciding | other)
    assert first.run_id == second.run_id


@given(one=st.fixed_dictionaries(DECIDING), other=st.fixed_dictionaries(DECIDING))
def test_everything_else_is(one: dict, other: dict) -> None:
    same = without_null_perturbation(one) == without_null_perturbation(other)
    ids = [Run.model_validate(deciding).run_id for deciding in (one, other)]
    assert (ids[0] == ids[1]) == same


@pytest.mark.parametrize("key", DECIDING)
@given(data=st.data())
def test_changing_one_setting_changes_the_identity(key: str, data: st.DataObject) -> None:
    base = data.draw(st.fixed_dictionaries(DECIDING))
    changed = base | {key: data.draw(DECIDING[key])}
    same = without_null_perturbation(base) == without_null_perturbation(changed)
    assert (Run.model_validate(base).run_id == Run.model_validate(changed).run_id) == same


def test_factor_one_is_no_intervention_whatever_the_frequency() -> None:
    plain = small_run().run_id
    for k in (1, 2, 3):
        perturb = {"kind": "perturb", "frequency": k}
        assert small_run(intervention={**perturb, "factor": 1}).run_id == plain
        assert small_run(intervention={**perturb, "factor": 1.0000001}).run_id != plain
        kick = {"kind": "kick", "frequency": k, "step": 5}
        assert small_run(intervention={**kick, "factor": 1}).run_id == plain
        assert small_run(intervention={**kick, "factor": 1.0000001}).run_id != plain


def test_kicks_of_other_steps_are_other_runs() -> None:
    kick = {"kind": "kick", "frequency": 1, "factor": 2}
    ids = {small_run(intervention={**kick, "step": step}).run_id for step in (1, 2, 500)}
    assert len(ids) == 3


def test_a_setting_that_joins_later_changes_no_identity() -> None:
    class Longer(Run):
        warm_up: int = later(0, ge=0, description="steps of a linear warm-up")

    assert Longer().run_id == Run().run_id
    assert Longer(warm_up=5).run_id != Run().run_id
    assert Longer.model_validate_json(Longer(warm_up=5).model_dump_json()).warm_up == 5
    with pytest.raises(ValidationError):
        Longer(warm_up=-1)


def test_identity_is_the_same_tomorrow() -> None:
    """Results on disk are found again by it: a change here orphans everybody's results."""
    assert Run().run_id == "9ce82d46cfe789a8"
    winners = {"task": {"p": 13}, "intervention": {"kind": "winners"}}
    assert Run.model_validate(winners).run_id == "beffbeb6b54c77ff"
    perturb = {"kind": "perturb", "frequency": 5, "factor": 1.1}
    assert Run.model_validate({"intervention": perturb}).run_id == "26bc866936eb430d"
    assert Run.model_validate_json(Run().model_dump_json()).run_id == Run().run_id


TRANSFORMER = {"name": "transformer"}
SIGN = {"task": {"equals": "input"}, "model": TRANSFORMER}
DRAWN = {
    "task": {"name": "skip_trigram"},
    "model": TRANSFORMER,
    "data": {"name": "fresh"},
}
KICK = {"kind": "kick", "frequency": 1, "factor": 2, "step": 5}
WRONG = [
    ({"task": {"p": 2}}, "modular_addition.p"),
    ({"task": {"p": "seven"}}, "modular_addition.p"),
    ({"task": {"train_fraction": 0}}, "train_fraction"),
    ({"task": {"train_fraction": 1.1}}, "train_fraction"),
    ({"task": {"name": "subtraction"}}, "unknown name"),
    ({"model": {"d": 0}}, "model.embedding_mlp.d"),
    ({"model": {"hidden": [0, 5]}}, "hidden"),
    ({"model": {"hidden": [5]}}, "hidden"),
    ({"model": {"init": "zeros"}}, "init"),
    ({"optimiser": {"lr": 0}}, "lr"),
    ({"optimiser": {"lr": float("nan")}}, "lr"),
    ({"optimiser": {"betas": [0.9, 1.0]}}, "betas"),
    ({"optimiser": {"weight_decay": -1}}, "weight_decay"),
    ({"seeds": {"mlp": -1}}, "mlp"),
    ({"steps": -1}, "steps"),
    ({"recording": {"every": 0}}, "every"),
    ({"recording": {"every": 10, "checkpoints_every": 15}}, "checkpoints_every"),
    ({"recording": {"final": ["embeding.weight"]}}, "embeding.weight"),
    ({"frozen": ["weight"]}, "weight"),
    ({"frozen": [EMBEDDING], "recording": {"gradients": True}}, "gradients"),
    ({"intervention": {"kind": "perturb", "frequency": 0, "factor": 1}}, "frequency"),
    ({"intervention": {"kind": "perturb", "frequency": 4, "factor": 1}}, "frequency"),
    ({"intervention": {"kind": "perturb", "frequency": 1}}, "factor"),
    ({"intervention": {"kind": "construct", "ratio": 1, "pair": [1, 4]}}, "pair"),
    ({"intervention": {"kind": "construct", "ratio": 1, "pair": [2, 2]}}, "differ"),
    ({"intervention": {"kind": "construct", "ratio": 0}}, "ratio"),
    (
        {"intervention": {"kind": "construct", "ratio": 1, "plane": "full"}, "model": {"d": 1}},
        "model.d",
    ),
    ({"intervention": {"kind": "construct", "ratio": 1}, "task": {"p": 3}}, "p = 3"),
    ({"intervention": {"kind": "prune"}}, "kind"),
    ({"intervention": {"kind": "kick", "frequency": 4, "factor": 2, "step": 5}}, "frequency"),
    ({"intervention": {"kind": "kick", "frequency": 1, "factor": 2}}, "step"),
    ({"intervention": KICK | {"step": 0}}, "step"),
    ({"intervention": KICK, "steps": 5}, "intervention.step: 5"),
    ({"intervention": KICK, "stop": {"first": 20}}, "stop"),
    (SIGN | {"intervention": KICK}, "intervention"),
    (DRAWN | {"intervention": KICK}, "intervention"),
    ({"model": {"name": "two_table_mlp"}, "intervention": KICK}, "intervention"),
    ({"stop": {"first": 0, "expected": 1}}, "first"),
    ({"stop": {"first": 1, "expected": 0}}, "expected"),
    ({"learning_rate": 1}, "learning_rate"),
    ({"optimiser": {"momentum": 1}}, "momentum"),
    (SIGN | {"intervention": {"kind": "perturb", "frequency": 1, "factor": 2}}, "intervention"),
    (SIGN | {"recording": {"gradients": True}}, "recording.gradients"),
    (DRAWN | {"recording": {"observers": ["signals"]}}, "recording.observers: signals"),
    (SIGN | {"rng": "authors"}, "rng"),
    ({"task": {"operands": 3}, "model": TRANSFORMER, "rng": "authors"}, "rng"),
]


@pytest.mark.parametrize(("content", "named"), WRONG, ids=[str(c) for c, _ in WRONG])
def test_wrong_settings_are_refused_by_name(content: dict, named: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Run.model_validate(content if "name" in content.get("model", {}) else merged(TINY, content))
    problem = caught.value.errors()[0]
    assert named in ".".join(map(str, problem["loc"])) + " " + problem["msg"]


@given(p=st.integers(3, 60), k=st.integers(-2, 40))
def test_frequencies_are_one_to_half_of_p(p: int, k: int) -> None:
    content = {"task": {"p": p}, "intervention": {"kind": "perturb", "frequency": k, "factor": 2}}
    if 1 <= k <= (p - 1) // 2:
        Run.model_validate(content)
    else:
        with pytest.raises(ValidationError, match="frequency"):
            Run.model_validate(content)


def test_runs_do_not_change() -> None:
    run = small_run()
    with pytest.raises(ValidationError):
        run.steps = 3  # type: ignore[misc]
