"""The training loop: what is recorded and when, who leaves, and that nothing is lost on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from fittest import fourier
from fittest.models import EMBEDDING
from fittest.pipeline.running.ensembles import observe_gradient_of
from fittest.training.loop import Control, Interrupted, Keep
from fittest.training.record import Record, Rows, WeightSpool
from fittest.training.restart import pack, unpack
from fittest.training.schedule import Schedule
from fittest.training.torch_backend import TorchBackend
from small_world import (
    BACKENDS,
    Row,
    assert_same_rows,
    backend_of,
    ensemble_of,
    evaluation_rows,
    loop_of,
    rows_by_run,
    seeded_runs,
    weights_by_run,
)

LIMITS = (12, 0, 20, 23, 20)
SCHEDULE = Schedule(every=7, dense_until=3)
RECORDED = [0, 1, 2, 3, 7, 14, 21]


@pytest.fixture(params=BACKENDS)
def backend_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def tolerance(backend_name: str) -> float:
    """The native kernel promises equal bits in any company; torch's batched products do not."""
    return 0.0 if backend_name == "native" else 1e-9


def train(
    backend_name: str,
    folder: Path,
    limits: Sequence[int] = LIMITS,
    runs: Sequence[int] | None = None,
    **loop: object,
) -> Record:
    chosen = [seeded_runs(5)[i] for i in (runs if runs is not None else range(len(limits)))]
    backend = backend_of(backend_name, ensemble_of(chosen))
    return loop_of(backend, limits, folder, SCHEDULE, **loop).run()  # type: ignore[arg-type]


class StopAt:
    """Stops each run at a recorded step of its own, which it finds by counting the rows.

    So it has a memory, as the real rule has, which a restart must give back.
    """

    def __init__(self, steps: dict[int, int]) -> None:
        self.rows_until = {run: 1 + RECORDED.index(step) for run, step in steps.items()}
        self.calls: list[tuple[int, list[int]]] = []
        self.seen: Counter[int] = Counter()

    def settled(self, rows: Rows) -> Tensor:
        runs = rows.runs.tolist()
        self.calls.append((rows.step, runs))
        self.seen.update(runs)
        return torch.tensor([self.seen[r] == self.rows_until.get(r) for r in runs])


def test_each_run_is_recorded_on_schedule_and_at_its_own_end(
    backend_name: str, tmp_path: Path
) -> None:
    record = train(backend_name, tmp_path)
    steps = {run: list(rows) for run, rows in rows_by_run(record).items()}
    assert steps == {
        0: [0, 1, 2, 3, 7, 12],
        1: [0],
        2: [0, 1, 2, 3, 7, 14, 20],
        3: [0, 1, 2, 3, 7, 14, 21, 23],
        4: [0, 1, 2, 3, 7, 14, 20],
    }
    assert record.last_step == dict(enumerate(LIMITS))
    assert record.failed == set()


def test_rows_are_measured_on_the_state_of_their_step(backend_name: str, tmp_path: Path) -> None:
    """Step t is the state after t updates."""
    found = rows_by_run(train(backend_name, tmp_path, limits=[14], runs=[2]))[0]
    for step in (0, 1, 7, 14):
        backend = backend_of(backend_name, ensemble_of([seeded_runs(5)[2]]))
        backend.advance(step)
        row = found[step]
        values = [row[n] for n in ("train_loss", "test_loss", "train_accuracy", "test_accuracy")]
        assert torch.stack(values).tolist() == pytest.approx(
            evaluation_rows(backend.evaluate())[0], rel=1e-12
        )
        embedding = backend.parameters()[EMBEDDING][0].double().numpy()
        signals, mean = fourier.spectrum(embedding)
        torch.testing.assert_close(
            row["signals"].double(), torch.from_numpy(signals), rtol=1e-6, atol=0
        )
        assert float(row["signal_mean"]) == pytest.approx(float(mean), rel=1e-6)


