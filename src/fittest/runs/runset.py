"""Run-sets: families of runs declared in YAML, expanded and checked before anything trains."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field

from fittest.errors import ConfigError
from fittest.runs.axes import Axis, AxisValues, merged
from fittest.runs.cost import trained_examples
from fittest.runs.expansion import check_axes, expanded, twice
from fittest.runs.primes import is_prime, near_primes
from fittest.runs.run import Run
from fittest.runs.sketch import sketched
from fittest.settings import Name, Settings
from fittest.tasks import TaskSettings
from fittest.tasks.settings import TableTask
from fittest.yaml_file import read_yaml, validated

Scale = Literal["smoke", "reduced", "settled", "full"]
SCALES: tuple[str, ...] = get_args(Scale)

MAX_RUNS = 1_000_000
"""Most runs of a run-set at one scale: counted before any is made."""


class Block(Settings):
    """Some runs of a run-set: settings, and axes whose every combination is a run."""

    settings: dict[str, Any] = Field(
        default_factory=dict, description="settings of a run (run.schema.json), over the run-set's"
    )
    axes: dict[str, AxisValues] = Field(
        default_factory=dict,
        description="dotted key of a run, or seed (all three seeds), or trial (MLP and split)",
    )


def _some_runs(blocks: list[Block]) -> list[Block]:
    if not blocks:
        raise ValueError("no runs; add a block ({} is one run), or leave the scale out")
    return blocks


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
    reductions: tuple[Name, ...] = Field(
        default=(),
        description="small tables that training makes of the weights of all runs before it drops"
        " any (docs/output.md)",
    )
    keep_weights_of: int | None = Field(
        default=None,
        ge=0,
        description="how many runs keep their weights, the first ones of each scale; null: all",
    )
    scales: dict[Scale, Annotated[list[Block], AfterValidator(_some_runs)]] = Field(
        min_length=1, description="the runs at each scale"
    )


class RunSetFile(Settings):
    """config/runsets/<paper>.yaml"""

    paper: Name = Field(description="the paper's short name, as in paths")
    runsets: dict[Name, Declaration] = Field(description="run-sets by name")


class OwnRunSetFile(Settings):
    """A file of run-sets outside config/runsets/, which need belong to no paper."""

    paper: Name | None = None
    runsets: dict[Name, Declaration]


class RunSet:
    """A run-set at one scale. `where` is its place in the configuration, for messages; `paper` is
    empty for one of somebody's own."""

    def __init__(
        self,
        name: str,
        paper: str,
        declaration: Declaration,
        scale: str,
        where: str,
        sketch: bool = False,
    ):
        """sketch: `runs` may leave out all but a few of many seeds in a row, which shows as well
        whether they are right, and does not take the seconds of a hundred thousand."""
        self.name = name
        self.paper = paper
        self.declaration = declaration
        self.scale = scale
        self.where = where
        self._sketch = sketch

    @property
    def exists(self) -> bool:
        """Whether it declares runs at this scale."""
        return self.scale in self.declaration.scales

    def at_scale(self, scale: str, sketch: bool = False) -> RunSet:
        """The same declaration at another scale."""
        return RunSet(self.name, self.paper, self.declaration, scale, self.where, sketch)

    @property
    def whole(self) -> RunSet:
        """The same with all of its runs."""
        return self if len(self.runs) == self.number else self.at_scale(self.scale)

    @cached_property
    def number(self) -> int:
        """How many runs there are, counted without making them."""
        if not self.exists:
            return 0
        return sum(math.prod(map(len, axes.values())) for axes in self._axes)

    @cached_property
    def _axes(self) -> list[dict[str, list[Any]]]:
        """Of each block, every value of each axis."""
        blocks = self.declaration.scales[self.scale]  # type: ignore[index]
        return [{name: _values(axis) for name, axis in block.axes.items()} for block in blocks]

    def _shown_axes(self) -> list[dict[str, list[Any]]]:
        """The axes of which `runs` are made."""
        if not self._sketch:
            return self._axes
        blocks = self.declaration.scales[self.scale]  # type: ignore[index]
        return sketched([block.axes for block in blocks], self._axes)

    @property
    def donors(self) -> tuple[str, ...]:
        """The run-sets whose equal runs are read instead of trained again."""
        reuse = self.declaration.reuse
        return reuse.get(self.scale, ()) if isinstance(reuse, dict) else reuse  # type: ignore[call-overload]

    @property
    def reductions(self) -> tuple[str, ...]:
        """What training makes of the weights of every run."""
        return self.declaration.reductions

    def keeps_weights(self, run: Run) -> bool:
        """Whether the weights of one of its runs are stored."""
        return self._keepers is None or run.run_id in self._keepers

    @cached_property
    def _keepers(self) -> frozenset[str] | None:
        """run_ids of those that keep their weights; None for all."""
        number = self.declaration.keep_weights_of
        if number is None:
            return None
        return frozenset(run.run_id for run in self.runs[:number])

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """Every run, in the order of blocks and axes; ConfigError where one is wrong, or where
        they are more than MAX_RUNS."""
        if not self.exists:
            raise ConfigError(f"{self.where}.scales: no entry for scale `{self.scale}`")
        where = f"{self.where}.scales.{self.scale}"
        blocks = self.declaration.scales[self.scale]  # type: ignore[index]
        if self.number > MAX_RUNS:
            raise ConfigError(
                f"{where}: the axes make {self.number:,} runs, and the limit MAX_RUNS is"
                f" {MAX_RUNS:,}"
            )
        axes = self._shown_axes()
        runs: dict[tuple[str, str, str], Run] = {}
        for index, block in enumerate(blocks):
            here = f"{where}[{index}]"
            check_axes(axes[index], here)
            settings = merged(self.declaration.settings, block.settings)
            # Runs that were made of each other share it.
            usable: dict[int, TaskSettings] = {}
            for run in expanded(settings, axes[index], here):
                if id(run.task) not in usable:
                    self._check_task(run, here)
                    usable[id(run.task)] = run.task
                twin = runs.setdefault(run.identity, run)
                if twin is not run:
                    raise ConfigError(f"{here}: {twice(twin, run)}")
        return tuple(runs.values())

    def _check_task(self, run: Run, where: str) -> None:
        """What a network could be trained on, but a run-set is not."""
        p = getattr(run.task, "p", None)
        if self.declaration.prime_p and not (p is not None and is_prime(p)):
            raise ConfigError(
                f"{where}: task.p: {p} is not prime, and this run-set needs a prime (prime_p)"
                + ("" if p is None else f"; use {' or '.join(map(str, near_primes(p)))}")
            )
        check_sides(run, where)

    def _repr_html_(self) -> str:
        """As notebooks show it."""
        from fittest.runs.shown import runset_html

        return runset_html(self)


