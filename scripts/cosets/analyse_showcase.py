"""Which single networks the figures show."""

import json
from collections.abc import Mapping
from typing import Any

from fittest.analysis.cosets.constants import ShowcaseSettings
from fittest.analysis.cosets.populations import final, read_population
from fittest.analysis.cosets.showcase import candidates, named_seed, pick_a, pick_b, pick_c
from fittest.pipeline.script import rule_job
from fittest.store import read_groups, read_table, write_text


def analyse_showcase(
    runs: Mapping[str, str],
    networks: Mapping[str, str],
    pizza: str,
    out_networks: str,
    settings: ShowcaseSettings,
) -> None:
    """Write networks A to D, and what the paper's seed gives here, with what had to be given up
    (JSON); null for one that there is none for.

    Args:
        runs, networks: of the populations of n = 91 and 89, their tables `runs` and
            `cosets_networks`. pizza: table `runs` of the pizza model.
    """
    of_91, of_89 = (
        candidates(final(every.networks), every.clusters, settings.kept)
        for every in (
            read_population(
                read_table(runs[name], "runs"), read_groups(networks[name], "cosets_networks")
            )
            for name in ("pop91", "pop89")
        )
    )
    first = read_table(pizza, "runs").sort_values("seed_embedding").iloc[0]
    found: dict[str, Any] = {
        "A": pick_a(of_91),
        "B": pick_b(of_91, settings.frequency, settings.neurons),
        "C": pick_c(of_89),
        "D": {
            "runset": str(first["runset"]),
            "run_id": str(first["run_id"]),
            "seed": int(first["seed_embedding"]),
            "n": int(first["p"]),
            "test_accuracy": float(first["test_accuracy"]),
            "relaxed": [],
        },
        "paper_seed": named_seed(of_91, settings.seed),
    }
    write_text(json.dumps(found, indent=1) + "\n", out_networks)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        analyse_showcase(
            runs={n: snakemake.input[f"{n}_runs"] for n in ("pop91", "pop89")},
            networks={n: snakemake.input[n] for n in ("pop91", "pop89")},
            pizza=snakemake.input.pizza,
            out_networks=snakemake.output.networks,
            settings=ShowcaseSettings(**snakemake.params.settings),
        )
