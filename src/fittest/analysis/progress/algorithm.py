"""The algorithm on one example: rotations of both operands, their product, and the logits (progress
paper, section 3.1; figure 1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

COLUMNS = ["panel", "k", "n", "x", "y"]
"""panel `a`, `b` and `sum`: the point (x, y) of an operand, or of their sum n, on the circle of k;
`logits`: the logit y of the answer x = n for one frequency, or for all of them (k = 0)."""


def worked_example(p: int, ks: Sequence[int], a: int, b: int) -> pd.DataFrame:
    """COLUMNS, for the first of the frequencies, and for all of them together.

    Each operand becomes a rotation by 2 pi k a / p; products of their cosines and sines give the
    rotation by both; the logit of c is the cosine of what is left of it after turning back by c.

    Raises:
        ValueError: without a frequency.
    """
    if not ks:
        raise ValueError("ks: the example needs a frequency")
    first = ks[0]
    cos_a, sin_a = _turned(p, first, a)
    cos_b, sin_b = _turned(p, first, b)
    both = (cos_a * cos_b - sin_a * sin_b, sin_a * cos_b + cos_a * sin_b)
    rows: list[tuple[str, int, int, float, float]] = [
        ("a", first, a, cos_a, sin_a),
        ("b", first, b, cos_b, sin_b),
        ("sum", first, (a + b) % p, *both),
    ]
    answers = np.arange(p)
    waves = {k: np.cos(2 * np.pi * ((k * (a + b - answers)) % p) / p) for k in ks}
    for k, logits in ((first, waves[first]), (0, np.mean(list(waves.values()), axis=0))):
        rows += [("logits", k, int(c), float(c), float(y)) for c, y in enumerate(logits)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _turned(p: int, k: int, n: int) -> tuple[float, float]:
    angle = 2 * np.pi * (k * n % p) / p
    return float(np.cos(angle)), float(np.sin(angle))
