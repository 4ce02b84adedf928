"""What is formed before networks generalise (P33 to P39, P43, P65, P66, P68)."""

from fittest.analysis.progress.measure_statistics import formed_rows, measured_runs
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
    window: int,
    resampling: Resampling,
) -> None:
    """Write a row per run, and their statistics.

    Args:
        measures, frequencies, phases: of one run-set. circuits: of these runs, among others; all
            files are Parquet.
        least_lead: steps by which the restricted loss has to lead. rise: times that the excluded
            loss at t1 has to grow before the test loss falls. level: times that it may then change
            in cleanup. window: checkpoints of the running median of the losses.
    """
    ends, found = read_table(phases), read_table(circuits)
    moduli = found.loc[found["run_id"].isin(ends["run_id"]), "p"]
    p = int(moduli.iloc[0]) if len(moduli) else 2
    table = measured_runs(read_table(measures), read_table(frequencies), ends, p, rise, window)
    origin = joint_provenance([measures, phases], len(table))
    write_table(table, out_table, origin)
    rows = formed_rows(table, least_lead, rise, level, resampling)
    write_table(statistics_table(rows), out_stats, origin)


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
            window=snakemake.params.window,
            resampling=Resampling(**snakemake.params.resampling),
        )
