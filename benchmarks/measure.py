"""All numbers of one setting."""

from __future__ import annotations

import math
import shutil
import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch

from benchmarks import memory
from benchmarks.cases import Case, Contender
from benchmarks.engine import Engine
from benchmarks.jax_training import JaxTraining, jax
from benchmarks.matmul_rate import NativeMatmul, Provider, providers
from benchmarks.matmul_shapes import Shape, step_rate, step_shapes
from benchmarks.options import Options
from benchmarks.sequential import Sequential
from benchmarks.timing import Timing, interleaved
from fittest.pipeline.configuration.config import TrainingSettings

TOLERANCE = 1e-3
"""Largest relative difference of train losses after `compared_steps`."""

QUANTUM = 1e-6
"""Nats that are forgiven besides: a float32 log-softmax cannot see differences near 1e-7."""

NOISY = 0.1
"""Seconds per second of waiting for a core beyond which a setting's numbers mean little."""

_PEAK = "fma_peak"


class DisagreementError(RuntimeError):
    """Two contenders do not train the same network."""


def contenders(
    case: Case, options: Options, settings: TrainingSettings, threads: int
) -> list[Contender]:
    """Everything that is timed; the first is the reference."""
    torch_settings = settings.model_copy(update={"backend": "torch", "compile": "never"})
    default_threads = torch.get_num_threads()
    automatic = options.networks_per_thread * threads
    found: list[Contender] = [
        Sequential(case, torch.float64, default_threads),
        Sequential(case, torch.float32, default_threads),
        Engine(case, settings, 1, threads),
        Engine(case, settings, 8, threads),
        Engine(case, settings, automatic, threads, "engine_auto"),
        Engine(case, torch_settings, 8, threads, "torch_eager_8"),
    ]
    if case.name in options.compiled and shutil.which("g++"):
        compiled = torch_settings.model_copy(update={"compile": "always"})
        found.append(Engine(case, compiled, 8, threads, "torch_compiled_8"))
    if jax is not None:
        found += [JaxTraining(case, size) for size in options.jax_sizes]
    return found


def compared_losses(all_contenders: Sequence[Contender], steps: int) -> dict[str, float]:
    """Train loss of the first network after `steps`; DisagreementError where they differ."""
    losses = {}
    for contender in all_contenders:
        contender.reset()
        contender.advance(steps)
        losses[contender.name] = contender.train_loss()
    reference = losses[all_contenders[0].name]
    for name, loss in losses.items():
        if not math.isclose(loss, reference, rel_tol=TOLERANCE, abs_tol=QUANTUM):
            raise DisagreementError(
                f"{name} has train loss {loss} after {steps} steps, {all_contenders[0].name}"
                f" {reference}: they do not train the same network"
            )
    return losses


def _rates(
    shapes: Sequence[Shape], ways: Mapping[str, Provider], native: NativeMatmul | None, s: float
) -> list[dict[str, Callable[[], float]]]:
    found: list[dict[str, Callable[[], float]]] = [
        {f"{way} {shape.name}": partial(rate, shape, s) for way, rate in ways.items()}
        for shape in shapes
    ]
    if native is not None:
        found.append({_PEAK: partial(native.peak, s)})
    return found


def _ceiling(case: Case, measured: Mapping[str, Timing], ways: Sequence[str]) -> dict[str, Any]:
    shapes = step_shapes(case)
    medians = {s: {way: measured[f"{way} {s.name}"].median for way in ways} for s in shapes}
    best = {shape: max(rates, key=lambda way: rates[way]) for shape, rates in medians.items()}
    peak = measured.get(_PEAK)
    return {
        "gflops": step_rate(shapes, {s: medians[s][best[s]] for s in shapes}) / 1e9,
        "gflops_by_provider": {
            way: step_rate(shapes, {s: medians[s][way] for s in shapes}) / 1e9 for way in ways
        },
        "fma_peak_gflops": None if peak is None else peak.median / 1e9,
        "fma_peak_repeats": None if peak is None else [v / 1e9 for v in peak.repeats],
        "shapes": {
            s.name: {
                "per_step": count,
                "fastest": best[s],
                "gflops": medians[s][best[s]] / 1e9,
                "repeats": {
                    way: [v / 1e9 for v in measured[f"{way} {s.name}"].repeats] for way in ways
                },
            }
            for s, count in shapes.items()
        },
    }


