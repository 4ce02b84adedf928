"""Where the tables come from: run-sets on disk, thinned to what a page can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from fittest.pipeline.project import Project
from fittest.store import read_provenance, read_table

_VARIED = {
    "seed_embedding": "embedding seed",
    "seed_mlp": "MLP seed",
    "seed_split": "split seed",
    "p": "p",
    "d": "d",
    "weight_decay": "weight decay",
    "intervention": "intervention",
    "frequency": "frequency",
    "factor": "factor",
    "first": "first",
    "second": "second",
    "ratio": "ratio",
    "train_fraction": "train fraction",
}


@dataclass(frozen=True)
class Packed:
    """A table for the browser.

    Attributes:
        name: of the table among those of its explorer. choice: which of several the reader may
            choose (a run-set); empty where there is but one.
        about: origin and sizes that the page prints; JSON.
    """

    name: str
    choice: str
    table: pa.Table
    about: dict[str, Any]


def runs_of(project: Project, runset: str) -> pd.DataFrame | None:
    """The runs of a run-set; None where they are not here."""
    path = project.root / project.paths.runs(runset)
    return read_table(path, "runs") if path.is_file() else None


def shards(project: Project, runs: pd.DataFrame, weights: bool = False) -> list[Path]:
    """Tables that hold the trajectories (or the weights) of some runs, whichever run-set trained
    them."""
    found: list[Path] = []
    for source in runs["source"].unique():
        paths = project.paths
        folder = paths.all_weights(source) if weights else paths.trajectories(source)
        found += sorted((project.root / folder).glob("*.parquet"))
    return found


def origin(path: Path) -> dict[str, Any]:
    """Scale and commit that a table was made from."""
    known = read_provenance(path)
    return {key: known.get(key, "unknown") for key in ("scale", "commit", "config_hash")}


def thinned(steps: Sequence[int], most: int) -> list[int]:
    """At most so many of ascending steps, the first and the last among them, as even on a
    logarithmic axis as they allow."""
    known = np.unique(np.asarray(steps, dtype=np.int64))
    if len(known) <= most:
        return [int(step) for step in known]
    wanted = np.geomspace(1, known[-1] - known[0] + 1, most) - 1 + known[0]
    # To the nearest; neighbours that fall together leave room for the widest gaps.
    places = np.unique(np.abs(known[:, None] - wanted[None]).argmin(axis=0))
    while len(places) < most:
        gaps = np.diff(places)
        widest = int(gaps.argmax())
        places = np.insert(places, widest + 1, places[widest] + gaps[widest] // 2)
    return [int(step) for step in known[places]]


def labels(runs: pd.DataFrame) -> list[str]:
    """What tells the runs of a run-set apart, in words."""
    told = {
        column: word
        for column, word in _VARIED.items()
        if column in runs and runs[column].astype(str).nunique() > 1
    }
    found = []
    for number, row in enumerate(runs.to_dict("records")):
        parts = [f"{word} {_short(row[key])}" for key, word in told.items() if _known(row[key])]
        found.append(f"run {number + 1}: {', '.join(parts)}" if parts else f"run {number + 1}")
    return found


def _known(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and np.isnan(value)) and value != ""


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def plain(values: Sequence[Any]) -> list[int]:
    """Whole numbers as JSON knows them."""
    return [int(value) for value in values]
