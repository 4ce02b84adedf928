"""Choose the showcase run (survival methods 5.4) and tabulate what figures 2 and 3 plot."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from fittest.analysis.survival.showcase import (
    checkpoint_steps,
    choose_showcase,
    embedding_at,
    planes_table,
    signal_evolution_table,
    snapshot_steps,
)
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, listed, read_run, read_table, write_csv, write_text


def analyse_showcase(
    runs: str,
    frequencies: str,
    trajectories: Sequence[str],
    weights: Sequence[str],
    out_showcase: str,
    out_fig2: str,
    out_fig3: str,
    wanted_survivors: int,
) -> None:
    """Write showcase.json and the plotted numbers of figures 2 and 3.

    Args:
        runs, frequencies: summarised tables of the base run-set (Parquet).
        trajectories, weights: the shards that hold those runs (Parquet).
        out_showcase: the choice, its reason and the provenance (JSON).
        out_fig2, out_fig3: plotted numbers (CSV).
        wanted_survivors: the number that is looked for first (5, as in the authors' run).
    """
    run_table, frequency_table = read_table(runs), read_table(frequencies)
    # Weights are large: which steps exist is asked of every shard, the values of one only.
    steps: dict[str, list[int]] = {}
    shard_of: dict[str, str] = {}
    for path in weights:
        found = checkpoint_steps(read_table(path, columns=["run_id", "step", "parameter"]))
        for run_id, known in found.items():
            # Two run-sets may have trained the same network; the fuller record counts.
            if len(known) > len(steps.get(run_id, [])):
                steps[run_id], shard_of[run_id] = known, path
    showcase = choose_showcase(run_table, frequency_table, steps, wanted_survivors)
    stored = read_run(shard_of[showcase.run_id], showcase.run_id)
    parts = [_rows_of(path, showcase.run_id) for path in trajectories]
    trajectory = pd.concat(parts).drop_duplicates("step")
    write_csv(signal_evolution_table(showcase, trajectory, stored), out_fig2)
    final = embedding_at(stored, showcase.run_id, showcase.steps[-1])
    write_csv(planes_table(showcase, frequency_table, final), out_fig3)
    choice = asdict(showcase) | {
        "p": final.shape[0],
        "d": final.shape[1],
        "snapshots": snapshot_steps(showcase.steps),
        "first_full_test_accuracy": _solved_at(run_table, showcase.run_id),
        "decay_per_step": _decay(run_table, showcase.run_id),
        "provenance": joint_provenance(runs, 1),
    }
    write_text(json.dumps(choice, indent=2, sort_keys=True) + "\n", out_showcase)


def _solved_at(runs: pd.DataFrame, run_id: str) -> int | None:
    """The first recorded step at which every test pair is right; None if there is none."""
    step = runs.loc[runs["run_id"] == run_id, "first_full_test_accuracy"].iloc[0]
    return None if pd.isna(step) else int(step)


def _decay(runs: pd.DataFrame, run_id: str) -> float:
    """The share of a weight that the decay alone takes in a step: lr times wd."""
    run = runs[runs["run_id"] == run_id].iloc[0]
    return float(run["learning_rate"]) * float(run["weight_decay"])


def _rows_of(path: str, run_id: str) -> pd.DataFrame:
    table = read_table(path)
    return table[table["run_id"] == run_id]


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_showcase(
            runs=snakemake.input.runs,
            frequencies=snakemake.input.frequencies,
            trajectories=listed(snakemake.input.trajectories),
            weights=listed(snakemake.input.weights),
            out_showcase=snakemake.output.showcase,
            out_fig2=snakemake.output.fig2,
            out_fig3=snakemake.output.fig3,
            wanted_survivors=snakemake.params.wanted_survivors,
        )
