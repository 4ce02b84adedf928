"""What a few circles achieve together: the loss with all other frequencies taken away (figure 8).

At a checkpoint the network keeps its MLP; of its embedding stay k = 0 and the listed frequencies.
Evaluated on all p^2 pairs (survival paper section 4.1, methods 2.14, 7.18).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.statistics.intervals import Resampling, over_runs
from fittest.analysis.statistics.table import Row, statistic_row
from fittest.analysis.survival.names import Collaboration
from fittest.fourier import Floats, half_spectrum, keep_only
from fittest.models import EMBEDDING, EmbeddingMLPSettings
from fittest.runs.run import Run
from fittest.tasks import train_mask

LOSSES = ["loss_all", "loss_test", "accuracy"]
TABLE_COLUMNS = ["panel", "k", "rank", "fate", "step", "kept", *LOSSES]
SUBSET_COLUMNS = ["run_id", "step", "survivors", "size", "kept", *LOSSES]
MOST_CIRCLES = 3

Weights = Mapping[str, Floats]


class Evaluator:
    """Losses of one run's networks with only some frequencies left in the embedding."""

    def __init__(self, run: Run) -> None:
        # Torch here alone: the tables of this module are read without it.
        import torch

        task = run.numbers_task.build()
        self._labels = torch.from_numpy(task.labels)
        train = train_mask(task, run.numbers_task.train_fraction, run.seeds.split, run.rng)
        self._test = torch.from_numpy(~train)
        # The embedding is edited as it stands there.
        assert isinstance(run.model, EmbeddingMLPSettings)
        self._model = run.model.build(task).to_empty(device="cpu")

    def losses(
        self, weights: Weights, kept: Sequence[tuple[int, ...]]
    ) -> dict[tuple[int, ...], dict[str, float]]:
        """Losses of a network for every set of frequencies in ``kept``.

        Args:
            weights: all parameters, float32 arrays in their shapes.

        Returns:
            set -> loss_all, loss_test (mean cross-entropy over all and over the test pairs, nats;
            NaN without test pairs) and accuracy over all pairs.
        """
        import torch

        from fittest.training.loss import cross_entropy

        embedding = np.asarray(weights[EMBEDDING], dtype=np.float64)
        # Filtering is linear: sets are sums of single circles.
        mean = keep_only(embedding, (), keep_mean=True)
        circle = {
            k: keep_only(embedding, (k,), keep_mean=False) for k in {k for ks in kept for k in ks}
        }
        state = {name: torch.from_numpy(np.array(value)) for name, value in weights.items()}
        found = {}
        with torch.no_grad():
            self._model.load_state_dict(state)
            for ks in kept:
                filtered = mean + sum((circle[k] for k in ks), np.zeros_like(mean))
                table = self._model.embedding.weight
                table.copy_(torch.from_numpy(filtered).to(table.dtype))
                logits = self._model.forward_grid()
                loss = cross_entropy(logits, self._labels).double()
                right = logits.argmax(dim=-1) == self._labels
                found[ks] = {
                    "loss_all": float(loss.mean()),
                    "loss_test": float(loss[self._test].mean()),
                    "accuracy": float(right.double().mean()),
                }
        return found


def listed_sets(survivors: Sequence[int], p: int) -> dict[str, dict[int, tuple[int, ...]]]:
    """The paper's sets: panel -> i -> frequencies kept, ascending.

    one: {i}; two: {c1, i}; three: {c1, c3, i}, with c1, c2, ... the survivors by descending final
    signal. Where i is among the others the set is smaller, as in the paper. A panel that needs
    more survivors than there are is missing.
    """
    partners: dict[str, list[int]] = {"one": []}
    if len(survivors) >= 1:
        partners["two"] = [survivors[0]]
    if len(survivors) >= 3:
        partners["three"] = [survivors[0], survivors[2]]
    return {
        panel: {i: tuple(sorted({*others, i})) for i in half_spectrum(p)}
        for panel, others in partners.items()
    }


def collaboration_table(
    run: Run, survivors: Sequence[int], checkpoints: Iterable[tuple[int, Weights]]
) -> pd.DataFrame:
    """Losses over training with one, two and three circles (figure 8).

    Args:
        run: the network. survivors: by descending final signal.
        checkpoints: (step, all parameters).

    Returns:
        Rows TABLE_COLUMNS: panel (one, two, three), k = the varied frequency i, its rank among
        the survivors (0 = dead), fate, step, kept (text), losses.
    """
    evaluator = Evaluator(run)
    sets = listed_sets(survivors, run.numbers_task.p)
    rank = {k: index + 1 for index, k in enumerate(survivors)}
    different = sorted({ks for panel in sets.values() for ks in panel.values()})
    rows: list[dict[str, Any]] = []
    for step, weights in checkpoints:
        losses = evaluator.losses(weights, different)
        rows += [
            {
                "panel": panel,
                "k": k,
                "rank": rank.get(k, 0),
                "fate": "survivor" if k in rank else "dead",
                "step": step,
                "kept": _text(ks),
                **losses[ks],
            }
            for panel, members in sets.items()
            for k, ks in members.items()
        ]
    return pd.DataFrame(rows, columns=TABLE_COLUMNS)


def survivor_subsets(
    run: Run, run_id: str, survivors: Sequence[int], step: int, weights: Weights
) -> pd.DataFrame:
    """Losses with every one, two and three of the survivors, and with all of them.

    Returns:
        Rows SUBSET_COLUMNS; size = circles kept, survivors = how many there are.
    """
    sizes = sorted({*range(1, MOST_CIRCLES + 1), len(survivors)})
    sets = [ks for size in sizes for ks in combinations(sorted(survivors), size) if ks]
    losses = Evaluator(run).losses(weights, sets)
    rows = [
        {
            "run_id": run_id,
            "step": step,
            "survivors": len(survivors),
            "size": len(ks),
            "kept": _text(ks),
            **losses[ks],
        }
        for ks in sets
    ]
    return pd.DataFrame(rows, columns=SUBSET_COLUMNS)


def collaboration_rows(subsets: pd.DataFrame, least: int, resampling: Resampling) -> list[Row]:
    """Best 1, 2 and 3 circles at the end, median over runs with ``least`` survivors (S24-S26)."""
    # Tables of several runs put together may repeat their labels.
    used = subsets[subsets["survivors"] >= least].reset_index(drop=True)
    rows = []
    for size in range(1, MOST_CIRCLES + 1):
        own = used[used["size"] == size]
        best = own.loc[own.groupby("run_id")["loss_all"].idxmin()] if len(own) else own
        for column, name in (("loss_all", "loss"), ("accuracy", "accuracy"), ("loss_test", "test")):
            estimate, n = over_runs(best[column], "median", resampling)
            note = f"best {size} of at least {least} survivors, last step, median over runs"
            rows.append(statistic_row(Collaboration.of(f"best{size}_{name}"), estimate, n, note))
    whole = used[used["size"] == used["survivors"]]
    estimate, n = over_runs(whole["loss_all"], "median", resampling)
    rows.append(statistic_row(Collaboration.ALL_LOSS, estimate, n, "all survivors kept"))
    return rows


def _text(ks: Sequence[int]) -> str:
    return "+".join(str(k) for k in ks)
