"""Whether the pizza model's neurons are waves too, and act on approximate cosets (C26)."""

from collections.abc import Sequence

import pandas as pd

from fittest.analysis.cosets.dissection import stored_networks
from fittest.analysis.cosets.neurons import NeuronRules
from fittest.analysis.cosets.pizza import COLUMNS, pizza_neurons
from fittest.analysis.cosets.single_statistics import pizza_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_table


def analyse_pizza(
    runs: Sequence[str],
    weights: Sequence[str],
    out_neurons: str,
    out_stats: str,
    clusters: int,
    strong: float,
    rules: NeuronRules,
    resampling: Resampling,
) -> None:
    """Write the neurons of the largest clusters of each network, and statistics of them (Parquet).

    Args:
        clusters: how many of each network. strong: share of a part's largest value that is strong.
    """
    described = pd.concat([read_table(path, "runs") for path in runs], ignore_index=True)
    rows = [
        row
        for one in stored_networks(described, weights, rules)
        for row in pizza_neurons(one, clusters, strong)
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    origin = joint_provenance(list(runs), int(table["run_id"].nunique()))
    write_table(table, out_neurons, origin)
    write_table(statistics_table(pizza_rows(table, described, resampling)), out_stats, origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        told = snakemake.params
        analyse_pizza(
            runs=snakemake.input.runs,
            weights=snakemake.input.weights,
            out_neurons=snakemake.output.neurons,
            out_stats=snakemake.output.stats,
            clusters=told.clusters,
            strong=told.strong,
            rules=NeuronRules(**told.rules),
            resampling=Resampling(**told.resampling),
        )
