"""Single networks of a population: their neurons, clusters, outputs and components."""

from collections.abc import Mapping, Sequence

import pandas as pd

from fittest.analysis.cosets.dissection import stored_networks
from fittest.analysis.cosets.neurons import NeuronRules
from fittest.analysis.cosets.single import TABLES, measured_networks
from fittest.analysis.cosets.single_settings import SingleSettings
from fittest.analysis.cosets.single_statistics import single_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_table


def analyse_single(
    runs: Sequence[str],
    weights: Sequence[str],
    outputs: Mapping[str, str],
    settings: SingleSettings,
    rules: NeuronRules,
    resampling: Resampling,
    threads: int,
) -> None:
    """Write what is measured of each network that keeps its weights, and what they have in common.

    Args:
        runs, weights: of run-sets of networks of two tables.
        outputs: Parquet by name: those of `single.TABLES`, and `stats`.
    """
    described = pd.concat([read_table(path, "runs") for path in runs], ignore_index=True)
    networks = stored_networks(described, weights, rules)
    tables = measured_networks(networks, len(described), settings, threads)
    origin = joint_provenance(list(runs), len(tables["networks"]))
    for name in TABLES:
        write_table(tables[name], outputs[name], origin)
    rows = single_rows(**tables, settings=settings, resampling=resampling)
    write_table(statistics_table(rows), outputs["stats"], origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        told = snakemake.params
        analyse_single(
            runs=snakemake.input.runs,
            weights=snakemake.input.weights,
            outputs=dict(snakemake.output.items()),
            settings=SingleSettings(**told.settings),
            rules=NeuronRules(**told.rules),
            resampling=Resampling(**told.resampling),
            threads=snakemake.threads,
        )
