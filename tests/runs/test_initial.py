"""Weights at step 0: seeds, perturbations and constructions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fittest import fourier
from fittest.models import EMBEDDING
from fittest.runs.initial import initial_parameters
from fittest.runs.interventions import Construct
from fittest.runs.run import Run
from small_world import small_run


def run_on(p: int = 13, d: int = 8, seed: int = 0, **intervention: object) -> Run:
    return small_run(
        task={"p": p},
        model={"d": d},
        seeds={"embedding": seed, "mlp": 3, "split": 4},
        intervention=intervention or None,
    )


def construction_pair(run: Run) -> tuple[int, int]:
    assert isinstance(run.intervention, Construct)
    return run.intervention.chosen_pair(run.task.p, run.seeds.embedding)


def embedding_of(run: Run) -> np.ndarray:
    return initial_parameters(run, run.task.build())[EMBEDDING]


@given(
    p=st.sampled_from([7, 13, 59]),
    factor=st.floats(0, 3),
    data=st.data(),
    seed=st.integers(0, 20),
)
def test_perturbation_changes_its_frequency_alone(
    p: int, factor: float, data: st.DataObject, seed: int
) -> None:
    k = data.draw(st.integers(1, (p - 1) // 2))
    plain = run_on(p, seed=seed)
    scaled = run_on(p, seed=seed, kind="perturb", frequency=k, factor=factor)
    before, after = (np.fft.fft(embedding_of(run), axis=0) for run in (plain, scaled))
    expected = before.copy()
    expected[[k, p - k]] *= factor
    np.testing.assert_allclose(after, expected, rtol=0, atol=1e-10)


def test_everything_else_stays_bit_for_bit() -> None:
    task = run_on().task.build()
    plain = initial_parameters(run_on(), task)
    for intervention in (
        {"kind": "perturb", "frequency": 2, "factor": 1.3},
        {"kind": "construct", "ratio": 0.5},
    ):
        changed = initial_parameters(run_on(**intervention), task)
        assert set(changed) == set(plain)
        for name, value in plain.items():
            assert np.array_equal(changed[name], value) == (name != EMBEDDING)


def test_factor_one_leaves_every_bit() -> None:
    control = run_on(kind="perturb", frequency=2, factor=1)
    np.testing.assert_array_equal(embedding_of(control), embedding_of(run_on()))


@pytest.mark.parametrize("plane", ["line", "full"])
@given(seed=st.integers(0, 30), ratio=st.floats(0.01, 1), p=st.sampled_from([7, 13, 59]))
def test_construction_has_exact_signals(plane: str, seed: int, ratio: float, p: int) -> None:
    run = run_on(p, seed=seed, kind="construct", ratio=ratio, plane=plane, signal=80, rest=1e-6)
    first, second = construction_pair(run)
    assert first != second
    expected = np.full(fourier.count(p), 1e-6)
    expected[first - 1], expected[second - 1] = 80, 80 * ratio
    embedding = embedding_of(run)
    np.testing.assert_allclose(fourier.signals(embedding), expected, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(embedding.mean(axis=0), 0, atol=1e-12)


@pytest.mark.parametrize(("plane", "rank"), [("line", 1), ("full", 2)])
def test_planes(plane: str, rank: int) -> None:
    """`line`: a segment, its sine part exactly 0. `full`: a circle, two equal axes at a right
    angle."""
    run = run_on(kind="construct", ratio=0.5, plane=plane)
    for k in construction_pair(run):
        coefficient = np.fft.fft(embedding_of(run), axis=0)[k]
        axes = np.linalg.svd(np.stack([coefficient.real, coefficient.imag]))[1]
        if rank == 1:
            assert axes[1] < 1e-10
            np.testing.assert_allclose(coefficient.imag, 0, atol=1e-12)
        else:
            assert axes[1] == pytest.approx(axes[0], rel=1e-10)


@pytest.mark.parametrize("plane", ["line", "full"])
def test_pair_and_directions_do_not_depend_on_the_ratio(plane: str) -> None:
    strong = run_on(seed=5, kind="construct", ratio=1.0, plane=plane)
    weak = run_on(seed=5, kind="construct", ratio=0.25, plane=plane)
    assert construction_pair(strong) == construction_pair(weak)
    spectra = [np.fft.fft(embedding_of(run), axis=0) for run in (strong, weak)]
    first, second = construction_pair(strong)
    np.testing.assert_allclose(spectra[0][first], spectra[1][first], atol=1e-10)
    np.testing.assert_allclose(0.25 * spectra[0][second], spectra[1][second], atol=1e-10)


def test_pairs_follow_the_embedding_seed_alone_and_vary() -> None:
    pairs = {construction_pair(run_on(59, seed=s, kind="construct", ratio=1)) for s in range(40)}
    assert len(pairs) > 30
    assert {k for pair in pairs for k in pair} <= set(fourier.half_spectrum(59))
    other = small_run(
        task={"p": 59},
        seeds={"embedding": 3, "mlp": 8, "split": 9},
        intervention={"kind": "construct", "ratio": 1},
    )
    assert construction_pair(other) == construction_pair(
        run_on(59, seed=3, kind="construct", ratio=1)
    )


def test_given_pair_is_used() -> None:
    run = run_on(kind="construct", ratio=0.5, pair=(4, 1))
    signals = fourier.signals(embedding_of(run))
    assert signals[3] == pytest.approx(80)
    assert signals[0] == pytest.approx(40)
