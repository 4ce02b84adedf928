"""Planes, circularity, token steps and purity of planted circles (survival methods 2.5-2.10)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fittest import fourier
from fittest.analysis.circles.circularity import best_projection
from fittest.analysis.circles.planes import (
    circle_plane,
    circularity,
    principal_planes,
    project,
    purity,
    token_step,
)


def planted(p: int, d: int, amplitudes: dict[int, float], plane: str = "full") -> np.ndarray:
    directions = fourier.random_directions(p, d, np.random.default_rng(2), plane)
    return fourier.construct(p, d, amplitudes, directions, 0.0, plane)


@pytest.mark.parametrize(("k", "delta"), [(2, 30), (8, 22), (22, 8), (23, 18), (3, 20)])
def test_the_papers_token_steps(k, delta):
    # The paper's labels are defined up to sign (footnote 3).
    assert token_step(k, 59) == min(delta, 59 - delta)
    assert k * delta % 59 in (1, 58)


@given(k=st.integers(1, 126), p=st.sampled_from([7, 13, 59, 127]))
def test_token_step_inverts_up_to_sign(k, p):
    k = k % p or 1
    step = token_step(k, p)
    assert 1 <= step <= p // 2 and k * step % p in (1, p - 1)


def test_no_token_step_without_an_inverse():
    with pytest.raises(ValueError, match="no inverse"):
        token_step(4, 12)


def test_a_planted_circle_is_round_in_its_own_plane():
    p, k, signal = 59, 8, 40.0
    embedding = planted(p, 32, {k: signal})
    xy = project(embedding, circle_plane(embedding, k))
    np.testing.assert_allclose(np.hypot(*xy.T), 2 / p * signal / np.sqrt(2), rtol=1e-9)
    # Neighbours on the circle are token_step apart: the angle between them is 2 pi / p.
    angle = np.unwrap(np.arctan2(*xy[(token_step(k, p) * np.arange(p)) % p].T[::-1]))
    np.testing.assert_allclose(np.abs(np.diff(angle)), 2 * np.pi / p, rtol=1e-6)
    assert circularity(embedding)[k - 1] == pytest.approx(1)
    assert purity(xy) == (pytest.approx(1), k)


def test_a_line_has_a_degenerate_plane():
    embedding = planted(59, 16, {5: 80.0}, "line")
    plane = circle_plane(embedding, 5)
    assert np.linalg.norm(plane[0]) == pytest.approx(1)
    np.testing.assert_array_equal(plane[1], 0)
    assert circularity(embedding)[4] == pytest.approx(np.sqrt(0.5))


def test_circularity_of_unequal_axes_and_of_a_mixture():
    # With one shared direction, x mixes two frequencies: each has its share of the power of x.
    p, tokens = 23, np.arange(23)
    x = 3 * np.cos(2 * np.pi * 2 * tokens / p) + 1 * np.cos(2 * np.pi * 5 * tokens / p)
    found = circularity(x[:, None])
    assert found[1] == pytest.approx(0.9 * np.sqrt(0.5))
    assert found[4] == pytest.approx(0.1 * np.sqrt(0.5))
    # An ellipse is still a pure frequency along both axes.
    ellipse = np.stack(
        [5 * np.cos(2 * np.pi * 3 * tokens / p), np.sin(2 * np.pi * 3 * tokens / p)], axis=1
    )
    assert circularity(ellipse)[2] == pytest.approx(1)


# The second column: means of an independent simulation (methods 2.10).
@pytest.mark.parametrize(("d", "simulated"), [(16, 0.23), (32, 0.37), (59, 0.51), (128, 0.69)])
def test_circularity_at_random_starts_follows_the_formula(d, simulated):
    found = np.mean(
        [circularity(np.random.default_rng(seed).normal(size=(59, d))) for seed in range(40)]
    )
    assert found == pytest.approx(simulated, abs=0.009)
    assert found == pytest.approx(d / (d + 57), rel=0.1)


def test_projection_keeps_the_scale_and_is_uncentred():
    embedding = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(project(embedding, np.eye(2)), embedding)


def test_plane_refuses_foreign_frequencies():
    with pytest.raises(ValueError, match=r"1\.\.3"):
        circle_plane(np.ones((7, 2)), 4)


def test_purity_of_mixtures_counts_all_but_the_constant():
    p, tokens = 8, np.arange(8)
    wave = np.cos(2 * np.pi * tokens / p)
    alternating = 0.5 * (-1.0) ** tokens
    share, k = purity((10 + wave + alternating)[:, None])
    # Power of the wave: 2 x (p/2)^2 = 32; of the alternation (p/2)^2 = 16; the constant is out.
    assert (share, k) == (pytest.approx(32 / 48), 1)
    share, k = purity(np.ones((8, 2)))
    assert np.isnan(share) and k == 0


def test_principal_planes_find_separated_circles():
    p = 59
    # Circles in orthogonal planes, or PCA would rightly mix them.
    frame = np.linalg.qr(np.random.default_rng(4).normal(size=(32, 6)))[0].T.reshape(3, 2, 32)
    circles = {3: 60.0, 11: 40.0, 20: 20.0}
    directions = dict(zip(circles, frame, strict=True))
    embedding = fourier.construct(p, 32, circles, directions, 0.0, "full") + 7.0
    planes = principal_planes(embedding, 3)
    assert [purity(plane.coordinates)[1] for plane in planes] == [3, 11, 20]
    assert all(purity(plane.coordinates)[0] == pytest.approx(1) for plane in planes)
    assert sum(plane.variance_share for plane in planes) == pytest.approx(1)
    # A circle of signal s has singular values s / sqrt(p) in both components: the two hold
    # the power 2 s^2 / p of F_k and F_{p-k}.
    assert planes[0].singular_values == pytest.approx((60 / np.sqrt(p), 60 / np.sqrt(p)))
    # Uncentred: the constant offset is still in the coordinates.
    assert np.abs(planes[0].coordinates.mean(0)).max() > 0.1


def test_principal_planes_end_with_the_rank():
    assert len(principal_planes(np.random.default_rng(0).normal(size=(7, 5)), 9)) == 2
    assert principal_planes(np.zeros((7, 5)), 0) == []


@pytest.mark.parametrize(("d", "perfect"), [(12, False), (13, True), (20, True)])
def test_a_random_embedding_has_a_plane_with_a_perfect_circle_from_d_p_on(d, perfect):
    embedding = np.random.default_rng(1).normal(size=(13, d))
    best = best_projection(embedding)
    assert len(best) == 6
    assert (best > 1 - 1e-9).all() if perfect else (best < 1 - 1e-3).all()
    # Of all planes, that of Re F_k and Im F_k too.
    assert (best >= circularity(embedding) - 1e-12).all()


def test_a_planted_circle_is_the_roundest_projection_whatever_lies_beside_it():
    hidden = planted(13, 8, {3: 1.0}) + planted(13, 8, {2: 4.0})
    assert best_projection(hidden)[2] == pytest.approx(1)
    assert best_projection(hidden)[4] < 0.5
