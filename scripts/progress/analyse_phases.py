"""The phases of the main runs (P04, P05)."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.fates.runs import complete
from fittest.analysis.progress.comparisons import PHASES, phase_rows
from fittest.analysis.progress.phases import PhaseRules, find_phases
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_table

CURVES = ("train_loss", "excluded_loss", "test_loss", "squared_weights")


def analyse_phases(
    runs: str,
    measures: str,
    out_table: str,
    out_stats: str,
    rules: PhaseRules,
    overrides: Mapping[str, Sequence[int]],
    resampling: Resampling,
) -> None:
    """Write the ends of the phases of every run, and their statistics (Parquet).

    Args:
        runs: `runs` table. measures: a row per run and checkpoint with train_loss,
            excluded_loss, test_loss (nats) and squared_weights.
        overrides: run_id -> t1, t2, t3 where somebody set them by hand.
    """
    described, found = read_table(runs, "runs"), read_table(measures)
    rows: list[dict[str, Any]] = []
    for run in complete(described).to_dict("records"):
        mine = found[found["run_id"] == run["run_id"]].sort_values("step")
        if len(mine) == 0:
            continue
        curves = (mine[name] for name in CURVES)
        ends = list(astuple(find_phases(mine["step"], *curves, p=int(run["p"]), rules=rules)))
        ends[:3] = map(float, overrides.get(run["run_id"], ends[:3]))
        told = (run["run_id"], run["seed_embedding"], *ends)
        rows.append(dict(zip(PHASES, told, strict=True)))
    table = pd.DataFrame(rows, columns=PHASES)
    origin = joint_provenance([runs, measures], len(table))
    write_table(table, out_table, origin)
    steps = np.unique(found["step"])
    interval = float(np.diff(steps).min()) if len(steps) > 1 else 0.0
    write_table(statistics_table(phase_rows(table, interval, resampling)), out_stats, origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        settings = dict(snakemake.params.settings)
        analyse_phases(
            runs=snakemake.input.runs,
            measures=snakemake.input.measures,
            out_table=snakemake.output.table,
            out_stats=snakemake.output.stats,
            overrides=settings.pop("overrides"),
            rules=PhaseRules(settings["window"], settings["factor"]),
            resampling=Resampling(**snakemake.params.resampling),
        )