def test_gradients_are_recorded_where_asked_for(backend_name: str, tmp_path: Path) -> None:
    runs = seeded_runs(3, recording={"gradients": True})
    ensemble = ensemble_of(runs)
    loop = loop_of(backend_of(backend_name, ensemble), [7, 9, 9], tmp_path, SCHEDULE)
    loop.observe_gradient = observe_gradient_of(runs[0])
    found = rows_by_run(loop.run())
    reference = TorchBackend(ensemble)
    for step in (0, 1, 2, 3, 7, 9):
        weights = {k: v.detach().clone() for k, v in reference.parameters().items()}
        gradient = reference.gradients(weights)[EMBEDDING].numpy()
        for run in range(3):
            if step in found[run]:
                torch.testing.assert_close(
                    found[run][step]["gradient_signals"].double(),
                    torch.from_numpy(fourier.signals(gradient[run])),
                    rtol=1e-5,
                    atol=1e-12,
                )
        reference.advance({0: 1, 1: 1, 2: 1, 3: 4, 7: 2, 9: 0}[step])
    assert [9 in found[run] for run in range(3)] == [False, True, True]
    assert observe_gradient_of(seeded_runs(1)[0]) is None


def test_weights_at_the_end_of_each_run(backend_name: str, tmp_path: Path) -> None:
    train(backend_name, tmp_path, keep=Keep((EMBEDDING, "output.bias")))
    weights = weights_by_run(WeightSpool(tmp_path))
    assert set(weights) == {
        (run, limit, name)
        for run, limit in enumerate(LIMITS)
        for name in (EMBEDDING, "output.bias")
    }
    for run, limit in enumerate(LIMITS):
        backend = backend_of(backend_name, ensemble_of([seeded_runs(5)[run]]))
        backend.advance(limit)
        torch.testing.assert_close(
            weights[run, limit, EMBEDDING],
            backend.parameters()[EMBEDDING][0],
            rtol=1e-9,
            atol=1e-11,
        )


def test_checkpoints_hold_all_parameters_and_the_last_step(
    backend_name: str, tmp_path: Path
) -> None:
    train(backend_name, tmp_path, limits=[20, 14], keep=Keep((EMBEDDING,), checkpoints_every=7))
    weights = weights_by_run(WeightSpool(tmp_path))
    expected = {(0, 0), (0, 7), (0, 14), (0, 20), (1, 0), (1, 7), (1, 14)}
    names = set(seeded_runs(1)[0].model.parameter_names())
    assert set(weights) == {(*at, name) for at in expected for name in names}


def test_leaving_does_not_change_the_others(backend_name: str, tmp_path: Path) -> None:
    """By limits and by the stop rule: each run is what it is alone."""
    rule = StopAt({2: 7, 4: 14})
    record = train(backend_name, tmp_path / "all", stop_rule=rule)
    assert record.last_step == {0: 12, 1: 0, 2: 7, 3: 23, 4: 14}
    together = rows_by_run(record)
    for run, last in record.last_step.items():
        alone = train(backend_name, tmp_path / str(run), limits=[last], runs=[run])
        assert_same_rows(together[run], rows_by_run(alone)[0], tolerance(backend_name))
    weights = weights_by_run(WeightSpool(tmp_path / "all"))
    assert {(run, step) for run, step, _ in weights} == set(record.last_step.items())


def test_stop_rule_sees_every_recorded_row_once_in_order(backend_name: str, tmp_path: Path) -> None:
    rule = StopAt({})
    record = train(backend_name, tmp_path, stop_rule=rule)
    assert rule.calls == [(rows.step, rows.runs.tolist()) for rows in record.rows]


class Spoilt:
    """A backend in which one run turns into NaN at a step."""

    def __init__(self, backend_name: str, run: int, step: int, runs: int = 4) -> None:
        self._inner = backend_of(backend_name, ensemble_of(seeded_runs(runs)))
        self.name, self._run, self._at, self._done = self._inner.name, run, step, 0

    def advance(self, steps: int) -> None:
        before = self._done
        for _ in range(steps):
            self._inner.advance(1)
            self._done += 1
        if before < self._at <= self._done:
            state = self._inner.state()
            state.parameters["output.bias"][self._run] = float("nan")
            self._inner.load(state)

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