def check_sides(run: Run, where: str) -> None:
    """ConfigError where the split of a run leaves no example on one side."""
    if not isinstance(run.task, TableTask):
        return
    size, train = run.task.size(), trained_examples(run)
    if not 0 < train < size:
        raise ConfigError(
            f"{where}: task.train_fraction: {run.task.train_fraction} of {size:,} examples"
            f" leaves no {'test' if train else 'train'} example; use a"
            f" {'smaller' if train else 'larger'} one"
        )


def _values(axis: Axis | list[Any]) -> list[Any]:
    return axis.values() if isinstance(axis, Axis) else axis


def load_runsets(
    folder: Path, scale: str, shown: str | None = None, more: Mapping[str, Path] | None = None
) -> dict[str, RunSet]:
    """All run-sets of the YAML files in `folder`, at `scale`, by name.

    `shown` is the folder as messages call it. `more`: further files, by what messages call them.

    Raises ConfigError for wrong files and for a name that two files use. The runs themselves
    are checked when `RunSet.runs` is first asked for.
    """
    if scale not in SCALES:
        raise ConfigError(f"scale `{scale}` is unknown; use one of {', '.join(SCALES)}")
    found: dict[str, RunSet] = {}
    paths = sorted(folder.glob("*.yaml"))
    shown = str(folder) if shown is None else shown
    if not paths:
        raise ConfigError(f"{shown}: no run-set files (*.yaml) here")
    declared: list[tuple[str, RunSetFile | OwnRunSetFile]] = []
    for path in paths:
        file_name = f"{shown}/{path.name}"
        declared.append((file_name, validated(RunSetFile, read_yaml(path, file_name), file_name)))
    for file_name, path in (more or {}).items():
        own = validated(OwnRunSetFile, read_yaml(path, file_name), file_name)
        declared.append((file_name, own))
    for file_name, file in declared:
        for name, declaration in file.runsets.items():
            if name in found:
                raise ConfigError(
                    f"{file_name}: run-set `{name}` also stands in {found[name].where}"
                )
            found[name] = RunSet(
                name, file.paper or "", declaration, scale, f"{file_name}: runsets.{name}"
            )
    check_donors(found)
    return found


def check_donors(runsets: Mapping[str, RunSet]) -> None:
    """ConfigError where run-sets reuse what is not there, or each other in a circle."""
    for runset in runsets.values():
        for donor in runset.donors:
            if donor not in runsets:
                raise ConfigError(f"{runset.where}.reuse: there is no run-set `{donor}`")
    try:
        TopologicalSorter({n: r.donors for n, r in runsets.items()}).prepare()
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        where = runsets[error.args[1][0]].where
        raise ConfigError(
            f"{where}.reuse: run-sets reuse each other in a circle: {circle}"
        ) from None
