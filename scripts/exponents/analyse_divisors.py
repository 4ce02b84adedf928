"""Greatest common divisors: losses and accuracies on pairs of all divisors equally (G01-G03,
figures S8 and S9)."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from fittest.analysis.circuits.checkpoints import (
    checkpoint_steps,
    files_by_run,
    read_checkpoints,
)
from fittest.analysis.exponents.divisor_statistics import (
    BY_DIVISOR,
    CHECKPOINTS,
    COLUMNS,
    TRAJECTORY,
    divisor_rows,
    divisor_run,
)
from fittest.analysis.exponents.divisors import answered, by_divisor, stratified_pairs, task_of
from fittest.analysis.exponents.settings import DivisorSettings
from fittest.analysis.fates.runs import complete
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.runs.run import Run
from fittest.store import joint_provenance, read_table, write_csv, write_table

LOSSES = ["runset", "end", "seed", "series", "step", "value"]
SERIES = {
    "train": "train_loss",
    "test": "test_loss",
    "train accuracy": "train_exact",
    "test accuracy": "test_exact",
}
"""Curve -> column of a trajectory; test: pairs drawn as those trained on."""
EQUALLY = {"equally": "loss", "equally accuracy": "accuracy"}
"""Curve -> column of the checkpoints: on pairs of all divisors equally."""


def analyse_divisors(
    runs: Sequence[str],
    trajectories: Sequence[str],
    weights: Sequence[str],
    outputs: Mapping[str, str],
    rules: DivisorSettings,
    each: int,
) -> None:
    """Write rows per run and per checkpoint and statistics (Parquet), curves and accuracies by
    divisor (CSV).

    Args:
        runs: `runs` tables. trajectories, weights: shards that hold these runs.
        outputs: runs, checkpoints, stats (Parquet); curves, divisors (CSV).
        each: pairs of each divisor.
    """
    described = pd.concat([read_table(path, "runs") for path in runs], ignore_index=True)
    parts = [read_table(path, "trajectory", TRAJECTORY) for path in trajectories]
    recorded = pd.concat(parts, ignore_index=True).drop_duplicates(["run_id", "step"])
    by_run = dict(iter(recorded.groupby("run_id")))
    files = files_by_run(weights)
    tables: dict[str, list[pd.DataFrame]] = {"checkpoints": [], "divisors": [], "curves": []}
    found: list[dict[str, Any]] = []
    for row in complete(described).to_dict("records"):
        run = Run.model_validate_json(str(row["config"]))
        named = {"run_id": run.run_id, "runset": row["runset"], "end": task_of(run).end}
        named["seed"] = run.seeds.split
        rows = by_run[run.run_id].sort_values("step")
        steps = checkpoint_steps(run, int(row["last_step"]))
        checkpoints, divisors = _tested(run, files.get(run.run_id, []), steps, rules, each)
        checkpoints, divisors = checkpoints.assign(**named), divisors.assign(**named)
        found.append(divisor_run(named, run, rows, checkpoints, divisors, rules))
        tables["checkpoints"].append(checkpoints[CHECKPOINTS])
        tables["divisors"].append(divisors[BY_DIVISOR])
        tables["curves"] += [
            pd.DataFrame({"step": of["step"], "value": of[column].astype(float)}).assign(
                **{name: named[name] for name in ("runset", "end", "seed")}, series=series
            )
            for of, names in ((rows, SERIES), (checkpoints, EQUALLY))
            for series, column in names.items()
        ]
    columns = {"checkpoints": CHECKPOINTS, "divisors": BY_DIVISOR, "curves": LOSSES}
    made = {
        name: pd.concat(parts, ignore_index=True)[columns[name]]
        if parts
        else pd.DataFrame(columns=columns[name])
        for name, parts in tables.items()
    }
    table = pd.DataFrame(found, columns=COLUMNS)
    origin = joint_provenance(list(runs), len(table))
    write_table(table, outputs["runs"], origin)
    write_table(made["checkpoints"], outputs["checkpoints"], origin)
    write_table(statistics_table(divisor_rows(table)), outputs["stats"], origin)
    write_csv(made["curves"], outputs["curves"])
    write_csv(made["divisors"], outputs["divisors"])


def _tested(
    run: Run, weights: Sequence[str], steps: Sequence[int], rules: DivisorSettings, each: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """CHECKPOINTS and BY_DIVISOR of a run, without the run."""
    given = stratified_pairs(run, rules.largest, each)
    rows: list[dict[str, Any]] = []
    divisors: list[pd.DataFrame] = []
    for window in read_checkpoints(weights, run.run_id, steps, window=1):
        for step, parameters in window:
            one = answered(run, parameters, given.examples)
            rows.append(
                {
                    "step": step,
                    "loss": one.loss,
                    "accuracy": float(one.right.mean()),
                    "unaided": None if one.unaided is None else float(one.unaided.mean()),
                    "pairs": len(one.right),
                }
            )
            divisors.append(by_divisor(given, one).assign(step=step))
    checkpoints = pd.DataFrame(rows).astype({"unaided": float})
    return checkpoints, pd.concat(divisors, ignore_index=True)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        told = DivisorSettings(**snakemake.params.rules)
        analyse_divisors(
            runs=snakemake.input.runs,
            trajectories=snakemake.input.trajectories,
            weights=snakemake.input.weights,
            outputs=dict(snakemake.output.items()),
            rules=told,
            each=told.pairs(snakemake.params.scale),
        )
