"""Where the tables come from: run-sets on disk, thinned to what a page can show."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from fittest.pipeline.project import Project
from fittest.runs.parts import Seeds
from fittest.store import read_provenance, read_table

_WORDS = {"mlp": "MLP", "lr": "learning rate", "dtype": "numbers in"}
"""Last parts of settings that do not read well as they are."""
_UNTOLD = ("recording.", "stop.", "steps")
"""Settings of what is kept of a run and of when it may end: no difference between experiments."""
_SEEDS = "seeds."


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
    place = project.paths.weights if weights else project.paths.trajectory
    return [path for of in runs["source"].unique() for path in there(project, str(of), place)]


def there(project: Project, runset: str, place: Callable[[str, str], str]) -> list[Path]:
    """Tables of a run-set's shards that are here; of shards that it had under an earlier
    configuration some may lie beside them.

    place: from names of the run-set and of a shard to the path of its table.
    """
    paths = (project.root / place(runset, shard.name) for shard in project.catalogue.shards(runset))
    return [path for path in paths if path.is_file()]


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
    """What tells the runs of a run-set apart, in words, by their configurations."""
    found = []
    for number, told in enumerate(_with_one_seed(_varied(runs)), 1):
        parts = [
            f"{_word(key)} {_short(value)}" for key, value in told.items() if value is not None
        ]
        found.append(f"run {number}: {', '.join(parts)}" if parts else f"run {number}")
    return found


def _with_one_seed(varied: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As given, but where all seeds of each run are one number with that as its seed."""
    seeds = [[own[key] for key in own if key.startswith(_SEEDS)] for own in varied]
    if any(len(own) < len(Seeds.model_fields) or len(set(own)) > 1 for own in seeds):
        return varied
    rest = [{key: own[key] for key in own if not key.startswith(_SEEDS)} for own in varied]
    return [{**own, "seed": known[0]} for own, known in zip(rest, seeds, strict=True)]


def _word(key: str) -> str:
    last = key.rsplit(".", 1)[-1]
    return _WORDS.get(last, last.replace("_", " ")) + (" seed" if key.startswith(_SEEDS) else "")


def spread(runs: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many runs, in their order: of every setting one before any has a second, whatever
    the seeds; where there are more settings than that, evenly spaced ones."""
    settings = [
        json.dumps({key: value for key, value in told.items() if not key.startswith(_SEEDS)})
        for told in _varied(runs)
    ]
    number = pd.Series(settings, index=runs.index)
    turn = runs.groupby(number).cumcount().to_numpy()
    chosen: list[int] = []
    for level in range(int(turn.max(initial=-1)) + 1):
        places = np.flatnonzero(turn == level)
        room = most - len(chosen)
        if len(places) > room:
            places = places[np.linspace(0, len(places) - 1, room).round().astype(int)]
        chosen += places.tolist()
        if len(chosen) >= most:
            break
    return runs.iloc[sorted(chosen)]


def _varied(runs: pd.DataFrame) -> list[dict[str, Any]]:
    """Of each run the settings (path -> value) in which the runs differ; None where it has none."""
    flat = [_flat(json.loads(one)) for one in runs["config"]]
    keys = dict.fromkeys(key for one in flat for key in one)
    differing = [
        key
        for key in keys
        if not key.startswith(_UNTOLD) and len({json.dumps(one.get(key)) for one in flat}) > 1
    ]
    return [{key: one.get(key) for key in differing} for one in flat]


def _flat(settings: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{above}{key}.")
        else:
            found[above + key] = value
    return found


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(_short, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def plain(values: Sequence[Any]) -> list[int]:
    """Whole numbers as JSON knows them."""
    return [int(value) for value in values]
