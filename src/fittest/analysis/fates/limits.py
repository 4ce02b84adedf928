"""What the 2-mean rule can report at all (survival methods 2.3, derived there)."""

from __future__ import annotations

import math


def largest_count(p: int, factor: float) -> int:
    """The most circles that ``signal > factor x mean over all p bins`` can ever report.

    Fewer than ``p / factor`` bins can exceed ``factor`` times their own mean (Markov), and a
    circle takes two bins: ``m < p / (2 factor)``. With factor 2: 1, 2, 3, 4, 4, 5 at p = 7, 11,
    13, 17, 19, 23.
    """
    return max(0, math.ceil(p / (2 * factor)) - 1)


def least_ratio(p: int, circles: int, factor: float) -> float:
    """The ratio survivor / dead above which the rule reports ``circles`` equal survivors.

    Over a uniform background, k = 0 in it: ``factor (1 - 2m/p) / (1 - 2 factor m/p)``, with
    factor 2 and 4 circles 2.4 at p = 59. Infinite beyond ``largest_count``.
    """
    room = 1 - 2 * factor * circles / p
    return factor * (1 - 2 * circles / p) / room if room > 0 else math.inf
