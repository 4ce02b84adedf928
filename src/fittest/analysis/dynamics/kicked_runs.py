"""Tables of kicked runs and of the same runs without a kick, read for the analyses of kicks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from fittest.analysis.dynamics.linear_ode import Floats
from fittest.analysis.dynamics.ode_runs import long_enough
from fittest.analysis.fates.runs import complete
from fittest.runs.interventions import Intervention
from fittest.runs.run import Run
from fittest.store import read_table


@dataclass(frozen=True)
class KickedRuns:
    """described: the `runs` table of the kicked ones, failed ones too. plain: embedding seed ->
    dense signals (T + 1, K) without a kick. kicked: a triple for each run with enough of them:
    embedding seed, intervention, dense signals."""

    described: pd.DataFrame
    plain: dict[int, Floats]
    kicked: list[tuple[int, Intervention, Floats]]


def read_kicked_runs(
    kick_runs: str,
    kick_trajectories: Sequence[str],
    base_runs: str,
    base_trajectories: Sequence[str],
) -> KickedRuns:
    """Read them; runs that failed are left out, and default runs of other seeds."""
    described, base = read_table(kick_runs, "runs"), complete(read_table(base_runs, "runs"))
    good = complete(described)
    known: dict[str, tuple[int, Intervention]] = {}
    for run_id, seed, text in zip(
        good["run_id"], good["seed_embedding"], good["config"], strict=True
    ):
        recipe = Run.model_validate_json(text).intervention
        if recipe is not None:
            known[str(run_id)] = (int(seed), recipe)
    paths = _dense(kick_trajectories, set(known))
    seeds = {seed for seed, _ in known.values()}
    wanted = base[base["seed_embedding"].isin(seeds)].set_index("run_id")["seed_embedding"]
    plain = _dense(base_trajectories, set(wanted.index))
    return KickedRuns(
        described,
        {int(wanted[run_id]): x for run_id, x in plain.items()},
        [(*known[run_id], x) for run_id, x in paths.items()],
    )


def _dense(trajectories: Sequence[str], wanted: set[str]) -> dict[str, Floats]:
    signals = (read_table(path, columns=["run_id", "step", "signals"]) for path in trajectories)
    return long_enough(signals, wanted)
