"""Fourier norms of the embedding's gradient over training: the numbers of figure 13."""

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from fittest.analysis.dynamics.gradient_norms import (
    decay_shares,
    gradient_curves,
    gradient_norm_rows,
    gradient_peaks,
)
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, listed, read_table, write_csv, write_table


def analyse_embedding_gradient(
    runs: str,
    trajectories: Sequence[str],
    showcase: str,
    out_peaks: str,
    out_fig13: str,
    out_stats: str,
    late_steps: tuple[int, int],
    sampled_every: int,
    decay_steps: tuple[int, int],
    resampling: Resampling,
) -> None:
    """Write the showcase's curves, and peak and late size of every run that recorded gradients.

    Args:
        runs, trajectories: of the default runs (Parquet).
        showcase: showcase.json. out_peaks: a row per run. out_fig13: CSV. out_stats: statistics.
        late_steps: window in which the gradients should be gone. sampled_every: steps between the
            looks of somebody who stores as the authors do. decay_steps: from, to, between which
            the loss of signals is compared with decay alone.
    """
    table = read_table(runs)
    table = table[~table["failed"].astype(bool)]
    choice = json.loads(Path(showcase).read_text())
    columns = ["run_id", "step", "gradient_signals", "signals"]
    trajectory = pd.concat([read_table(path, columns=columns) for path in trajectories])
    alive = {str(run.run_id): [int(k) for k in run.survivors] for run in table.itertuples()}
    peaks = gradient_peaks(trajectory, alive, late_steps, sampled_every)
    rates = (table["learning_rate"] * table["weight_decay"]).to_numpy(float)
    decay = decay_shares(
        trajectory, alive, dict(zip(table["run_id"], rates, strict=True)), decay_steps
    )
    own = trajectory[trajectory["run_id"] == choice["run_id"]]
    write_csv(gradient_curves(own, choice["survivors"]), out_fig13)
    origin = joint_provenance(runs, len(peaks))
    write_table(peaks, out_peaks, provenance=origin)
    statistics = gradient_norm_rows(peaks, decay, resampling)
    write_table(pd.DataFrame(statistics, columns=COLUMNS), out_stats, provenance=origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_embedding_gradient(
            runs=snakemake.input.runs,
            trajectories=listed(snakemake.input.trajectories),
            showcase=snakemake.input.showcase,
            out_peaks=snakemake.output.peaks,
            out_fig13=snakemake.output.fig13,
            out_stats=snakemake.output.stats,
            late_steps=tuple(snakemake.params.late_steps),
            sampled_every=snakemake.params.sampled_every,
            decay_steps=tuple(snakemake.params.decay_steps),
            resampling=Resampling(**snakemake.params.resampling),
        )
