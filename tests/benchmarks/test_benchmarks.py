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

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ("p7_d8", "transformer_p7", "two_table_n7", "two_table_n7_full")
SETTING_KEYS = {
    "ms_per_network_step",
    "speedup_vs_authors",
    "speedup_vs_torch",
    "speedup_vs_jax",
    "share_of_matmul_ceiling",
    "share_of_fma_peak",
    "raw",
    "noisy",
}
CONTENDERS = {"sequential_float32", "engine_1", "engine_auto", "torch_backend_2"}


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
    for setting in SETTINGS:
        assert setting in done.stdout
    content: dict[str, Any] = json.loads(out.read_text())
    return content


def test_top_level(bench: dict[str, Any]) -> None:
    assert bench["settings"] == list(SETTINGS)
    assert {"machine", "commit", "compile_sweep", "papers", "bars", *SETTINGS} <= set(bench)
    assert {"processor", "cores", "torch", "numpy", "jax", "compiler", "native_variant"} <= set(
        bench["machine"]
    )
    assert bench["compile_sweep"]["total_seconds"] > 0


def test_bars_are_judged_at_the_papers_own_sizes_only(bench: dict[str, Any]) -> None:
    assert set(bench["bars"]) == {
        "p59_d128",
        "transformer_p113",
        "two_table_n91",
        "two_table_n91_full",
        "compile_sweep_seconds",
    }
    assert bench["bars"]["transformer_p113"]["speedup_vs_jax"]["met"] is None


@pytest.mark.parametrize("setting", SETTINGS)
def test_setting(bench: dict[str, Any], setting: str) -> None:
    entry = bench[setting]
    assert set(entry) >= SETTING_KEYS
    assert set(entry["raw"]) >= CONTENDERS
    for raw in entry["raw"].values():
        assert len(raw["repeats"]) == 1
        assert raw["ms_per_network_step"] > 0
    assert entry["share_of_matmul_ceiling"] > 0


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_fastest_of_each_group_is_what_counts(bench: dict[str, Any], setting: str) -> None:
    entry = bench[setting]
    raw = entry["raw"]
    engine = raw["engine_auto"]["ms_per_network_step"]
    assert entry["ms_per_network_step"] == engine
    for group in ("torch", "jax"):
        times = [r["ms_per_network_step"] for r in raw.values() if r["group"] == group]
        if not times:
            assert group == "jax" and bench["machine"]["jax"] is None
            assert entry["speedup_vs_jax"] is None
            continue
        assert entry[f"speedup_vs_{group}"] == pytest.approx(min(times) / engine)


def test_the_authors_way_is_their_own_arithmetic(bench: dict[str, Any]) -> None:
    for setting, name in (("p7_d8", "sequential_float64"), ("two_table_n7", "sequential_float32")):
        entry = bench[setting]
        assert entry["compared_with"]["authors"] == name
        ratio = entry["raw"][name]["ms_per_network_step"] / entry["ms_per_network_step"]
        assert entry["speedup_vs_authors"] == pytest.approx(ratio)


@pytest.mark.parametrize("setting", SETTINGS)
def test_contenders_train_the_same_network(bench: dict[str, Any], setting: str) -> None:
    raws = bench[setting]["raw"]
    reference = next(iter(raws.values()))["train_loss"]
    assert math.isfinite(reference)
    for name, raw in raws.items():
        assert raw["train_loss"] == pytest.approx(reference, rel=1e-4, abs=1e-6), name
        assert raw["weights_apart"] <= 0.05, name


@pytest.mark.parametrize("setting", SETTINGS)
def test_flops_are_those_of_the_shapes(bench: dict[str, Any], setting: str) -> None:
    ceiling = bench[setting]["matmul_ceiling"]
    total = ceiling["flops_beside_products"]
    for name, shape in ceiling["shapes"].items():
        m, k, n = (int(part) for part in name.removesuffix("T").split("x"))
        total += 2.0 * m * k * n * shape["per_step"]
    assert total == pytest.approx(bench[setting]["flops_per_step"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--settings", "p59"], "`p59` is no setting"),
        (["--settings", "transformer_113"], "`transformer_113` is no setting"),
        (["--repeats", "0"], "--repeats: 0; give a number above 0"),
        (["--gpu-gflops", "-1"], "--gpu-gflops: -1.0; give a number above 0"),
    ],
)
def test_a_wrong_command_line_is_refused(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmarks.__main__ import arguments

    with pytest.raises(SystemExit):
        arguments(given)
    assert said in capsys.readouterr().err
