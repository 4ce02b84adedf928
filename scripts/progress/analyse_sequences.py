"""The paper's other tasks: when answers are learned, how suddenly, and how late on a sample."""

from collections.abc import Mapping, Sequence

import pandas as pd

from fittest.analysis.fates.runs import complete
from fittest.analysis.progress.answers import digit_rows, token_drops
from fittest.analysis.progress.constants import ChangeSettings, OutcomeSettings
from fittest.analysis.progress.names import FRESH, SAMPLES
from fittest.analysis.progress.sequences import change_rows, fall_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import statistics_table
from fittest.pipeline.script import rule_job
from fittest.store import joint_provenance, read_table, write_table

DIGITS = "digits_inf"
COLUMNS = [
    *("run_id", "step", "train_loss", "test_loss", "test_accuracy"),
    *("train_losses", "train_token_losses"),
]


def analyse_sequences(
    runs: Mapping[str, str],
    trajectories: Mapping[str, Sequence[str]],
    out_stats: str,
    rules: ChangeSettings,
    outcomes: OutcomeSettings,
    resampling: Resampling,
) -> None:
    """Write the statistics (Parquet).

    Args:
        runs, trajectories: files of `digits_inf`, and of the run-sets in FRESH and SAMPLES.
        outcomes: how slingshots are counted.
    """
    rows = []
    for name, path in runs.items():
        good, recorded = _read(path, trajectories[name])
        if name == DIGITS:
            twice = rules.model_copy(update={"window": 2 * rules.window})
            drops, wider = (token_drops(good, recorded, one) for one in (rules, twice))
            rows += digit_rows(drops, wider, rules, resampling)
        elif name in FRESH:
            rows += change_rows(name, good, recorded, rules, resampling)
        else:
            rows += fall_rows(name, recorded, rules, outcomes, resampling)
    write_table(statistics_table(rows), out_stats, joint_provenance(list(runs.values())))


def _read(runs: str, trajectories: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs that did not fail, and their trajectories."""
    good = complete(read_table(runs, "runs"))
    good = good.assign(seed=good["seed_embedding"])
    parts = [read_table(path, "trajectory", COLUMNS) for path in trajectories]
    recorded = pd.concat(parts, ignore_index=True).drop_duplicates(["run_id", "step"])
    return good, recorded[recorded["run_id"].isin(good["run_id"])]


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        names = [DIGITS, *FRESH, *SAMPLES]
        analyse_sequences(
            runs={name: snakemake.input[f"{name}_runs"] for name in names},
            trajectories={name: snakemake.input[name] for name in names},
            out_stats=snakemake.output.stats,
            rules=ChangeSettings(**snakemake.params.settings),
            outcomes=OutcomeSettings(**snakemake.params.outcomes),
            resampling=Resampling(**snakemake.params.resampling),
        )
