"""The comparison before a native training: what was edited on one side only does not go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from fittest.errors import StoreError, TrainingError
from fittest.models import EMBEDDING
from fittest.models.networks import embedding_mlp
from fittest.pipeline.running import train
from fittest.pipeline.running.train import train_shard
from fittest.runs.run import Run
from fittest.training import loss as losses
from fittest.training import native_library, native_networks
from fittest.training.first_step import check_first_step
from fittest.training.native_backend import NativeBackend
from small_world import ensemble_of, runset, seeded_runs, small_run, train_all, write_project

if not native_library.available():
    pytest.skip(f"no native kernel: {native_library.unavailable_reason()}", allow_module_level=True)

BOTH_AND_REMEDY = r"run {}: .*native.*torch backend.*training\.backend: torch"


def refused(run: Run) -> None:
    with pytest.raises(TrainingError, match=BOTH_AND_REMEDY.format(run.run_id)):
        check_first_step(ensemble_of([run], torch.float32), run.run_id)


@pytest.mark.parametrize("replacement", [functional.relu, functional.gelu, torch.square])
def test_an_edited_activation_is_an_error(
    monkeypatch: pytest.MonkeyPatch, replacement: Any
) -> None:
    run = small_run()
    check_first_step(ensemble_of([run], torch.float32), run.run_id)
    monkeypatch.setattr(embedding_mlp, "function_of", lambda _: replacement)
    refused(run)


def test_an_edited_forward_or_loss_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    run = small_run()
    forward = embedding_mlp.EmbeddingMLP.forward
    with monkeypatch.context() as patch:
        patch.setattr(
            embedding_mlp.EmbeddingMLP, "forward", lambda self, t: 1.001 * forward(self, t)
        )
        refused(run)
    loss = losses.LOSSES["exact"]
    with monkeypatch.context() as patch:
        patch.setitem(losses.LOSSES, "exact", lambda x, y: loss(x, y) * 1.001)
        refused(run)


@pytest.mark.parametrize("setting", ["lr", "beta1", "beta2", "weight_decay"])
def test_an_edited_optimiser_is_an_error(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    """Every number of AdamW shows in the first step."""
    run = small_run()
    create = NativeBackend._create

    def other(self: NativeBackend, ensemble):  # type: ignore[no-untyped-def]
        object.__setattr__(ensemble.optimiser, setting, getattr(ensemble.optimiser, setting) * 0.99)
        return create(self, ensemble)

    monkeypatch.setattr(NativeBackend, "_create", other)
    refused(run)


def test_a_project_stops_before_it_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = write_project(tmp_path, {"one": runset({"steps": 5})})
    monkeypatch.setattr(embedding_mlp, "function_of", lambda _: functional.relu)
    (run,) = project.catalogue.runset("one").runs
    trajectory, weights = (str(tmp_path / name) for name in ("t.parquet", "w.parquet"))
    with pytest.raises(TrainingError, match=BOTH_AND_REMEDY.format(run.run_id)):
        train_shard(project, "one", "0000", trajectory, weights, threads=1)
    assert not Path(trajectory).exists()
    torch_only = write_project(
        tmp_path, {"one": runset({"steps": 5})}, {"training": {"backend": "torch"}}
    )
    train_all(torch_only, "one")


def test_a_job_that_resumes_is_looked_at_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have come to another machine, where the kernel is another build."""
    project = write_project(tmp_path, {"one": runset({"steps": 5})})
    tables = (str(tmp_path / "t.parquet"), str(tmp_path / "w.parquet"))

    def killed(*_: object) -> None:
        raise OSError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(train, "write_batches", killed)
        with pytest.raises(StoreError):
            train_shard(project, "one", "0000", *tables, threads=1)
    assert list(tmp_path.rglob("state-*.pt")), "there has to be something to resume"
    with monkeypatch.context() as patch:
        patch.setattr(embedding_mlp, "function_of", lambda _: functional.relu)
        with pytest.raises(TrainingError, match=BOTH_AND_REMEDY.format(r"\w+")):
            train_shard(project, "one", "0000", *tables, threads=1)
    train_shard(project, "one", "0000", *tables, threads=1)
    assert Path(tables[0]).exists()


