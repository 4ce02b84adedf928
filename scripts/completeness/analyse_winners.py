"""How fast runs generalise that keep their strongest circles: panel d of figure 6."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.completeness.names import Speed
from fittest.analysis.completeness.winners import dose_response, speed_bars, speed_rows, speed_table
from fittest.analysis.fates.runs import run_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_winners(
    runs: Sequence[str],
    out_table: str,
    out_stats: str,
    out_plotted: str,
    out_dose: str,
    resampling: Resampling,
) -> None:
    """Write a row per run, the statistics, and the bars.

    Args:
        runs: `runs` tables of all arms. out_table, out_stats: Parquet. out_plotted, out_dose: CSV.
        resampling: of the bootstrap over seeds.
    """
    described = pd.concat([read_table(path, "runs") for path in runs], ignore_index=True)
    table = speed_table(described)
    statistics = run_rows(Speed, described) + speed_rows(table, resampling)
    origin = joint_provenance(runs, len(table))
    write_table(table, out_table, origin)
    write_table(pd.DataFrame(statistics, columns=COLUMNS), out_stats, origin)
    write_csv(speed_bars(table, resampling), out_plotted)
    write_csv(dose_response(table, resampling), out_dose)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_winners(
            runs=list(snakemake.input),
            out_table=snakemake.output.table,
            out_stats=snakemake.output.stats,
            out_plotted=snakemake.output.plotted,
            out_dose=snakemake.output.dose,
            resampling=Resampling(**snakemake.params.resampling),
        )
