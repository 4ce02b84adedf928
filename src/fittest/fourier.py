"""Fourier spectra of an embedding over its tokens, and edits of single frequencies.

The transform is ``F_k = sum_n exp(-2 pi i k n / p) E_n`` in C^d, unnormalised (survival paper
section 2). A *signal* is the norm ``||F_k||`` over the d embedding dimensions; it carries the
embedding's own (arbitrary) unit. For entries drawn from N(0, 1) it is close to ``sqrt(p d)``.

This is the lowest floor of the library: it imports nothing from the others. ``signals`` and
``spectrum`` take numpy arrays and torch tensors alike, everything else takes numpy arrays. Torch
is imported only where a tensor is given: analyses and plans do without it, and start faster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Floats = NDArray[np.floating[Any]]
Plane = Literal["line", "full"]


def count(p: int) -> int:
    """Number K of circles of a modulus: ``floor((p - 1) / 2)`` (survival methods 1.1)."""
    if p < 1:
        raise ValueError(f"p must be at least 1, not {p}")
    return (p - 1) // 2


def half_spectrum(p: int) -> range:
    """The frequencies 1..K. k and p - k are the same circle; k = p / 2 (even p) is not one."""
    return range(1, count(p) + 1)


@lru_cache(maxsize=64)
def _basis(p: int) -> Floats:
    """Cosines then sines of the bins 0..floor(p/2): (2 (p//2 + 1), p), float64."""
    bins = np.arange(p // 2 + 1)[:, None]
    tokens = np.arange(p)[None, :]
    # The product is reduced modulo p first: exact integers keep the angles accurate at large p.
    angles = 2.0 * np.pi * ((bins * tokens) % p) / p
    basis: Floats = np.concatenate([np.cos(angles), np.sin(angles)])
    basis.setflags(write=False)
    return basis


@lru_cache(maxsize=64)
def _torch_basis(p: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    import torch

    return torch.tensor(np.array(_basis(p)), dtype=dtype, device=device)


@overload
def _bin_norms(embedding: Tensor) -> Tensor: ...
@overload
def _bin_norms(embedding: Floats) -> Floats: ...
def _bin_norms(embedding: Tensor | Floats) -> Tensor | Floats:
    """Norms of F_0 .. F_{floor(p/2)}: (..., p, d) -> (..., p//2 + 1)."""
    if embedding.ndim < 2:
        raise ValueError(f"an embedding has shape (..., p, d), not {tuple(embedding.shape)}")
    p = embedding.shape[-2]
    half = p // 2 + 1
    if not isinstance(embedding, np.ndarray):
        power = (_torch_basis(p, embedding.dtype, embedding.device) @ embedding).square().sum(-1)
        return (power[..., :half] + power[..., half:]).sqrt()
    squares = np.square(_basis(p).astype(embedding.dtype) @ embedding).sum(-1)
    norms: Floats = np.sqrt(squares[..., :half] + squares[..., half:])
    return norms


@overload
def spectrum(embedding: Tensor) -> tuple[Tensor, Tensor]: ...
@overload
def spectrum(embedding: Floats) -> tuple[Floats, Floats]: ...
def spectrum(embedding: Any) -> tuple[Any, Any]:
    """Signals and their mean over the whole spectrum, for one or many embeddings at once.

    Args:
        embedding: (..., p, d), a real torch tensor or numpy array.

    Returns:
        The signals of k = 1..K, shape (..., K), and the mean signal over **all p bins**, k = 0,
        the mirror bins and (for even p) k = p / 2 included, shape (...). The alive rule compares
        with that mean, which the half spectrum alone does not determine (survival methods 2.3).

    Raises:
        ValueError: if the array has fewer than two dimensions.
    """
    norms = _bin_norms(embedding)
    p = embedding.shape[-2]
    signal = norms[..., 1 : count(p) + 1]
    total = norms[..., 0] + 2 * signal.sum(-1)
    if p % 2 == 0:
        total = total + norms[..., p // 2]
    return signal, total / p


@overload
def signals(embedding: Tensor) -> Tensor: ...
@overload
def signals(embedding: Floats) -> Floats: ...
def signals(embedding: Any) -> Any:
    """Signals ``||F_k||`` of k = 1..K: (..., p, d) -> (..., K), torch or numpy (methods 2.2).

    Raises:
        ValueError: if the array has fewer than two dimensions.
    """
    return _bin_norms(embedding)[..., 1 : count(embedding.shape[-2]) + 1]


def coefficients(embedding: Floats) -> NDArray[np.complex128]:
    """All Fourier coefficients F_0 .. F_{p-1} of one embedding: (p, d) -> complex (p, d).

    Computed in float64 whatever the input's precision (survival paper section 2).
    """
    if embedding.ndim != 2:
        raise ValueError(f"an embedding has shape (p, d), not {embedding.shape}")
    result: NDArray[np.complex128] = np.fft.fft(np.asarray(embedding, dtype=np.float64), axis=0)
    return result


def _back(spectrum_values: NDArray[np.complex128], dtype: Any) -> Floats:
    """Inverse transform. The real part is taken, as the papers do (methods 2.11, 7.21)."""
    result: Floats = np.fft.ifft(spectrum_values, axis=0).real.astype(dtype)
    return result


def _check_frequency(k: int, p: int) -> None:
    if k not in half_spectrum(p):
        raise ValueError(f"frequency {k} is not one of 1..{count(p)} (p = {p})")


def scale_frequency(embedding: Floats, k: int, factor: float) -> Floats:
    """Multiply one frequency of an embedding: F_k and F_{p-k} by ``factor`` (methods 2.11).

    Args:
        embedding: (p, d), real.
        k: the frequency, 1..K.
        factor: alpha, dimensionless. 1 returns the embedding unchanged, bit for bit.

    Returns:
        (p, d) in the input's dtype.

    Raises:
        ValueError: for a frequency outside 1..K.
    """
    p = embedding.shape[0]
    _check_frequency(k, p)
    if factor == 1.0:
        # A control must be the very run that it controls, not one that differs by rounding.
        return embedding.copy()
    values = coefficients(embedding)
    values[[k, p - k]] *= factor
    return _back(values, embedding.dtype)


def keep_only(embedding: Floats, ks: Iterable[int], keep_mean: bool) -> Floats:
    """Zero every Fourier bin but the given frequencies and their mirrors (methods 2.13, 2.14).

    Args:
        embedding: (p, d), real.
        ks: frequencies to keep, each in 1..K.
        keep_mean: whether the bin k = 0 stays. The ablations zero it, the collaboration
            measurement keeps it (methods 7.22).

    Returns:
        (p, d) in the input's dtype.

    Raises:
        ValueError: for a frequency outside 1..K.
    """
    p = embedding.shape[0]
    values = coefficients(embedding)
    keep = np.zeros(p, dtype=bool)
    keep[0] = keep_mean
    for k in ks:
        _check_frequency(k, p)
        keep[[k, p - k]] = True
    return _back(np.where(keep[:, None], values, 0.0), embedding.dtype)


def random_directions(
    p: int, d: int, generator: np.random.Generator, plane: Plane = "line"
) -> dict[int, Floats]:
    """Random directions for ``construct``: one per frequency 1..K, uniform on the sphere.

    Returns:
        k -> unit vector (d,) for ``line``, or an orthonormal pair (2, d) for ``full``.

    Raises:
        ValueError: for ``full`` with d < 2, where no orthogonal pair exists.
    """
    vectors = 1 if plane == "line" else 2
    if d < vectors:
        raise ValueError(f"plane {plane!r} needs d >= {vectors}, not {d}")
    directions: dict[int, Floats] = {}
    for k in half_spectrum(p):
        # QR of a Gaussian matrix is a uniformly drawn orthonormal frame, up to column signs.
        frame, upper = np.linalg.qr(generator.standard_normal((d, vectors)))
        frame = (frame * np.sign(np.diagonal(upper))).T
        directions[k] = frame[0] if plane == "line" else frame
    return directions


def construct(
    p: int,
    d: int,
    amplitudes: Mapping[int, float],
    directions: Mapping[int, Floats],
    rest: float,
    plane: Plane = "line",
) -> Floats:
    """Build an embedding with prescribed signals (methods 2.12; survival paper 3.2.1).

    ``line`` is the authors' construction: ``F_k = F_{p-k} = s_k u_k`` is real, so each "circle"
    starts as a line segment ``(2/p) s_k cos(2 pi k n / p) u_k``. ``full`` uses the complex
    coefficient ``s_k (u_k + i v_k) / sqrt(2)`` of the same norm, which starts as a true circle.

    Args:
        p: modulus.
        d: embedding dimension.
        amplitudes: signal s_k of the chosen frequencies.
        directions: k -> unit vector (d,), or orthonormal pair (2, d) for ``full``
            (``random_directions`` draws them); needed for every k with a nonzero signal.
        rest: signal of every frequency not in ``amplitudes`` (the paper's "near zero").
        plane: ``line`` or ``full``.

    Returns:
        (p, d) float64 with F_0 = 0 (and, for even p, F_{p/2} = 0).

    Raises:
        ValueError: for a frequency outside 1..K, a missing direction or one of the wrong shape.
    """
    for k in amplitudes:
        _check_frequency(k, p)
    values = np.zeros((p, d), dtype=np.complex128)
    shape = (d,) if plane == "line" else (2, d)
    for k in half_spectrum(p):
        signal = amplitudes.get(k, rest)
        if signal == 0:
            continue
        if k not in directions:
            raise ValueError(f"no direction given for frequency {k}")
        direction = np.asarray(directions[k], dtype=np.float64)
        if direction.shape != shape:
            raise ValueError(f"direction of frequency {k} has shape {direction.shape}, not {shape}")
        if plane == "line":
            values[k] = signal * direction
        else:
            values[k] = signal * (direction[0] + 1j * direction[1]) / np.sqrt(2.0)
        values[p - k] = values[k].conj()
    return _back(values, np.float64)
