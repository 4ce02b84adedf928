"""Networks that sort: accuracies, circuits and copying scores (S01-S10, table S2, figures S10 to
S13)."""

from collections.abc import Mapping, Sequence

import pandas as pd

from fittest.analysis.circuits.checkpoints import files_by_run, read_checkpoints
from fittest.analysis.exponents.settings import ListSettings
from fittest.analysis.exponents.sort_statistics import sorting_rows
from fittest.analysis.exponents.sorting import TRAJECTORY, Found
from fittest.analysis.fates.runs import complete
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.runs.run import Run
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_sorting(
    runs: Sequence[str],
    trajectories: Sequence[str],
    weights: Sequence[str],
    outputs: Mapping[str, str],
    rules: ListSettings,
    pieces: int,
    resampling: Resampling,
) -> None:
    """Write rows per run, per place of a copy, and statistics (Parquet), and what figures and
    table S2 show (CSV).

    Args:
        runs: `runs` tables. trajectories, weights: shards that hold these runs.
        outputs: runs, copies, stats (Parquet); copying, curves, maps, kept (CSV).
        pieces: see ``thinned``.
    """
    described = pd.concat([read_table(path, "runs") for path in runs], ignore_index=True)
    parts = [read_table(path, "trajectory", TRAJECTORY) for path in trajectories]
    recorded = pd.concat(parts, ignore_index=True).drop_duplicates(["run_id", "step"])
    by_run = dict(iter(recorded.groupby("run_id")))
    files, found = files_by_run(weights), Found()
    for row in complete(described).to_dict("records"):
        run = Run.model_validate_json(str(row["config"]))
        last = int(row["last_step"])
        [[(_, parameters)]] = read_checkpoints(files.get(run.run_id, []), run.run_id, [last])
        named = {"run_id": run.run_id, "runset": row["runset"], "seed": run.seeds.split}
        found.add(named, run, by_run[run.run_id], parameters, rules, pieces)
    tables = found.tables()
    origin = joint_provenance(list(runs), len(tables["runs"]))
    for name in ("runs", "copies"):
        write_table(tables[name], outputs[name], origin)
    write_table(statistics_table(sorting_rows(tables, resampling)), outputs["stats"], origin)
    for name in ("copying", "curves", "maps", "kept"):
        write_csv(tables[name], outputs[name])


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_sorting(
            runs=snakemake.input.runs,
            trajectories=snakemake.input.trajectories,
            weights=snakemake.input.weights,
            outputs=dict(snakemake.output.items()),
            rules=ListSettings(**snakemake.params.rules),
            pieces=snakemake.params.pieces,
            resampling=Resampling(**snakemake.params.resampling),
        )
