"""Losses of some run-sets over their steps, and what became of their runs: the numbers of figures
20, 22, 24, 25, 27 and 28."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from fittest.analysis.fates.curves import curve_table
from fittest.analysis.progress.grokking import GrokkingRules
from fittest.analysis.progress.outcomes import (
    OutcomeRules,
    group_table,
    outcomes,
    without_dropout,
)
from fittest.analysis.statistics.intervals import Resampling
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table

COLUMNS = ("run_id", "step", "train_loss", "test_loss", "train_accuracy", "test_accuracy")
EVERY = "train_losses"


def analyse_curves(
    runs: Sequence[str],
    trajectories: Sequence[str],
    out_curves: str,
    out_table: str,
    out_groups: str,
    rules: Mapping[str, Any],
    pieces: int,
    resampling: Resampling,
    seed: int | None = None,
) -> None:
    """Write curves (CSV), a row per run and a row per setting (Parquet).

    Args:
        runs: `runs` tables. trajectories: shards that hold these runs.
        rules: ``grokking`` and ``outcomes``, the fields of their rules.
        pieces: see ``thinned``. resampling: of the bootstrap over runs.
        seed: only runs of this seed; None for all.
    """
    described = pd.concat([read_table(path, "runs") for path in runs], ignore_index=True)
    if seed is not None:
        described = described[described["seed_embedding"] == seed]
    parts = [read_table(path, "trajectory", [*COLUMNS, EVERY]) for path in trajectories]
    trajectory = pd.concat(parts, ignore_index=True).drop_duplicates(["run_id", "step"])
    trajectory = trajectory[trajectory["run_id"].isin(described["run_id"])]
    trajectory = without_dropout(described, trajectory)
    outcome_rules = OutcomeRules(**rules["outcomes"])
    grokking = GrokkingRules(**rules["grokking"])
    table = outcomes(described, trajectory, grokking, outcome_rules)
    origin = joint_provenance(list(runs), len(table))
    write_table(table, out_table, origin)
    write_table(group_table(table, outcome_rules, resampling), out_groups, origin)
    write_csv(curve_table(table, trajectory, pieces), out_curves)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        runs = snakemake.input.runs
        analyse_curves(
            runs=[runs] if isinstance(runs, str) else runs,
            trajectories=snakemake.input.trajectories,
            out_curves=snakemake.output.curves,
            out_table=snakemake.output.table,
            out_groups=snakemake.output.groups,
            rules=snakemake.params.rules,
            pieces=snakemake.params.pieces,
            resampling=Resampling(**snakemake.params.resampling),
            seed=snakemake.params.get("seed"),
        )
