"""What a step could reach: the fastest library products of its shapes, and the registers' peak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from benchmarks.matmul_rate import Ceilings, Provider, providers
from benchmarks.matmul_shapes import Work, step_rate
from benchmarks.timing import Timing

_PEAK = "fma_peak"


class StepCeiling:
    """The two ceilings of a step: what to measure, and what follows from it."""

    def __init__(self, work: Work, threads: int, built: Ceilings) -> None:
        self._work, self._peak = work, built.peak
        self._ways: dict[str, Provider] = providers(threads, built.matmul)

    def rates(self, seconds: float) -> list[dict[str, Callable[[], float]]]:
        """What to measure in each round, those that are to be compared together."""
        found: list[dict[str, Callable[[], float]]] = [
            {f"{way} {s.name}": partial(rate, s, seconds) for way, rate in self._ways.items()}
            for s in self._work.shapes
        ]
        if self._peak is not None:
            found.append({_PEAK: partial(self._peak, seconds)})
        return found

    def found(self, measured: Mapping[str, Timing]) -> dict[str, Any]:
        """The entry `matmul_ceiling` of a setting: GFLOP/s."""
        shapes = self._work.shapes
        rates = {s: {way: measured[f"{way} {s.name}"].median for way in self._ways} for s in shapes}
        best = {s: max(each, key=each.__getitem__) for s, each in rates.items()}
        peak = measured.get(_PEAK)
        return {
            "gflops": step_rate(shapes, {s: rates[s][best[s]] for s in shapes}) / 1e9,
            "gflops_by_provider": {
                way: step_rate(shapes, {s: rates[s][way] for s in shapes}) / 1e9
                for way in self._ways
            },
            "fma_peak_gflops": None if peak is None else peak.median / 1e9,
            "fma_peak_repeats": None if peak is None else [v / 1e9 for v in peak.repeats],
            "flops_beside_products": self._work.beside,
            "shapes": {
                s.name: {
                    "per_step": count,
                    "fastest": best[s],
                    "gflops": rates[s][best[s]] / 1e9,
                    "repeats": {
                        way: [v / 1e9 for v in measured[f"{way} {s.name}"].repeats]
                        for way in self._ways
                    },
                }
                for s, count in shapes.items()
            },
        }
