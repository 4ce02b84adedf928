"""How thoroughly to measure."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.cases import BAR_SETTING, DEFAULT
from fittest.pipeline.configuration.config import ProjectConfig, TrainingSettings


@dataclass(frozen=True)
class Options:
    """seconds: per contender and repeat; matmul_seconds: per provider, shape and repeat.

    attempts: how often at most a measurement is made that other processes disturb.
    networks_per_thread: size of the automatic ensemble on the CPU, a whole number of networks
    for each thread. jax_sizes: ensembles of which the fastest counts. compiled: settings in which
    the compiled torch step is timed too. compared_steps: after so many, all losses must agree; a
    multiple of every stride.
    """

    settings: tuple[str, ...] = DEFAULT
    repeats: int = 7
    seconds: float = 1.0
    matmul_seconds: float = 0.03
    attempts: int = 4
    networks_per_thread: int = 8
    jax_sizes: tuple[int, ...] = (1, 8, 16)
    compiled: tuple[str, ...] = (BAR_SETTING,)
    compared_steps: int = 50
    sweep_dimensions: int | None = None
    sweep_primes: int | None = None
    memory_networks: int = 64

    @classmethod
    def quick(cls) -> Options:
        """Everything once and tiny: checks the benchmark, measures nothing."""
        return cls(
            settings=("p7_d8", "p11_d8"),
            repeats=1,
            seconds=0.02,
            matmul_seconds=0.001,
            attempts=1,
            networks_per_thread=1,
            jax_sizes=(2,),
            compiled=(),
            sweep_dimensions=3,
            sweep_primes=2,
            memory_networks=2,
        )


def training_settings(config: ProjectConfig, device: str) -> TrainingSettings:
    """The project's own training settings, in float32 on `device`."""
    return config.training.model_copy(update={"device": device, "dtype": "float32"})
