"""Tables 1 to 6 of the progress paper."""

from collections.abc import Mapping
from typing import Any

from fittest.analysis.progress.circuit_tables import (
    ablation_table,
    generalise,
    generalising,
    generalising_table,
    head_table,
    read_tables,
    skip_table,
)
from fittest.pipeline.script import rule_job
from fittest.store import read_table, write_csv


def analyse_circuit_tables(
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    settings: Mapping[str, Any],
    most_loss: float,
    accurate: float,
) -> None:
    """Write the tables as CSV.

    Args:
        inputs: Parquet by name: `circuits`, `ablations`, `reads`, `heads` of the main runs,
            `other_circuits` and `other_ablations`. outputs: `table1` to `table6`.
        settings: which networks stand in tables 5 and 6 (`TableSettings`).
        most_loss, accurate: test loss, nats, and test accuracy of one of these that generalises;
            those that do not are counted in table 6 and left out of both.
    """
    first, third = read_tables(read_table(inputs["reads"]))
    chosen = generalising(read_table(inputs["other_circuits"]), **settings)
    good = generalise(chosen, most_loss, accurate)
    made = {
        "table1": first,
        "table2": head_table(read_table(inputs["heads"])),
        "table3": third,
        "table4": ablation_table(read_table(inputs["ablations"])),
        "table5": generalising_table(chosen[good]),
        "table6": skip_table(chosen, read_table(inputs["other_ablations"]), good),
    }
    for name, table in made.items():
        write_csv(table, outputs[name])


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_circuit_tables(
            inputs=dict(snakemake.input.items()),
            outputs=dict(snakemake.output.items()),
            settings=snakemake.params.settings,
            most_loss=snakemake.params.most_loss,
            accurate=snakemake.params.accurate,
        )
