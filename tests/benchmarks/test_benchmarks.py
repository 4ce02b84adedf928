"""The benchmark itself: that it runs, writes what it promises, and compares like with like."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import matmul_rate

ROOT = Path(__file__).resolve().parents[2]
SETTING_KEYS = {
    "speedup_vs_sequential_float64",
    "speedup_vs_sequential_float32",
    "speedup_vs_jax",
    "share_of_matmul_ceiling",
    "ms_per_network_step",
    "peak_mb_per_network",
    "compile_seconds",
    "raw",
    "noisy",
}
CONTENDERS = {
    "sequential_float64",
    "sequential_float32",
    "engine_1",
    "engine_8",
    "engine_auto",
    "torch_eager_8",
}
BARS = {
    "speedup_vs_sequential_float64",
    "speedup_vs_jax",
    "share_of_matmul_ceiling",
    "peak_mb_64_networks",
    "compile_sweep_seconds",
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The JSON of a quick run."""
    out = tmp_path_factory.mktemp("bench") / "folder" / "bench.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--out", str(out)],
        cwd=ROOT,
        # Threads that wait for each other stall where a machine is busy with other tests.
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "p7_d8" in done.stdout
    content: dict[str, Any] = json.loads(out.read_text())
    return content


def test_top_level(bench: dict[str, Any]) -> None:
    assert bench["settings"] == ["p7_d8", "p11_d8"]
    assert {"machine", "commit", "compile_sweep", "cuda", "bars", *bench["settings"]} <= set(bench)
    assert {"processor", "cores", "torch", "numpy", "jax", "compiler", "native_variant"} <= set(
        bench["machine"]
    )
    assert set(bench["bars"]) == BARS
    # Tiny settings say nothing about the bars of the default one.
    assert bench["bars"]["speedup_vs_jax"]["met"] is None
    assert bench["compile_sweep"]["total_seconds"] > 0


@pytest.mark.parametrize("setting", ["p7_d8", "p11_d8"])
def test_setting(bench: dict[str, Any], setting: str) -> None:
    entry = bench[setting]
    assert set(entry) >= SETTING_KEYS
    assert set(entry["raw"]) >= CONTENDERS
    for raw in entry["raw"].values():
        assert len(raw["repeats"]) == 1
        assert raw["ms_per_network_step"] > 0
    assert entry["share_of_matmul_ceiling"] > 0
    ratio = entry["raw"]["sequential_float64"]["ms_per_network_step"]
    ratio /= entry["raw"]["engine_auto"]["ms_per_network_step"]
    assert entry["speedup_vs_sequential_float64"] == pytest.approx(ratio)
    if bench["machine"]["jax"] is None:
        assert entry["speedup_vs_jax"] is None
    else:
        assert entry["speedup_vs_jax"] > 0


@pytest.mark.parametrize("setting", ["p7_d8", "p11_d8"])
def test_contenders_train_the_same_network(bench: dict[str, Any], setting: str) -> None:
    losses = {name: raw["train_loss"] for name, raw in bench[setting]["raw"].items()}
    reference = losses["sequential_float64"]
    assert math.isfinite(reference)
    for name, loss in losses.items():
        assert loss == pytest.approx(reference, rel=1e-3), name


@pytest.mark.parametrize("setting", ["p7_d8", "p11_d8"])
def test_matmul_flops_are_those_of_the_formula(bench: dict[str, Any], setting: str) -> None:
    total = 0.0
    for name, shape in bench[setting]["matmul_ceiling"]["shapes"].items():
        m, k, n = (int(part) for part in name.removesuffix("T").split("x"))
        total += 2.0 * m * k * n * shape["per_step"]
    assert total == pytest.approx(bench[setting]["flops_per_step"])


def test_a_thread_that_lost_its_time_has_still_multiplied(monkeypatch: pytest.MonkeyPatch) -> None:
    late = iter([0.0, 5.0])
    monkeypatch.setattr(matmul_rate.time, "perf_counter", lambda: next(late))
    assert matmul_rate._rate(lambda: None, 10.0, 0.001) == pytest.approx(2.0)