def test_nan_marks_its_run_and_spares_the_rest(
    backend_name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limits = [20, 20, 14, 23]
    clean = rows_by_run(train(backend_name, tmp_path / "clean", limits=limits))
    backend = Spoilt(backend_name, run=1, step=6)
    record = loop_of(backend, limits, tmp_path / "spoilt", SCHEDULE).run()  # type: ignore[arg-type]
    found = rows_by_run(record)
    assert record.failed == {1}
    assert record.last_step == {0: 20, 1: 7, 2: 14, 3: 23}
    assert list(found[1]) == [0, 1, 2, 3, 7]
    assert not bool(torch.isfinite(found[1][7]["train_loss"]))
    for run in (0, 2, 3):
        assert_same_rows(found[run], clean[run], tolerance(backend_name))
    assert "run 1" in caplog.text
    assert "step 7" in caplog.text


def test_a_neighbours_limit_does_not_show_in_a_failed_run(
    backend_name: str, tmp_path: Path
) -> None:
    """At step 9 the ensemble stops for another run; the failed one has no row there."""
    backend = Spoilt(backend_name, run=0, step=8)
    record = loop_of(backend, [20, 9, 20, 20], tmp_path, SCHEDULE).run()  # type: ignore[arg-type]
    assert list(rows_by_run(record)[0]) == [0, 1, 2, 3, 7, 14]


def test_all_runs_fail(backend_name: str, tmp_path: Path) -> None:
    backend = Spoilt(backend_name, run=slice(None), step=1)  # type: ignore[arg-type]
    record = loop_of(backend, [20] * 4, tmp_path, SCHEDULE).run()  # type: ignore[arg-type]
    assert record.failed == {0, 1, 2, 3}
    assert set(record.last_step.values()) == {1}


@pytest.mark.parametrize("seconds", [0.0, 1e-3, 1e9])
def test_slices_do_not_change_results(backend_name: str, seconds: float, tmp_path: Path) -> None:
    whole = rows_by_run(train(backend_name, tmp_path / "whole"))
    sliced = rows_by_run(
        train(backend_name, tmp_path / "sliced", control=Control(slice_seconds=seconds))
    )
    for run, rows in whole.items():
        assert_same_rows(rows, sliced[run])


def test_progress_rises_to_the_total(backend_name: str, tmp_path: Path) -> None:
    seen: list[int] = []
    control = Control(progress=seen.append, slice_seconds=0.0)
    train(backend_name, tmp_path, control=control, stop_rule=StopAt({3: 7}))
    assert seen == sorted(seen)
    assert seen[-1] == sum(LIMITS)
    assert len(set(seen)) > 10


def test_progress_counts_expected_steps(backend_name: str, tmp_path: Path) -> None:
    seen: list[int] = []
    backend = backend_of(backend_name, ensemble_of(seeded_runs(2)))
    loop = loop_of(backend, [20, 20], tmp_path, SCHEDULE, control=Control(progress=seen.append))
    loop.expected = torch.tensor([8, 16])
    loop.run()
    assert seen == sorted(seen)
    assert seen[-1] == 24


# -- interruption ----------------------------------------------------------------------------


class Interruption:
    """Asks the loop to stop when its progress has been reported so many times."""

    def __init__(self, reports: int) -> None:
        self.left = reports
        self.control = Control(progress=self, slice_seconds=0.0)

    def __call__(self, _: int) -> None:
        self.left -= 1
        if self.left <= 0:
            self.control.request_stop = True


def train_with_interruptions(
    backend_name: str, folder: Path, pauses: Sequence[int], keep: Keep
) -> tuple[Record, int]:
    """The record, and how often the loop was really interrupted."""
    for number, reports in enumerate(pauses):
        try:
            control = Interruption(reports).control
            rule = StopAt({2: 14})
            return train(backend_name, folder, control=control, stop_rule=rule, keep=keep), number
        except Interrupted:
            assert list(folder.glob("state-*.pt"))
    return train(backend_name, folder, stop_rule=StopAt({2: 14}), keep=keep), len(pauses)


def assert_same_training(
    first: Record, first_folder: Path, second: Record, second_folder: Path
) -> None:
    """Bit for bit, rows and weights."""
    assert first.last_step == second.last_step
    assert first.failed == second.failed
    one, other = rows_by_run(first), rows_by_run(second)
    assert set(one) == set(other)
    for run, rows in one.items():
        assert_same_rows(rows, other[run])
    weights, others = (weights_by_run(WeightSpool(f)) for f in (first_folder, second_folder))
    assert list(weights) == list(others)
    for at, value in weights.items():
        assert torch.equal(value, others[at])


@pytest.mark.parametrize("name", BACKENDS)
@given(
    pauses=st.lists(st.integers(1, 12), max_size=5),
    every=st.sampled_from([0, 7]),
    number=st.integers(0, 10**9),
)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_interrupted_and_resumed_training_is_the_same(
    name: str, pauses: list[int], every: int, number: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp(f"{name}{number}")
    keep = Keep((EMBEDDING,), checkpoints_every=every)
    record, _ = train_with_interruptions(name, folder / "cut", pauses, keep)
    whole = train(name, folder / "whole", stop_rule=StopAt({2: 14}), keep=keep)
    assert_same_training(record, folder / "cut", whole, folder / "whole")


def test_interruption_between_recorded_steps(backend_name: str, tmp_path: Path) -> None:
    """The restart point stands where training stood, not at the last row."""
    keep = Keep((EMBEDDING,))
    with pytest.raises(Interrupted, match="step 5"):
        train(backend_name, tmp_path / "cut", control=Interruption(6).control)
    assert [p.name for p in (tmp_path / "cut").glob("state-*")] == ["state-000000005.pt"]
    record = train(backend_name, tmp_path / "cut", keep=keep)
    whole = train(backend_name, tmp_path / "whole", keep=keep)
    assert_same_training(record, tmp_path / "cut", whole, tmp_path / "whole")


def test_killed_at_any_write(backend_name: str, tmp_path: Path) -> None:
    """As if killed right after each restart point, with later weights already spooled."""
    keep = Keep((EMBEDDING,), checkpoints_every=7)
    whole = train(backend_name, tmp_path / "whole", keep=keep)
    folder = tmp_path / "cut"
    train(backend_name, folder, keep=keep, control=Control(restart_seconds=0.0))
    newest, *_ = sorted(folder.glob("state-*.pt"), reverse=True)
    newest.unlink()
    record = train(backend_name, folder, keep=keep)
    assert_same_training(record, folder, whole, tmp_path / "whole")


def test_damaged_restart_point_falls_back_to_the_one_before(
    backend_name: str, tmp_path: Path
) -> None:
    folder, keep = tmp_path / "cut", Keep((EMBEDDING,))
    train(backend_name, folder, keep=keep, control=Control(restart_seconds=0.0))
    newest, before = sorted(folder.glob("state-*.pt"), reverse=True)
    newest.write_bytes(newest.read_bytes()[:-3])
    resumed: list[int] = []
    record = train(backend_name, folder, keep=keep, control=Control(progress=resumed.append))
    assert resumed[0] > 0, "it has to resume, not start over"
    assert int(before.stem.split("-")[1]) > 0
    whole = train(backend_name, tmp_path / "whole", keep=keep)
    assert_same_training(record, folder, whole, tmp_path / "whole")


def test_missing_weights_start_over_and_are_not_resumed_from_later(
    backend_name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither now, nor by the job after next from a restart point beyond the gap."""
    folder, keep = tmp_path / "cut", Keep((EMBEDDING,), checkpoints_every=7)
    train(backend_name, folder, keep=keep, control=Control(restart_seconds=0.0))
    lost = next(folder.glob("weights-*0007-*"))
    lost.unlink()
    with pytest.raises(Interrupted):
        train(backend_name, folder, keep=keep, control=Interruption(3).control)
    assert lost.name in caplog.text
    assert "starting over" in caplog.text
    steps = [int(path.stem.split("-")[1]) for path in folder.glob("state-*.pt")]
    assert max(steps) < 7
    record = train(backend_name, folder, keep=keep)
    whole = train(backend_name, tmp_path / "whole", keep=keep)
    assert_same_training(record, folder, whole, tmp_path / "whole")


@pytest.mark.parametrize(
    "lost", ["step", "state", "alive", "record", "weights", "record.failed", "state.step"]
)
def test_restart_point_without_a_key_is_refused_for_the_one_before(
    lost: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its checksum fits, as that of another version's would."""
    with pytest.raises(Interrupted):
        train("torch", tmp_path, control=Interruption(3).control)
    with pytest.raises(Interrupted):
        train("torch", tmp_path, control=Interruption(3).control)
    before, newest = sorted(tmp_path.glob("state-*.pt"))
    content = unpack(newest.read_bytes())
    outer, _, inner = lost.partition(".")
    del (content["payload"][outer] if inner else content["payload"])[inner or outer]
    newest.write_bytes(pack(content))
    resumed: list[int] = []
    train("torch", tmp_path, control=Control(progress=resumed.append))
    assert newest.name in caplog.text
    assert lost.rpartition(".")[2] in caplog.text
    step = int(before.stem.split("-")[1])
    assert resumed[0] == sum(min(step, limit) for limit in LIMITS)


@pytest.mark.parametrize("harm", ["weights", "both snapshots", "other configuration"])
def test_what_cannot_be_used_starts_over(harm: str, backend_name: str, tmp_path: Path) -> None:
    folder, keep, key = tmp_path / "cut", Keep((EMBEDDING,), checkpoints_every=7), "key"
    train(backend_name, folder, keep=keep, control=Control(restart_seconds=0.0))
    if harm == "other configuration":
        key = "other"
    for path in folder.glob("weights-*0007-*" if harm == "weights" else "state-*"):
        if key == "key":
            path.write_bytes(path.read_bytes()[:-1])
    reports: list[int] = []
    record = train(
        backend_name, folder, keep=keep, key=key, control=Control(progress=reports.append)
    )
    assert reports[0] < 5, "it has to start over"
    whole = train(backend_name, tmp_path / "whole", keep=keep)
    assert_same_training(record, folder, whole, tmp_path / "whole")


def test_finished_training_is_not_done_again(backend_name: str, tmp_path: Path) -> None:
    first = train(backend_name, tmp_path)

    class Untouchable:
        name = "none"

        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"{name} is called")

    record = loop_of(Untouchable(), LIMITS, tmp_path, SCHEDULE).run()  # type: ignore[arg-type]
    assert record.last_step == first.last_step
    one: dict[int, dict[int, Row]] = rows_by_run(record)
    for run, rows in rows_by_run(first).items():
        assert_same_rows(rows, one[run])


def test_restart_points_come_between_rows_that_are_far_apart(
    backend_name: str, tmp_path: Path
) -> None:
    saved: list[int] = []
    backend = backend_of(backend_name, ensemble_of(seeded_runs(1)))
    loop = loop_of(
        backend,
        [40],
        tmp_path,
        Schedule(every=40, dense_until=0),
        control=Control(slice_seconds=0.0, restart_seconds=0.0),
    )
    assert loop.restart is not None
    save = loop.restart.save
    loop.restart.save = lambda step, payload: (saved.append(step), save(step, payload))[1]  # type: ignore[method-assign, func-returns-value]
    loop.run()
    assert len(set(saved)) > 30


def test_restart_points_are_not_written_all_the_time(backend_name: str, tmp_path: Path) -> None:
    train(backend_name, tmp_path, control=Control(restart_seconds=1e9))
    assert [p.name for p in tmp_path.glob("state-*")] == ["state-000000023.pt"]
