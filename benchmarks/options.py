"""How thoroughly to measure."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.cases import DEFAULT
from fittest.pipeline.configuration.config import ProjectConfig, TrainingSettings


@dataclass(frozen=True)
class Options:
    """seconds: per contender and repeat; matmul_seconds: per provider, shape and repeat.

    attempts: how often at most a measurement is made that other processes disturb.
    networks_per_thread: size of the automatic ensemble on the CPU, a whole number of networks
    for each thread. stacked: ensembles of the best torch and the best JAX, of which the fastest
    counts. cores: how many are used, None for all that may be. compiled: whether torch is compiled
    too. one_core: whether everything is measured on one core besides. memory: whether peak memory
    is measured. sweep_*: how many shapes of the survival paper's sweeps are built, None for all.
    gpu_gflops: rate of the GPU that papers are priced for. priced: whether they are.
    """

    settings: tuple[str, ...] = DEFAULT
    repeats: int = 7
    seconds: float = 0.7
    matmul_seconds: float = 0.03
    attempts: int = 4
    networks_per_thread: int = 8
    stacked: tuple[int, ...] = (1, 8, 16)
    cores: int | None = None
    compiled: bool = True
    one_core: bool = True
    memory: bool = True
    sweep_dimensions: int | None = None
    sweep_primes: int | None = None
    gpu_gflops: float = 20_000.0
    priced: bool = True

    @classmethod
    def quick(cls) -> Options:
        """Everything once and tiny: checks the benchmark, measures nothing."""
        return cls(
            settings=("p7_d8", "transformer_p7", "two_table_n7", "two_table_n7_full"),
            repeats=1,
            seconds=0.005,
            matmul_seconds=0.0005,
            attempts=1,
            networks_per_thread=1,
            stacked=(2,),
            # Threads that wait for each other stall where a machine is busy with other tests.
            cores=1,
            compiled=False,
            one_core=False,
            memory=False,
            sweep_dimensions=2,
            sweep_primes=1,
            priced=False,
        )


def training_settings(config: ProjectConfig) -> TrainingSettings:
    """The project's own training settings, in float32 on the CPU."""
    return config.training.model_copy(update={"device": "cpu", "dtype": "float32"})