RUNS: dict[str, dict[str, Any]] = {
    "default": {"task": {"p": 59}, "model": {"d": 128, "hidden": [100, 100]}},
    "everything N(0, 1)": {
        "task": {"p": 59},
        "model": {"d": 128, "hidden": [100, 100], "init": "gauss1"},
    },
    "few pairs": {"task": {"p": 11, "train_fraction": 0.01}},
    "many pairs": {"task": {"p": 211}},
    "all pairs": {"task": {"train_fraction": 1.0}},
    "frozen": {"frozen": [EMBEDDING, "input.weight", "hidden.bias"]},
    "all frozen": {"frozen": list(native_networks.embedding_mlp.PARAMETERS)},
    "remainder": {"task": {"name": "remainder", "p": 12, "m": 4}},
    "xor": {"task": {"name": "xor"}},
    "large embedding": {"intervention": {"kind": "perturb", "frequency": 1, "factor": 1e6}},
    "huge embedding": {"intervention": {"kind": "perturb", "frequency": 1, "factor": 1e200}},
    "one frequency": {"intervention": {"kind": "keep", "frequencies": [1]}},
    "absurd rate": {"optimiser": {"lr": 1e30}},
    "tiny epsilon": {"optimiser": {"eps": 1e-30, "lr": 1e-6}},
    "large epsilon": {"optimiser": {"eps": 1.0}},
    "no averages": {"optimiser": {"betas": [0.0, 0.0], "weight_decay": 0}},
    "long averages": {"optimiser": {"betas": [0.9999, 0.999999999]}},
}


@pytest.mark.parametrize("name", RUNS)
def test_healthy_runs_pass(name: str) -> None:
    run = Run.model_validate({"model": {"d": 6, "hidden": [10, 9]}} | RUNS[name])
    check_first_step(ensemble_of([run], torch.float32), run.run_id)


@given(
    p=st.integers(3, 30),
    d=st.integers(1, 40),
    hidden=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    init=st.sampled_from(["code", "gauss1"]),
    lr=st.floats(1e-6, 10),
    betas=st.tuples(st.floats(0, 0.9999), st.floats(0, 0.9999)),
    eps=st.floats(1e-15, 1),
    decay=st.floats(0, 10),
    share=st.floats(0.2, 1),
    seed=st.integers(0, 100),
)
@settings(max_examples=100, deadline=None)
def test_no_healthy_run_is_refused(  # type: ignore[no-untyped-def]
    p, d, hidden, init, lr, betas, eps, decay, share, seed
) -> None:
    run = Run.model_validate(
        {
            "task": {"p": p, "train_fraction": share},
            "model": {"d": d, "hidden": hidden, "init": init},
            "optimiser": {"lr": lr, "betas": betas, "eps": eps, "weight_decay": decay},
            "seeds": {"embedding": seed, "mlp": seed, "split": seed},
        }
    )
    check_first_step(ensemble_of([run], torch.float32), run.run_id)


def test_a_network_that_is_not_finite_is_left_to_the_loop() -> None:
    ensemble = ensemble_of([small_run()], torch.float32)
    ensemble.initial["hidden.weight"][0, 1, 2] = float("nan")
    check_first_step(ensemble, "one")


def test_the_comparison_leaves_everything_as_it_was() -> None:
    ensemble = ensemble_of(seeded_runs(2), torch.float32)
    before = {k: v.clone() for k, v in ensemble.initial.items()}
    alone, checked = NativeBackend(ensemble), NativeBackend(ensemble)
    generator = torch.get_rng_state()
    check_first_step(ensemble, "one")
    assert torch.equal(torch.get_rng_state(), generator)
    for name, value in before.items():
        assert torch.equal(ensemble.initial[name], value)
    for backend in (alone, checked):
        backend.advance(20)
    check_first_step(ensemble, "one")
    for name, value in alone.parameters().items():
        assert torch.equal(checked.parameters()[name], value)