def noisy(times: Mapping[str, Timing]) -> bool | None:
    """Whether other processes held the contenders up; None where the system does not tell."""
    waited = [w for timing in times.values() for w in timing.waited if w is not None]
    return statistics.median(waited) > NOISY if waited else None


def _paired(slow: Timing, fast: Timing) -> dict[str, float]:
    """Ratios within each round, which share their noise."""
    ratios = Timing(tuple(a / b for a, b in zip(slow.repeats, fast.repeats, strict=True)))
    return {"least": min(ratios.repeats), "median": ratios.median, "most": max(ratios.repeats)}


def measure(
    case: Case,
    options: Options,
    settings: TrainingSettings,
    threads: int,
    native: NativeMatmul | None,
) -> dict[str, Any]:
    """The entry of a setting in the JSON."""
    all_contenders = contenders(case, options, settings, threads)
    losses = compared_losses(all_contenders, options.compared_steps)
    ways = providers(threads, native)
    shapes = list(step_shapes(case))
    times, rates = interleaved(
        all_contenders,
        _rates(shapes, ways, native, options.matmul_seconds),
        options.repeats,
        options.seconds,
        options.attempts,
    )
    jax_names = [c.name for c in all_contenders if isinstance(c, JaxTraining)]
    best_jax = min(jax_names, key=lambda name: times[name].median, default=None)
    engine = times["engine_auto"]
    against = {
        "speedup_vs_sequential_float64": times["sequential_float64"],
        "speedup_vs_sequential_float32": times["sequential_float32"],
        "speedup_vs_jax": times[best_jax] if best_jax else None,
    }
    ceiling = _ceiling(case, rates, list(ways))
    step_gflops = case.flops_per_step / engine.median / 1e6
    peak = ceiling["fma_peak_gflops"]
    used = memory.measured(case, options.memory_networks)
    return {
        **{key: slow.median / engine.median if slow else None for key, slow in against.items()},
        "speedup_vs_jax_note": best_jax or "JAX is not installed: pip install -e '.[bench]'",
        "speedups_within_rounds": {
            key: _paired(slow, engine) if slow else None for key, slow in against.items()
        },
        "share_of_matmul_ceiling": step_gflops / ceiling["gflops"],
        "share_of_fma_peak": None if peak is None else step_gflops / peak,
        "ms_per_network_step": engine.median,
        "step_gflops": step_gflops,
        "flops_per_step": case.flops_per_step,
        "peak_mb_per_network": used["per_network"],
        f"peak_mb_{options.memory_networks}_networks": used["process"],
        "peak_mb_empty_process": used["empty_process"],
        "compile_seconds": {
            "engine": next(c for c in all_contenders if c.name == "engine_auto").compile_seconds,
            "torch_compiled_8": next(
                (c.compile_seconds for c in all_contenders if c.name == "torch_compiled_8"), None
            ),
            "jax": next((c.compile_seconds for c in all_contenders if c.name == best_jax), None),
        },
        "raw": {
            c.name: {
                "networks": c.networks,
                "backend": getattr(c, "backend", None),
                "ms_per_network_step": times[c.name].median,
                "spread": times[c.name].spread,
                "repeats": list(times[c.name].repeats),
                "waited_seconds_per_second": list(times[c.name].waited),
                "compile_seconds": c.compile_seconds,
                "train_loss": losses[c.name],
            }
            for c in all_contenders
        },
        "compared_steps": options.compared_steps,
        "noisy": noisy(times),
        "matmul_ceiling": ceiling,
    }
