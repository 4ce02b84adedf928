"""The transform against numpy's and against exact constructions (survival methods 2.1-2.13)."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fittest import fourier

PRIMES = [5, 7, 11, 13, 17, 23]


def gaussian(p: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(p, d))


@pytest.mark.parametrize(("p", "expected"), [(1, 0), (2, 0), (3, 1), (8, 3), (9, 4), (59, 29)])
def test_half_spectrum_holds_the_circles(p, expected):
    assert fourier.count(p) == expected
    assert list(fourier.half_spectrum(p)) == list(range(1, expected + 1))


def test_count_refuses_no_tokens():
    with pytest.raises(ValueError, match="at least 1"):
        fourier.count(0)


@pytest.mark.parametrize("p", [2, 3, 8, 9, 59])
def test_spectrum_agrees_with_the_fft(p):
    stack = gaussian(6 * p, 5).reshape(2, 3, p, 5)
    norms = np.linalg.norm(np.fft.fft(stack, axis=-2), axis=-1)
    signals, mean = fourier.spectrum(stack)
    np.testing.assert_allclose(signals, norms[..., 1 : fourier.count(p) + 1], rtol=1e-12)
    # The mean has k = 0, the mirror bins and, for even p, k = p / 2 in it.
    np.testing.assert_allclose(mean, norms.mean(-1), rtol=1e-12)


@pytest.mark.parametrize(("dtype", "rtol"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_torch_and_numpy_agree(dtype, rtol):
    stack = gaussian(4 * 59, 16).reshape(4, 59, 16)
    signals, mean = fourier.spectrum(torch.tensor(stack, dtype=dtype))
    assert signals.dtype == dtype and signals.shape == (4, 29) and mean.shape == (4,)
    np.testing.assert_allclose(signals.numpy(), fourier.signals(stack), rtol=rtol)
    np.testing.assert_allclose(mean.numpy(), fourier.spectrum(stack)[1], rtol=rtol)
    torch.testing.assert_close(fourier.signals(torch.tensor(stack, dtype=dtype)), signals)


def test_float32_arrays_stay_float32():
    assert fourier.signals(gaussian(7, 3).astype(np.float32)).dtype == np.float32


def test_a_vector_is_no_embedding():
    with pytest.raises(ValueError, match=r"\(\.\.\., p, d\)"):
        fourier.signals(np.zeros(5))
    with pytest.raises(ValueError, match=r"\(p, d\)"):
        fourier.coefficients(np.zeros((2, 5, 3)))


def test_random_start_has_the_expected_signal():
    # E ||F_k||^2 = p d, spread sqrt(p) / 2 (methods 2.2).
    signals = fourier.signals(np.stack([gaussian(59, 128, seed) for seed in range(200)]))
    assert signals.mean() == pytest.approx(np.sqrt(59 * 128), rel=0.005)
    assert signals.std() == pytest.approx(np.sqrt(59) / 2, rel=0.05)


@given(
    p=st.sampled_from(PRIMES),
    unit=st.integers(1, 22),
    seed=st.integers(0, 1000),
)
@settings(max_examples=40, deadline=None)
def test_renaming_tokens_permutes_the_signals(p, unit, seed):
    # Renaming t -> u t maps k to u^-1 k (methods 2.22): the table read at u t has signal(k) of
    # the original at u^-1 k.
    unit = unit % p or 1
    embedding = gaussian(p, 4, seed)
    renamed = embedding[(unit * np.arange(p)) % p]
    before, mean_before = fourier.spectrum(embedding)
    after, mean_after = fourier.spectrum(renamed)
    inverse = pow(unit, -1, p)
    for k in fourier.half_spectrum(p):
        image = inverse * k % p
        assert after[k - 1] == pytest.approx(before[min(image, p - image) - 1], rel=1e-9)
    assert mean_after == pytest.approx(mean_before, rel=1e-9)


@given(
    p=st.integers(3, 24),
    seed=st.integers(0, 1000),
    factor=st.floats(0, 5),
    data=st.data(),
)
@settings(max_examples=40, deadline=None)
def test_scaling_changes_one_signal_only(p, seed, factor, data):
    k = data.draw(st.sampled_from(list(fourier.half_spectrum(p))))
    embedding = gaussian(p, 3, seed)
    scaled = fourier.scale_frequency(embedding, k, factor)
    expected = fourier.signals(embedding)
    expected[k - 1] *= factor
    np.testing.assert_allclose(fourier.signals(scaled), expected, atol=1e-9)


def test_factor_one_is_the_very_same_embedding():
    embedding = gaussian(59, 8).astype(np.float32)
    same = fourier.scale_frequency(embedding, 25, 1.0)
    np.testing.assert_array_equal(same, embedding)
    assert same is not embedding
    assert fourier.scale_frequency(embedding, 25, 1.1).dtype == np.float32


@pytest.mark.parametrize("k", [0, 30, -1])
def test_frequencies_outside_the_half_spectrum_are_refused(k):
    embedding = gaussian(59, 4)
    with pytest.raises(ValueError, match=r"1\.\.29"):
        fourier.scale_frequency(embedding, k, 2.0)
    with pytest.raises(ValueError, match=r"1\.\.29"):
        fourier.keep_only(embedding, [k], keep_mean=True)
    with pytest.raises(ValueError, match=r"1\.\.29"):
        fourier.construct(59, 4, {k: 1.0}, {}, 0.0)


@pytest.mark.parametrize("keep_mean", [True, False])
@pytest.mark.parametrize("p", [8, 13])
def test_keep_only_zeroes_every_other_bin(p, keep_mean):
    embedding = gaussian(p, 4)
    before, after = (
        fourier.coefficients(e)
        for e in (embedding, fourier.keep_only(embedding, [1, 3], keep_mean))
    )
    kept = {1, p - 1, 3, p - 3} | ({0} if keep_mean else set())
    for k in range(p):
        expected = before[k] if k in kept else np.zeros(4)
        np.testing.assert_allclose(after[k], expected, atol=1e-12)


@pytest.mark.parametrize("plane", ["line", "full"])
@pytest.mark.parametrize("p", [10, 59])
def test_construction_has_the_prescribed_signals(p, plane):
    d = 16
    directions = fourier.random_directions(p, d, np.random.default_rng(0), plane)
    embedding = fourier.construct(p, d, {2: 80.0, 3: 8.0}, directions, 1e-6, plane)
    expected = np.full(fourier.count(p), 1e-6)
    expected[[1, 2]] = 80.0, 8.0
    signals, mean = fourier.spectrum(embedding)
    np.testing.assert_allclose(signals, expected, rtol=1e-6)
    # F_0 = 0 (and F_{p/2} = 0): the mean over all bins has nothing but the circles in it.
    assert mean == pytest.approx(2 * expected.sum() / p)


def test_a_constructed_line_has_no_sine_part_and_a_full_plane_has():
    p, d, k = 13, 6, 4
    generator = np.random.default_rng(1)
    line = fourier.random_directions(p, d, generator)
    embedding = fourier.construct(p, d, {k: 80.0}, line, 0.0)
    cosine = np.cos(2 * np.pi * k * np.arange(p) / p)
    np.testing.assert_allclose(embedding, 2 / p * 80 * np.outer(cosine, line[k]), atol=1e-12)
    assert np.linalg.matrix_rank(embedding, tol=1e-9) == 1
    full = fourier.random_directions(p, d, generator, "full")
    circle = fourier.construct(p, d, {k: 80.0}, full, 0.0, "full")
    value = fourier.coefficients(circle)[k]
    assert np.linalg.norm(value.real) == pytest.approx(np.linalg.norm(value.imag))
    assert value.real @ value.imag == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(np.linalg.norm(circle, axis=1), 2 / p * 80 / np.sqrt(2), rtol=1e-12)


def test_directions_are_orthonormal_and_seeded():
    first, again = (
        fourier.random_directions(11, 4, np.random.default_rng(3), "full") for _ in range(2)
    )
    for k in fourier.half_spectrum(11):
        np.testing.assert_allclose(first[k] @ first[k].T, np.eye(2), atol=1e-12)
        np.testing.assert_array_equal(first[k], again[k])
    with pytest.raises(ValueError, match="d >= 2"):
        fourier.random_directions(11, 1, np.random.default_rng(3), "full")


def test_directions_have_no_preferred_sign():
    # QR alone fixes signs; without the correction every first entry would be negative.
    draws = [
        fourier.random_directions(3, 1, np.random.default_rng(seed))[1][0] for seed in range(40)
    ]
    assert {-1.0, 1.0} == {float(np.sign(value)) for value in draws}


def test_construction_refuses_missing_and_misshapen_directions():
    with pytest.raises(ValueError, match="no direction given for frequency 2"):
        fourier.construct(5, 3, {1: 1.0}, {1: np.ones(3)}, 1e-6)
    with pytest.raises(ValueError, match="shape"):
        fourier.construct(5, 3, {1: 1.0}, {1: np.ones(2)}, 0.0)
