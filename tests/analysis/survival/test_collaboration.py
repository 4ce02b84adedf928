"""Losses with a few circles left, on networks whose embedding is planted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from fittest import fourier
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.survival.collaboration import (
    Evaluator,
    collaboration_rows,
    collaboration_table,
    listed_sets,
    survivor_subsets,
)
from fittest.models import EMBEDDING
from fittest.pipeline.running.ensembles import build_ensemble
from fittest.runs.initial import initial_parameters
from fittest.training.torch_backend import TorchBackend
from small_world import small_run

RUN = small_run(task={"p": 11})


def weights(embedding: np.ndarray | None = None) -> dict[str, np.ndarray]:
    parameters = initial_parameters(RUN, RUN.task.build())
    found = {name: value.astype(np.float32) for name, value in parameters.items()}
    return found if embedding is None else found | {EMBEDDING: embedding.astype(np.float32)}


def test_the_whole_spectrum_is_the_network_itself():
    whole = tuple(fourier.half_spectrum(11))
    losses = Evaluator(RUN).losses(weights(), [whole])[whole]
    backend = TorchBackend(build_ensemble([RUN], torch.float32))
    truth = backend.evaluate()
    assert losses["loss_test"] == pytest.approx(float(truth["test_loss"]), rel=1e-5)
    share = RUN.task.train_fraction
    train = int(share * 121)
    mixed = (train * truth["train_loss"] + (121 - train) * truth["test_loss"]) / 121
    assert losses["loss_all"] == pytest.approx(float(mixed), rel=1e-5)


def test_planted_circles_are_all_that_counts():
    # An embedding made of circles 2 and 5: keeping both is keeping everything.
    directions = fourier.random_directions(11, 6, np.random.default_rng(0), "full")
    planted = fourier.construct(11, 6, {2: 9.0, 5: 4.0}, directions, 0.0, "full")
    whole = tuple(fourier.half_spectrum(11))

    # Untrained networks hardly react to their embedding; a louder output makes it count.
    def loud(embedding: np.ndarray) -> dict[str, np.ndarray]:
        found = weights(embedding)
        return found | {"output.weight": 30 * found["output.weight"]}

    found = Evaluator(RUN).losses(loud(planted), [whole, (2, 5), (2,), (1, 3, 4)])
    assert found[2, 5] == pytest.approx(found[whole], rel=1e-4)
    assert abs(found[(2,)]["loss_all"] / found[whole]["loss_all"] - 1) > 1e-3
    # Nothing of it is left: every pair gets the same logits.
    blank = Evaluator(RUN).losses(loud(np.zeros((11, 6))), [()])[()]
    assert found[1, 3, 4] == pytest.approx(blank, rel=1e-4)


def test_sets_of_the_paper():
    sets = listed_sets([4, 2, 5], 11)
    assert sets["one"][3] == (3,)
    assert sets["two"][3] == (3, 4) and sets["two"][4] == (4,)
    assert sets["three"][1] == (1, 4, 5) and sets["three"][5] == (4, 5)
    assert set(listed_sets([4, 2], 11)) == {"one", "two"}
    assert set(listed_sets([], 11)) == {"one"}


def test_tables_and_statistics():
    table = collaboration_table(RUN, [4, 2, 5], [(0, weights()), (100, weights())])
    assert len(table) == 3 * 5 * 2
    row = table[(table["panel"] == "two") & (table["k"] == 3) & (table["step"] == 100)].iloc[0]
    assert row["kept"] == "3+4" and row["fate"] == "dead" and row["rank"] == 0
    subsets = survivor_subsets(RUN, "a", [4, 2, 5, 1], 100, weights())
    assert subsets["size"].value_counts().to_dict() == {1: 4, 2: 6, 3: 4, 4: 1}
    stats = pd.DataFrame(collaboration_rows(subsets, 4, Resampling(10, 0, 0.95)))
    stats = stats.set_index("name")
    singles = subsets[subsets["size"] == 1]
    assert stats.loc["collaboration.best1_loss", "value"] == singles["loss_all"].min()
    # Runs with too few survivors do not count, and no survivors give no subsets.
    few = pd.DataFrame(collaboration_rows(subsets, 5, Resampling(10, 0, 0.95)))
    assert few["value"].isna().all()
    assert len(survivor_subsets(RUN, "a", [], 100, weights())) == 0


def test_the_best_of_each_run_is_one_of_its_own() -> None:
    """Tables of runs put together as they are repeat their labels."""
    losses = {"a": [3.0, 5.0, 4.0, 6.0], "b": [8.0, 7.0, 9.0, 8.5]}
    parts = [
        pd.DataFrame({"run_id": run_id, "survivors": 4, "size": 1, "loss_all": own}).assign(
            loss_test=own, accuracy=[loss / 10 for loss in own]
        )
        for run_id, own in losses.items()
    ]
    rows = collaboration_rows(pd.concat(parts), 4, Resampling(10, 0, 0.95))
    found = {row["name"]: row for row in rows}
    assert found["collaboration.best1_loss"]["value"] == (3.0 + 7.0) / 2
    assert found["collaboration.best1_loss"]["n"] == 2
    assert found["collaboration.best1_accuracy"]["value"] == pytest.approx((0.3 + 0.7) / 2)
