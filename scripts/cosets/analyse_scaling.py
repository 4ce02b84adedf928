"""How many clusters there are by width and by modulus."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from fittest.analysis.cosets.populations import read_population
from fittest.analysis.cosets.scaling import mean_table, scaling_rows
from fittest.analysis.cosets.summaries import cluster_counts
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_groups, read_table, write_csv, write_table


def _networks(runs: str, reduced: str) -> pd.DataFrame:
    parts = read_groups(reduced, "cosets_networks")
    return read_population(read_table(runs, "runs"), parts).networks


def analyse_scaling(
    runs: Sequence[str],
    reduced: Sequence[str],
    networks: str,
    out_widths: str,
    out_counts: str,
    out_moduli: str,
    out_stats: str,
    settings: Mapping[str, Any],
    confidence: float,
) -> None:
    """Write mean numbers of clusters by width and by modulus (Parquet), how many networks of each
    width have how many (CSV), and what is said of them (Parquet).

    Args:
        runs, reduced: tables `runs` and `cosets_networks` of `width`, `width_full` and
            `modulus_sweep`. networks: of ``analyse_populations``. settings: `populations` of the
            paper's constants.
    """
    several = [_networks(*pair) for pair in zip(runs, reduced, strict=True)]
    of_widths = pd.concat(several[:2], ignore_index=True)
    widths, moduli = (
        mean_table(table, confidence, settings["solved"]) for table in (of_widths, several[2])
    )
    origin = joint_provenance(list(runs))
    write_table(widths, out_widths, origin)
    write_table(moduli, out_moduli, origin)
    write_csv(cluster_counts(of_widths), out_counts)
    rows = scaling_rows(
        widths,
        moduli,
        read_table(networks),
        settings["least_n"],
        settings["least_networks"],
        confidence,
    )
    write_table(statistics_table(rows), out_stats, origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        made = snakemake.output
        analyse_scaling(
            runs=list(snakemake.input.runs),
            reduced=list(snakemake.input.reduced),
            networks=snakemake.input.networks,
            out_widths=made.widths,
            out_counts=made.counts,
            out_moduli=made.moduli,
            out_stats=made.stats,
            settings=snakemake.params.settings,
            confidence=snakemake.params.confidence,
        )
