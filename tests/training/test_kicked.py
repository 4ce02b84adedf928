"""Kicks in mid-training: against a loop written by hand, across restarts, in any company."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from fittest.errors import Interrupted
from fittest.models import EMBEDDING
from fittest.runs.interventions import Kick as KickSettings
from fittest.runs.run import Run
from fittest.training.backend import Backend, Ensemble, Parameters
from fittest.training.kicked import Kick, KickedBackend
from fittest.training.loop import Control, Keep
from fittest.training.record import Record
from fittest.training.schedule import Schedule
from fittest.training.splitting import SplittingBackend
from fittest.training.torch_backend import TorchBackend
from small_world import (
    BACKENDS,
    assert_same_rows,
    backend_of,
    ensemble_of,
    loop_of,
    rows_by_run,
    seeded_runs,
    small_run,
    table_of,
    weights_by_run,
)

STEP, LAST = 12, 30
SETTINGS = {
    0: KickSettings(frequency=2, factor=1.4, step=STEP),
    2: KickSettings(frequency=1, factor=0.3, step=STEP + 6),
}
"""By the run that is kicked; the others are not."""


@pytest.fixture(params=BACKENDS)
def backend_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def kick_of(settings: KickSettings) -> Kick:
    return Kick(settings.step, EMBEDDING, settings.kicked)


def kicked(inner: Backend, rows: list[int]) -> KickedBackend:
    """rows: which of the seeded runs are there, in order."""
    return KickedBackend(inner, [kick_of(SETTINGS[r]) if r in SETTINGS else None for r in rows])


def scaled_by_hand(embedding: Tensor, k: int, factor: float) -> Tensor:
    """The part of every dimension along the cosine and the sine of frequency k, multiplied."""
    p = len(embedding)
    angles = 2 * np.pi * k * torch.arange(p, dtype=torch.float64) / p
    plane = torch.stack([angles.cos(), angles.sin()]) * (2 / p) ** 0.5
    return embedding + (factor - 1) * plane.T @ (plane @ embedding)


def trained_by_hand(ensemble: Ensemble, run: int) -> Parameters:
    """One run with torch's own AdamW, whose memory nobody touches when the embedding is scaled."""
    values = {k: v[run].clone().requires_grad_(True) for k, v in ensemble.initial.items()}
    hyper = {name: float(column[run]) for name, column in ensemble.optimiser.settings().items()}
    optimiser = torch.optim.AdamW(
        list(values.values()),
        lr=hyper["lr"],
        betas=(hyper["beta1"], hyper["beta2"]),
        eps=hyper["eps"],
        weight_decay=hyper["weight_decay"],
    )
    table = table_of(ensemble)
    tokens, labels = (part[table.train_mask[run]] for part in (table.tokens, table.labels))
    for step in range(1, LAST + 1):
        optimiser.zero_grad()
        hidden = values[EMBEDDING][tokens].flatten(1)
        for name in ("input", "hidden"):
            linear = functional.linear(hidden, values[f"{name}.weight"], values[f"{name}.bias"])
            hidden = functional.silu(linear)
        logits = functional.linear(hidden, values["output.weight"], values["output.bias"])
        functional.cross_entropy(logits, labels).backward()
        optimiser.step()
        settings = SETTINGS.get(run)
        if settings is not None and step == settings.step:
            with torch.no_grad():
                new = scaled_by_hand(values[EMBEDDING], settings.frequency, settings.factor)
                values[EMBEDDING].copy_(new)
    return {name: value.detach() for name, value in values.items()}


@pytest.mark.parametrize("steps", [1, 7, LAST])
def test_a_kicked_training_is_the_loop_written_by_hand(backend_name: str, steps: int) -> None:
    """However many steps are asked for at once, kicks lie between them."""
    ensemble = ensemble_of(seeded_runs(3))
    backend = kicked(backend_of(backend_name, ensemble), [0, 1, 2])
    done = 0
    while done < LAST:
        backend.advance(min(steps, LAST - done))
        done = min(done + steps, LAST)
    for run in range(3):
        expected = trained_by_hand(ensemble, run)
        for name, value in backend.parameters().items():
            torch.testing.assert_close(value[run], expected[name], rtol=1e-7, atol=1e-9)


def test_only_the_kicked_plane_moves_at_its_step(backend_name: str) -> None:
    ensemble = ensemble_of(seeded_runs(3))
    backend = kicked(backend_of(backend_name, ensemble), [0, 1, 2])
    plain = backend_of(backend_name, ensemble)
    for each in (backend, plain):
        each.advance(STEP)
    after, before = backend.state(), plain.state()
    for name, moments in before.moments.items():
        assert all(torch.equal(v, after.moments[name][k]) for k, v in moments.items())
    for name, value in before.parameters.items():
        same = [torch.equal(value[run], after.parameters[name][run]) for run in range(3)]
        assert same == [name != EMBEDDING, True, True]
    spectra = [np.fft.fft(s.parameters[EMBEDDING][0].numpy(), axis=0) for s in (before, after)]
    spectra[0][[2, 5]] *= 1.4
    np.testing.assert_allclose(spectra[1], spectra[0], rtol=0, atol=1e-12)
    assert after.step == before.step == STEP


