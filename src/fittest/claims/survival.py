"""Measures of the survival paper, from its runs and analysis tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fittest.analysis.statistics.intervals import Middle, over_runs, share
from fittest.analysis.survival.uniformity import power, uniformity
from fittest.claims import survival_exact
from fittest.claims.measures import Evidence, Measured, UnavailableError, measure

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["survival_exact"]

SNAPSHOTS = "default_snapshots"
GEOMETRY = "geometry"


def _share(evidence: Evidence, hits: NDArray[np.bool_], of: str = "runs") -> Measured:
    """A share with its Wilson interval."""
    return Measured.estimated(share(hits, evidence.resampling.confidence), len(hits), of)


def _over_runs(evidence: Evidence, values: NDArray[np.float64], kind: Middle) -> Measured:
    """Mean or median over runs that have a finite value, with a bootstrap over runs."""
    known = values[np.isfinite(values)]
    return Measured.estimated(*over_runs(known, kind, evidence.resampling))


def _snapshots(evidence: Evidence, at: str, steps: int | None) -> pd.DataFrame:
    table = evidence.tables.get(SNAPSHOTS)
    table = table[table["at"] == at]
    return table if steps is None else table[table["step"] == steps]


@measure("survival.snapshot")
def snapshot(
    evidence: Evidence, column: str, at: str, kind: Middle, steps: int | None = None
) -> Measured:
    """Mean or median over default runs of a column of the snapshots.

    at: `end` or a step in words. kind: mean or median. steps: only runs whose row is of this
    step, so that shortened runs do not count as complete ones.
    """
    rows = _snapshots(evidence, at, steps)
    return _over_runs(evidence, rows[column].to_numpy(float), kind)


@measure("survival.snapshot_share")
def snapshot_share(
    evidence: Evidence,
    column: str,
    at: str,
    least: float = -np.inf,
    most: float = np.inf,
    steps: int | None = None,
) -> Measured:
    """Share of default runs whose column lies between two numbers, ends included."""
    values = _snapshots(evidence, at, steps)[column].to_numpy(float)
    return _share(evidence, (values >= least) & (values <= most))


@measure("survival.geometry")
def geometry(evidence: Evidence, column: str, kind: Middle, over: str | None = None) -> Measured:
    """Mean or median over default runs of a column of the geometry table, or of its ratio over
    another column."""
    table = evidence.tables.get(GEOMETRY)
    values = table[column].to_numpy(float)
    if over is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = values / table[over].to_numpy(float)
    return _over_runs(evidence, values, kind)


@measure("survival.purity_gain")
def purity_gain(evidence: Evidence) -> Measured:
    """Mean over runs of the purity of Fourier planes minus that of PCA planes (S06)."""
    table = evidence.tables.get(GEOMETRY)
    gain = table["purity_fft"].to_numpy(float) - table["purity_pca"].to_numpy(float)
    return _over_runs(evidence, gain, "mean")


@measure("survival.geometry_share")
def geometry_share(evidence: Evidence, column: str, most: float) -> Measured:
    """Share of runs whose column is at most a number; runs without a value do not count."""
    values = evidence.tables.get(GEOMETRY)[column].to_numpy(float)
    return _share(evidence, values[np.isfinite(values)] <= most)


def _default_runs(evidence: Evidence, runsets: list[str]) -> pd.DataFrame:
    """Survivors of default-mode runs of prime moduli, clustered by seed."""
    # Not at the top: the measures are looked up whenever a configuration is checked.
    import pandas as pd

    parts = []
    for name in runsets:
        runs = evidence.tables.runs(name)
        frequencies = evidence.tables.frequencies(name)
        described = runs[["run_id", "p", "seed_embedding"]]
        parts.append(frequencies[["run_id", "k", "alive_2mean"]].merge(described, on="run_id"))
    table = pd.concat(parts).drop_duplicates(["run_id", "k"])
    if len(table) == 0:
        raise UnavailableError("no default runs")
    # Runs of one seed share it at every d and weight decay.
    return table.rename(columns={"seed_embedding": "cluster"})


@measure("survival.uniformity")
def survivors_uniform(evidence: Evidence, runsets: list[str]) -> Measured:
    """p-value of the survivors' uniformity over k in default-mode runs of prime moduli (S46)."""
    result = uniformity(_default_runs(evidence, runsets), evidence.resampling)
    return Measured(result.p_value, n=result.runs)


@measure("survival.uniformity_power")
def uniformity_power(
    evidence: Evidence, runsets: list[str], odds: float, level: float, trials: int
) -> Measured:
    """Chance that this test notices a frequency of better odds (S46). With a tenth of the draws:
    the p-value need only be told from ``level``."""
    table = _default_runs(evidence, runsets)
    fewer = replace(evidence.resampling, draws=max(evidence.resampling.draws // 10, 20))
    return Measured(power(table, fewer, odds, level, trials), n=trials, of="simulations")


@measure("survival.precision")
def precision(evidence: Evidence, columns: list[str]) -> Measured:
    """Largest relative difference between float32 and float64 over all runs and steps (S48)."""
    table = evidence.tables.get("precision")
    if len(table) == 0:
        return Measured(np.nan)
    return Measured(float(table[columns].to_numpy(float).max()), n=table["run_id"].nunique())
