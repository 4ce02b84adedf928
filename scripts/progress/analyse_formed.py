"""What is formed before networks generalise (P33 to P39, P43, P65, P66, P68)."""

import pandas as pd

from fittest.analysis.progress.measure_statistics import (
    excluded_rows,
    formed_rows,
    measured_runs,
)
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_table


def analyse_formed(
    measures: str,
    frequencies: str,
    circuits: str,
    phases: str,
    out_table: str,
    out_stats: str,
    least_lead: float,
    rise: float,
    level: float,
    again: float,
    window: int,
    resampling: Resampling,
) -> None:
    """Write a row per run for each reading of the end of memorisation, and their statistics.

    Args:
        measures, frequencies, phases: of one run-set. circuits: of these runs, among others; all
            files are Parquet.
        least_lead: steps by which the restricted loss has to lead. rise: excluded loss that counts
            as risen, nats. level: times that it may then change in cleanup. again: times its least
            that the test loss reaches where it rises again after cleanup. window: checkpoints of
            the running median of the losses.
    """
    ends, found = read_table(phases), read_table(circuits)
    moduli = found.loc[found["run_id"].isin(ends["run_id"]), "p"]
    p = int(moduli.iloc[0]) if len(moduli) else 2
    readings = {"train": ends, "excluded": ends.assign(t1=ends["least_excluded"])}
    tables, rows = [], {}
    for name, some in readings.items():
        table = measured_runs(read_table(measures), read_table(frequencies), some, p, rise, window)
        rows[name] = formed_rows(table, least_lead, level, again, resampling)
        tables.append(table.assign(memorised_by=name))
    origin = joint_provenance([measures, phases], len(ends))
    write_table(pd.concat(tables, ignore_index=True), out_table, origin)
    both = [*rows["train"], *excluded_rows(rows["excluded"])]
    write_table(statistics_table(both), out_stats, origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_formed(
            measures=snakemake.input.measures,
            frequencies=snakemake.input.frequencies,
            circuits=snakemake.input.circuits,
            phases=snakemake.input.phases,
            out_table=snakemake.output.table,
            out_stats=snakemake.output.stats,
            least_lead=snakemake.params.least_lead,
            rise=snakemake.params.rise,
            level=snakemake.params.level,
            again=snakemake.params.again,
            window=snakemake.params.window,
            resampling=Resampling(**snakemake.params.resampling),
        )
