"""Default runs at chosen steps and the geometry of their final embeddings (claims S01-S08)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fittest.analysis.circles.geometry import geometry
from fittest.analysis.survival.showcase import EMBEDDING
from fittest.analysis.survival.snapshots import run_snapshots
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_rows, read_table, write_table


def analyse_defaults(
    runs: str,
    trajectories: Sequence[str],
    weights: Sequence[str],
    out_snapshots: str,
    out_geometry: str,
    steps: Sequence[int],
    two_mean_factor: float,
    dead_share: float,
) -> None:
    """Write the two tables.

    Args:
        runs: the run-set's runs table; failed runs are left out. trajectories, weights: the
            shards that hold those runs.
        out_snapshots: a row per run and step, and one per run at its end. out_geometry: a row per
            run.
        steps, two_mean_factor, dead_share: as for `run_snapshots`.
    """
    complete = read_table(runs, "runs")
    good = complete[~complete["failed"]].set_index("run_id")
    columns = ["run_id", "step", "signals", "signal_mean", "test_loss", "test_accuracy"]
    parts = [read_table(path, "trajectory", columns) for path in trajectories]
    trajectory = pd.concat(parts)
    trajectory = trajectory[trajectory["run_id"].isin(good.index)]
    # Run-sets may have trained the same network, and a longer run may have been reused.
    trajectory = trajectory.drop_duplicates(["run_id", "step"])
    trajectory = trajectory[
        trajectory["step"] <= trajectory["run_id"].map(good["last_step"]).astype(int)
    ]
    origin = joint_provenance(runs, len(good))
    write_table(
        run_snapshots(trajectory, steps, two_mean_factor, dead_share), out_snapshots, origin
    )

    def final(rows: pd.DataFrame) -> np.ndarray:
        ends = rows["run_id"].map(good["last_step"])
        return ((rows["parameter"] == EMBEDDING) & (rows["step"] == ends)).to_numpy()

    embeddings = {}
    for path in weights:
        found = read_rows(path, "weights", ["run_id", "step", "parameter"], final)
        for row in found.itertuples():
            embeddings[row.run_id] = np.asarray(row.values).reshape(*row.shape)
    survivors = {run: list(map(int, good.loc[run, "survivors"])) for run in embeddings}
    write_table(geometry(embeddings, survivors), out_geometry, origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_defaults(
            runs=snakemake.input.runs,
            trajectories=snakemake.input.trajectories,
            weights=snakemake.input.weights,
            out_snapshots=snakemake.output.snapshots,
            out_geometry=snakemake.output.geometry,
            steps=snakemake.params.steps,
            two_mean_factor=snakemake.params.two_mean_factor,
            dead_share=snakemake.params.dead_share,
        )
