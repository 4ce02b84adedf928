"""Circuits of trained transformers at the end of their runs."""

from collections.abc import Mapping, Sequence

import pandas as pd

from fittest.analysis.circuits.final import (
    CLUSTER_COLUMNS,
    MAP_COLUMNS,
    Circuit,
    cluster_rows,
    map_rows,
)
from fittest.analysis.circuits.runs import Analysed, analysed_runs, final_circuits
from fittest.analysis.circuits.settings import CircuitSettings
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_table


def analyse_circuits(
    runs: Sequence[str],
    weights: Sequence[str],
    trajectories: Sequence[str],
    outputs: Mapping[str, str],
    settings: CircuitSettings,
    threads: int,
) -> None:
    """Write what each run's network computes, and tables over all pairs of the first run.

    Args:
        runs, weights, trajectories: of all run-sets; the first run of the first one is shown.
        outputs: those that are wanted, Parquet by name: `circuits`, `ablations`, `components`,
            `reads`, `neurons`, `clusters`, `heads`, `head_components` of all runs; `maps` and
            `cluster_map` of the first one.
    """
    described = pd.concat([read_table(path, "runs") for path in runs], ignore_index=True)
    columns = ["run_id", "step", "train_loss", "test_loss"]
    recorded = pd.concat([read_table(path, "trajectory", columns) for path in trajectories])
    alone: dict[str, pd.DataFrame] = {
        "maps": pd.DataFrame(columns=MAP_COLUMNS),
        "cluster_map": pd.DataFrame(columns=CLUSTER_COLUMNS),
    }

    def shown(one: Analysed, found: Circuit) -> None:
        maps = list(one.rows(map_rows(found, settings.neurons_shown), once=True))
        alone["maps"] = pd.DataFrame(maps, columns=MAP_COLUMNS)
        cluster = list(one.rows(cluster_rows(found), once=True))
        alone["cluster_map"] = pd.DataFrame(cluster, columns=CLUSTER_COLUMNS)

    networks = analysed_runs(described)
    tables = final_circuits(networks, weights, recorded, settings, threads, shown)
    origin = joint_provenance(list(runs), len(networks))
    for name, table in {**tables, **alone}.items():
        if name in outputs:
            write_table(table, outputs[name], origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_circuits(
            runs=snakemake.input.runs,
            weights=snakemake.input.weights,
            trajectories=snakemake.input.trajectories,
            outputs=dict(snakemake.output.items()),
            settings=CircuitSettings(**snakemake.params.settings),
            threads=snakemake.threads,
        )
