"""The algorithm on one example: the numbers of figure 1."""

from collections.abc import Mapping, Sequence
from typing import Any

from fittest.analysis.progress.algorithm import worked_example
from fittest.pipeline.script import rule_job
from fittest.store import write_table


def analyse_fig1(
    out_table: str, p: int, frequencies: Sequence[int], a: int, b: int, origin: Mapping[str, Any]
) -> None:
    """Write the example's points and logits (Parquet).

    Args:
        p: modulus. frequencies: of which the first is shown alone. a, b: operands.
        origin: provenance of the table.
    """
    write_table(worked_example(p, frequencies, a, b), out_table, origin)


if "snakemake" in globals():
    from fittest.analysis.progress.constants import ExampleSettings, InterferenceSettings
    from fittest.runs.run import digest
    from fittest.store import provenance

    with rule_job(globals()["snakemake"]) as snakemake:
        waves = InterferenceSettings(**snakemake.params.waves)
        example = ExampleSettings(**snakemake.params.example)
        told = waves.model_dump_json() + example.model_dump_json()
        analyse_fig1(
            out_table=snakemake.output.table,
            p=waves.p,
            frequencies=waves.frequencies,
            a=example.a,
            b=example.b,
            origin=provenance(snakemake.params.scale, digest(told)),
        )
