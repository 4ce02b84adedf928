"""Which run is shown, and that its tables hold what was planted (survival methods 5.4, 2.5-2.7)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fittest import fourier
from fittest.analysis.survival.showcase import (
    Showcase,
    checkpoint_steps,
    choose_showcase,
    embedding_at,
    planes_table,
    signal_evolution_table,
    snapshot_steps,
)


def tables(counts: list[int], ks: int = 8) -> tuple[pd.DataFrame, pd.DataFrame]:
    runs = pd.DataFrame(
        {
            "run_id": [f"r{index}" for index in range(len(counts))],
            "seed_embedding": range(len(counts)),
            "last_step": 1000,
            "n_2mean": pd.array(counts, dtype="Int64"),
            "failed": False,
        }
    )
    frequencies = pd.DataFrame(
        [
            {"run_id": f"r{index}", "k": k, "signal": 30.0 + k, "alive_2mean": k <= count}
            for index, count in enumerate(counts)
            for k in range(1, ks + 1)
        ]
    )
    return runs, frequencies


def everywhere(runs: pd.DataFrame) -> dict[str, list[int]]:
    return {run_id: [0, 500, 1000] for run_id in runs["run_id"]}


@pytest.mark.parametrize(
    ("counts", "chosen", "reason"),
    [
        ([4, 5, 6, 5], "r1", "lowest seed with exactly 5"),
        ([4, 3, 4, 6], "r0", "most below, 4"),
        ([6, 3, 4], "r2", "most below, 4"),
        ([7, 6], "r0", "no run has 1 to 5"),
        ([0, 0], "r0", "no run has 1 to 5"),
    ],
)
def test_choice_by_number_of_survivors(counts, chosen, reason):
    runs, frequencies = tables(counts)
    found = choose_showcase(runs, frequencies, everywhere(runs), 5)
    assert found.run_id == chosen and reason in found.reason
    count = counts[int(chosen[1:])]
    # Signals grow with k in these tables: the strongest survivor is the largest alive k.
    assert found.survivors == list(range(count, 0, -1))
    assert found.dead == list(range(count + 1, 9))


def test_runs_without_checkpoints_and_failed_runs_cannot_be_shown():
    runs, frequencies = tables([5, 5, 5, 5])
    steps = everywhere(runs) | {"r0": [1000], "r1": [0, 500]}
    runs.loc[2, "failed"] = True
    assert choose_showcase(runs, frequencies, steps, 5).run_id == "r3"
    with pytest.raises(ValueError, match="no run has its embedding"):
        choose_showcase(runs, frequencies, {}, 5)


def test_checkpoints_after_the_end_are_left_out():
    runs, frequencies = tables([5])
    found = choose_showcase(runs, frequencies, {"r0": [0, 500, 1000, 1500]}, 5)
    assert found.steps == [0, 500, 1000]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [([0, 500, 1000], [0, 500, 1000]), ([0, 100, 900, 2000], [0, 900, 2000]), ([0, 200], [0, 200])],
)
def test_snapshots_at_start_half_and_end(steps, expected):
    assert snapshot_steps(steps) == expected


P, D, SIGNALS = 59, 24, {8: 50.0, 2: 40.0}


def stored() -> tuple[pd.DataFrame, dict[int, np.ndarray]]:
    directions = fourier.random_directions(P, D, np.random.default_rng(0), "full")
    embeddings = {
        0: np.random.default_rng(1).normal(size=(P, D)),
        500: fourier.construct(
            P, D, {k: 1.5 * s for k, s in SIGNALS.items()}, directions, 5, "full"
        ),
        1000: fourier.construct(P, D, SIGNALS, directions, 1e-3, "full"),
    }
    rows = [
        {
            "run_id": "r0",
            "step": step,
            "parameter": parameter,
            "shape": [P, D],
            "values": embedding.astype(np.float32).ravel(),
        }
        for step, embedding in embeddings.items()
        for parameter in ("embedding.weight", "other.weight")
    ]
    return pd.DataFrame(rows), embeddings


def shown() -> Showcase:
    dead = [k for k in fourier.half_spectrum(P) if k not in SIGNALS]
    return Showcase("r0", 0, [8, 2], dead, [0, 500, 1000], "made up")


def test_weights_come_back_in_shape():
    weights, embeddings = stored()
    assert checkpoint_steps(weights) == {"r0": [0, 500, 1000]}
    np.testing.assert_allclose(embedding_at(weights, "r0", 500), embeddings[500], rtol=1e-6)
    with pytest.raises(KeyError, match="step 7"):
        embedding_at(weights, "r0", 7)


def test_signal_evolution_holds_curves_and_projections():
    weights, embeddings = stored()
    trajectory = pd.DataFrame(
        {
            "run_id": "r0",
            "step": [0, 500, 1000, 2000],
            "signals": [fourier.signals(embeddings[min(s, 1000)]) for s in (0, 500, 1000, 2000)],
        }
    )
    table = signal_evolution_table(shown(), trajectory, weights)
    curves = table[table["panel"] == "signals"]
    # The shown run ends at 1000; what a longer run recorded after it is not part of it.
    assert len(curves) == 3 * 29 and curves["step"].max() == 1000
    strongest = curves[curves["rank"] == 1]
    assert set(strongest["k"]) == {8} and set(strongest["fate"]) == {"survivor"}
    assert strongest["signal"].iloc[-1] == pytest.approx(50)
    assert (curves["rank"] == 0).sum() == 3 * 27
    projected = table[table["panel"] == "projections"]
    assert len(projected) == 2 * 3 * P and set(projected["k"]) == {1, 8}
    circle = projected[(projected["k"] == 8) & (projected["step"] == 1000)]
    # The tiny other circles lean into the plane a little.
    np.testing.assert_allclose(
        np.hypot(circle["x"], circle["y"]), 2 / P * 50 / np.sqrt(2), rtol=0.6
    )
    collapsed = projected[(projected["k"] == 1) & (projected["step"] == 1000)]
    start = projected[(projected["k"] == 1) & (projected["step"] == 0)]
    assert collapsed[["x", "y"]].std().max() < start[["x", "y"]].std().min()


def test_planes_table_names_frequencies_steps_and_purity():
    _, embeddings = stored()
    frequencies = pd.DataFrame(
        {
            "run_id": "r0",
            "k": list(fourier.half_spectrum(P)),
            "signal": fourier.signals(embeddings[1000]),
        }
    )
    table = planes_table(shown(), frequencies, embeddings[1000])
    heads = table.drop_duplicates(["panel", "plane"]).set_index(["panel", "plane"])
    assert heads["k"].to_dict() == {("pca", 1): 8, ("pca", 2): 2, ("fft", 1): 8, ("fft", 2): 2}
    assert heads.loc["fft", "delta"].tolist() == [22, 29]
    assert heads.loc["fft", "signal"].tolist() == pytest.approx([50, 40])
    assert (heads["purity"] > 0.8).all() and (heads["purity"] <= 1).all()
    assert heads.loc["pca", "variance_share"].sum() == pytest.approx(1, abs=1e-3)
    assert heads.loc["pca", "signal"].isna().all()


def test_no_survivors_no_planes():
    alone = Showcase("r0", 0, [], [1, 2, 3], [0, 10], "made up")
    frequencies = pd.DataFrame({"run_id": "r0", "k": [1, 2, 3], "signal": 1.0})
    assert planes_table(alone, frequencies, np.eye(7)).empty


def test_a_frequency_without_inverse_has_no_token_step():
    showcase = Showcase("r0", 0, [2, 1], [3, 4, 5], [0, 10], "made up")
    embedding = fourier.construct(
        12, 6, {2: 9.0, 1: 5.0}, fourier.random_directions(12, 6, np.random.default_rng(0)), 0.0
    )
    frequencies = pd.DataFrame(
        {"run_id": "r0", "k": range(1, 6), "signal": fourier.signals(embedding)}
    )
    table = planes_table(showcase, frequencies, embedding)
    planes = table[table["panel"] == "fft"].drop_duplicates("k").set_index("k")["delta"]
    assert pd.isna(planes[2]) and planes[1] == 1
