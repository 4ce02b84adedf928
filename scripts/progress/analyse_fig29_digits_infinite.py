"""Five-digit addition on fresh examples: the numbers of figure 29."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.fates.runs import complete
from fittest.analysis.progress.answers import token_curves, token_drops
from fittest.analysis.progress.constants import ChangeSettings
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table

COLUMNS = ["run_id", "step", "train_loss", "train_token_losses"]


def analyse_digits(
    runs: str, trajectories: Sequence[str], out_plotted: str, out_drops: str, rules: ChangeSettings
) -> None:
    """Write the losses of every answer of the first run (CSV), and when those of all runs drop
    (Parquet)."""
    good = complete(read_table(runs, "runs"))
    good = good.assign(seed=good["seed_embedding"])
    parts = [read_table(path, "trajectory", COLUMNS) for path in trajectories]
    recorded = pd.concat(parts, ignore_index=True).drop_duplicates(["run_id", "step"])
    write_csv(token_curves(good, recorded), out_plotted)
    origin = joint_provenance([runs], len(good))
    write_table(token_drops(good, recorded, rules), out_drops, origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_digits(
            runs=snakemake.input.runs,
            trajectories=snakemake.input.trajectories,
            out_plotted=snakemake.output.plotted,
            out_drops=snakemake.output.drops,
            rules=ChangeSettings(**snakemake.params.settings),
        )
