"""Circularity before training: against d, and by later survival (figure 11, methods 2.10)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fittest.analysis.circles.names import Circularity
from fittest.analysis.circles.planes import circularity
from fittest.analysis.fates.runs import complete
from fittest.analysis.statistics.correlation import auc, spearman, stratified_auc
from fittest.analysis.statistics.intervals import Resampling, cluster_bootstrap
from fittest.analysis.statistics.logistic import fit_logistic
from fittest.analysis.statistics.table import Row, statistic_row
from fittest.fourier import Floats, half_spectrum
from fittest.models import EMBEDDING, EmbeddingMLPSettings
from fittest.runs.initial import initial_parameters
from fittest.runs.run import Run
from fittest.tasks import Task


def expected_circularity(p: int, d: int) -> float:
    """d / (d + p - 2), close to the mean at a random start (derived; methods 2.10)."""
    return d / (d + p - 2)


def best_projection(embedding: Floats) -> Floats:
    """Circularity of the roundest linear projection that an embedding has of each frequency: (K,).

    2.10's c_u for the two directions u of R^d in which the cosine and the sine of k are best
    approximated; 1 if and only if some plane shows a perfect circle, which a random embedding of p
    tokens has with probability one for d >= p, and zero below (claim S54).

    Args:
        embedding: (p, d).
    """
    p = len(embedding)
    left, sizes, _ = np.linalg.svd(np.asarray(embedding, dtype=np.float64), full_matrices=False)
    span = left[:, sizes > 1e-9 * sizes[0]]
    found = []
    for k in half_spectrum(p):
        angles = 2 * np.pi * k * np.arange(p) / p
        pair = np.stack([np.cos(angles), np.sin(angles)], axis=1) * np.sqrt(2 / p)
        shares = np.square(np.linalg.svd(span.T @ pair, compute_uv=False))
        found.append(np.sqrt(np.square(shares).mean()))
    return np.array(found)


def random_circularity(task: Task, dimensions: Sequence[int], seeds: int) -> pd.DataFrame:
    """Embeddings as the model draws them, never trained.

    Returns:
        A row per d and seed: mean and max of the circularity over k = 1..K, and the mean of that of
        the best projection.
    """
    rows = []
    for d in dimensions:
        # One hidden neuron: only the embedding counts, and it has a random stream of its own.
        settings = EmbeddingMLPSettings(d=d, hidden=(1, 1))
        for seed in range(seeds):
            embedding = settings.initial(task, seed, seed)[EMBEDDING]
            values, best = circularity(embedding), best_projection(embedding)
            row = {"d": d, "seed": seed, "mean": values.mean(), "max": values.max()}
            rows.append(row | {"best": best.mean()})
    return pd.DataFrame(rows, columns=["d", "seed", "mean", "max", "best"])


def by_dimension(drawn: pd.DataFrame, p: int) -> pd.DataFrame:
    """Mean over seeds with standard deviations and the closed form: a row per d.

    Columns d, seeds, mean, mean_sd, max, max_sd, best, expected.
    """
    groups = drawn.groupby("d")
    table = pd.DataFrame(
        {
            "seeds": groups.size(),
            "mean": groups["mean"].mean(),
            "mean_sd": groups["mean"].std(ddof=0),
            "max": groups["max"].mean(),
            "max_sd": groups["max"].std(ddof=0),
            "best": groups["best"].mean(),
        }
    ).reset_index()
    table["expected"] = [expected_circularity(p, int(d)) for d in table["d"]]
    return table


def start_circularity(runs: pd.DataFrame, frequencies: pd.DataFrame) -> pd.DataFrame:
    """Circularity of trained runs' initial embeddings, which their settings alone decide.

    Args:
        runs: run_id, config (JSON), failed; failed ones are left out.
        frequencies: run_id, k, signal0, alive_2mean.

    Returns:
        run_id, k, circularity, signal0, alive (bool).
    """
    parts = []
    for run_id, config in complete(runs)[["run_id", "config"]].to_numpy():
        run = Run.model_validate_json(config)
        values = circularity(initial_parameters(run, run.task.build())[EMBEDDING])
        ks = np.arange(1, len(values) + 1)
        parts.append(pd.DataFrame({"run_id": run_id, "k": ks, "circularity": values}))
    columns = ["run_id", "k", "circularity", "signal0", "alive"]
    if not parts:
        return pd.DataFrame(columns=columns)
    fates = frequencies[["run_id", "k", "signal0", "alive_2mean"]].dropna()
    table = pd.concat(parts).merge(fates, on=["run_id", "k"], validate="one_to_one")
    return table.assign(alive=table["alive_2mean"].astype(bool))[columns]


def circularity_rows(
    dimensions: pd.DataFrame, started: pd.DataFrame, strata: int, resampling: Resampling
) -> list[Row]:
    """Statistics for the claims S37 (derived) and S38 (AUC, bootstrap over runs).

    At the start circularity goes with the signal (both measure the same coefficient), and the
    signal decides who survives: S38 is judged by what circularity tells beyond it, among
    frequencies of like initial signal.

    Args:
        dimensions: from ``by_dimension``. started: from ``start_circularity``.
        strata: equally full groups of the initial signal.
        resampling: of the bootstrap over runs.
    """
    off = (dimensions["mean"] / dimensions["expected"] - 1).abs()
    alive = started["alive"].to_numpy(bool)
    values = started["circularity"].to_numpy(float)
    ranking = cluster_bootstrap(
        lambda i: auc(values[i], alive[i], ~alive[i]) - 0.5, started["run_id"], resampling
    )
    signal = started["signal0"].to_numpy(float)
    beyond = cluster_bootstrap(
        lambda i: stratified_auc(values[i], alive[i], signal[i], strata) - 0.5,
        started["run_id"],
        resampling,
    )
    # Labels as the signal alone would give them: what circularity borrows from it.
    expected = fit_logistic(signal, alive, np.ones(len(alive))).rate(signal)
    borrowed = auc(values, expected, 1 - expected) - 0.5
    n = len(dimensions)
    return [
        statistic_row(
            Circularity.FORMULA_DEVIATION,
            float(off.max()) if n else np.nan,
            n,
            "largest |mean / (d/(d+p-2)) - 1| over d",
        ),
        statistic_row(
            Circularity.SPEARMAN_D,
            spearman(dimensions["d"], dimensions["mean"]),
            n,
            "d and mean over seeds and k",
        ),
        statistic_row(
            Circularity.SPEARMAN_D_MAX,
            spearman(dimensions["d"], dimensions["max"]),
            n,
            "d and mean over seeds of the largest",
        ),
        statistic_row(
            Circularity.AUC_MINUS_HALF,
            ranking,
            len(values),
            "circularity at the start and survival",
        ),
        statistic_row(
            Circularity.AUC_GIVEN_SIGNAL,
            beyond,
            len(values),
            f"the same within {strata} equally full groups of initial signal",
        ),
        statistic_row(
            Circularity.AUC_BY_SIGNAL,
            borrowed,
            len(values),
            "the same if the signal alone decided (logistic fit)",
        ),
        statistic_row(
            Circularity.SPEARMAN_SIGNAL,
            spearman(values, signal),
            len(values),
            "circularity and initial signal over (run, k)",
        ),
    ]
