"""The part of config/config.yaml that says what jobs ask a cluster for."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from fittest.settings import Settings

# Account names may consist of digits, which YAML reads as a number.
Name = Annotated[str, Field(coerce_numbers_to_str=True, min_length=1)]

# A type may have a name of digits only in front of a count: gpu:2 is two of any type.
_GRES = re.compile(r"[A-Za-z]\w*(:(?!\d+$)[\w.]+)?(:(?P<count>\d+))?")


class PlaceSettings(Settings):
    """Where the jobs of one kind may run, where that is not the same for all."""

    partition: Name | None = Field(default=None, description="null: as `cluster.partition`")
    constraint: Name | None = Field(
        default=None, description="node features, as sbatch -C takes them; null: any node"
    )


class GpuJobSettings(PlaceSettings):
    """A training job on one GPU."""

    model: Name | None = Field(default=None, description="type of GPU, such as a100; null: any")
    gres: Name | None = Field(
        default=None,
        description="the GPU as `--gres` takes it, such as gpu:a100:1, for clusters that refuse"
        " `--gpus`; instead of `model`; null: `--gpus`",
    )
    cores: int = Field(ge=1, description="CPU cores beside the GPU")
    gflops: float = Field(
        gt=0, description="sustained training speed of one GPU, GFLOP/s, for time limits"
    )
    host_memory_mb: int = Field(
        ge=0, description="what CUDA and compiling need beside the CPU's share of memory, MiB"
    )

    @field_validator("gres")
    @classmethod
    def _one_gpu(cls, gres: str | None) -> str | None:
        found = None if gres is None else _GRES.fullmatch(gres)
        if gres is not None and found is None:
            raise ValueError(f"{gres!r} is not of the form gpu, gpu:1, gpu:a100 or gpu:a100:1")
        if found is not None and int(found["count"] or 1) != 1:
            raise ValueError(f"{gres!r}: a training job uses one GPU; ask for one")
        return gres

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        if self.gres is not None and self.model is not None:
            raise ValueError("gres and model both name the GPU; write the type into gres only")
        return self


class AnalysisJobSettings(PlaceSettings):
    """Any job that is neither training nor the summary of a run-set."""

    memory_mb: int = Field(default=8000, ge=1, description="memory of the first attempt, MiB")
    minutes: int = Field(default=60, ge=1, description="time limit of the first attempt, minutes")


class CpuJobSettings(PlaceSettings):
    """A training job on CPU cores, which the native kernel fills; torch takes
    training.torch_threads of them."""

    cores: int = Field(ge=1, description="cores of a training job: those of a node, or a part")
    gflops_per_core: float = Field(
        gt=0, description="sustained training speed of one core, GFLOP/s, for time limits"
    )
    torch_gflops_per_core: float = Field(
        default=8,
        gt=0,
        description="the same of networks that torch trains (measured: 8 for the two-table MLP in"
        " minibatches, 30 for the progress paper's transformer)",
    )


class LimitSettings(Settings):
    """Time limits and memory: forecast x margin x growth^(attempt - 1)."""

    time_margin: float = Field(ge=1, description="time asked for / forecast time")
    memory_margin: float = Field(ge=1, description="memory asked for / forecast memory")
    growth: float = Field(ge=1, description="factor from one attempt to the next")
    start_minutes: float = Field(
        ge=0, description="added to every forecast: importing, compiling, writing; minutes"
    )
    longest_minutes: int | None = Field(
        default=None,
        ge=1,
        description="longest time limit that the partition takes, minutes; a job that needs more"
        " goes on from its restart point; null: none",
    )
    warning_seconds: int = Field(
        ge=1, description="a training job is told so long before its limit, seconds"
    )

    @model_validator(mode="after")
    def _time_to_work(self) -> Self:
        # Slurm may send the signal a minute early.
        least = self.warning_seconds / 60 + 2
        if min(self.start_minutes, self.longest_minutes or self.start_minutes) < least:
            raise ValueError(
                f"start_minutes and longest_minutes must be at least {least:g} with"
                f" warning_seconds: {self.warning_seconds}, or jobs are told to stop as they start"
            )
        return self


class ClusterSettings(Settings):
    """What jobs ask a cluster for."""

    device: Literal["gpu", "cpu"] = Field(
        default="gpu", description="what a training job asks for: one GPU, or CPU cores"
    )
    account: Name | None = Field(default=None, description="account of all jobs; null: the user's")
    qos: Name | None = Field(default=None, description="quality of service of all jobs")
    partition: Name | None = Field(
        default=None, description="partition of all jobs; null: the cluster's default"
    )
    extra: Name | None = Field(
        default=None,
        description="further options of sbatch for all jobs, such as --reservation=course;"
        " null: none",
    )
    gpu: GpuJobSettings
    cpu: CpuJobSettings
    analysis: AnalysisJobSettings = AnalysisJobSettings()
    limits: LimitSettings
