"""Which frequencies networks find, and which they find together."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fittest.analysis.cosets.populations import Population
from fittest.analysis.cosets.relations import (
    conditional,
    found_in,
    frequency_counts,
    pooled,
    pooled_row,
    relation_row,
)
from fittest.pipeline.script import rule_job
from fittest.store import read_provenance, read_table, write_csv, write_table

POPULATIONS = ("pop91", "pop89", "pop35", "pop37")


def analyse_frequencies(
    networks: str,
    clusters: str,
    bands: str,
    outputs: Mapping[str, str],
    settings: Mapping[str, Any],
    confidence: float,
) -> None:
    """Write counts by frequency and by relation of two (CSV), counts where another frequency is
    there, and what is said of each run-set (Parquet).

    Args:
        networks, clusters, bands: of ``analyse_populations``. outputs: `counts`, `pairs`,
            `conditional`, `relations`. settings: `populations` of the paper's constants.
    """
    tables = [read_table(path) for path in (networks, clusters, bands)]
    population = Population(*tables)
    there = set(population.networks["runset"])
    found = {name: found_in(population, name) for name in POPULATIONS if name in there}
    origin = read_provenance(networks)
    counts = [
        frequency_counts(own, band, n).assign(runset=name) for name, (own, band, n) in found.items()
    ]
    write_csv(pd.concat(counts, ignore_index=True), outputs["counts"])
    pairs = [
        pooled(table, n).assign(runset=name, of=of)
        for name, (own, band, n) in found.items()
        for of, table in (("clusters", own), ("bands", band))
    ]
    write_csv(pd.concat(pairs, ignore_index=True), outputs["pairs"])
    parts = [
        conditional(table, n, given, confidence).assign(runset=name, of=of)
        for name, (own, band, n) in found.items()
        for of, table, several in (
            ("clusters", own, settings["given_clusters"]),
            ("bands", band, settings["given_bands"]),
        )
        for given in several
    ]
    given = pd.concat([part for part in parts if len(part)], ignore_index=True)
    write_table(given, outputs["conditional"], origin)
    rows = [
        {"runset": name, **relation_row(own, band, n, confidence)}
        for name, (own, band, n) in found.items()
    ]
    rows.append({"runset": "all", **pooled_row(list(found.values()), confidence)})
    write_table(pd.DataFrame(rows), outputs["relations"], origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_frequencies(
            networks=snakemake.input.networks,
            clusters=snakemake.input.clusters,
            bands=snakemake.input.bands,
            outputs=dict(snakemake.output.items()),
            settings=snakemake.params.settings,
            confidence=snakemake.params.confidence,
        )
