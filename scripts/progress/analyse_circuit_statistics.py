"""Statistics of circuits over runs (P06 to P32, P45, P51 to P53, P59, P67, P69, P70)."""

from collections.abc import Mapping
from typing import Any

from fittest.analysis.progress.circuit_statistics import circuit_rows
from fittest.analysis.progress.circuit_tables import generalising
from fittest.analysis.progress.constants import HeadSettings
from fittest.analysis.progress.other_statistics import other_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_table

TABLES = ("circuits", "ablations", "reads", "neurons", "clusters", "heads", "head_components")
OTHERS = ("other_circuits", "other_ablations")


def analyse_circuit_statistics(
    inputs: Mapping[str, str],
    out_stats: str,
    settings: Mapping[str, Any],
    heads: HeadSettings,
    most_loss: float,
    accurate: float,
    resampling: Resampling,
) -> None:
    """Write the statistics (Parquet).

    Args:
        inputs: TABLES of the main runs, and OTHERS, Parquet by name.
        settings: which networks stand in tables 5 and 6 (`TableSettings`).
        heads: which heads multiply, and which come in pairs.
        most_loss, accurate: test loss, nats, and test accuracy of one of these that generalises
            (`other_rows`).
    """
    tables = {name: read_table(path) for name, path in inputs.items()}
    chosen = generalising(tables["other_circuits"], **settings)
    others = tables["other_ablations"]
    single = others[others["ablation"].isin(["none", "skip_mean"])]
    rows = circuit_rows(*(tables[name] for name in TABLES), heads, resampling)
    rows += other_rows(chosen, single, most_loss, accurate, resampling)
    origin = joint_provenance(list(inputs.values()), len(tables["circuits"]) + len(chosen))
    write_table(statistics_table(rows), out_stats, origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_circuit_statistics(
            inputs={name: snakemake.input[name] for name in (*TABLES, *OTHERS)},
            out_stats=snakemake.output.stats,
            settings=snakemake.params.settings,
            heads=HeadSettings(**snakemake.params.heads),
            most_loss=snakemake.params.most_loss,
            accurate=snakemake.params.accurate,
            resampling=Resampling(**snakemake.params.resampling),
        )
