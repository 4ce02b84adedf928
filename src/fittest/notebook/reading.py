"""Finished run-sets and verdicts, read from a folder of results; no repository is needed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fittest.errors import ConfigError, StoreError
from fittest.notebook.places import PathLike, results_folder
from fittest.notebook.results import Arrays, Results
from fittest.pipeline.configuration.targets import meant
from fittest.pipeline.running.collect import own_rows
from fittest.runs.run import Run
from fittest.runs.runset import SCALES
from fittest.store import Paths, by_step, read_rows, read_run, read_table


def load(runset: str, scale: str | None = None, results: PathLike | None = None) -> Results:
    """A finished run-set, as the pipeline has stored it.

    Args:
        runset: its name, such as "fixemb".
        scale: smoke, reduced, settled or full; may be left out where it was made at one alone.
        results: the folder of results; that of the clone this runs in, or else `results`.

    Returns:
        Results whose trajectories and weights are read when they are asked for. Runs that it shares
        with another run-set are read there, and cut to what this one asks for; their weights are
        those at the last step of the longer training.

    Raises:
        ConfigError: there is no such run-set here, or at several scales; names those there are.
        StoreError: a file is missing, damaged or foreign.
    """
    folder = results_folder(results)
    paths = Paths(str(folder), "", _scale_of(folder, runset, scale))
    source = _Files(paths, runset)
    frequencies = read_table(paths.frequencies(runset), "frequencies")
    return Results(runset, paths.scale, source.runs, frequencies, source)


def verdicts(paper: str, scale: str | None = None, results: PathLike | None = None) -> pd.DataFrame:
    """The judged claims of a paper: one row per claim, with its value here, its interval, the
    paper's value, and the verdict.

    paper: survival, completeness, progress, cosets or exponents. The rest as for `load`.
    """
    folder = results_folder(results)
    scales = [s for s in SCALES if Path(Paths(str(folder), "", s).table(paper, _CLAIMS)).is_file()]
    what = f"verdicts of `{paper}`"
    chosen = _one(scales, scale, what, folder, f"snakemake {paper} --cores all makes them")
    return pd.read_csv(Paths(str(folder), "", chosen).table(paper, _CLAIMS))


_CLAIMS = "claims.csv"


def _scale_of(folder: Path, runset: str, scale: str | None) -> str:
    there = {s: _finished(folder, s) for s in SCALES}
    found = [s for s, names in there.items() if runset in names]
    names = sorted(set().union(*there.values()))
    near = "" if found else meant(runset, names)
    at = scale or "<scale>"
    file = Paths("results", "", at).runs(runset)
    made = f"{near}snakemake {file} --cores all --config scale={at} makes it"
    return _one(found, scale, f"finished run-set `{runset}`", folder, made)


def _finished(folder: Path, scale: str) -> set[str]:
    """Run-sets with all their tables."""
    return {path.parent.name for path in (folder / scale / "runs").glob("*/runs.parquet")}


def _one(found: list[str], scale: str | None, what: str, folder: Path, remedy: str) -> str:
    if scale is not None and scale not in SCALES:
        raise ConfigError(f"scale `{scale}` is unknown; use one of {', '.join(SCALES)}")
    if scale in found:
        return scale
    if scale is not None or not found:
        where = f"{folder}/{scale}" if scale else str(folder)
        there = f"; there is one at {', '.join(found)}" if found else ""
        raise ConfigError(f"{where}: no {what} here{there}; {remedy}")
    if len(found) > 1:
        raise ConfigError(f"{folder}: {what} at {', '.join(found)}: name one as `scale`")
    return found[0]


class _Files:
    """A `Source` that reads the files of a run-set, and of those whose runs it shares."""

    def __init__(self, paths: Paths, runset: str) -> None:
        self._paths = paths
        self._runset = runset

    @cached_property
    def runs(self) -> pd.DataFrame:
        """The `runs` table."""
        return read_table(self._paths.runs(self._runset), "runs")

    def trajectories(self) -> pd.DataFrame:
        found: dict[str, pd.DataFrame] = {}
        for owner, table in self.runs.groupby("source", sort=False):
            wanted = set(table["run_id"])

            def is_ours(rows: pd.DataFrame, wanted: set[str] = wanted) -> NDArray[np.bool_]:
                return rows["run_id"].isin(wanted).to_numpy(dtype=bool)

            files = _tables(Path(self._paths.trajectories(str(owner))))
            rows = read_rows(files, "trajectory", ["run_id"], is_ours)
            _refuse_twins(files, rows, ["run_id", "step"])
            found |= {str(run_id): part for run_id, part in rows.groupby("run_id", sort=False)}
        return pd.concat(self._cut(found), ignore_index=True)

    def _cut(self, found: Mapping[str, pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for row in self.runs.itertuples():
            run_id = str(row.run_id)
            if run_id not in found:
                raise StoreError(
                    f"{self._paths.trajectories(str(row.source))}: lacks run {run_id} of"
                    f" `{self._runset}`; make {self._paths.runs(self._runset)} again"
                )
            rows = found[run_id].sort_values("step", kind="stable")
            if row.source != self._runset:
                rows = own_rows(Run.model_validate_json(str(row.config)), rows, self._factor)
            yield rows

    @cached_property
    def _factor(self) -> float:
        """Of the survivor rule by which runs stop, as the run-set was made with."""
        path = Path(self._paths.config(self._runset))
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return float(content["config"]["analysis"]["alive"]["two_mean_factor"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{path}: missing or damaged ({error}); make {self._paths.runs(self._runset)} again"
            ) from None

    def weights(self, run_id: str) -> Mapping[int, Arrays]:
        owner = str(self.runs.set_index("run_id").loc[run_id, "source"])
        files = _tables(Path(self._paths.all_weights(owner)))
        rows = read_run(files, run_id)
        _refuse_twins(files, rows, ["run_id", "step", "parameter"])
        return by_step(rows)


def _tables(folder: Path) -> list[Path]:
    """The shards of a kind; StoreError where there are none."""
    found = sorted(folder.glob("*.parquet"))
    if not found:
        raise StoreError(f"{folder}: no tables here; copy the whole folder of results")
    return found


def _refuse_twins(files: Sequence[Path], rows: pd.DataFrame, keys: list[str]) -> None:
    """StoreError where a run was read twice: a run-set that has become cheaper, or whose shards
    have become larger, leaves shards of before behind."""
    twice = rows.loc[rows.duplicated(keys), "run_id"]
    if twice.empty:
        return
    run_id = str(twice.iloc[0])
    holders = [path for path in files if len(read_rows(path, None, ["run_id"], _is(run_id)))]
    *older, newest = sorted(holders, key=lambda path: path.stat().st_mtime)
    raise StoreError(
        f"{files[0].parent}: run {run_id} is in {newest.name} and, from an earlier configuration,"
        f" in {', '.join(path.name for path in older)}; delete the earlier"
    )


def _is(run_id: str) -> Callable[[pd.DataFrame], NDArray[np.bool_]]:
    return lambda rows: (rows["run_id"] == run_id).to_numpy(dtype=bool)
