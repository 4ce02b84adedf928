"""What networks of a kind are measured to take, and what follows for others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.forecasts.forecast import EnsembleCost, Rate, shard_seconds
from fittest.pipeline.forecasts.kinds import Timed, kind_of
from fittest.pipeline.forecasts.trainer import job_threads, networks_on_cpu
from fittest.pipeline.price import calibrate, calibrate_kinds
from fittest.pipeline.price.calibrate import Measurement, calibrated
from fittest.pipeline.price.plan import Duration, price, whole
from fittest.runs.catalogue import Shard
from fittest.runs.cost import (
    alike,
    flops,
    flops_per_step,
    forward_flops,
    kept_bytes,
    recorded_rows,
    work_of,
)
from fittest.runs.parts import Seeds
from fittest.runs.run import Run
from small_world import runset, write_project

POINTS = ((1e6, 1e11),)
TRAINING = TrainingSettings(device="cpu")


def transformer(p: int, **model: Any) -> Run:
    """Of two layers, which the kernel leaves to torch."""
    settings = {"name": "transformer", "layers": 2, **model}
    return Run.model_validate({"task": {"p": p}, "model": settings, "steps": 100})


def timed(run: Run, step: tuple[float, float], evaluation: tuple[float, float]) -> Timed:
    return Timed(flops_per_step(run), work_of(run).forward_flops, 4, step, evaluation)


def rate_of(*found: tuple[Run, Timed]) -> Rate:
    kinds: dict[str, tuple[Timed, ...]] = {}
    for run, one in found:
        kinds[kind_of(run)] = (*kinds.get(kind_of(run), ()), one)
    return Rate(POINTS, "measured", kinds=kinds)


def test_calls_cost_time_beside_work() -> None:
    """Between two sizes seconds rise with the work from what the smaller one takes, not from 0."""
    small, middle, large = (transformer(p) for p in (5, 31, 113))
    rate = rate_of(
        (small, timed(small, (0.01, 0.01), (1, 1))), (large, timed(large, (0.11, 0.4), (1, 1)))
    )
    assert rate.step_seconds(small) == 0.01 and rate.step_seconds(large) == pytest.approx(0.11)
    a, b, c = (flops_per_step(run) for run in (small, middle, large))
    assert rate.step_seconds(middle) == pytest.approx(0.01 + 0.1 * (b - a) / (c - a))
    # Beyond what was measured it is all work.
    huge = transformer(1009)
    expected = 0.11 * flops_per_step(huge) / flops_per_step(large)
    assert rate.step_seconds(huge) == pytest.approx(expected)


def test_networks_go_at_once_as_many_as_fit() -> None:
    run = transformer(31)
    rate = rate_of((run, timed(run, (0.1, 0.16), (0.3, 0.6))))
    assert [rate.step_seconds(run, n) for n in (1, 2, 4, 8, 9)] == pytest.approx(
        [0.1, 0.12, 0.16, 0.32, 0.42]
    )
    assert rate.evaluation_seconds(run, 5) == pytest.approx(0.9)


def test_a_kind_is_everything_but_size() -> None:
    one = transformer(31)
    assert kind_of(one) == kind_of(transformer(113, d=64, mlp=100))
    others = [
        transformer(31, layers=3),
        transformer(31, attention="constant", causal=False),
        Run.model_validate({**one.model_dump(), "arithmetic": {"loss": "float64"}}),
        Run.model_validate({**one.model_dump(), "optimiser": {"name": "adam"}}),
        Run.model_validate(
            {**one.model_dump(), "data": {"name": "minibatches", "size": 8}},
        ),
    ]
    assert len({kind_of(run) for run in (one, *others)}) == 6
    # What was measured of one says nothing of another: that goes by the machine's general speed.
    rate = rate_of((one, timed(one, (1.0, 1.0), (1.0, 1.0))))
    for run in others:
        assert rate.step_seconds(run) == pytest.approx(flops_per_step(run) / 1e11)


def test_a_shard_costs_its_steps_its_record_and_its_start() -> None:
    run = transformer(31)
    runs = tuple(run.with_seeds(Seeds(embedding=i, mlp=i, split=i)) for i in range(6))
    rate = replace(
        rate_of((run, timed(run, (0.1, 0.16), (0.3, 0.6)))), start_seconds=7.0, row_seconds=0.5
    )
    rows = recorded_rows(run)
    step, row = 0.16 + 0.12, 0.6 + 0.4
    expected = 7 + 100 * step + rows * (row + 0.5)
    found = shard_seconds(Shard("a", 0, runs, lambda: ""), rate)
    assert found == pytest.approx(expected)
    written = replace(rate, byte_seconds=1e-3)
    more = 1e-3 * 6 * kept_bytes(run)
    assert shard_seconds(Shard("a", 0, runs, lambda: ""), written) == pytest.approx(expected + more)
    cost = EnsembleCost.of(runs, rate)
    assert cost.until(600) == pytest.approx(expected - 7)


def test_tracing_is_counted_where_torch_trains() -> None:
    started = Rate(POINTS, "measured", start_seconds=3.0, trace_seconds=2.0)
    without = replace(started, trace_seconds=0.0)
    for runs, seconds in (((Run(),), 0), ((transformer(31),), 2), ((Run(), transformer(31)), 2)):
        shard = Shard("a", 0, runs, lambda: "")
        assert shard_seconds(shard, started) - shard_seconds(shard, without) == pytest.approx(
            seconds
        )


def test_the_kernel_needs_a_network_for_each_core() -> None:
    one = Run()
    rate = Rate(POINTS, "measured", cores=4)
    alone = flops_per_step(one) / 1e11
    assert [rate.step_seconds(one, n) for n in (1, 2, 4, 8)] == pytest.approx(
        [4 * alone, 4 * alone, 4 * alone, 8 * alone]
    )


def test_compiled_steps_are_counted_where_torch_compiles() -> None:
    run = transformer(113)
    eager = rate_of((run, timed(run, (0.1, 0.1), (0.1, 0.1))))
    compiled = replace(eager, compiled_from=0.5 * flops(run))
    long = run.model_copy(update={"steps": 100_000})
    seconds = [
        shard_seconds(Shard("a", 0, (long,), lambda: ""), rate) for rate in (compiled, eager)
    ]
    assert 0.5 < seconds[0] / seconds[1] < 0.95
    # The kernel is compiled already.
    assert compiled.compiled_share(Run(), 1e20) == 1.0


# -- what is measured --------------------------------------------------------------------------


def test_one_network_is_measured_of_each_kind_and_size() -> None:
    runs = [transformer(p) for p in (5, 7, 31, 59, 61, 113)]
    first = calibrate_kinds.unknown(runs, {}, TRAINING)
    assert [run.numbers_task.p for run in first] == [5, 59, 113]
    pair = (1.0, 1.0)
    found = {kind_of(runs[0]): tuple(timed(run, pair, pair) for run in first)}
    assert calibrate_kinds.unknown(runs, found, TRAINING) == []
    two = transformer(59, layers=3)
    assert calibrate_kinds.unknown([*runs, two], found, TRAINING) == [two]


def test_what_is_measured_for_all_tells_the_time_of_those_that_are_left() -> None:
    """While a target is trained, the middle and the ends of what is left change."""
    runs = [transformer(p) for p in (5, 13, 23, 41, 59, 83, 113)]
    pair = (1.0, 1.0)
    measured = [timed(run, pair, pair) for run in calibrate_kinds.unknown(runs, {}, TRAINING)]
    known = {kind_of(runs[0]): tuple(measured)}
    for left in (runs, runs[1:], runs[:3], runs[3:5], []):
        assert calibrate_kinds.covered(left, known, TRAINING)
    # Of another kind, beyond what was measured, or nothing measured.
    assert not calibrate_kinds.covered([*runs, transformer(59, layers=3)], known, TRAINING)
    assert not calibrate_kinds.covered([*runs, transformer(173)], known, TRAINING)
    assert not calibrate_kinds.covered(runs[:1], {}, TRAINING)


def test_what_the_kernel_trains_goes_by_the_speed_of_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calibrate_kinds, "kernel_trains", lambda *_: True)
    assert calibrate_kinds.unknown([Run()], {}, TRAINING) == []
    other = transformer(5)
    assert calibrate_kinds.unknown([Run(), other], {}, TRAINING) == [other]
    monkeypatch.setattr(calibrate_kinds, "kernel_trains", lambda *_: False)
    assert calibrate_kinds.unknown([Run()], {}, TRAINING) == [Run()]


@pytest.mark.parametrize(
    "settings",
    [
        {
            "task": {"p": 5},
            "model": {"name": "two_table_mlp", "d": 4, "hidden": 8, "activation": "gelu"},
        },
        {
            "task": {"name": "gcd", "largest": 20},
            "model": {
                "name": "encoder_decoder",
                "d": 8,
                "encoder_layers": 1,
                "decoder_layers": 1,
                "heads": 2,
                "mlp": 8,
            },
            "data": {"name": "sample", "examples": 200_000, "size": 4, "test_size": 3000},
        },
    ],
    ids=["together", "of many examples"],
)
def test_measured_seconds_are_those_of_the_network(settings: dict[str, Any]) -> None:
    run = Run.model_validate(settings)
    ((kind, (found,)),) = calibrate_kinds.measured([run], TRAINING).items()
    assert kind == kind_of(run)
    assert found.flops == flops_per_step(run), "an update of it, whatever it is measured on"
    assert all(seconds > 0 for seconds in (*found.step, *found.evaluation))
    assert found.at_once == networks_on_cpu(TRAINING, run)
    rate = Rate(POINTS, "measured", kinds={kind: (found,)})
    # Measured on few of many examples: in proportion.
    whole_evaluation = rate.evaluation_seconds(run)
    assert whole_evaluation == pytest.approx(
        found.evaluation[0] * forward_flops(run) / found.forward
    )


@pytest.fixture
def measurement(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Run]]:
    """The runs that were measured; the machine itself is said to be known."""
    asked: list[Run] = []

    def measured(runs: list[Run], _: TrainingSettings) -> dict[str, tuple[Timed, ...]]:
        asked.extend(runs)
        return {kind_of(run): (timed(run, (1.0, 2.0), (3.0, 4.0)),) for run in runs}

    monkeypatch.setattr(calibrate_kinds, "measured", measured)
    monkeypatch.setattr(
        calibrate, "measure", lambda _: Measurement(POINTS, 0.0, 0.0, 0.0, "here", 1.0, 1e9)
    )
    yield asked


def test_a_kind_is_measured_once_and_kept(tmp_path: Path, measurement: list[Run]) -> None:
    project = write_project(tmp_path, {"one": runset({"steps": 20})})
    run = transformer(31)
    first = calibrated(project, runs=[run])
    again = calibrated(project, runs=[run, run.with_seeds(Seeds(mlp=5))])
    assert measurement == [run]
    assert first.kinds == again.kinds
    assert asdict(again.kinds[kind_of(run)][0])["step"] == (1.0, 2.0)


def test_a_busy_measurement_will_do_where_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workflow measures beside its own jobs, and no more than once."""
    project = write_project(tmp_path, {"one": runset({"steps": 20})})
    count = []

    def measure(_: object) -> Measurement:
        count.append(1)
        return Measurement(POINTS, 0.0, 0.0, 0.0, f"number {len(count)}", 0.3, 1e9)

    monkeypatch.setattr(calibrate, "measure", measure)
    assert calibrated(project, busy_too=True).source == "number 1"
    assert calibrated(project, busy_too=True).source == "number 1"
    calibrated(project)
    assert len(count) == 2


