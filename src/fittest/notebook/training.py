"""Training in this process: one setting, several seeds, everything in memory."""

from __future__ import annotations

import logging
import math
import signal
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Integral
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from tqdm import tqdm

from fittest.analysis.fates.alive import Thresholds
from fittest.analysis.fates.summarise import summarise_runs
from fittest.errors import ConfigError, Interrupted
from fittest.notebook.results import Arrays, Results
from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.running.cores import usable_cores
from fittest.pipeline.running.tables import runs_table, trajectory_table
from fittest.pipeline.running.train import loop_of
from fittest.runs.axes import merged
from fittest.runs.cost import expected_steps
from fittest.runs.expansion import twice
from fittest.runs.parts import Seeds
from fittest.runs.run import Run
from fittest.runs.runset import check_sides
from fittest.store import as_stored
from fittest.training import low_precision
from fittest.training.loop import Control
from fittest.training.record import Record, WeightSpool
from fittest.training.restart import RestartFolder
from fittest.yaml_file import validated

log = logging.getLogger(__name__)

WHERE = "fittest.train"
NAME = "trained"
"""What stands in the columns `runset` and `source` of runs that belong to no run-set."""

STANDARD = Thresholds(
    two_mean_factor=2.0, absolute=10.0, relative=0.25, settle_window=500, settle_separation=1.5
)
"""Those of config/config.yaml, which says where each comes from; it is not at hand everywhere."""


def train(
    run: Run | Mapping[str, Any] | None = None,
    *,
    seeds: Iterable[int | Mapping[str, int]] | None = range(8),
    progress: bool = True,
    threads: int | None = None,
    training: Mapping[str, Any] | None = None,
    thresholds: Thresholds = STANDARD,
    **settings: Any,
) -> Results:
    """Train one setting from several seeds, side by side, and return what was recorded.

    Values are those that the pipeline gets for the same run, bit for bit with the native kernel.
    Nothing is read from, or left in, the folder that this is called in. After Ctrl-C what was
    recorded until then is returned, with `finished` False.

    Args:
        run: settings of a run as in YAML (docs/reference/configuration.md), or a `Run`; the
            survival paper's default run where left out.
        seeds: a number sets all three seeds of a network, a mapping such as {"embedding": 0,
            "mlp": 3, "split": 3} those that it names; None: the one network of the run's own
            seeds.
        progress: whether to show a bar with the time left on standard error.
        threads: None for as many as there are cores and networks.
        training: device, dtype, backend and so on, as `training` in config/config.yaml.
        thresholds: of the survivor rules.
        **settings: settings of a run again, laid over `run`: task={"p": 31}, steps=1500.

    Returns:
        Results with a row of `runs` per seed, in the order of `seeds`.

    Raises:
        ConfigError: a setting or seed is wrong; names the key.
        DeviceError: a demanded device or backend is not there.
        TrainingError: the native kernel is not what its sources say.
    """
    runs = _runs(run, seeds, settings)
    how = validated(TrainingSettings, dict(training or {}), f"{WHERE}: training")
    control, kept = Control(restart_seconds=math.inf), _InMemory()
    with (
        tempfile.TemporaryDirectory(prefix="fittest-") as folder,
        _threads_as_before(),
        _stopping_on_ctrl_c(control),
        _bar(runs, control, progress),
    ):
        spool = WeightSpool(Path(folder))
        cores = min(usable_cores(), len(runs)) if threads is None else threads
        loop = loop_of(runs, how, thresholds.two_mean_factor, cores, spool, kept, control)
        try:
            record, finished = loop.run(), True
        except Interrupted:
            record, finished = Record.restored(kept.payload["record"]), False
        weights = _weights(runs, spool, kept)
    rows = as_stored(trajectory_table(runs, record), "trajectory")
    described = runs_table(NAME, runs, {one.run_id: NAME for one in runs}, runs)
    summary, frequencies = summarise_runs(rows, described, thresholds)
    return Results(
        NAME,
        None,
        as_stored(summary, "runs"),
        as_stored(frequencies, "frequencies"),
        _Memory(_in_order(rows, runs), weights),
        finished,
    )


# -- settings --------------------------------------------------------------------------


