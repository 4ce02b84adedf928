"""The GPU benchmark's way through, on the CPU."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from benchmarks.gpu_cases import CASES
from benchmarks.gpu_prices import rates
from pydantic import TypeAdapter

from benchmarks import gpu
from fittest.models import ModelSettings

ROOT = Path(__file__).parents[2]


def test_quick_run_on_the_cpu(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "gpu.json"
    gpu.main(["--device", "cpu", "--quick", "--root", str(ROOT), "--out", str(out)])
    content = json.loads(out.read_text())
    assert content["matmul_ceiling_gflops"] > 0
    for entry in content["networks"].values():
        assert entry["agreement_float64"] == {"eager": 0.0}
        for modes in entry["sizes"].values():
            assert modes["eager"]["ms_per_network_step"] > 0
            assert 0 < modes["eager"]["share_of_matmul_ceiling"]
    assert {"survival", "completeness", "progress"} <= set(content["prices"])
    survival = content["prices"]["survival"]
    assert survival["runs"] > 10_000
    assert survival["hours"] > 0
    text = capsys.readouterr().out
    assert "transformer_p7" in text
    assert "survival" in text


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_no_gpu_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        gpu.main([])
    assert "no CUDA device" in capsys.readouterr().err


def test_every_network_of_the_papers_is_a_run_and_every_model_is_there() -> None:
    models = {case.runs(1)[0].model.name for case in CASES}
    names = json.dumps(TypeAdapter(ModelSettings).json_schema()["$defs"])
    # A transformer that starts with two rows exchanged costs what a transformer does.
    others = {"exchanged_transformer"}
    assert models == set(re.findall(r'"name": {"const": "(\w+)"', names)) - others


def test_a_way_that_fails_is_told_and_the_others_go_on() -> None:
    def broken() -> None:
        raise RuntimeError("no such thing\nmore of it")

    assert gpu.tried(broken) == "RuntimeError: no such thing"


def test_a_model_is_as_fast_as_its_slowest_network_at_its_best() -> None:
    def entry(model: str, *gflops: float) -> dict[str, object]:
        ways = {str(i): {"eager": {"gflops": rate}} for i, rate in enumerate(gflops)}
        return {"model": model, "sizes": {**ways, "9": {"graphs": {"failed": "out of memory"}}}}

    found = rates({"a": entry("mlp", 1.0, 5.0), "b": entry("mlp", 3.0, 2.0), "c": entry("none")})
    assert found == {"mlp": 3e9}
