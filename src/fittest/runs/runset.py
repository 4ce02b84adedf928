"""Run-sets: families of runs declared in YAML, expanded and checked before anything trains."""

from __future__ import annotations

from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, ValidationError

from fittest.errors import ConfigError
from fittest.runs.axes import Axis, combinations, merged
from fittest.runs.primes import is_prime
from fittest.runs.run import Run
from fittest.settings import Settings
from fittest.yaml_file import explain, read_yaml, validated

Scale = Literal["smoke", "reduced", "settled", "full"]
SCALES: tuple[str, ...] = get_args(Scale)


class Block(Settings):
    """Some runs of a run-set: settings, and axes whose every combination is a run."""

    settings: dict[str, Any] = Field(
        default_factory=dict, description="settings of a run (run.schema.json), over the run-set's"
    )
    axes: dict[str, Axis | list[Any]] = Field(
        default_factory=dict,
        description="dotted key of a run, or seed (all three seeds), or trial (MLP and split)",
    )


class Declaration(Settings):
    """A run-set as it stands in YAML."""

    description: str = Field(description="what the runs are for, in one sentence")
    prime_p: bool = Field(
        default=False, description="refuse a modulus that is not prime (analyses need k^-1 mod p)"
    )
    reuse: tuple[str, ...] | dict[Scale, tuple[str, ...]] = Field(
        default=(),
        description="run-sets whose equal runs are read instead of trained again; a list, or one"
        " for each scale where it pays",
    )
    settings: dict[str, Any] = Field(
        default_factory=dict, description="settings of a run (run.schema.json) at every scale"
    )
    scales: dict[Scale, list[Block]] = Field(description="the runs at each scale")


class RunSetFile(Settings):
    """config/runsets/<paper>.yaml"""

    paper: str = Field(description="the paper's short name, as in paths")
    runsets: dict[str, Declaration] = Field(description="run-sets by name")


class RunSet:
    """A run-set at one scale. `where` is its place in the configuration, for messages."""

    def __init__(self, name: str, paper: str, declaration: Declaration, scale: str, where: str):
        self.name = name
        self.paper = paper
        self.declaration = declaration
        self.scale = scale
        self.where = where

    @property
    def donors(self) -> tuple[str, ...]:
        """The run-sets whose equal runs are read instead of trained again."""
        reuse = self.declaration.reuse
        return reuse.get(self.scale, ()) if isinstance(reuse, dict) else reuse  # type: ignore[call-overload]

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """Every run, in the order of blocks and axes; ConfigError where one is wrong."""
        if self.scale not in self.declaration.scales:
            raise ConfigError(f"{self.where}.scales: no entry for scale `{self.scale}`")
        runs: dict[str, Run] = {}
        for number, block in enumerate(self.declaration.scales[self.scale]):
            where = f"{self.where}.scales.{self.scale}[{number}]"
            for run in self._block_runs(block, where):
                if run.run_id in runs:
                    raise ConfigError(f"{where}: the run {run.seeds} is declared twice")
                runs[run.run_id] = run
        return tuple(runs.values())

    def _block_runs(self, block: Block, where: str) -> list[Run]:
        settings = merged(self.declaration.settings, block.settings)
        axes = {k: v.values() if isinstance(v, Axis) else v for k, v in block.axes.items()}
        empty = [name for name, values in axes.items() if not values]
        if empty:
            raise ConfigError(f"{where}.axes.{empty[0]}: no values")
        runs = []
        try:
            ones = list(combinations(settings, axes))
        except ConfigError as error:
            raise ConfigError(f"{where}.{error}") from None
        for one in ones:
            try:
                run = Run.model_validate(one)
            except ValidationError as error:
                raise ConfigError(explain(error, where)) from None
            if self.declaration.prime_p and not is_prime(run.task.p):
                raise ConfigError(
                    f"{where}: task.p: {run.task.p} is not prime, and this run-set needs a prime"
                    " (prime_p)"
                )
            runs.append(run)
        return runs


def load_runsets(folder: Path, scale: str) -> dict[str, RunSet]:
    """All run-sets of the YAML files in `folder`, at `scale`, by name.

    Raises ConfigError for wrong files and for a name that two files use. The runs themselves
    are checked when `RunSet.runs` is first asked for.
    """
    if scale not in SCALES:
        raise ConfigError(f"scale `{scale}` is unknown; use one of {', '.join(SCALES)}")
    found: dict[str, RunSet] = {}
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise ConfigError(f"{folder}: no run-set files (*.yaml) here")
    for path in paths:
        file = validated(RunSetFile, read_yaml(path), str(path))
        for name, declaration in file.runsets.items():
            if name in found:
                raise ConfigError(f"{path}: run-set `{name}` also stands in {found[name].where}")
            found[name] = RunSet(name, file.paper, declaration, scale, f"{path}: runsets.{name}")
    for runset in found.values():
        for donor in runset.donors:
            if donor not in found:
                raise ConfigError(f"{runset.where}.reuse: there is no run-set `{donor}`")
    try:
        TopologicalSorter({n: r.donors for n, r in found.items()}).prepare()
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise ConfigError(f"{folder}: run-sets reuse each other in a circle: {circle}") from None
    return found