# -- jobs side by side -------------------------------------------------------------------------


def test_torch_leaves_the_other_cores_to_other_jobs() -> None:
    by_torch = [transformer(31)]
    assert job_threads(TRAINING, alike(by_torch), 16) == 1
    assert job_threads(TRAINING.model_copy(update={"torch_threads": 4}), alike(by_torch), 16) == 4
    assert job_threads(TRAINING.model_copy(update={"torch_threads": 4}), alike(by_torch), 2) == 2


@pytest.fixture
def with_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fittest.pipeline.forecasts.trainer.kernel_is_used", lambda _: True)


@pytest.mark.usefixtures("with_kernel")
def test_the_kernel_takes_a_core_for_each_network_that_it_trains_at_once() -> None:
    runs = [Run(seeds=Seeds(embedding=seed)) for seed in range(20)]
    assert [job_threads(TRAINING, alike(runs[:n]), 16) for n in (1, 3, 16, 20)] == [1, 3, 16, 16]
    # Those that torch trains wait for their turn, and so does another ensemble.
    assert job_threads(TRAINING, alike([*runs[:2], transformer(31)]), 16) == 2
    longer = [run.model_copy(update={"steps": run.steps + 1}) for run in runs[:3]]
    together = runs[0].ensemble_key() == longer[0].ensemble_key()
    assert job_threads(TRAINING, alike([*runs[:2], *longer]), 16) == (5 if together else 3)


