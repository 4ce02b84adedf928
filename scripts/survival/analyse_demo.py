"""Tabulate what figure S2 plots: the signals of one demo network, and the fates in each."""

import json
from collections.abc import Sequence

import pandas as pd

from fittest.analysis.survival.demo import demo_table, shown_run
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_text

# What all of them have in common, for the figure's titles.
SIZES = ("p", "d", "weight_decay")


def analyse_demo(
    runs: str,
    frequencies: str,
    trajectories: Sequence[str],
    out_demo: str,
    out_plotted: str,
) -> None:
    """Write the plotted numbers and, as JSON, which run is shown, sizes and provenance.

    Args:
        runs, frequencies: summarised tables of the run-set (Parquet); failed runs are left out.
        trajectories: the shards that hold those runs (Parquet).
    """
    run_table = read_table(runs, "runs")
    columns = ["run_id", "step", "signals"]
    trajectory = pd.concat([read_table(path, "trajectory", columns) for path in trajectories])
    shown = shown_run(run_table)
    table = demo_table(shown, run_table, read_table(frequencies, "frequencies"), trajectory)
    write_csv(table, out_plotted)
    used = run_table[~run_table["failed"]]
    full = shown["first_full_test_accuracy"]
    demo = {
        "run_id": str(shown["run_id"]),
        "seed": int(shown["seed_embedding"]),
        "first_full_test_accuracy": None if pd.isna(full) else int(full),
        "provenance": joint_provenance(runs, len(used)),
    } | {size: shown[size].item() for size in SIZES}
    write_text(json.dumps(demo, indent=2, sort_keys=True) + "\n", out_demo)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_demo(
            runs=snakemake.input.runs,
            frequencies=snakemake.input.frequencies,
            trajectories=snakemake.input.trajectories,
            out_demo=snakemake.output.demo,
            out_plotted=snakemake.output.plotted,
        )
