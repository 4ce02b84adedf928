"""Verdicts under other choices than ours, where the paper states none."""

from collections.abc import Mapping

from fittest.analysis.cosets.choices import choice_table
from fittest.pipeline.script import rule_job
from fittest.store import read_table, write_csv


def analyse_choices(
    summary: str,
    weights: str,
    weak: str,
    out_table: str,
    limits: Mapping[str, tuple[float, float]],
) -> None:
    """Write a row per choice (CSV).

    Args:
        summary: of ``analyse_populations``. weights: of ``analyse_weights``. weak: of
            ``analyse_weak_neurons``. limits: of a claim's value.
    """
    tables = [read_table(path) for path in (summary, weights, weak)]
    write_csv(choice_table(*tables, limits), out_table)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_choices(
            summary=snakemake.input.summary,
            weights=snakemake.input.weights,
            weak=snakemake.input.weak,
            out_table=snakemake.output.table,
            limits=snakemake.params.limits,
        )
