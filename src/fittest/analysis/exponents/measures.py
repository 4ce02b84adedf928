"""Progress measures of networks on sums of powers at each checkpoint (exponents methods 2.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.circuits import forward
from fittest.analysis.circuits.basis import Floats
from fittest.analysis.circuits.checkpoints import (
    Checkpoint,
    checkpoint_steps,
    files_by_run,
    read_checkpoints,
    train_pairs_of,
)
from fittest.analysis.circuits.losses import Mask
from fittest.analysis.circuits.network import network_of, sum_of_squares
from fittest.analysis.circuits.runs import Analysed, held
from fittest.analysis.circuits.sums import sum_table
from fittest.analysis.circuits.work import mapped
from fittest.analysis.exponents.bases import Kind
from fittest.analysis.exponents.directions import (
    Numbers,
    coefficients,
    directions,
    loss_and_accuracy,
    part,
    reflection,
)
from fittest.analysis.exponents.networks import RUN, key_frequencies, sum_of
from fittest.analysis.exponents.residues import answers
from fittest.analysis.exponents.settings import NetworkSettings
from fittest.tasks import Powers

Row = dict[str, Any]
MEASURES = [
    *(*RUN, "step", "basis", "train_loss", "test_loss", "train_accuracy", "test_accuracy"),
    *("restricted_loss", "restricted_test_loss", "excluded_loss", "notebook_loss"),
    "squared_weights",
]
"""Of a row per checkpoint and basis: by sums of the operands (raw) or of their powers (powered).
restricted_: of logits that keep the key frequencies and the mean, over all pairs or the test pairs;
excluded_: of neurons without them, over the train pairs; notebook_: by the report's notebook, of
cosines alone and twice. Losses in nats."""
FREQUENCIES = [*RUN, "step", "basis", "k", "coefficient"]
"""Of a row per checkpoint, basis and key frequency: cos(w_k (s - c)) in the logits."""
SQUARES = [*RUN, "step", "parameter", "squares"]


@dataclass(frozen=True)
class Measured:
    """Rows of one checkpoint, without the run."""

    measures: list[Row]
    frequencies: list[Row]
    squares: list[Row]


def progress_measures(
    step: int,
    parameters: Mapping[str, Floats],
    task: Powers,
    train: Mask,
    ks: Sequence[int],
) -> Measured:
    """All measures of one checkpoint.

    Args:
        parameters: by name. train: (p, p), the pairs that are trained on.
        ks: the run's key frequencies, the same for all its checkpoints.
    """
    p, (a, b) = task.p, task.exponents
    labels = answers(p, a, b)
    # Logits of float32, as in training; all that is summed from them is in float64.
    network = network_of(p, parameters, np.float32)
    activity = forward.activity(network)
    logits = network.logits(activity.stream, activity.neurons)
    told = {"step": step, "squared_weights": sum_of_squares(parameters)}
    for name, mask in (("train", train), ("test", ~train)):
        loss, accuracy = loss_and_accuracy(logits[mask], labels[mask])
        told |= {f"{name}_loss": loss, f"{name}_accuracy": accuracy}
    found: dict[Kind, tuple[Row, Floats]] = {}
    tables: dict[Kind, Any] = {"raw": sum_table(p), "powered": labels}
    for kind, table in tables.items():
        if kind == "powered" and a == b == 1:
            # One is the other.
            found[kind] = found["raw"]
            continue
        numbers = Numbers.from_table(table)
        sums = numbers.sums(logits)
        written = numbers.sums(activity.neurons) @ network.neuron_logit_map().T.astype(np.float64)
        kept = part(directions(numbers, ks, True), sums)[table]
        row = {
            "restricted_loss": _loss(kept, labels, np.ones_like(train)),
            "restricted_test_loss": _loss(kept, labels, ~train),
        }
        for name, gone in (
            ("excluded_loss", part(directions(numbers, ks, False), written)),
            ("notebook_loss", reflection(numbers, ks, written)),
        ):
            left = logits[train] - gone[table[train]]
            row[name] = loss_and_accuracy(left, labels[train])[0]
        found[kind] = row, coefficients(numbers, ks, sums)
    return Measured(
        [{**told, "basis": kind, **row} for kind, (row, _) in found.items()],
        [
            {"step": step, "basis": kind, "k": int(k), "coefficient": float(value)}
            for kind, (_, values) in found.items()
            for k, value in zip(ks, values, strict=True)
        ],
        [
            {"step": step, "parameter": name, "squares": sum_of_squares({name: value})}
            for name, value in parameters.items()
        ],
    )


def _loss(logits: Floats, labels: np.ndarray, mask: Mask) -> float:
    return loss_and_accuracy(logits[mask], labels[mask])[0]


def measured_checkpoints(
    runs: Sequence[Analysed], weights: Sequence[str], settings: NetworkSettings, threads: int
) -> dict[str, pd.DataFrame]:
    """MEASURES, FREQUENCIES and SQUARES at every checkpoint of runs. Key frequencies are those of
    the last one.

    weights: tables that hold the runs' parameters.
    """
    files = files_by_run(weights)
    steps = {one.run_id: checkpoint_steps(one.run, one.last_step) for one in runs}
    Given = tuple[Analysed, Mask, tuple[int, ...], Checkpoint]

    def windows() -> Iterator[list[Given]]:
        for one in runs:
            train, tables = train_pairs_of(one.run), held(files, one)
            [[(_, last)]] = read_checkpoints(tables, one.run_id, [one.last_step])
            map_ = network_of(one.run.numbers_task.p, last).neuron_logit_map()
            ks = key_frequencies(map_, settings)
            for window in read_checkpoints(tables, one.run_id, steps[one.run_id]):
                yield [(one, train, ks, checkpoint) for checkpoint in window]

    def measure(given: Given) -> tuple[Analysed, Measured]:
        one, train, ks, (step, parameters) = given
        task = one.run.task
        assert isinstance(task, Powers)
        return one, progress_measures(step, parameters, task, train, ks)

    rows: dict[str, list[Row]] = {"measures": [], "frequencies": [], "squares": []}
    total = sum(len(each) for each in steps.values())
    for one, found in mapped(measure, windows(), threads, total, "checkpoints"):
        for name in rows:
            some = [{**sum_of(one), **row} for row in getattr(found, name)]
            rows[name] += one.rows(some, once=True)
    columns = {"measures": MEASURES, "frequencies": FREQUENCIES, "squares": SQUARES}
    return {name: pd.DataFrame(rows[name], columns=columns[name]) for name in rows}
