"""Which frequencies networks find, and which they find together."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fittest.analysis.cosets.populations import Population
from fittest.analysis.cosets.relation_rows import Sets, found_in, pooled_row, relation_row
from fittest.analysis.cosets.relations import Found, conditional, frequency_counts, pooled
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
    there, and what is said of each run-set (Parquet). `of` says which frequencies: of `clusters`,
    in the band (`bands`), or in that of a neuron with several there (`several`).

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
        frequency_counts(sets.clusters, sets.band, sets.several, sets.n, confidence).assign(
            runset=name
        )
        for name, sets in found.items()
    ]
    write_csv(pd.concat(counts, ignore_index=True), outputs["counts"])
    pairs = [
        pooled(table, sets.n).assign(runset=name, of=of)
        for name, sets in found.items()
        for of, table in _by_kind(sets)
    ]
    write_csv(pd.concat(pairs, ignore_index=True), outputs["pairs"])
    parts = [
        conditional(table, sets.n, given, confidence).assign(runset=name, of=of)
        for name, sets in found.items()
        for of, table in _by_kind(sets)
        for given in settings["given_clusters" if of == "clusters" else "given_bands"]
    ]
    given = pd.concat([part for part in parts if len(part)], ignore_index=True)
    write_table(given, outputs["conditional"], origin)
    rows = [{"runset": name, **relation_row(sets, confidence)} for name, sets in found.items()]
    rows.append({"runset": "all", **pooled_row(list(found.values()), confidence)})
    write_table(pd.DataFrame(rows), outputs["relations"], origin)


def _by_kind(sets: Sets) -> tuple[tuple[str, Found], ...]:
    return ("clusters", sets.clusters), ("bands", sets.band), ("several", sets.several)


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
