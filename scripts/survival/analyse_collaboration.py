"""What one, two and three circles achieve: the numbers of figure 8."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from fittest.analysis.fates.alive import by_signal
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.analysis.survival.collaboration import (
    SUBSET_COLUMNS,
    TABLE_COLUMNS,
    collaboration_rows,
    collaboration_table,
    survivor_subsets,
)
from fittest.pipeline.script import rule_job
from fittest.runs.run import Run
from fittest.store import joint_provenance, listed, read_run, read_table, write_csv, write_table

Weights = dict[str, np.ndarray]


def analyse_collaboration(
    runs: str,
    frequencies: str,
    weights: Sequence[str],
    showcase: str,
    out_subsets: str,
    out_fig8: str,
    out_stats: str,
    least_survivors: int,
    resampling: Resampling,
) -> None:
    """Write the losses over the showcase's checkpoints, and those of subsets at every run's end.

    Args:
        runs, frequencies, weights: of the default runs (Parquet).
        showcase: showcase.json; its run is that of figure 8.
        out_subsets: a row per run and subset of its survivors. out_fig8: CSV. out_stats:
            statistics.
        least_survivors: runs with fewer do not count for the statistics.
    """
    table, fates = read_table(runs), read_table(frequencies)
    table = table[~table["failed"].astype(bool)]
    choice = json.loads(Path(showcase).read_text())
    subsets, curves = [], pd.DataFrame(columns=TABLE_COLUMNS)
    for run_id, last, config in table[["run_id", "last_step", "config"]].to_numpy():
        run, final = Run.model_validate_json(config), None
        alive = _survivors(fates[fates["run_id"] == run_id])
        # Whole networks only: of runs without checkpoints the embedding alone is kept.
        for path in weights:
            for step, parameters in _networks(path, run_id, int(last), run):
                final = parameters if step == last else final
        if final is None:
            continue
        subsets.append(survivor_subsets(run, run_id, alive, int(last), final))
        if run_id == choice["run_id"]:
            stored = (pair for path in weights for pair in _networks(path, run_id, None, run))
            known = dict(stored)
            steps = [(step, known[step]) for step in sorted(known) if step <= last]
            curves = collaboration_table(run, choice["survivors"], steps)
    found = [part for part in subsets if len(part)]
    best = pd.concat(found) if found else pd.DataFrame(columns=SUBSET_COLUMNS)
    origin = joint_provenance(runs, len(subsets))
    write_table(best, out_subsets, provenance=origin)
    write_csv(curves, out_fig8)
    statistics = collaboration_rows(best, least_survivors, resampling)
    write_table(pd.DataFrame(statistics, columns=COLUMNS), out_stats, provenance=origin)


def _survivors(fates: pd.DataFrame) -> list[int]:
    """Frequencies of one run by descending final signal."""
    ordered = fates.sort_values("k")
    alive = ordered.loc[ordered["alive_2mean"].astype(bool), "k"]
    return by_signal([int(k) for k in alive], ordered["signal"].to_numpy(float))


def _networks(path: str, run_id: str, step: int | None, run: Run) -> Iterator[tuple[int, Weights]]:
    """(step, all parameters) of a run that a weights file holds, at one step or at all."""
    rows = read_run(path, run_id, None if step is None else [step])
    for at, group in rows.groupby("step", sort=True):
        parameters = {
            name: np.asarray(values, dtype=np.float32).reshape([int(size) for size in shape])
            for name, shape, values in group[["parameter", "shape", "values"]].to_numpy()
        }
        if run.model.parameter_names() <= parameters.keys():
            yield int(str(at)), parameters


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_collaboration(
            runs=snakemake.input.runs,
            frequencies=snakemake.input.frequencies,
            weights=listed(snakemake.input.weights),
            showcase=snakemake.input.showcase,
            out_subsets=snakemake.output.subsets,
            out_fig8=snakemake.output.fig8,
            out_stats=snakemake.output.stats,
            least_survivors=snakemake.params.least_survivors,
            resampling=Resampling(**snakemake.params.resampling),
        )
