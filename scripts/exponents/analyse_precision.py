"""What the precision of a loss does: spikes, gradients, outcomes, and the curves of figure S6
(P03-P05)."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.circuits.checkpoints import files_by_run
from fittest.analysis.exponents.gradients import NORMS, gradient_norms
from fittest.analysis.exponents.outcomes import LOSS_COLUMNS
from fittest.analysis.exponents.precision import precision_curves, precision_rows, precision_runs
from fittest.analysis.exponents.settings import OutcomeSettings, SpikeSettings
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.runs.run import Run
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_precision(
    runs: Sequence[str],
    trajectories: Sequence[str],
    weights: Sequence[str],
    out_table: str,
    out_spikes: str,
    out_stats: str,
    out_plotted: str,
    outcomes: OutcomeSettings,
    rules: SpikeSettings,
    pieces: int,
    resampling: Resampling,
) -> None:
    """Write rows per run and per spike and statistics (Parquet), and curves (CSV).

    Args:
        runs: `runs` tables. trajectories, weights: shards that hold these runs.
        pieces: see ``thinned``.
    """
    described = pd.concat([read_table(path, "runs") for path in runs], ignore_index=True)
    columns = [*LOSS_COLUMNS, "train_losses"]
    parts = [read_table(path, "trajectory", columns) for path in trajectories]
    recorded = pd.concat(parts, ignore_index=True).drop_duplicates(["run_id", "step"])
    table, spikes = precision_runs(described, recorded, outcomes, rules)
    files = files_by_run(weights)
    configs = described.drop_duplicates("run_id").set_index("run_id")["config"]
    made = [
        row
        for one in table.to_dict("records")
        for row in gradient_norms(
            Run.model_validate_json(str(configs[one["run_id"]])),
            one["steps"],
            files.get(one["run_id"], []),
        )
    ]
    norms = pd.DataFrame(made, columns=NORMS)
    origin = joint_provenance(list(runs), len(table))
    write_table(table, out_table, origin)
    write_table(spikes, out_spikes, origin)
    write_table(statistics_table(precision_rows(table, spikes, resampling)), out_stats, origin)
    write_csv(precision_curves(table, recorded, norms, pieces), out_plotted)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        given = snakemake.input.runs
        analyse_precision(
            runs=[given] if isinstance(given, str) else given,
            trajectories=snakemake.input.trajectories,
            weights=snakemake.input.weights,
            out_table=snakemake.output.table,
            out_spikes=snakemake.output.spikes,
            out_stats=snakemake.output.stats,
            out_plotted=snakemake.output.plotted,
            outcomes=OutcomeSettings(**snakemake.params.outcomes),
            rules=SpikeSettings(**snakemake.params.rules),
            pieces=snakemake.params.pieces,
            resampling=Resampling(**snakemake.params.resampling),
        )
