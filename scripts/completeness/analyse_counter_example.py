"""Frequencies that start strong and die while weaker ones survive: panel b of figure 14."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.completeness.counter_example import (
    choose,
    curves,
    overtaking_rows,
    overtakings,
)
from fittest.analysis.statistics.table import COLUMNS
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_rows, read_table, write_csv, write_table


def analyse_counter_example(
    runs: str,
    frequencies: str,
    trajectories: Sequence[str],
    out_table: str,
    out_stats: str,
    out_plotted: str,
    confidence: float,
) -> None:
    """Write a row per run, how often it happens, and the signals of the run shown.

    Args:
        runs, frequencies, trajectories: of default runs. out_table, out_stats: Parquet.
        out_plotted: CSV. confidence: of the intervals.
    """
    described, fates = read_table(runs, "runs"), read_table(frequencies, "frequencies")
    table = overtakings(described, fates)
    chosen = choose(table)
    shown = "" if chosen is None else chosen.run_id
    trajectory = read_rows(
        trajectories, "trajectory", ["run_id"], lambda rows: (rows["run_id"] == shown).to_numpy()
    ).drop_duplicates("step")
    origin = joint_provenance(runs, len(described))
    rows = overtaking_rows(table, chosen, confidence)
    write_table(table, out_table, origin)
    write_table(pd.DataFrame(rows, columns=COLUMNS), out_stats, origin)
    write_csv(curves(chosen, fates, trajectory), out_plotted)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_counter_example(
            runs=snakemake.input.runs,
            frequencies=snakemake.input.frequencies,
            trajectories=snakemake.input.trajectories,
            out_table=snakemake.output.table,
            out_stats=snakemake.output.stats,
            out_plotted=snakemake.output.plotted,
            confidence=snakemake.params.confidence,
        )
