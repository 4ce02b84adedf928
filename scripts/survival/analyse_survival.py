"""Survival rates of the fixed-embedding, perturbed and constructed runs, and their statistics."""

from collections.abc import Mapping

import pandas as pd

from fittest.analysis.fates.runs import run_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.analysis.survival.names import Constructed, FixedEmbedding, Perturbed
from fittest.analysis.survival.rate_figure import survival_figure_table
from fittest.analysis.survival.rate_statistics import manual_rows, perturb_rows, survival_rows
from fittest.analysis.survival.rates import (
    manual_outcomes,
    manual_rates,
    perturb_rates,
    survival_rates,
)
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_survival(
    fixemb_runs: str,
    fixemb_frequencies: str,
    perturb_runs: str,
    perturb_frequencies: str,
    manual_runs: str,
    manual_frequencies: str,
    out_survival_rates: str,
    out_perturb_rates: str,
    out_manual_rates: str,
    out_stats: str,
    out_fig6: str,
    alive_rule: str,
    confidence: float,
    bootstrap_draws: int,
    bootstrap_seed: int,
    strong_factor: float,
    weak_factor: float,
    paper: Mapping[str, float],
) -> None:
    """Write the rate tables, the statistics and the plotted numbers of figure 6.

    Args:
        fixemb_runs .. manual_frequencies: summarised tables of the three run-sets (Parquet).
        out_survival_rates: a row per (embedding, k); out_perturb_rates: per (embedding, factor);
            out_manual_rates: per (ratio, which); out_stats: per statistic (name, value, ci_lo,
            ci_hi, n, paper, note); out_fig6: plotted numbers (CSV, the others Parquet).
        alive_rule: column of the frequencies tables, ``alive_2mean`` for the authors' rule.
        confidence: level of all intervals.
        bootstrap_draws, bootstrap_seed: of the bootstrap over embeddings.
        strong_factor, weak_factor: a perturbed frequency counts as strong from the first up, as
            weak from the second down (claim S15).
        paper: the paper's values ``pearson_r``, ``pearson_trials``, ``manual_first_rate``.
    """
    resampling = Resampling(bootstrap_draws, bootstrap_seed, confidence)
    fixemb, perturb, manual = (read_table(p) for p in (fixemb_runs, perturb_runs, manual_runs))
    rates = survival_rates(fixemb, read_table(fixemb_frequencies), alive_rule, confidence)
    perturbed = perturb_rates(perturb, read_table(perturb_frequencies), alive_rule, confidence)
    outcomes = manual_outcomes(manual, read_table(manual_frequencies), alive_rule)
    constructed = manual_rates(outcomes, confidence)
    statistics = pd.DataFrame(
        [
            *run_rows(FixedEmbedding, fixemb),
            *survival_rows(rates, resampling, paper),
            *run_rows(Perturbed, perturb),
            *perturb_rows(perturbed, strong_factor, weak_factor, resampling),
            *run_rows(Constructed, manual),
            *manual_rows(outcomes, constructed, resampling, paper),
        ],
        columns=COLUMNS,
    )
    # Run-sets share runs (alpha = 1 is a fixed-embedding trial); each network counts once.
    shown = len(set(fixemb["run_id"]) | set(perturb["run_id"]) | set(manual["run_id"]))
    origin = joint_provenance([fixemb_runs, perturb_runs, manual_runs], shown)
    write_table(rates, out_survival_rates, provenance=origin)
    write_table(perturbed, out_perturb_rates, provenance=origin)
    write_table(constructed, out_manual_rates, provenance=origin)
    write_table(statistics, out_stats, provenance=origin)
    write_csv(survival_figure_table(rates, perturbed, constructed, confidence), out_fig6)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_survival(
            fixemb_runs=snakemake.input.fixemb_runs,
            fixemb_frequencies=snakemake.input.fixemb_frequencies,
            perturb_runs=snakemake.input.perturb_runs,
            perturb_frequencies=snakemake.input.perturb_frequencies,
            manual_runs=snakemake.input.manual_runs,
            manual_frequencies=snakemake.input.manual_frequencies,
            out_survival_rates=snakemake.output.survival_rates,
            out_perturb_rates=snakemake.output.perturb_rates,
            out_manual_rates=snakemake.output.manual_rates,
            out_stats=snakemake.output.stats,
            out_fig6=snakemake.output.fig6,
            alive_rule=snakemake.params.alive_rule,
            confidence=snakemake.params.confidence,
            bootstrap_draws=snakemake.params.bootstrap_draws,
            bootstrap_seed=snakemake.params.bootstrap_seed,
            strong_factor=snakemake.params.strong_factor,
            weak_factor=snakemake.params.weak_factor,
            paper=snakemake.params.paper,
        )