@pytest.mark.usefixtures("with_kernel")
def test_what_trains_for_a_moment_takes_one_core() -> None:
    short = [Run(steps=20, seeds=Seeds(embedding=seed)) for seed in range(8)]
    assert job_threads(TRAINING, alike(short), 16) == 1


def test_a_job_on_fewer_threads_takes_longer() -> None:
    run = Run()
    by_speed = Rate(POINTS, "measured", cores=4, side_by_side=True)
    # One network keeps one core busy, however many a job has.
    assert by_speed.on(1).step_seconds(run) == pytest.approx(by_speed.step_seconds(run))
    assert by_speed.on(1).step_seconds(run, 4) == pytest.approx(4 * by_speed.step_seconds(run, 4))
    assert by_speed.on(2).step_seconds(run, 4) == pytest.approx(2 * by_speed.step_seconds(run, 4))
    assert by_speed.on(9).step_seconds(run, 4) == pytest.approx(by_speed.step_seconds(run, 4))
    kind = {kind_of(run): (timed(run, (0.5, 0.5), (1, 1)),)}
    measured = replace(by_speed, kinds=kind)
    assert [measured.on(n).step_seconds(run, 4) for n in (1, 2, 4)] == [2.0, 1.0, 0.5]
    assert measured.on(1).evaluation_seconds(run, 3) == 3
    # A speed that is given is that of a whole machine.
    given = Rate.constant(1e9)
    assert given.on(1).step_seconds(run, 4) == given.step_seconds(run, 4)


