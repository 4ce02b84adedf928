"""The linear classifier on the authors' construction of its data: one embedding, the MLP varied."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fittest.analysis.dynamics.classifier import (
    ClassifierSettings,
    authors_classifier_rows,
    classify,
)
from fittest.analysis.dynamics.gradient_survival import pooled_frequencies
from fittest.analysis.dynamics.names import AuthorsClassifier
from fittest.analysis.fates.runs import run_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_table


def analyse_authors_classifier(
    runs: str,
    frequencies: str,
    out_classifier: str,
    out_stats: str,
    alive_rule: str,
    classifier: Mapping[str, Any],
    resampling: Resampling,
) -> None:
    """Write the classifier's table and the statistics.

    Args:
        runs, frequencies: of runs from one embedding. out_classifier, out_stats: Parquet.
        alive_rule: column of the frequencies table. classifier: of ``ClassifierSettings``.
    """
    described = read_table(runs, "runs")
    table = pooled_frequencies(described, read_table(frequencies, "frequencies"), alive_rule)
    # All share one embedding: what is resampled, and left out of a fit, is a run.
    table["seed_embedding"] = pd.factorize(table["run_id"])[0]
    judged = classify(table, ClassifierSettings(**classifier), resampling)
    origin = joint_provenance(runs, table["run_id"].nunique())
    write_table(judged, out_classifier, provenance=origin)
    rows = run_rows(AuthorsClassifier, described) + authors_classifier_rows(judged)
    write_table(pd.DataFrame(rows, columns=COLUMNS), out_stats, provenance=origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_authors_classifier(
            runs=snakemake.input.runs,
            frequencies=snakemake.input.frequencies,
            out_classifier=snakemake.output.classifier,
            out_stats=snakemake.output.stats,
            alive_rule=snakemake.params.alive_rule,
            classifier=snakemake.params.classifier,
            resampling=Resampling(**snakemake.params.resampling),
        )
