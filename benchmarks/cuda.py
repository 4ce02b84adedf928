"""The engine and the matmul ceiling on a CUDA device."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import torch

from benchmarks.cases import Case
from benchmarks.engine import Engine
from benchmarks.matmul_shapes import Shape, step_rate, step_work
from benchmarks.options import Options
from benchmarks.timing import interleaved
from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.running.backends import networks_at_once


def matmul_rate(shape: Shape, networks: int, seconds: float) -> float:
    """FLOP/s of one product per network in one call, float32 without TF32."""
    torch.backends.cuda.matmul.allow_tf32 = False
    a = torch.randn(networks, shape.m, shape.k, device="cuda")
    b = torch.randn(networks, shape.k, shape.n, device="cuda")
    out = torch.bmm(a, b)
    torch.cuda.synchronize()
    calls, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        for _ in range(10):
            torch.bmm(a, b, out=out)
        torch.cuda.synchronize()
        calls += 10
    return calls * networks * shape.flops / (time.perf_counter() - start)


def measure(
    case: Case, options: Options, settings: TrainingSettings, shard_runs: int
) -> dict[str, Any] | None:
    """The entry of a setting under `cuda`; None where there is no device."""
    if not torch.cuda.is_available():
        return None
    device = torch.device("cuda")
    fitting = networks_at_once(settings, case.base, device)
    networks = min(shard_runs, fitting)
    engine = Engine(case, settings, networks, torch.get_num_threads(), "engine_cuda")
    work = step_work(case)
    shapes = work.shapes
    times, rates = interleaved(
        [engine],
        [{s.name: partial(matmul_rate, s, networks, options.matmul_seconds) for s in shapes}],
        options.repeats,
        options.seconds,
        options.attempts,
    )
    milliseconds = times[engine.name].median
    ceiling = step_rate(shapes, {s: rates[s.name].median for s in shapes}) / 1e9
    step_gflops = work.flops / milliseconds / 1e6
    return {
        "device": torch.cuda.get_device_name(),
        "networks": networks,
        "networks_that_fit": fitting,
        "ms_per_network_step": milliseconds,
        "repeats": list(times[engine.name].repeats),
        "step_gflops": step_gflops,
        "matmul_ceiling_gflops": ceiling,
        "matmul_gflops": {name: rate.median / 1e9 for name, rate in rates.items()},
        "share_of_matmul_ceiling": step_gflops / ceiling,
        "compile_seconds": engine.compile_seconds,
    }
