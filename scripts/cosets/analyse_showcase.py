"""Which single networks the figures show."""

import json
from typing import Any

from fittest.analysis.cosets.constants import ShowcaseSettings
from fittest.analysis.cosets.populations import final
from fittest.analysis.cosets.showcase import candidates, named_seed, pick_a, pick_b, pick_c
from fittest.pipeline.script import rule_job
from fittest.store import read_table, write_text


def analyse_showcase(
    networks: str, clusters: str, pizza: str, out_networks: str, settings: ShowcaseSettings
) -> None:
    """Write networks A to D, and what the paper's seed gives here, with what had to be given up
    (JSON); null for one that there is none for.

    Args:
        networks, clusters: of ``analyse_populations``. pizza: table `runs` of the pizza model.
    """
    every, own = final(read_table(networks)), read_table(clusters)
    of_91, of_89 = (
        candidates(every[every["runset"] == name], own[own["runset"] == name], settings.kept)
        for name in ("pop91", "pop89")
    )
    runs = read_table(pizza, "runs").sort_values("seed_embedding").iloc[0]
    found: dict[str, Any] = {
        "A": pick_a(of_91),
        "B": pick_b(of_91, settings.frequency, settings.neurons),
        "C": pick_c(of_89),
        "D": {
            "runset": str(runs["runset"]),
            "run_id": str(runs["run_id"]),
            "seed": int(runs["seed_embedding"]),
            "n": int(runs["p"]),
            "test_accuracy": float(runs["test_accuracy"]),
            "relaxed": [],
        },
        "paper_seed": named_seed(of_91, settings.seed),
    }
    write_text(json.dumps(found, indent=1) + "\n", out_networks)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_showcase(
            networks=snakemake.input.networks,
            clusters=snakemake.input.clusters,
            pizza=snakemake.input.pizza,
            out_networks=snakemake.output.networks,
            settings=ShowcaseSettings(**snakemake.params.settings),
        )
