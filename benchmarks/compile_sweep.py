"""What a sweep over many shapes waits before its first steps: the price of compiling."""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.cases import Case
from benchmarks.engine import Engine
from fittest.pipeline.configuration.config import TrainingSettings

# Survival methods 5.3: the axes of the dimension and the prime sweep.
DIMENSIONS = tuple(range(16, 129))
# fmt: off
PRIMES = (13, 19, 23, 29, 31, 37, 43, 47, 53, 59, 61, 67, 73, 79, 83, 89, 97, 101, 103, 107, 109,
          113, 127)
# fmt: on


def measured(
    settings: TrainingSettings,
    threads: int,
    dimensions: Sequence[int] = DIMENSIONS,
    primes: Sequence[int] = PRIMES,
    networks: int = 2,
) -> dict[str, float | int]:
    """Seconds, over the whole sweep, to build every shape's ensemble and make its first step."""

    def seconds(cases: Sequence[Case]) -> float:
        start = time.perf_counter()
        for case in cases:
            Engine(case, settings, networks, threads, "engine")
        return time.perf_counter() - start

    by_dimension = seconds([Case("embedding", 59, d) for d in dimensions])
    by_prime = seconds([Case("embedding", p, 128) for p in primes])
    return {
        "dimensions": len(dimensions),
        "primes": len(primes),
        "dimensions_seconds": by_dimension,
        "primes_seconds": by_prime,
        "total_seconds": by_dimension + by_prime,
    }
