"""Waves of the paper's key frequencies, and of ours: the numbers of figure 8."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fittest.analysis.progress.constants import InterferenceSettings
from fittest.analysis.progress.interference import second_peak, wave_table
from fittest.analysis.progress.names import Interference
from fittest.analysis.progress.summaries import most
from fittest.analysis.statistics.table import statistic_row, statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import read_provenance, read_table, write_csv, write_table


def analyse_interference(
    circuits: str | None,
    out_stats: str,
    out_plotted: str,
    settings: InterferenceSettings,
    origin: Mapping[str, Any],
) -> None:
    """Write the waves (CSV), and how high their second peak is (Parquet).

    Args:
        circuits: table of trained runs with p, runset, seed and keys, their key frequencies; the
            main run of the lowest seed is shown. None where there is none.
        origin: provenance of the tables, where `circuits` gives none.
    """
    p, keys = settings.p, settings.frequencies
    stats = [
        statistic_row(
            Interference.PAPER_PEAK,
            second_peak(p, keys),
            len(keys),
            "largest sum of the paper's waves beside x = 0, over that at 0",
        ),
        statistic_row(
            Interference.SINGLE_PEAK,
            second_peak(p, keys[:1]),
            1,
            "likewise of its first wave alone",
        ),
    ]
    waves = [wave_table("paper", p, keys)]
    ours: list[float] = []
    if circuits is not None:
        origin = read_provenance(circuits)
        found = read_table(circuits)
        main = found[found["runset"] == "main"].sort_values("seed")
        for place, run in enumerate(main.to_dict("records")):
            modulus, own = int(run["p"]), sorted(int(k) for k in run["keys"])
            ours.append(second_peak(modulus, own))
            if place == 0:
                waves.append(wave_table("ours", modulus, own))
    stats.append(
        statistic_row(
            Interference.OUR_PEAK,
            most(ours),
            len(ours),
            "likewise of the key frequencies of each of our main runs, most",
        )
    )
    write_table(statistics_table(stats), out_stats, origin)
    write_csv(pd.concat(waves, ignore_index=True), out_plotted)


if "snakemake" in globals():
    from fittest.runs.run import digest
    from fittest.store import provenance

    with rule_job(globals()["snakemake"]) as snakemake:
        told = InterferenceSettings(**snakemake.params.settings)
        analyse_interference(
            circuits=snakemake.input.get("circuits"),
            out_stats=snakemake.output.stats,
            out_plotted=snakemake.output.plotted,
            settings=told,
            origin=provenance(snakemake.params.scale, digest(told.model_dump_json())),
        )
