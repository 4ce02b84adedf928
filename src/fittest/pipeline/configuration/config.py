"""config/config.yaml: everything that is not a run-set or a figure, with types and units."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from fittest.pipeline.configuration.analysis_config import AnalysisSettings
from fittest.pipeline.configuration.cluster_config import ClusterSettings
from fittest.runs.runset import Scale
from fittest.settings import Draws, Settings, later


def _folder(text: str) -> str:
    """A folder with `~` and `$VARIABLES` written out; ValueError where it can be none."""
    found = os.path.expandvars(os.path.expanduser(text.strip()))  # noqa: PTH111
    if not found:
        raise ValueError("is empty; name a folder, or leave the key out")
    if unset := re.search(r"\$\w+|\$\{.*?\}|\$", found):
        raise ValueError(f"the variable {unset[0]} is not set")
    if found.startswith("~"):
        raise ValueError(f"there is no home folder {found.split('/')[0]}")
    if re.search(r"[{}\x00-\x1f]", found):
        raise ValueError(
            "must hold no braces and no line breaks, which mean something to Snakemake"
        )
    folder = Path(os.path.normpath(found))
    if folder in (Path(folder.anchor), Path()):
        raise ValueError("must be a folder of its own, not the root of the files or the project")
    return str(folder)


Folder = Annotated[str, AfterValidator(_folder)]


class PathSettings(Settings):
    """Top folders, relative to the folder that the workflow runs in; `~` and `$VARIABLES` are
    written out."""

    results: Folder = Field(default="results", description="everything computed")
    figures: Folder = Field(default="figures", description="the figures last asked for")
    configuration: Folder = Field(
        default="config", description="run-sets, papers and claims: the folder of this file"
    )
    shared: Folder | None = later(
        None,
        description="trained shards that several clones or users share; null: none are shared",
    )


class ShardSettings(Settings):
    """How many runs one job trains; no influence on any result, but with torch on last digits."""

    runs: Draws = Field(description="most runs in a shard")
    pflop: float = Field(gt=0, description="most work in a shard of several runs, 1e15 FLOPs")


class TrainingSettings(Settings):
    """Where and how training runs."""

    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="auto: cuda where there is one; cuda: refuse to go without"
    )
    dtype: Literal["float32", "float64"] = Field(
        default="float32", description="arithmetic; float64 is the reference (survival methods 1.5)"
    )
    backend: Literal["auto", "native", "torch"] = Field(
        default="auto", description="auto: the native kernel where it applies, else torch"
    )
    precision: Literal["full", "tf32", "bfloat16"] = Field(
        default="full",
        description="matrix products of float32 training with the torch backend; tf32 (cuda only)"
        " and bfloat16 are faster on some devices and change results (benchmarks/README.md)",
    )
    compile: Literal["auto", "never", "always"] = Field(
        default="auto", description="torch.compile; auto: only where a job is long enough to pay"
    )
    cuda_graphs: bool = Field(
        default=False,
        description="the torch backend on cuda replays its step from a CUDA graph; never run on a"
        " GPU so far (`make bench-gpu` measures it)",
    )
    memory_gib: float = Field(
        default=1.5, gt=0, description="most memory for activations on the CPU, GiB"
    )
    torch_threads: int = Field(
        default=1,
        ge=1,
        description="threads of a job that torch trains on the CPU; more than one pays for large"
        " networks where fewer such jobs than cores are to do, and changes last digits",
    )
    restart_minutes: float = Field(
        default=3.0, gt=0, description="time between restart points, minutes"
    )

    def arithmetic(self) -> str:
        """What of these settings decides results."""
        lower = "" if self.precision == "full" else f" {self.precision}"
        return f"{self.dtype}{lower}"


def _files(given: object) -> object:
    """The command line gives one file, or several with commas between, as text."""
    if isinstance(given, str):
        return [part.strip() for part in given.split(",")]
    return given


def _yaml_file(text: str) -> str:
    if not text.endswith(".yaml"):
        raise ValueError(f"`{text}` is no file of run-sets; name one that ends in .yaml")
    return _folder(text)


RunsetFiles = Annotated[
    tuple[Annotated[str, AfterValidator(_yaml_file)], ...], BeforeValidator(_files)
]


class ProjectConfig(Settings):
    """The merged configuration: config.yaml, profile and command line."""

    scale: Scale = Field(default="reduced", description="size of every experiment")
    paths: PathSettings = PathSettings()
    training: TrainingSettings = TrainingSettings()
    shards: dict[Scale, ShardSettings] = Field(description="size of a job, by scale")
    cluster: ClusterSettings
    analysis: AnalysisSettings
    runsets: RunsetFiles = later(
        (),
        description="files with run-sets of one's own beside those of config/runsets/, relative to"
        " the folder that the workflow runs in",
    )
