"""How soon survivor sets are final, and what stop rules save: the numbers of figure S1."""

from collections.abc import Mapping, Sequence

import pandas as pd

from fittest.analysis.survival.horizon import horizon_agreement, rule_agreement
from fittest.pipeline.script import rule_job
from fittest.runs.parts import Stop
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_horizon(
    runs: str,
    trajectories: Sequence[str],
    out_horizon: str,
    out_rules: str,
    out_plotted: str,
    steps: Sequence[int],
    rules: Mapping[str, Stop],
    two_mean_factor: float,
    confidence: float,
) -> None:
    """Compare survivor sets at `steps`, and where `rules` stop, with those of the last step.

    Args:
        runs: of the run-set; failed runs are left out. trajectories: its shards.
        out_horizon: a row per step. out_rules: a row per rule. out_plotted: both, as CSV.
    """
    complete = read_table(runs, "runs")
    wanted = complete.loc[~complete["failed"], "run_id"]
    columns = ["run_id", "step", "signals", "signal_mean"]
    parts = [read_table(path, "trajectory", columns) for path in trajectories]
    trajectory = pd.concat(parts)
    trajectory = trajectory[trajectory["run_id"].isin(wanted)]
    origin = joint_provenance(runs, len(wanted))
    by_step = horizon_agreement(trajectory, steps, two_mean_factor, confidence)
    by_rule = rule_agreement(trajectory, rules, two_mean_factor, confidence)
    write_table(by_step, out_horizon, provenance=origin)
    write_table(by_rule, out_rules, provenance=origin)
    parts = [by_step.assign(panel="horizon"), by_rule.assign(panel="rules")]
    write_csv(pd.concat([part for part in parts if len(part)] or parts), out_plotted)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_horizon(
            runs=snakemake.input.runs,
            trajectories=snakemake.input.trajectories,
            out_horizon=snakemake.output.horizon,
            out_rules=snakemake.output.rules,
            out_plotted=snakemake.output.plotted,
            steps=snakemake.params.steps,
            rules={name: Stop(**stop) for name, stop in snakemake.params.rules.items()},
            two_mean_factor=snakemake.params.two_mean_factor,
            confidence=snakemake.params.confidence,
        )
