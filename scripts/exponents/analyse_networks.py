"""What networks on sums of powers compute at their end: numbers of figures 3 to 6 and S4, and
statistics."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.circuits.runs import analysed_runs
from fittest.analysis.exponents.network_statistics import statistics
from fittest.analysis.exponents.networks import TABLES, final_networks
from fittest.analysis.exponents.settings import MechanismSettings, NetworkSettings
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_table
from fittest.tasks import Powers


def analyse_networks(
    runs: Sequence[str],
    weights: Sequence[str],
    outcomes: str,
    out_tables: dict[str, str],
    out_stats: str,
    settings: NetworkSettings,
    mechanisms: MechanismSettings,
    resampling: Resampling,
    threads: int,
) -> None:
    """Write the tables of ``networks.TABLES``, by name, and statistics (Parquet).

    Args:
        runs: `runs` tables. weights: tables that hold their parameters.
        outcomes: sums_outcomes.parquet, of these runs.
    """
    described = pd.concat([read_table(path, "runs") for path in runs], ignore_index=True)
    networks = analysed_runs(described, (Powers,))
    made = final_networks(networks, list(dict.fromkeys(weights)), settings, threads)
    origin = joint_provenance(list(runs), len(networks))
    for name in TABLES:
        write_table(made[name], out_tables[name], origin)
    found = statistics(made["networks"], read_table(outcomes), mechanisms, resampling)
    write_table(statistics_table(found), out_stats, origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_networks(
            runs=snakemake.input.runs,
            weights=snakemake.input.weights,
            outcomes=snakemake.input.outcomes,
            out_tables={name: snakemake.output[name] for name in TABLES},
            out_stats=snakemake.output.stats,
            settings=NetworkSettings(**snakemake.params.settings),
            mechanisms=MechanismSettings(**snakemake.params.mechanisms),
            resampling=Resampling(**snakemake.params.resampling),
            threads=snakemake.threads,
        )
