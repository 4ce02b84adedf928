"""Survival against initial gradients, and the linear classifier: the numbers of figure 7."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fittest.analysis.dynamics.classifier import (
    ClassifierSettings,
    boundary,
    classify,
    estimate_in,
)
from fittest.analysis.dynamics.gradient_survival import (
    GRADIENTS,
    STEPS,
    binned,
    gradient_rows,
    pooled_frequencies,
)
from fittest.analysis.dynamics.names import Classifier
from fittest.analysis.dynamics.rate_map import rate_cells
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS, Row, statistic_row
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_gradient(
    runs: str,
    frequencies: str,
    out_classifier: str,
    out_fig7: str,
    out_stats: str,
    alive_rule: str,
    histogram_bins: int,
    rate_bins: int,
    least_in_bin: int,
    classifier: Mapping[str, Any],
    paper_accuracy: float | None,
    resampling: Resampling,
) -> None:
    """Write the classifier's table, the plotted numbers and the statistics.

    Args:
        runs, frequencies: summarised tables of the fixed-embedding run-set (Parquet).
        out_classifier: a row per features and split. out_fig7: CSV. out_stats: statistics.
        alive_rule: column of the frequencies table.
        histogram_bins, rate_bins: equal bins; rates of bins with fewer than ``least_in_bin``
            frequencies neither show nor count.
        classifier: of ``classifier.ClassifierSettings``.
        paper_accuracy: the paper's accuracy of the classifier.
    """
    table = pooled_frequencies(read_table(runs), read_table(frequencies), alive_rule)
    options = ClassifierSettings(**classifier)
    judged = classify(table, options, resampling)
    alive, confidence = table["alive"], resampling.confidence
    rates = pd.concat(
        binned(table[name], alive, rate_bins, step, confidence)
        for step, name in zip(STEPS, GRADIENTS, strict=True)
    )
    histogram = binned(table["grad_rel_4"], alive, histogram_bins, 4, confidence)
    lines = [
        boundary(table, options, standardised).assign(series=name)
        for name, standardised in (("raw", False), ("standardised", True))
    ]
    parts = [
        histogram.assign(panel="histogram"),
        rates[rates["n"] >= least_in_bin].assign(panel="rates"),
        rate_cells(table, "grad_rel_4", "signal0", rate_bins, least_in_bin).assign(panel="cells"),
        _all(table),
        *(line.assign(panel="line") for line in lines),
    ]
    columns = list(dict.fromkeys(column for part in parts for column in part.columns))
    filled = [part for part in parts if len(part)]
    plotted = pd.concat(filled) if filled else pd.DataFrame(columns=columns)
    write_csv(plotted.reindex(columns=["panel", *(c for c in columns if c != "panel")]), out_fig7)
    origin = joint_provenance(runs, table["run_id"].nunique())
    write_table(judged, out_classifier, provenance=origin)
    rows = gradient_rows(table, rates, least_in_bin, options.folds, resampling)
    rows += classifier_rows(judged, paper_accuracy)
    write_table(pd.DataFrame(rows, columns=COLUMNS), out_stats, provenance=origin)


def _all(table: pd.DataFrame) -> pd.DataFrame:
    """Panel ``all``: n frequencies of so many runs, the largest of them k."""
    if len(table) == 0:
        return pd.DataFrame(columns=["panel", "n", "runs", "k"])
    known = {"n": len(table), "runs": table["run_id"].nunique(), "k": int(table["k"].max())}
    return pd.DataFrame([{"panel": "all", **known}])


def classifier_rows(judged: pd.DataFrame, paper_accuracy: float | None) -> list[Row]:
    """Statistics of the classifier (claim S23); NaN where none could be trained."""
    rows = []
    for split, suffix in (("rows", ""), ("embeddings", "_by_embedding")):
        for features in ("raw", "standardised"):
            tail = f"{features}{suffix}"
            for name, column, note in (
                ("accuracy", "accuracy", "test"),
                ("gain", "gain", "over the majority"),
                ("balanced", "balanced_accuracy", "test"),
                ("auc", "auc", "test"),
            ):
                paper = paper_accuracy if (name, tail) == ("accuracy", "raw") else None
                found = estimate_in(judged, features, split, column)
                rows.append(statistic_row(Classifier.of(f"{name}_{tail}"), *found, note, paper))
            if features == "raw":
                found = estimate_in(judged, features, split, "majority")
                name = Classifier.of(f"majority{suffix}")
                rows.append(statistic_row(name, *found, "always the commoner fate"))
    return rows


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_gradient(
            runs=snakemake.input.fixemb_runs,
            frequencies=snakemake.input.fixemb_frequencies,
            out_classifier=snakemake.output.classifier,
            out_fig7=snakemake.output.fig7,
            out_stats=snakemake.output.stats,
            alive_rule=snakemake.params.alive_rule,
            histogram_bins=snakemake.params.histogram_bins,
            rate_bins=snakemake.params.rate_bins,
            least_in_bin=snakemake.params.least_in_bin,
            classifier=snakemake.params.classifier,
            paper_accuracy=snakemake.params.paper.get("svm_accuracy"),
            resampling=Resampling(**snakemake.params.resampling),
        )
