"""Which runs are analysed, and their tables put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from fittest.analysis.circuits.checkpoints import (
    Checkpoint,
    checkpoint_steps,
    files_by_run,
    final_checkpoint,
    read_checkpoints,
    train_pairs_of,
)
from fittest.analysis.circuits.final import TABLES, Circuit, circuit
from fittest.analysis.circuits.losses import Mask
from fittest.analysis.circuits.measures import (
    COLUMNS,
    FREQUENCY_COLUMNS,
    WEIGHT_COLUMNS,
    Measured,
    progress_measures,
)
from fittest.analysis.circuits.network import refuse_other
from fittest.analysis.circuits.settings import CircuitSettings
from fittest.analysis.circuits.work import mapped
from fittest.analysis.fates.runs import complete
from fittest.errors import StoreError
from fittest.runs.run import Run
from fittest.tasks import ModularAddition
from fittest.tasks.settings import NumbersTask

Row = dict[str, Any]


@dataclass(frozen=True)
class Analysed:
    """One network, and the run-sets that name it: (run-set, seed) of each. Where two share it, it
    is analysed once and has rows for both."""

    run: Run
    last_step: int
    named: tuple[tuple[str, int], ...]

    @property
    def run_id(self) -> str:
        """Of the run."""
        return self.run.run_id

    def rows(self, made: Sequence[Row], once: bool = False) -> Iterator[Row]:
        """Rows with the columns that name the run; `once`: under its first name alone."""
        for runset, seed in self.named[:1] if once else self.named:
            for row in made:
                yield {"run_id": self.run_id, "runset": runset, "seed": seed, **row}


def analysed_runs(
    runs: pd.DataFrame, tasks: tuple[type[NumbersTask], ...] = (ModularAddition,)
) -> list[Analysed]:
    """Networks of `runs` tables that did not fail, by run-set as given, then by seed.

    Args:
        tasks: those that the caller can take apart.

    Raises:
        ConfigError: for a run whose network or task has other circuits.
    """
    found: dict[str, Analysed] = {}
    order = {name: i for i, name in enumerate(dict.fromkeys(runs["runset"]))}
    good = complete(runs).assign(place=runs["runset"].map(order))
    for row in good.sort_values(["place", "seed_split"], kind="stable").to_dict("records"):
        name = (str(row["runset"]), int(row["seed_split"]))
        before = found.get(str(row["run_id"]))
        if before is None:
            run = Run.model_validate_json(str(row["config"]))
            refuse_other(run, name[0], tasks)
            found[run.run_id] = Analysed(run, int(row["last_step"]), (name,))
        else:
            last = max(before.last_step, int(row["last_step"]))
            found[before.run_id] = Analysed(before.run, last, (*before.named, name))
    return list(found.values())


def final_circuits(
    runs: Sequence[Analysed],
    weights: Sequence[str],
    trajectories: pd.DataFrame,
    settings: CircuitSettings,
    threads: int,
    shown: Callable[[Analysed, Circuit], None],
) -> dict[str, pd.DataFrame]:
    """The tables of `final.TABLES`, of every run at its end.

    Args:
        weights: tables that hold the runs' parameters.
        trajectories: run_id, step, train_loss, test_loss of the runs.
        shown: called with the first run and its circuit, for tables of one run alone.
    """
    files = files_by_run(weights)
    by_run = dict(iter(trajectories.groupby("run_id")))

    def analyse(one: Analysed) -> Mapping[str, list[Row]]:
        steps = checkpoint_steps(one.run, one.last_step)
        step, slingshot = final_checkpoint(
            by_run.get(one.run_id, trajectories.iloc[:0]),
            steps,
            settings.slingshot,
            settings.last_checkpoints,
        )
        [[(_, parameters)]] = read_checkpoints(held(files, one), one.run_id, [step])
        found = circuit(parameters, train_pairs_of(one.run), settings)
        if one is runs[0]:
            shown(one, found)
        shape = one.run.task.shape()
        described = {
            "p": one.run.numbers_task.p,
            "layers": len(found.network.blocks),
            "train_fraction": one.run.numbers_task.train_fraction,
            "weight_decay": one.run.optimiser.weight_decay,
            "dropout": one.run.model.dropout_rate() if one.run.model.dropout_shape(shape) else 0.0,
            "step": step,
            "slingshot": slingshot,
        }
        [row] = found.rows["circuits"]
        return {**found.rows, "circuits": [{**described, **row}]}

    rows: dict[str, list[Row]] = {name: [] for name in TABLES}
    made = mapped(analyse, [runs], threads, len(runs), "circuits")
    for one, found in zip(runs, made, strict=True):
        for name, some in found.items():
            rows[name] += one.rows(some)
    tables = {name: pd.DataFrame(rows[name], columns=columns) for name, columns in TABLES.items()}
    tables["ablations"]["k"] = tables["ablations"]["k"].astype("Int64")
    return tables


def measured_checkpoints(
    runs: Sequence[Analysed],
    weights: Sequence[str],
    circuits: pd.DataFrame,
    threads: int,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Progress measures at every checkpoint: rows of COLUMNS, FREQUENCY_COLUMNS, WEIGHT_COLUMNS.

    Args:
        circuits: of `final_circuits`: the key frequencies of each run, which are the same for all
            its checkpoints.
    """
    files = files_by_run(weights)
    keys = {
        str(row["run_id"]): [int(k) for k in row["keys"]]
        for row in circuits[["run_id", "keys"]].to_dict("records")
    }
    steps = {one.run_id: checkpoint_steps(one.run, one.last_step) for one in runs}

    def windows() -> Iterator[list[tuple[Analysed, Mask, Checkpoint]]]:
        for one in runs:
            train = train_pairs_of(one.run)
            for window in read_checkpoints(held(files, one), one.run_id, steps[one.run_id]):
                yield [(one, train, checkpoint) for checkpoint in window]

    def measure(given: tuple[Analysed, Mask, Checkpoint]) -> tuple[Analysed, Measured]:
        one, train, (step, parameters) = given
        return one, progress_measures(step, parameters, train, keys[one.run_id])

    measures: list[Row] = []
    frequencies: list[Row] = []
    squares: list[Row] = []
    total = sum(len(each) for each in steps.values())
    for one, found in mapped(measure, windows(), threads, total, "checkpoints"):
        measures += one.rows([found.measures])
        frequencies += one.rows(found.frequencies)
        squares += one.rows(found.weights)
    return (
        pd.DataFrame(measures, columns=COLUMNS),
        pd.DataFrame(frequencies, columns=FREQUENCY_COLUMNS),
        pd.DataFrame(squares, columns=WEIGHT_COLUMNS),
    )


def held(files: Mapping[str, list[str]], one: Analysed) -> list[str]:
    """Tables of weights that hold a run, of `files_by_run`; StoreError where none does."""
    if one.run_id not in files:
        runset, seed = one.named[0]
        raise StoreError(
            f"run-set `{runset}`, seed {seed}: no table of weights holds run {one.run_id}; add"
            f" {runset}.weights to the inputs of the analysis in config/papers/"
        )
    return files[one.run_id]
