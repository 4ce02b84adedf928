"""What became of networks that sort, one by one: how well, how soon, and by which circuit
(exponents methods 2.13)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.exponents.settings import ListSettings
from fittest.analysis.exponents.sort_circuits import attention as attention_of
from fittest.analysis.exponents.sort_circuits import (
    copying_score,
    diagonal_contrast,
    middle_slope,
    own_largest,
    sort_network,
    successor_rank,
    task_of,
    token_outputs,
    token_scores,
)
from fittest.analysis.exponents.sort_lists import (
    answer_rows,
    copies_attended,
    least_kept,
    lists_of,
    long_lists,
    neurons_kept,
    score,
)
from fittest.analysis.fates.curves import thinned
from fittest.models import TransformerSettings
from fittest.runs.run import Run

TRAJECTORY = [
    *("run_id", "step", "train_loss", "test_loss", "train_accuracy", "test_accuracy"),
    *("train_exact", "test_exact"),
]
"""Columns that are read of a trajectory."""
NAMED = ["run_id", "runset", "arm", "seed"]
COLUMNS = [
    *(*NAMED, "heads", "neurons", "positions", "repeats", "variable", "length", "values", "steps"),
    *("token", "exact", "best_token", "best_exact", "learned", "gap"),
    *("copying", "contrast", "own_largest", "slope", "rank", "long_token", "kept"),
]
"""Of a row per run. token, exact: validation accuracies at the end; learned: first recorded step
with the accuracy that counts as learnt, infinite without; gap: validation less train loss, mean of
the last rows, nats; own_largest: share of columns of the outputs of which the diagonal is largest;
long_token: on long lists; kept: share of neurons that are enough; both missing where there are
none."""
COPYING = [*NAMED, "head", "copying"]
"""head: -1 for all heads together."""
MAPS = ["runset", "of", "row", "column", "value"]
"""Of the first run of each run-set: `scores` and `outputs` by token (row: query, or class; column:
key, or token attended to; values, then MID), mean over heads and sum over heads; `attention` of one
list (row: the answer; column: position)."""
KEPT = [*NAMED, "kept", "token", "exact"]
COPIES = [*NAMED, "positions", "place", "cases", "relative", "weight"]
CURVES = ["runset", "arm", "seed", "series", "step", "value"]
SERIES = {
    "train": "train_loss",
    "test": "test_loss",
    "token": "test_accuracy",
    "exact": "test_exact",
}
"""Curve -> column of a trajectory; the first two are losses in nats."""


def arm_of(run: Run) -> str:
    """What tells a run from the plain network and task, such as `2 heads` or `repeats, positions`;
    `plain` where nothing does."""
    task, model = task_of(run), run.model
    assert isinstance(model, TransformerSettings)
    told = [f"{model.heads} heads"] if model.heads > 1 else []
    told += ["neurons"] if model.mlp is not None else []
    told += ["repeats"] if task.repeats else []
    told += ["positions"] if model.positions == "learned" else []
    told += ["lengths vary"] if task.shortest is not None else []
    return ", ".join(told) or "plain"


def from_curve(rows: pd.DataFrame, rules: ListSettings) -> dict[str, float]:
    """COLUMNS from `token` to `gap` of one run. rows: TRAJECTORY, in the order of steps."""
    token, exact = rows["test_accuracy"].to_numpy(float), rows["test_exact"].to_numpy(float)
    solved = np.flatnonzero(token >= rules.solved)
    last = rows.iloc[-rules.tail :]
    return {
        "token": float(token[-1]),
        "exact": float(exact[-1]),
        "best_token": float(token.max()),
        "best_exact": float(exact.max()),
        "learned": float(rows["step"].iloc[solved[0]]) if len(solved) else math.inf,
        "gap": float((last["test_loss"] - last["train_loss"]).mean()),
    }


class Found:
    """Tables of all runs, filled one by one."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Any]] = {
            name: [] for name in ("runs", "copying", "maps", "kept", "copies", "curves")
        }
        self._shown: set[str] = set()

    def add(
        self,
        named: Mapping[str, Any],
        run: Run,
        rows: pd.DataFrame,
        parameters: Mapping[str, Any],
        rules: ListSettings,
        pieces: int,
    ) -> None:
        """One run.

        Args:
            named: run_id, runset, seed. rows: of its trajectory. parameters: at its end.
            pieces: see ``thinned``.
        """
        task, model, network = task_of(run), run.model, sort_network(run, parameters)
        assert isinstance(model, TransformerSettings)
        told = {**named, "arm": arm_of(run)}
        rows = rows.sort_values("step")
        long = long_lists(run, rules)
        kept = None if model.mlp is None else neurons_kept(run, parameters, network, rules)
        self.rows["runs"].append(
            {
                **told,
                "heads": model.heads,
                "neurons": model.mlp or 0,
                "positions": model.positions == "learned",
                "repeats": task.repeats,
                "variable": task.shortest is not None,
                "length": task.length,
                "values": network.values,
                "steps": int(rows["step"].iloc[-1]),
                **from_curve(rows, rules),
                "copying": copying_score(network),
                "contrast": diagonal_contrast(network),
                "own_largest": own_largest(network),
                "slope": middle_slope(network),
                "rank": successor_rank(network),
                "long_token": math.nan if long is None else score(run, parameters, long).token,
                "kept": math.nan if kept is None else least_kept(kept, rules.lost),
            }
        )
        for head in (-1, *range(network.heads)):
            found = copying_score(network, None if head < 0 else head)
            self.rows["copying"].append({**told, "head": head, "copying": found})
        if kept is not None:
            self.rows["kept"].append(kept.assign(**told))
        copies = copies_attended(run, network, rules.lists)
        if len(copies):
            learned = model.positions == "learned"
            self.rows["copies"].append(copies.assign(**told, positions=learned))
        for series, column in SERIES.items():
            values = rows[column].to_numpy(dtype=np.float64)
            at = thinned(rows["step"], values, pieces)
            shown = pd.DataFrame({"step": rows["step"].to_numpy()[at], "value": values[at]})
            told_curve = {name: told[name] for name in ("runset", "arm", "seed")}
            self.rows["curves"].append(shown.assign(**told_curve, series=series))
        if named["runset"] not in self._shown:
            self._shown.add(named["runset"])
            self.rows["maps"] += _maps(str(named["runset"]), run, parameters)

    def tables(self) -> dict[str, pd.DataFrame]:
        """By name: COLUMNS, COPYING, MAPS, KEPT, COPIES, CURVES; empty without runs."""
        plain = {"runs": COLUMNS, "copying": COPYING}
        made = {name: pd.DataFrame(self.rows[name], columns=cols) for name, cols in plain.items()}
        for name, columns in {
            "maps": MAPS,
            "kept": KEPT,
            "copies": COPIES,
            "curves": CURVES,
        }.items():
            parts = self.rows[name]
            table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
            made[name] = table[columns]
        return made


def _maps(runset: str, run: Run, parameters: Mapping[str, Any]) -> list[pd.DataFrame]:
    network, task = sort_network(run, parameters), task_of(run)
    shown = [*range(network.values), network.middle]
    scores = token_scores(network).mean(axis=0)[np.ix_(shown, shown)]
    outputs = token_outputs(network).sum(axis=0)[np.ix_(shown[:-1], shown[:-1])]
    rows = answer_rows(task.build())
    # A list of differing lengths in full: nothing of it is padding.
    shortest = None if task.shortest is None else task.length
    examples = lists_of(run, 1, shortest)
    pattern = attention_of(network, examples.tokens, rows)[0].mean(axis=0)
    # In the order of their values, so that distance in value is distance on the page.
    given = examples.tokens[0, 1 : task.length + 1]
    ordered = pattern[:, 1 : task.length + 1][:, np.argsort(given, kind="stable")]
    return [
        pd.DataFrame(
            {
                "row": np.repeat(np.arange(len(values)), values.shape[1]),
                "column": np.tile(np.arange(values.shape[1]), len(values)),
                "value": values.ravel(),
            }
        ).assign(runset=runset, of=of)
        for of, values in (("scores", scores), ("outputs", outputs), ("attention", ordered))
    ]
