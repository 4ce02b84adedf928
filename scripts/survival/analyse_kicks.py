"""What a kick of one signal does to the others, and what the fitted matrix says of it."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.dynamics.kicks import kick_rows, responses
from fittest.analysis.dynamics.linear_ode import Floats
from fittest.analysis.dynamics.names import Kick
from fittest.analysis.dynamics.ode_runs import long_enough
from fittest.analysis.fates.runs import complete, run_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.pipeline.script import rule_job
from fittest.runs.interventions import Perturb
from fittest.runs.run import Run
from fittest.store import joint_provenance, listed, read_table, write_table


def analyse_kicks(
    kick_runs: str,
    kick_trajectories: Sequence[str],
    base_runs: str,
    base_trajectories: Sequence[str],
    out_table: str,
    out_stats: str,
    window: tuple[float, float],
    resampling: Resampling,
) -> None:
    """Write a row per seed, kicked frequency and other one, and the statistics.

    Args:
        kick_runs, kick_trajectories: of the kicked runs. base_runs, base_trajectories: of the
            default runs, among them the same without a kick.
        out_table, out_stats: Parquet. window: shares of the dense steps between which responses
            are averaged. resampling: of the bootstrap over seeds.
    """
    described, base = read_table(kick_runs, "runs"), complete(read_table(base_runs, "runs"))
    kicked, keys = complete(described), {}
    for row in kicked.itertuples():
        recipe = Run.model_validate_json(row.config).intervention
        if isinstance(recipe, Perturb):
            keys[row.run_id] = (int(row.seed_embedding), recipe.frequency, recipe.factor)
    paths = _dense(kick_trajectories, set(keys))
    seeds = {seed for seed, _, _ in keys.values()}
    plain = base[base["seed_embedding"].isin(seeds)].set_index("run_id")["seed_embedding"]
    known = _dense(base_trajectories, set(plain.index))
    table = responses(
        {int(plain[run_id]): x for run_id, x in known.items()},
        {keys[run_id]: x for run_id, x in paths.items()},
        window,
    )
    origin = joint_provenance([kick_runs, base_runs], len(keys))
    write_table(table, out_table, provenance=origin)
    rows = run_rows(Kick, described) + kick_rows(table, resampling)
    write_table(pd.DataFrame(rows, columns=COLUMNS), out_stats, provenance=origin)


def _dense(trajectories: Sequence[str], wanted: set[str]) -> dict[str, Floats]:
    """run_id -> dense signals, of runs that have enough of them."""
    signals = (read_table(path, columns=["run_id", "step", "signals"]) for path in trajectories)
    return long_enough(signals, wanted)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_kicks(
            kick_runs=snakemake.input.kick_runs,
            kick_trajectories=listed(snakemake.input.kick_trajectories),
            base_runs=snakemake.input.base_runs,
            base_trajectories=listed(snakemake.input.base_trajectories),
            out_table=snakemake.output.table,
            out_stats=snakemake.output.stats,
            window=snakemake.params.window,
            resampling=Resampling(**snakemake.params.resampling),
        )
