"""Runs that keep the circles which start strongest, and their control arms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fittest import fourier
from fittest.models import EMBEDDING
from fittest.runs.initial import initial_parameters
from fittest.runs.interventions import Ranked, Winners
from fittest.runs.run import Run
from small_world import small_run


def run_on(p: int, seed: int, **winners: Any) -> Run:
    intervention = {"kind": "winners", **winners} if winners is not None else None
    return small_run(
        task={"p": p}, model={"d": 8}, seeds={"embedding": seed}, intervention=intervention
    )


def embedding_of(run: Run) -> np.ndarray:
    return initial_parameters(run, run.task.build())[EMBEDDING]


def drawn(p: int, seed: int) -> np.ndarray:
    return embedding_of(small_run(task={"p": p}, model={"d": 8}, seeds={"embedding": seed}))


@given(p=st.sampled_from([7, 13, 59]), seed=st.integers(0, 50))
def test_what_starts_a_deviation_above_the_mean_stays(p: int, seed: int) -> None:
    before, after = drawn(p, seed), embedding_of(run_on(p, seed))
    signals = np.linalg.norm(np.fft.fft(before, axis=0)[1 : (p + 1) // 2], axis=1)
    strong = np.flatnonzero(signals > signals.mean() + signals.std()) + 1
    kept = {*strong.tolist()} or {int(np.argmax(signals)) + 1}
    expected = np.fft.fft(before, axis=0)
    expected[[k for k in range(p) if k not in kept and p - k not in kept]] = 0
    np.testing.assert_allclose(np.fft.fft(after, axis=0), expected, atol=1e-10)
    assert Winners().facts(before, seed) == {"kept": sorted(kept)}


def test_the_strongest_counts_even_where_nothing_stands_out() -> None:
    """Equal signals: none is above the mean."""
    p = 7
    u = np.eye(3)
    embedding = sum(np.cos(2 * np.pi * k * np.arange(p) / p)[:, None] * u[k - 1] for k in (1, 2, 3))
    assert len(Winners().frequencies(np.asarray(embedding), 0)) >= 1


@given(seed=st.integers(0, 50))
def test_controls(seed: int) -> None:
    p = 59
    before = drawn(p, seed)
    winners = Winners().frequencies(before, seed)
    control = Winners(select="random")
    random = control.frequencies(before, seed)
    assert len(random) == len(winners) == len(set(random))
    assert set(random) <= set(fourier.half_spectrum(p))
    after = embedding_of(run_on(p, seed, select="random"))
    left = np.flatnonzero(fourier.signals(after) > 1e-6) + 1
    assert tuple(left) == random
    scaled, plain = embedding_of(run_on(p, seed, rescale=True)), embedding_of(run_on(p, seed))
    assert np.linalg.norm(scaled) == pytest.approx(np.linalg.norm(before))
    np.testing.assert_allclose(scaled / np.linalg.norm(scaled), plain / np.linalg.norm(plain))


def test_random_controls_vary_and_are_uniform() -> None:
    p, counts = 13, np.zeros(6)
    for seed in range(400):
        for k in Winners(select="random").frequencies(drawn(p, seed), seed):
            counts[k - 1] += 1
    share = counts / counts.sum()
    # About 400 draws: a standard error of 0.02 on each of the six shares of 1/6.
    assert np.abs(share - 1 / 6).max() < 0.08


@given(number=st.integers(0, 3))
def test_more_deviations_keep_fewer(number: int) -> None:
    before = drawn(59, 3)
    wide, narrow = (Winners(deviations=x).frequencies(before, 3) for x in (number, number + 0.5))
    assert {*narrow} <= {*wide}


def test_circles_are_kept_by_rank() -> None:
    embedding = np.random.default_rng(0).normal(size=(13, 8))
    ranked = (np.argsort(-fourier.signals(embedding)) + 1).tolist()
    assert Ranked(select="strongest", count=2).frequencies(embedding) == tuple(sorted(ranked[:2]))
    assert Ranked(select="weakest", count=3).frequencies(embedding) == tuple(sorted(ranked[-3:]))
    number = len(Winners().frequencies(embedding, 0))
    assert Ranked(select="weakest").frequencies(embedding) == tuple(sorted(ranked[-number:]))
    left = Ranked(select="weakest", count=1).edited(embedding, 0)
    assert np.flatnonzero(fourier.signals(left) > 1e-9).tolist() == [ranked[-1] - 1]
    with pytest.raises(ValueError, match="6 frequencies, not 7"):
        Ranked(select="weakest", count=7).check(13, 8)
