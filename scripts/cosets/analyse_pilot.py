"""How long to train: networks over their epochs."""

import pandas as pd

from fittest.analysis.cosets.pilot import pilot_tables
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_csv, write_table


def analyse_pilot(
    runs: str,
    networks: str,
    embeddings: str,
    out_curves: str,
    out_found: str,
    accurate: float,
    share: float,
    confidence: float,
) -> None:
    """Write what networks are like over their epochs (CSV), and how long they have to be trained
    (Parquet).

    Args:
        runs, networks, embeddings: tables `runs`, `cosets_networks` and `cosets_embeddings`.
        accurate: test accuracy asked for. share: of the networks.
    """
    described = read_table(runs, "runs").set_index("run_id")
    batches = described["trained_examples"] / described["batch_size"]
    table = read_table(networks, "cosets_networks")
    entries = read_table(embeddings, "cosets_embeddings")
    for one in (table, entries):
        one["epoch"] = (one["step"] / one["run_id"].map(batches)).round(6)
    large = [
        [(int(f), int(t)) for f, s, t in zip(*row, strict=True) if s >= 2]
        for row in zip(table["frequency"], table["size"], table["tuned"], strict=True)
    ]
    sizes = [
        dict(zip((int(f) for f in fs), (int(s) for s in ss), strict=True))
        for fs, ss in zip(table["frequency"], table["size"], strict=True)
    ]
    table["set"] = [frozenset(f for f, _ in one) for one in large]
    table["tuned_clusters"] = [
        sum(2 * tuned > size[f] for f, tuned in one) for one, size in zip(large, sizes, strict=True)
    ]
    entries["near_zero"] = [counts[len(counts) // 2] for counts in entries["counts"]]
    later = table["step"] > 0
    curves, found = pilot_tables(
        table[later], entries[entries["step"] > 0], accurate, share, confidence
    )
    write_csv(curves, out_curves)
    write_table(pd.DataFrame(found), out_found, joint_provenance([runs]))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        told = snakemake.params.settings
        analyse_pilot(
            runs=snakemake.input.runs,
            networks=snakemake.input.networks,
            embeddings=snakemake.input.embeddings,
            out_curves=snakemake.output.curves,
            out_found=snakemake.output.found,
            accurate=told["accurate"],
            share=told["pilot_share"],
            confidence=snakemake.params.confidence,
        )
