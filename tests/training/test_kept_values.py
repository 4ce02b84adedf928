"""The numbers of three trainings, kept in a file: whatever is rebuilt, they come out the same.

Bit for bit on a machine whose arithmetic is that of the file (processor, compiler, libraries), to
a tolerance elsewhere, and then with a warning that says what differs. Values are compared; run_ids
may change. `KEEP_VALUES=1 pytest tests/training/test_kept_values.py` writes the file anew, which
is right only where results are meant to change.
"""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from fittest.models import EMBEDDING
from fittest.pipeline.running.ensembles import observing
from fittest.runs.run import Run
from fittest.training import native_backend, native_library
from fittest.training.backend import Backend
from small_world import backend_of, ensemble_of, evaluation_rows

KEPT = Path(__file__).parents[1] / "data" / "kept_values.parquet"
STEPS = (*range(1, 11), 15, 20, 30, 40, 60, 80, 100, 150, 200, 300)

RUNS: dict[str, dict[str, Any]] = {
    "addition": {"task": {"p": 13}, "model": {"d": 16}, "rng": "authors"},
    "frozen remainder": {
        "task": {"name": "remainder", "p": 12, "m": 4},
        "model": {"d": 8, "init": "gauss1"},
        "optimiser": {"lr": 0.003, "betas": [0.8, 0.98], "eps": 1e-6, "weight_decay": 3.0},
        "seeds": {"embedding": 5, "mlp": 6, "split": 7},
        "frozen": [EMBEDDING],
    },
    "perturbed": {
        "task": {"p": 11, "train_fraction": 0.7},
        "model": {"d": 10, "hidden": [24, 17]},
        "optimiser": {"weight_decay": 0.1},
        "seeds": {"embedding": 1, "mlp": 2, "split": 3},
        "intervention": {"kind": "perturb", "frequency": 2, "factor": 1.5},
    },
}

ELSEWHERE = {"float32": 2e-4, "float64": 1e-9}
"""Relative tolerances of another machine's roundings, grown over 300 steps."""


def trained(run: Run, backend_name: str, dtype: torch.dtype) -> tuple[dict[int, list[float]], str]:
    """Step -> train loss, test loss, signals; and the name of the arithmetic that made them."""
    backend: Backend = backend_of(backend_name, ensemble_of([run], dtype))
    observe = observing(["signals"], run.task.p)
    rows, before = {}, 0
    for step in STEPS:
        backend.advance(step - before)
        before = step
        losses = evaluation_rows(backend.evaluate())[0][:2]
        rows[step] = [*losses, *observe(backend.parameters())["signals"][0].double().tolist()]
    return rows, machine(backend_name)


def machine(backend_name: str) -> str:
    """What decides the last bits of a backend's results here."""
    parts = [
        f"numpy {np.__version__}",
        f"torch {torch.__version__}",
        torch.backends.cpu.get_cpu_capability(),
    ]
    if backend_name == "native":
        kernel = Path(native_library.library()._name).read_bytes()
        compiler = re.search(rb"GCC: \([^)]*\) [\d.]+|clang version [\d.]+", kernel)
        parts.append(compiler[0].decode() if compiler else "an unknown compiler")
    return ", ".join(parts)


def arithmetics() -> list[tuple[str, str, str]]:
    """(name in the file, backend, dtype) of all that can be computed here."""
    kernels = [(f"native {v} float32", "native", "float32") for v in native_library.variants()]
    return [*kernels, ("torch float64", "torch", "float64")]


def compute(name: str, backend: str, dtype: str, run: str) -> tuple[dict[int, list[float]], str]:
    with pytest.MonkeyPatch.context() as patch:
        if backend == "native":
            patch.setenv("FITTEST_NATIVE_VARIANT", name.split()[1])
        return trained(Run.model_validate(RUNS[run]), backend, getattr(torch, dtype))


def write() -> None:
    """Write the file anew from what is computed here."""
    rows = []
    for name, backend, dtype in arithmetics():
        for run in RUNS:
            values, where = compute(name, backend, dtype, run)
            for step, (train_loss, test_loss, *signals) in values.items():
                rows.append(
                    {
                        "run": run,
                        "arithmetic": name,
                        "machine": where,
                        "step": step,
                        "train_loss": train_loss,
                        "test_loss": test_loss,
                        "signals": signals,
                    }
                )
    KEPT.parent.mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), KEPT)


def kept(name: str, run: str) -> tuple[dict[int, list[float]], str]:
    """What `trained` returned when the file was made.

    A build of the kernel that could not run there is compared with the reference, torch in float64.
    """
    rows = [row for row in pq.read_table(KEPT).to_pylist() if row["run"] == run]
    names = {row["arithmetic"] for row in rows}
    name = name if name in names else "torch float64"
    rows = [row for row in rows if row["arithmetic"] == name]
    values = {r["step"]: [r["train_loss"], r["test_loss"], *r["signals"]] for r in rows}
    return values, f"{name}, {rows[0]['machine']}"


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(("name", "backend", "dtype"), arithmetics(), ids=lambda value: value)
def test_values_are_those_kept(name: str, backend: str, dtype: str, run: str) -> None:
    if os.environ.get("KEEP_VALUES"):
        pytest.skip("the file is being written")
    found, here = compute(name, backend, dtype, run)
    here = f"{name}, {here}"
    expected, there = kept(name, run)
    assert list(expected) == list(STEPS)
    tolerance = (0.0 if backend == "native" else 1e-12) if here == there else ELSEWHERE[dtype]
    if here != there:
        warnings.warn(
            f"{name}: compared to {tolerance:g} and not bit for bit: the file was made with"
            f" {there}, and here is {here}",
            stacklevel=1,
        )
    for step, values in expected.items():
        losses, signals = np.array(values[:2]), np.array(values[2:])
        np.testing.assert_allclose(found[step][:2], losses, rtol=tolerance, err_msg=f"step {step}")
        # Signals that die are sums that cancel: their error is that of the largest.
        error = np.abs(np.array(found[step][2:]) - signals).max()
        assert error <= tolerance * signals.max(), f"step {step}"


@pytest.mark.skipif(not os.environ.get("KEEP_VALUES"), reason="KEEP_VALUES is not set")
def test_write_the_file() -> None:
    write()


def test_the_runs_are_such_as_the_kernel_trains() -> None:
    for settings in RUNS.values():
        ensemble = ensemble_of([Run.model_validate(settings)], torch.float32)
        assert native_backend.supports(ensemble) is None
