"""Trainings that must be one: under other names of the numbers, and with operands exchanged
(exponents methods 2.4, E04, E05)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.exponents.names import Couplings
from fittest.analysis.fates.curves import every_train_loss
from fittest.analysis.fates.runs import complete
from fittest.analysis.statistics.table import Row, statistic_row
from fittest.errors import ConfigError
from fittest.models import TransformerSettings
from fittest.models.exchanged_transformer import ExchangedTransformerSettings
from fittest.runs.run import Run
from fittest.tasks import Powers

COUPLED = [
    *("coupling", "p", "a", "b", "with_a", "with_b", "steps"),
    *("absolute", "relative", "fall"),
]
"""Of a row per pair of runs. coupling: `relabelled` or `exchanged`. absolute (nats), relative:
largest difference of their losses, train at every step and test at recorded ones. fall: first train
loss over the last."""


def coupled(runs: pd.DataFrame, trajectory: pd.DataFrame) -> pd.DataFrame:
    """COUPLED, a row for each run that lists its pairs in another order.

    Args:
        runs: a `runs` table. trajectory: of all of its runs, with `train_losses`.

    Raises:
        ConfigError: where the run that one is coupled with is not there.
    """
    good = complete(runs)
    known = {
        str(row["run_id"]): Run.model_validate_json(str(row["config"]))
        for row in good.to_dict("records")
    }
    by_run = {run_id: part.sort_values("step") for run_id, part in trajectory.groupby("run_id")}
    rows: list[dict[str, Any]] = []
    for run_id, run in known.items():
        task = run.task
        if not isinstance(task, Powers) or task.listed == "by_operands":
            continue
        partner = _partner(run, task)
        plain = partner.task
        assert isinstance(plain, Powers)
        if partner.run_id not in known:
            raise ConfigError(
                f"run-set `{runs['runset'].iloc[0]}`: the run on exponents {task.exponents} is"
                f" coupled with one on {plain.exponents}, of the same seeds and"
                " settings, which is not there; add it"
            )
        first, second = by_run[partner.run_id], by_run[run_id]
        shape = {
            "coupling": "exchanged" if task.listed == "exchanged" else "relabelled",
            "p": task.p,
            **dict(zip(("a", "b"), task.exponents, strict=True)),
            **dict(zip(("with_a", "with_b"), plain.exponents, strict=True)),
        }
        rows.append({**shape, **_difference(first, second)})
    return pd.DataFrame(rows, columns=COUPLED)


def _partner(run: Run, task: Powers) -> Run:
    """The plain run that a coupled one must follow."""
    a, b = task.exponents
    other = {"listed": "by_operands", "exponents": (1, 1) if task.listed == "by_powers" else (b, a)}
    model = run.model
    if isinstance(model, ExchangedTransformerSettings):
        model = TransformerSettings(**model.model_dump(exclude={"name"}))
    content = {"task": task.model_copy(update=other), "model": model, "intervention": None}
    return run.model_copy(update=content)


def _difference(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, Any]:
    last = min(int(first["step"].max()), int(second["step"].max()))
    pairs = []
    for whole in (first, second):
        rows = whole[whole["step"] <= last]
        pairs.append((every_train_loss(rows)[1], rows["test_loss"].to_numpy(np.float64)))
    one, other = (np.concatenate(pair) for pair in pairs)
    gaps = np.abs(one - other)
    train = pairs[0][0]
    return {
        "steps": last,
        "absolute": float(gaps.max()),
        "relative": float((gaps / np.abs(one)).max()),
        "fall": float(train[0] / train[-1]),
    }


def statistics(table: pd.DataFrame) -> list[Row]:
    """Rows of the group Couplings. table: COUPLED."""
    relabelled = table[table["coupling"] == "relabelled"]
    exchanged = table[table["coupling"] == "exchanged"]
    return [
        statistic_row(
            Couplings.RELABELLED,
            float(relabelled["absolute"].max()) if len(relabelled) else math.nan,
            len(relabelled),
            "largest difference of losses of relabelled runs, nats",
        ),
        statistic_row(
            Couplings.EXCHANGED,
            float(exchanged["relative"].max()) if len(exchanged) else math.nan,
            len(exchanged),
            "largest relative difference of losses with operands exchanged",
        ),
        *(
            statistic_row(
                name,
                float(part["fall"].min()) if len(part) else math.nan,
                len(part),
                f"least fall of the train loss of {which} runs meanwhile, times",
            )
            for name, part, which in (
                (Couplings.LEARNED, relabelled, "relabelled"),
                (Couplings.LEARNED_EXCHANGED, exchanged, "exchanged"),
            )
        ),
    ]