def test_jobs_that_leave_cores_idle_share_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = {
        name: {
            "description": "torch",
            "scales": {
                "smoke": [
                    {
                        "settings": {
                            "task": {"p": 7},
                            "model": {
                                "name": "transformer",
                                "layers": 2,
                                "d": 8,
                                "head_size": 4,
                                "mlp": 8,
                            },
                            "steps": 20,
                        },
                        "axes": {"seed": list(range(runs))},
                    }
                ]
            },
        }
        for name, runs in (("one", 1), ("eight", 8))
    }
    project = write_project(
        tmp_path,
        declared,
        {"shards": {"smoke": {"runs": 1, "pflop": 1.0}}, "training": {"device": "cpu"}},
        {"fig1_a": {"title": "A", "runsets": ["one", "eight"]}},
    )
    monkeypatch.setattr("fittest.pipeline.price.plan.usable_cores", lambda: 4)
    rate = replace(Rate.constant(1e9), side_by_side=True)
    rows = {row.runset: row for row in price(project, ["fig1_a"], rate)}
    each = rows["one"].seconds
    # One job takes its time whatever else is idle; eight of them take two turns on four cores.
    assert rows["eight"].seconds == pytest.approx(2 * each)
    assert whole(list(rows.values()))[0] == pytest.approx(9 / 4 * each)
    # On a machine of which the speed is given as a whole they come one after the other.
    given = price(project, ["fig1_a"], Rate.constant(1e9))
    assert sum(row.seconds for row in given) == pytest.approx(9 * each)


def test_durations_add_up_as_jobs_share_cores() -> None:
    parts = [Duration(1.0, 4.0), Duration(2.0, 8.0)]
    assert Duration().joined(parts) == Duration(3.0, 8.0)
    assert Duration().joined(parts).seconds == 8.0
    assert Duration(9.0, 1.0).seconds == 9.0
