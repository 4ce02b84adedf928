"""How complete every cube is in an embedding of the 3-digit numbers (completeness methods 2.2).

A cube puts the 8 tokens on the corners of the unit cube; alpha[i, j] in {1, 2, 3} is the squared
distance of tokens i and j on it. Cubes that fit XOR have three axes, each the sign function
(-1)^(s . x) of a character s in 1..7 (s . x: parity of the digits that s and x share), and the
three are linearly independent over GF(2), that is, s3 != s1 xor s2.

The completeness g(alpha) of such a cube is the Walsh-Fourier power of the embedding on its three
characters, but for what all cubes share: g = 96 S + 32 (w_s1^2 + w_s2^2 + w_s3^2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, permutations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating[Any]]
Basis = tuple[int, int, int]

TOKENS = 8
CHARACTERS = tuple(range(1, TOKENS))


def parity(number: int) -> int:
    """0 or 1: whether an odd number of its binary digits is set."""
    return number.bit_count() % 2


@lru_cache(maxsize=1)
def bases() -> tuple[Basis, ...]:
    """The 28 triples of linearly independent characters, each ascending: 35 less the 7 lines."""
    return tuple((a, b, c) for a, b, c in combinations(CHARACTERS, 3) if c != a ^ b)


@lru_cache(maxsize=1)
def ordered_bases() -> tuple[Basis, ...]:
    """The 168 ordered bases, |GL(3, 2)|: every triple of ``bases`` in its six orders."""
    return tuple((a, b, c) for basis in bases() for a, b, c in permutations(basis))


def distances_of(basis: ArrayLike) -> NDArray[np.int64]:
    """alpha (8, 8) of the cube whose axes are three characters."""
    own = [int(s) for s in np.asarray(basis)]
    return np.array(
        [[sum(parity(s & (i ^ j)) for s in own) for j in range(TOKENS)] for i in range(TOKENS)]
    )


@lru_cache(maxsize=1)
def cubes() -> NDArray[np.int64]:
    """alpha (28, 8, 8) of all cubes that fit XOR, in the order of ``bases``."""
    return np.stack([distances_of(basis) for basis in bases()])


@lru_cache(maxsize=1)
def arrangements() -> NDArray[np.int64]:
    """alpha (840, 8, 8) of all ways to put 8 tokens on a cube: 8! less its 48 symmetries.

    Moving the cube along its axes puts token 0 on corner 0; the axes' order leaves each
    arrangement six times, of which one is kept.
    """
    corners = np.array([(0, *order) for order in permutations(range(1, TOKENS))])
    weight = np.array([number.bit_count() for number in range(TOKENS)])
    alpha = weight[corners[:, :, None] ^ corners[:, None, :]]
    upper = np.triu_indices(TOKENS, 1)
    _, first = np.unique(alpha[:, upper[0], upper[1]], axis=0, return_index=True)
    return np.asarray(alpha[np.sort(first)])


def squared_distances(embedding: ArrayLike) -> Floats:
    """(..., 8, d) -> (..., 8, 8), squared embedding units."""
    x = np.asarray(embedding, dtype=np.float64)
    return np.asarray(np.square(x[..., :, None, :] - x[..., None, :, :]).sum(-1))


def completeness(embedding: ArrayLike, alphas: ArrayLike) -> Floats:
    """g of cubes by its definition (completeness paper, section 3.2).

    Args:
        embedding: (..., 8, d). alphas: (n, 8, 8).

    Returns:
        (..., n): sums over pairs i < j of squared distance times alpha.
    """
    weights = np.asarray(alphas, dtype=np.float64)
    pairs = squared_distances(embedding)
    flat = pairs.reshape(*pairs.shape[:-2], TOKENS * TOKENS)
    return np.asarray(flat @ weights.reshape(len(weights), -1).T / 2)


@lru_cache(maxsize=1)
def _signs() -> Floats:
    """(7, 8): (-1)^(s . x) / 8."""
    return np.array([[(-1) ** parity(s & x) for x in range(TOKENS)] for s in CHARACTERS]) / TOKENS


def walsh(embedding: ArrayLike) -> Floats:
    """W_s = mean over tokens of (-1)^(s . x) E_x, s = 1..7: (..., 8, d) -> (..., 7, d)."""
    return np.asarray(_signs() @ np.asarray(embedding, dtype=np.float64))


def greedy_basis(norms: ArrayLike) -> Basis:
    """The basis of most power: the two strongest characters, then the strongest that is not
    their sum. norms: (7,), of W_1..W_7. Ascending."""
    ranked = [int(s) for s in np.argsort(-np.asarray(norms), kind="stable") + 1]
    first, second, *others = ranked
    third = next(s for s in others if s != first ^ second)
    a, b, c = sorted((first, second, third))
    return a, b, c


def neighbours(basis: Basis) -> Basis:
    """The three tokens beside 000: the dual basis, v_i with s_j . v_i = 1 for i = j alone.

    Ascending.
    """
    found = []
    for axis in basis:
        others = [s for s in basis if s != axis]
        found += [
            v for v in CHARACTERS if parity(axis & v) and not any(parity(s & v) for s in others)
        ]
    a, b, c = sorted(found)
    return a, b, c


@dataclass(frozen=True)
class LearnedCube:
    """The cube that a trained embedding shows, and how clearly.

    Attributes:
        basis: characters of its axes. neighbours: tokens beside 000.
        cube: share of the Walsh power on them. even: weakest over strongest axis.
        skew: largest |cos| between two axes.
        agrees: whether, of all 840 arrangements, the one that correlates best with the squared
            distances is this cube.
    """

    basis: Basis
    neighbours: Basis
    cube: float
    even: float
    skew: float
    agrees: bool


def learned_cube(embedding: ArrayLike) -> LearnedCube:
    """Read the cube off a trained embedding (8, d) (completeness methods 2.2)."""
    vectors = walsh(embedding)
    norms = np.linalg.norm(vectors, axis=-1)
    basis = greedy_basis(norms)
    own = vectors[[s - 1 for s in basis]]
    lengths = np.linalg.norm(own, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosines = (own @ own.T) / np.outer(lengths, lengths)
        cube = float(np.square(lengths).sum() / np.square(norms).sum())
        even = float(lengths.min() / lengths.max())
    upper = np.triu_indices(3, 1)
    best = _best_arrangement(embedding)
    return LearnedCube(
        basis=basis,
        neighbours=neighbours(basis),
        cube=cube,
        even=even,
        skew=float(np.abs(cosines[upper]).max()),
        agrees=bool((best == distances_of(basis)).all()),
    )


def _best_arrangement(embedding: ArrayLike) -> NDArray[np.int64]:
    """The one of the 840 with the highest correlation to the squared distances."""
    upper = np.triu_indices(TOKENS, 1)
    pairs = squared_distances(embedding)[upper]
    alphas = arrangements()
    # All have equally many 1, 2 and 3, so the correlation orders as the inner product does.
    return np.asarray(alphas[np.argmax(alphas[:, upper[0], upper[1]] @ pairs)])