def test_neighbours_of_a_kicked_run_keep_every_bit(backend_name: str) -> None:
    ensemble = ensemble_of(seeded_runs(3), torch.float32)
    backend, plain = kicked(backend_of(backend_name, ensemble), [0, 1, 2]), None
    plain = backend_of(backend_name, ensemble)
    for each in (backend, plain):
        each.advance(LAST)
    for name, value in plain.parameters().items():
        found = backend.parameters()[name]
        assert torch.equal(found[1], value[1])
        assert not torch.equal(found[0], value[0]) and not torch.equal(found[2], value[2])


def test_company_does_not_matter(backend_name: str, tmp_path: Path) -> None:
    """Alone, and among others that leave before the kick, at its step, and after."""
    runs = seeded_runs(4)

    def trained(rows: list[int], limits: list[int], folder: str) -> dict:
        backend = kicked(backend_of(backend_name, ensemble_of([runs[r] for r in rows])), rows)
        return rows_by_run(loop_of(backend, limits, tmp_path / folder).run())

    together = trained([3, 0, 1, 2], [STEP - 5, LAST, STEP, LAST], "together")
    exact = 0.0 if backend_name == "native" else 1e-9
    for place, run in ((1, 0), (3, 2)):
        alone = trained([run], [LAST], f"alone {run}")
        assert_same_rows(together[place], alone[0], rtol=exact)


def test_parts_of_a_split_ensemble_are_kicked_alike() -> None:
    ensemble = ensemble_of(seeded_runs(3))
    whole = kicked(TorchBackend(ensemble), [0, 1, 2])
    parts = kicked(SplittingBackend(ensemble, TorchBackend, 1), [0, 1, 2])
    for backend in (whole, parts):
        backend.advance(LAST)
    for name, value in whole.parameters().items():
        torch.testing.assert_close(parts.parameters()[name], value, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_losses_of_every_step_stay_over_a_kick(backend_name: str, dtype: torch.dtype) -> None:
    runs = seeded_runs(3, recording={"every_loss": True})
    backend = kicked(backend_of(backend_name, ensemble_of(runs, dtype)), [0, 1, 2])
    plain = backend_of(backend_name, ensemble_of(runs, dtype))
    for each in (backend, plain):
        each.advance(LAST)
    found, expected = backend.losses(), plain.losses()
    assert found is not None and expected is not None and found.shape == (3, LAST)
    # A loss is that before its update: the kick shows from the next one on.
    assert torch.equal(found[0, :STEP], expected[0, :STEP])
    assert not torch.isclose(found[0, STEP], expected[0, STEP])
    assert torch.equal(found[1], expected[1])


def stopping_after(slices: int) -> Control:
    """Asked to stop after so many steps of this start, one by one."""
    control = Control(slice_seconds=0.0, restart_seconds=1e9)

    def worked(steps: int, _rows: int) -> None:
        nonlocal slices
        slices -= steps > 0
        control.request_stop = slices <= 0

    control.worked = worked
    return control


@pytest.mark.parametrize("first", [STEP - 1, STEP, STEP + 1])
def test_a_restart_across_the_kick_gives_the_same_bytes(
    first: int, backend_name: str, tmp_path: Path
) -> None:
    """A restart point of the kick's own step holds the embedding as kicked, once."""
    ensemble = ensemble_of(seeded_runs(3), torch.float32)
    limits, keep = [LAST, STEP + 3, LAST], Keep((EMBEDDING,), checkpoints_every=6)
    # Rows far apart, so that the loop stops at the kick for no other reason.
    schedule = Schedule(every=6, dense_until=0)

    def once(folder: Path, control: Control) -> Record:
        backend = kicked(backend_of(backend_name, ensemble), [0, 1, 2])
        loop = loop_of(backend, limits, folder, schedule, keep, control=control)
        record = loop.run()
        weights[folder] = weights_by_run(loop.spool)
        return record

    weights: dict[Path, dict] = {}
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    expected = rows_by_run(once(whole, Control()))
    starts = 0
    for slices in (first, 1, 1, 6):
        with pytest.raises(Interrupted):
            once(cut, stopping_after(slices))
        starts += 1
    found = rows_by_run(once(cut, Control()))
    assert starts == 4
    for run, rows in expected.items():
        assert_same_rows(found[run], rows)
    assert set(weights[cut]) == set(weights[whole])
    assert all(torch.equal(value, weights[cut][key]) for key, value in weights[whole].items())


def test_settings_say_when_a_run_is_kicked() -> None:
    assert SETTINGS[0].kick_step() == STEP
    assert SETTINGS[0].model_copy(update={"factor": 1.0}).kick_step() is None
    perturb = {"kind": "perturb", "frequency": 1, "factor": 2}
    edit = small_run(intervention=perturb).intervention
    assert edit is not None and edit.kick_step() is None
    with pytest.raises(NotImplementedError, match="Perturb"):
        edit.kicked(np.zeros((7, 6)))


def test_a_run_that_will_be_kicked_starts_as_it_is_drawn() -> None:
    kick = {"kind": "kick", "frequency": 2, "factor": 3, "step": 5}
    run: Run = small_run(intervention=kick)
    for name, value in ensemble_of([small_run()]).initial.items():
        assert torch.equal(ensemble_of([run]).initial[name], value)
