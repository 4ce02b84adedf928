"""The network that figures show in one role: its clusters, neurons, outputs and components."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from fittest.analysis.cosets.dissection import stored_network
from fittest.analysis.cosets.neurons import NeuronRules
from fittest.analysis.cosets.shown import Shown, empty_tables
from fittest.analysis.cosets.single_settings import SingleSettings
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_table

ROLES = "ABCD"
NAMED = ["p", "runset", "seed", "run_id", "relaxed"]


def analyse_shown(
    showcase: str,
    runs: Sequence[str],
    weights: Sequence[str],
    outputs: Mapping[str, str],
    role: int,
    settings: SingleSettings,
    rules: NeuronRules,
) -> None:
    """Write the tables that are wanted (Parquet by name, shown.COLUMNS); without rows where no
    network fits the role.

    Args:
        showcase: JSON, role -> `runset`, `run_id`, `relaxed` (what was asked for less of) and,
            where one cluster is shown, its `frequency`; null for none.
        runs, weights: of the run-sets that the role may be taken from.
        role: which of A to D, from 1.
    """
    chosen = json.loads(Path(showcase).read_text(encoding="utf-8")).get(ROLES[role - 1])
    origin = joint_provenance(list(runs), 1 if chosen else 0)
    if chosen:
        described = pd.concat([read_table(path, "runs") for path in runs], ignore_index=True)
        one = stored_network(described, chosen["run_id"], weights, rules)
        named = {
            "p": one.n,
            "runset": chosen["runset"],
            "seed": one.seed,
            "run_id": one.run_id,
            "relaxed": ", ".join(chosen["relaxed"]),
        }
        tables: Mapping[str, pd.DataFrame] = Shown(one, settings, chosen.get("frequency")).tables(
            outputs, **named
        )
    else:
        tables = empty_tables(outputs, NAMED)
    for name, table in tables.items():
        write_table(table, outputs[name], origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_shown(
            showcase=snakemake.input.showcase,
            runs=snakemake.input.runs,
            weights=snakemake.input.weights,
            outputs=dict(snakemake.output.items()),
            role=snakemake.params.role,
            settings=SingleSettings(**snakemake.params.settings),
            rules=NeuronRules(**snakemake.params.rules),
        )
