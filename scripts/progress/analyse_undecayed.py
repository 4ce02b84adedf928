"""Whether a circuit forms without weight decay: how the excluded loss grows (P48)."""

from fittest.analysis.progress.names import Undecayed
from fittest.analysis.progress.phases import growth_after, left_after, smoothed_loss
from fittest.analysis.statistics.intervals import Resampling, over_runs
from fittest.analysis.statistics.table import statistic_row, statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_table


def analyse_undecayed(
    outcomes: str,
    measures: str,
    out_stats: str,
    window: int,
    tail: float,
    resampling: Resampling,
) -> None:
    """Write the statistics (Parquet).

    Args:
        outcomes: a row per run (``analyse_curves``). measures: a row per run and checkpoint with
            excluded_loss (nats). window: checkpoints of its running median. tail: share of the run,
            at its end, whose median loss is that of the end.
    """
    runs, found = read_table(outcomes), read_table(measures)
    growth, left = [], []
    for run in runs.to_dict("records"):
        mine = found[found["run_id"] == run["run_id"]].sort_values("step")
        loss = smoothed_loss(mine["excluded_loss"], window)
        growth.append(growth_after(mine["step"], loss, run["learned"]))
        left.append(left_after(mine["step"], loss, run["learned"], tail))
    rows = [statistic_row(Undecayed.RUNS, len(runs), len(runs), "runs without weight decay")]
    for name, values, text in (
        (Undecayed.GROWTH, growth, "largest excluded loss over its least before"),
        (Undecayed.LEFT, left, "excluded loss at the end over its least"),
    ):
        estimate, number = over_runs(values, "median", resampling)
        rows.append(statistic_row(name, estimate, number, f"{text}, once the train loss is low"))
    origin = joint_provenance([outcomes, measures], len(runs))
    write_table(statistics_table(rows), out_stats, origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_undecayed(
            outcomes=snakemake.input.outcomes,
            measures=snakemake.input.measures,
            out_stats=snakemake.output.stats,
            window=snakemake.params.window,
            tail=snakemake.params.tail,
            resampling=Resampling(**snakemake.params.resampling),
        )
