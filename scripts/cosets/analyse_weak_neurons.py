"""What networks would be like if every stored neuron counted as live."""

from fittest.analysis.cosets.neurons import NeuronRules
from fittest.analysis.cosets.stored import weak_summary
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_groups, write_table


def analyse_weak_neurons(
    neurons: str, out_table: str, rules: NeuronRules, confidence: float
) -> None:
    """Write one row (Parquet). neurons: the run-set's table `cosets_neurons`."""
    found = weak_summary(read_groups(neurons, "cosets_neurons"), rules, confidence)
    write_table(found, out_table, joint_provenance([neurons]))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_weak_neurons(
            neurons=snakemake.input.neurons,
            out_table=snakemake.output.table,
            rules=NeuronRules(**snakemake.params.rules),
            confidence=snakemake.params.confidence,
        )
