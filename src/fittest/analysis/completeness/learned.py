"""What runs of remainder equivalence and XOR learned, and how complete that was at the start
(completeness methods 2.1 to 2.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fittest.analysis.completeness import cubes, orders
from fittest.analysis.completeness.constants import CubeSettings, LineSettings, SolvedSettings
from fittest.analysis.completeness.ranks import Standing, standing
from fittest.analysis.fates.runs import complete
from fittest.analysis.statistics.correlation import spearman
from fittest.models import EMBEDDING
from fittest.runs.run import Run
from fittest.tasks import Remainder, train_mask

Floats = orders.Floats
Weights = Mapping[str, Floats]

_RANKS = ["greater", "equal", "total", "mid_rank", "top_share"]
REMAINDER_COLUMNS = [
    *("run_id", "seed", "test_accuracy", "balanced_accuracy", "solved"),
    *("line", "tight", "gap", "clear", "order", "order_by_f", "agrees"),
    *("settled_step", "last_step", "kept_distances"),
    *("f", "f_min", "f_mean", "f_max", "above_mean", *_RANKS),
]
XOR_COLUMNS = [
    *("run_id", "seed", "test_accuracy", "train_accuracy", "solved"),
    *("cube", "even", "skew", "clear", "basis", "neighbours", "agrees"),
    *("settled_step", "last_step"),
    *("g", "g_min", "g_mean", "g_max", "best", *_RANKS, "mid_rank_840"),
]


@dataclass(frozen=True)
class Learned:
    """Weights of one run: all parameters at its last step, and its embedding (p, d) at every
    checkpoint, step 0 first."""

    run: Run
    final: Weights
    embeddings: Mapping[int, Floats]

    @property
    def first(self) -> Floats:
        """The initial embedding."""
        return self.embeddings[min(self.embeddings)]


def learned_runs(runs: pd.DataFrame, weights: pd.DataFrame) -> list[Learned]:
    """Every run that did not fail, by seed.

    Args:
        runs: the `runs` table.
        weights: rows of the `weights` table: the embedding at every checkpoint, and all
            parameters at each run's last step.
    """
    found = []
    by_run = dict(iter(weights.groupby("run_id")))
    for row in complete(runs).sort_values("seed_embedding").to_dict("records"):
        own = by_run[row["run_id"]]
        values = [
            (int(step), str(name), np.asarray(flat).reshape(*(int(n) for n in shape)))
            for step, name, flat, shape in zip(
                own["step"], own["parameter"], own["values"], own["shape"], strict=True
            )
        ]
        final = {name: value for step, name, value in values if step == row["last_step"]}
        embeddings = {step: value for step, name, value in values if name == EMBEDDING}
        found.append(Learned(Run.model_validate_json(str(row["config"])), final, embeddings))
    return found


def needed_weights(runs: pd.DataFrame) -> Callable[[pd.DataFrame], NDArray[np.bool_]]:
    """Which rows of a `weights` table `learned_runs` needs, by run_id, step and parameter."""
    last = complete(runs).set_index("run_id")["last_step"]

    def wanted(rows: pd.DataFrame) -> NDArray[np.bool_]:
        end = rows["run_id"].map(last)
        used = (rows["parameter"] == EMBEDDING) | (rows["step"] == end)
        return np.asarray(used & end.notna())

    return wanted


def accuracies_on_test(run: Run, weights: Weights) -> tuple[float, float]:
    """Accuracy over the test pairs, and the mean of its values per label (balanced accuracy).

    Labels that no test pair has do not count; NaN without test pairs.
    """
    # Here alone: torch is slow to import, and most users of this module run no network.
    import torch
    from torch.func import functional_call

    task = run.numbers_task.build()
    model = run.model.build(task).to_empty(device="cpu")
    values = {name: torch.tensor(np.asarray(v)) for name, v in weights.items()}
    with torch.no_grad():
        given = functional_call(model, values, (torch.from_numpy(task.tokens),)).argmax(dim=1)
    right = given.numpy() == task.labels
    test = ~train_mask(task, run.numbers_task.train_fraction, run.seeds.split, run.rng)
    by_label = [
        float(right[test & (task.labels == label)].mean()) for label in np.unique(task.labels[test])
    ]
    if not by_label:
        return np.nan, np.nan
    return float(right[test].mean()), float(np.mean(by_label))


def line_quality(embedding: Floats, m: int) -> tuple[tuple[int, ...], float, float, float]:
    """The order of the classes on the line through a trained embedding (p, d), and how good a
    line it is.

    Returns:
        The order along the first principal component of the class centres, from its smaller end;
        that component's share of their variance; variance within classes over that between them;
        smallest distance of neighbours on the line over its length.
    """
    centres = orders.class_centres(embedding, m)
    offsets = centres - centres.mean(axis=0)
    _, values, directions = np.linalg.svd(offsets, full_matrices=False)
    places = offsets @ directions[0]
    order = np.argsort(places, kind="stable")
    within = np.asarray(embedding, dtype=np.float64) - np.tile(centres, (len(embedding) // m, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        line = values[0] ** 2 / np.square(values).sum()
        tight = np.square(within).sum(-1).mean() / np.square(offsets).sum(-1).mean()
        gap = np.diff(places[order]).min() / np.ptp(places)
    return orders.canonical(order), float(line), float(tight), float(gap)


def _ranked(rank: Standing) -> dict[str, Any]:
    return {name: getattr(rank, name) for name in _RANKS}


def in_words(order: Sequence[int]) -> str:
    """Classes or characters as text, separated by blanks."""
    return " ".join(str(r) for r in order)


def remainder_row(learned: Learned, solved: SolvedSettings, line: LineSettings) -> dict[str, Any]:
    """One row of REMAINDER_COLUMNS: the learned order, its quality, and its rank at the start
    among all orders. f in squared embedding units."""
    task = learned.run.task
    assert isinstance(task, Remainder)
    final = learned.final[EMBEDDING]
    accuracy, balanced = accuracies_on_test(learned.run, learned.final)
    order, share, tight, gap = line_quality(final, task.m)
    by_f = orders.most_complete(orders.class_centres(final, task.m))
    start = orders.class_centres(learned.first, task.m)
    f = orders.completeness(start, order)
    low, mean, high = (float(v) for v in orders.extremes(start))
    return {
        "run_id": learned.run.run_id,
        "seed": learned.run.seeds.embedding,
        "test_accuracy": accuracy,
        "balanced_accuracy": balanced,
        "solved": accuracy >= solved.accuracy and balanced >= solved.balanced_accuracy,
        "line": share,
        "tight": tight,
        "gap": gap,
        "clear": share >= line.least_share and tight <= line.most_spread and gap >= line.least_gap,
        "order": in_words(order),
        "order_by_f": in_words(by_f),
        "agrees": order == by_f,
        "settled_step": _settled_order(learned.embeddings, task.m, order),
        "last_step": max(learned.embeddings),
        "kept_distances": _kept_distances(start, orders.class_centres(final, task.m)),
        "f": f,
        "f_min": low,
        "f_mean": mean,
        "f_max": high,
        "above_mean": f > mean,
        **_ranked(Standing(*orders.rank_counts(start, order))),
    }


def _settled_order(embeddings: Mapping[int, Floats], m: int, order: Sequence[int]) -> int:
    """First checkpoint from which every embedding shows the order ``order``."""
    since = max(embeddings)
    for step in sorted(embeddings, reverse=True):
        if line_quality(embeddings[step], m)[0] != tuple(order):
            break
        since = step
    return since


def _kept_distances(start: Floats, end: Floats) -> float:
    """Spearman correlation over pairs of classes of their centres' distances, start and end:
    (m, d) twice. Positive where centres that start close end close."""
    pairs = np.triu_indices(len(start), 1)
    apart = [np.linalg.norm(c[pairs[0]] - c[pairs[1]], axis=-1) for c in (start, end)]
    return spearman(*apart)


def _settled_step(embeddings: Mapping[int, Floats], basis: cubes.Basis) -> int:
    """First checkpoint from which every embedding shows the cube ``basis``."""
    since = max(embeddings)
    for step in sorted(embeddings, reverse=True):
        norms = np.linalg.norm(cubes.walsh(embeddings[step]), axis=-1)
        if cubes.greedy_basis(norms) != basis:
            break
        since = step
    return since


def xor_row(
    learned: Learned, cube: CubeSettings, test_accuracy: float, train_accuracy: float
) -> dict[str, Any]:
    """One row of XOR_COLUMNS: the learned cube, its quality, and its rank at the start among the
    28 that fit the task. g in squared embedding units; accuracies are those of the last step."""
    shown = cubes.learned_cube(learned.final[EMBEDDING])
    values = cubes.completeness(learned.first, cubes.cubes())
    own = float(values[cubes.bases().index(shown.basis)])
    rank = standing(values, own)
    of_all = standing(cubes.completeness(learned.first, cubes.arrangements()), own)
    return {
        "run_id": learned.run.run_id,
        "seed": learned.run.seeds.embedding,
        "test_accuracy": test_accuracy,
        "train_accuracy": train_accuracy,
        "solved": test_accuracy == 1 and train_accuracy == 1,
        "cube": shown.cube,
        "even": shown.even,
        "skew": shown.skew,
        "clear": shown.cube >= cube.least_share
        and shown.even >= cube.least_evenness
        and shown.skew <= cube.most_skew,
        "basis": in_words(shown.basis),
        "neighbours": " ".join(f"{v:03b}" for v in shown.neighbours),
        "agrees": shown.agrees,
        "settled_step": _settled_step(learned.embeddings, shown.basis),
        "last_step": max(learned.embeddings),
        "g": own,
        "g_min": float(values.min()),
        "g_mean": float(values.mean()),
        "g_max": float(values.max()),
        "best": rank.greater == 0,
        **_ranked(rank),
        "mid_rank_840": of_all.mid_rank,
    }


def shown_models(
    models: Sequence[Learned], table: pd.DataFrame, structure: str, number: int
) -> list[Learned]:
    """The models to draw: first the one whose structure had the median rank before training, then
    ones of other ``structure``, by seed; solved and clear ones before any others.

    Args:
        table: run_id, seed, solved, clear, mid_rank and the column ``structure`` of all models.
    """
    ranked = table.assign(
        fails=~(table["solved"].astype(bool) & table["clear"].astype(bool))
    ).sort_values(["fails", "seed"], kind="stable")
    best = ranked[~ranked["fails"]] if not ranked["fails"].all() else ranked
    if len(best):
        # The lower one of two in the middle: a model, not a mean of two.
        typical = best.sort_values(["mid_rank", "seed"]).iloc[(len(best) - 1) // 2]["run_id"]
        ranked = ranked.assign(other=ranked["run_id"] != typical)
        ranked = ranked.sort_values(["other", "fails", "seed"], kind="stable")
    different = ranked.drop_duplicates(structure)
    rest = ranked[~ranked["run_id"].isin(different["run_id"])]
    by_id = {one.run.run_id: one for one in models}
    return [by_id[run_id] for run_id in pd.concat([different, rest])["run_id"][:number]]
