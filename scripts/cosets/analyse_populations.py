"""What populations of networks end as: tables of networks, clusters and bands."""

from collections.abc import Sequence
from typing import Any

from fittest.analysis.cosets.populations import Population, read_population, together
from fittest.analysis.cosets.summaries import cluster_counts, summarise
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_groups, read_table, write_csv, write_table


def read_all(runs: Sequence[str], networks: Sequence[str]) -> Population:
    """The populations of some run-sets, from their tables `runs` and `cosets_networks`."""
    return together(
        read_population(read_table(described, "runs"), read_groups(reduced, "cosets_networks"))
        for described, reduced in zip(runs, networks, strict=True)
    )


def analyse_populations(
    runs: Sequence[str],
    networks: Sequence[str],
    out_networks: str,
    out_clusters: str,
    out_bands: str,
    out_summary: str,
    out_counts: str,
    settings: dict[str, Any],
    confidence: float,
) -> None:
    """Write a row per network and step, per cluster and per frequency in the band at the end, per
    run-set (Parquet), and how many networks have how many clusters (CSV).

    Args:
        runs, networks: of the run-sets, in the same order. settings: `populations` of the paper's
            constants.
    """
    found = read_all(runs, networks)
    origin = joint_provenance(list(runs))
    write_table(found.networks, out_networks, origin)
    write_table(found.clusters, out_clusters, origin)
    write_table(found.bands, out_bands, origin)
    summary = summarise(
        found.networks, settings["shares"], settings["solved"], settings["accurate"], confidence
    )
    write_table(summary, out_summary, origin)
    write_csv(cluster_counts(found.networks), out_counts)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        made = snakemake.output
        analyse_populations(
            runs=list(snakemake.input.runs),
            networks=list(snakemake.input.networks),
            out_networks=made.networks,
            out_clusters=made.clusters,
            out_bands=made.bands,
            out_summary=made.summary,
            out_counts=made.counts,
            settings=snakemake.params.settings,
            confidence=snakemake.params.confidence,
        )
