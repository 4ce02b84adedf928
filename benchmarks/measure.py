"""All numbers of one setting."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks import memory
from benchmarks.cases import Case, Contender
from benchmarks.ceiling import StepCeiling
from benchmarks.contenders import ENGINE, compared, contenders
from benchmarks.machine import on_one_core
from benchmarks.matmul_rate import Ceilings
from benchmarks.matmul_shapes import step_work
from benchmarks.options import Options
from benchmarks.timing import Timing, interleaved
from fittest.pipeline.configuration.config import TrainingSettings

NOISY = 0.1
"""Seconds per second of waiting for a core beyond which a setting's numbers mean little."""

GROUPS = ("authors", "torch", "jax")
"""Whom this engine is compared with."""


def noisy(times: Mapping[str, Timing]) -> bool | None:
    """Whether other processes held the contenders up; None where the system does not tell."""
    if on_one_core():
        return False  # Processor time is what they got.
    waited = [w for timing in times.values() for w in timing.waited if w is not None]
    return statistics.median(waited) > NOISY if waited else None


def _paired(slow: Timing, fast: Timing) -> dict[str, float]:
    """Ratios within each round, which share their noise."""
    ratios = Timing(tuple(a / b for a, b in zip(slow.repeats, fast.repeats, strict=True)))
    return {"least": min(ratios.repeats), "median": ratios.median, "most": max(ratios.repeats)}


def best_of(
    all_contenders: Sequence[Contender], times: Mapping[str, Timing]
) -> dict[str, str | None]:
    """Whom of each group this engine is compared with: the authors' own way, else the fastest;
    None where nobody is there."""
    found: dict[str, str | None] = {}
    for group in GROUPS:
        names = [c.name for c in all_contenders if c.group == group]
        if group == "authors":
            found[group] = names[0]
        else:
            found[group] = min(names, key=lambda name: times[name].median, default=None)
    return found


def _speedups(against: Mapping[str, str | None], times: Mapping[str, Timing]) -> dict[str, Any]:
    engine = times[ENGINE]
    medians: dict[str, Any] = {
        f"speedup_vs_{group}": times[name].median / engine.median if name else None
        for group, name in against.items()
    }
    within = {
        f"speedup_vs_{group}": _paired(times[name], engine) if name else None
        for group, name in against.items()
    }
    return medians | {"speedups_within_rounds": within}


def _raw(
    all_contenders: Sequence[Contender],
    times: Mapping[str, Timing],
    agreed: Mapping[str, Mapping[str, float]],
) -> dict[str, dict[str, Any]]:
    return {
        c.name: {
            "group": c.group,
            "networks": c.networks,
            "backend": getattr(c, "backend", None),
            "ms_per_network_step": times[c.name].median,
            "spread": times[c.name].spread,
            "repeats": list(times[c.name].repeats),
            "waited_seconds_per_second": list(times[c.name].waited),
            "compile_seconds": c.compile_seconds,
            **agreed[c.name],
        }
        for c in all_contenders
    }


def measure(
    case: Case, options: Options, settings: TrainingSettings, threads: int, built: Ceilings
) -> dict[str, Any]:
    """The entry of a setting in the JSON, measured on `threads` cores."""
    all_contenders = contenders(case, options, settings, threads)
    agreed = compared(all_contenders, case.compared_steps)
    work = step_work(case)
    ceiling = StepCeiling(work, threads, built)
    times, rates = interleaved(
        all_contenders,
        ceiling.rates(options.matmul_seconds),
        options.repeats,
        options.seconds,
        # Processor time needs no second attempt.
        1 if on_one_core() else options.attempts,
    )
    against = best_of(all_contenders, times)
    raw = _raw(all_contenders, times, agreed)
    reached = ceiling.found(rates)
    milliseconds = times[ENGINE].median
    step_gflops = work.flops / milliseconds / 1e6
    peak = reached["fma_peak_gflops"]
    return {
        "ms_per_network_step": milliseconds,
        **_speedups(against, times),
        "share_of_matmul_ceiling": step_gflops / reached["gflops"],
        "share_of_fma_peak": None if peak is None else step_gflops / peak,
        "compared_with": against,
        "cores": threads,
        "backend": raw[ENGINE]["backend"],
        "step_gflops": step_gflops,
        "flops_per_step": work.flops,
        "noisy": noisy(times),
        "compared_steps": case.compared_steps,
        "raw": raw,
        "matmul_ceiling": reached,
    }


def measured_memory(case: Case) -> dict[str, float]:
    """What of the entry is about memory, MiB."""
    networks = memory.NETWORKS[case.kind]
    used = memory.measured(case, networks)
    return {
        "peak_mb_per_network": used["per_network"],
        f"peak_mb_{networks}_networks": used["process"],
        "peak_mb_empty_process": used["empty_process"],
    }