def _runs(
    run: Run | Mapping[str, Any] | None,
    seeds: Iterable[int | Mapping[str, int]] | None,
    settings: Mapping[str, Any],
) -> list[Run]:
    """One run per seed; ConfigError for whatever is wrong with one."""
    if isinstance(run, Run):
        run = run.model_dump(exclude_unset=True)
    if not isinstance(run, Mapping | None):
        raise ConfigError(f"{WHERE}: the first argument must be a mapping of settings, or a Run")
    content = merged(run or {}, settings)
    first = validated(Run, content, WHERE)
    if first.reference is not None:
        raise ConfigError(
            f"{WHERE}: intervention.of: the choice depends on a finished run-set, which only the"
            " pipeline has; name frequencies"
        )
    found: dict[str, Run] = {}
    for given in [{}] if seeds is None else seeds:
        # Not with_seeds: what `rng` makes of seeds is looked at too.
        own = {**first.seeds.model_dump(), **_named(given)}
        one = validated(Run, {**content, "seeds": own}, WHERE)
        check_sides(one, WHERE)
        if (twin := found.setdefault(one.run_id, one)) is not one:
            raise ConfigError(f"{WHERE}: seeds: {twice(twin, one)}")
    if not found:
        raise ConfigError(f"{WHERE}: seeds: none given; name at least one, or seeds=None")
    return list(found.values())


def _named(given: int | Mapping[str, int]) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return dict(given)
    if isinstance(given, bool) or not isinstance(given, Integral):
        raise ConfigError(f"{WHERE}: seeds: must be whole numbers or mappings (given: {given!r})")
    return dict.fromkeys(Seeds.model_fields, int(given))


# -- while it trains -------------------------------------------------------------------


class _InMemory(RestartFolder):
    """The newest restart point, kept in memory: what is there when somebody presses Ctrl-C."""

    def __init__(self) -> None:
        super().__init__(Path(), "")
        self.payload: dict[str, Any] = {}

    def save(self, step: int, payload: dict[str, Any]) -> None:
        self.payload = payload

    def load(self, check: Any = None) -> None:
        return None

    def clear(self) -> None:
        return None


@contextmanager
def _threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)
        low_precision.flush(False)


@contextmanager
def _stopping_on_ctrl_c(control: Control) -> Iterator[None]:
    """Let SIGINT ask the loop to stop; a second one ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread may set a handler, and only it gets the signal.
        yield
        return

    def ask(number: int, frame: object) -> None:
        signal.signal(number, before)
        control.request_stop = True

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _bar(runs: list[Run], control: Control, shown: bool) -> Iterator[None]:
    """A bar over the steps of all networks together."""
    total = sum(map(expected_steps, runs))
    form = "{desc} {percentage:3.0f}%|{bar:24}| {elapsed}, {remaining} left"
    label = f"{len(runs)} network{'s' if len(runs) > 1 else ''}"
    with tqdm(total=total, desc=label, file=sys.stderr, bar_format=form, disable=not shown) as bar:

        def moved(done: int) -> None:
            bar.update(min(done, total) - bar.n)

        control.progress = moved
        yield


# -- what is kept ----------------------------------------------------------------------


def _weights(runs: list[Run], spool: WeightSpool, kept: _InMemory) -> dict[str, dict[int, Arrays]]:
    """run_id -> step -> parameters; of runs that were stopped, those of the step they stood at."""
    found: dict[str, dict[int, Arrays]] = {run.run_id: {} for run in runs}
    for index, step, arrays in spool.by_run(range(len(runs))):
        # They are views into what was read of a file.
        found[runs[index].run_id][step] = {name: v.copy() for name, v in arrays.items()}  # type: ignore[misc]
    if (state := kept.payload.get("state")) is not None:
        every = bool(runs[0].recording.checkpoints_every)
        names = list(state["parameters"]) if every else runs[0].kept
        for place, index in enumerate(kept.payload["alive"].tolist()):
            found[runs[index].run_id][kept.payload["step"]] = {
                name: state["parameters"][name][place].detach().cpu().numpy().copy()
                for name in names
            }
    return found


def _in_order(rows: pd.DataFrame, runs: list[Run]) -> pd.DataFrame:
    """Trajectory rows in the order of runs."""
    place = rows["run_id"].map({run.run_id: number for number, run in enumerate(runs)})
    return rows.iloc[place.argsort(kind="stable")].reset_index(drop=True)


class _Memory:
    """A `Source` that holds everything."""

    def __init__(self, rows: pd.DataFrame, weights: dict[str, dict[int, Arrays]]) -> None:
        self._rows = rows
        self._weights = weights

    def trajectories(self) -> pd.DataFrame:
        return self._rows

    def weights(self, run_id: str) -> Mapping[int, Arrays]:
        return self._weights[run_id]
