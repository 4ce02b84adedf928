"""Tables of runs that nobody trained, for tests of analyses: their settings are real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fittest.runs.run import Run
from fittest.store import SCHEMAS, write_table

ORIGIN = {"scale": "test", "config_hash": "0123456789abcdef", "commit": "f" * 12}


def stored(table: pd.DataFrame, path: Path, kind: str) -> str:
    """Write a table of a kind, its other columns empty; its path."""
    others = {name: None for name in SCHEMAS[kind].names if name not in table}
    write_table(table.assign(**others), str(path), ORIGIN, kind)
    return str(path)


def runs_table(runs: Sequence[tuple[str, Run]], failed: bool = False) -> pd.DataFrame:
    """Rows of a `runs` table. runs: each with the name of its run-set."""
    rows = [
        {
            "run_id": run.run_id,
            "runset": runset,
            "p": getattr(run.task, "p", None),
            "seed_embedding": run.seeds.embedding,
            "seed_split": run.seeds.split,
            "last_step": run.steps,
            "failed": failed,
            "config": run.model_dump_json(),
        }
        for runset, run in runs
    ]
    columns = [
        *("run_id", "runset", "p", "seed_embedding", "seed_split", "last_step"),
        *("failed", "config"),
    ]
    return pd.DataFrame(rows, columns=columns)


def curve(
    run: Run, steps: np.ndarray, values: Mapping[str, Any], every: np.ndarray | None = None
) -> pd.DataFrame:
    """Rows of a trajectory: `values` by column at `steps`, and the train loss of every step."""
    rows = pd.DataFrame({"run_id": run.run_id, "step": steps, **values})
    if every is None:
        return rows
    before = [0, *steps[:-1]]
    return rows.assign(
        train_losses=[every[a:b] for a, b in zip(before, steps, strict=True)],
        train_loss=[every[min(s, len(every) - 1)] for s in steps],
    )


def weight_rows(run: Run, step: int, parameters: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Rows of a `weights` table."""
    return [
        {
            "run_id": run.run_id,
            "step": step,
            "parameter": name,
            "shape": list(value.shape),
            "values": np.asarray(value, dtype=np.float32).ravel(),
        }
        for name, value in parameters.items()
    ]
