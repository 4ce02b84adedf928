"""What is said of the frequencies of each population: those of clusters, and those of fine-tuning
(cosets methods 2.10 to 2.12)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fittest.analysis.cosets.estimates import mean_of, named, ratio_of_sums, smallest_seen
from fittest.analysis.cosets.populations import Population, members
from fittest.analysis.cosets.relations import (
    Found,
    doubling,
    multiples,
    non_units,
    rate_ends,
    related,
    uniformity,
    units,
)
from fittest.analysis.statistics.intervals import Estimate

SMALL = [(2, 1), (1, 2), (3, 1), (1, 3), (2, 3), (3, 2)]
"""Small multiples, and their inverses: f_1 = +-f_2 +-f_3 with frequencies of one neuron."""
THIRDS = [(k, 3) for k in range(1, 10)]
"""Multiples of 5 beside 15, as far as they are below 46: f_2 = k / 3 f_1. A unit takes 15 to any
other unit, and these multiples with it."""
FAMILY = 7
"""Greatest common divisor with n of the frequencies that the paper finds beside 7."""
RAREST = {91: (22, 44), 89: (23, 43)}
"""Modulus -> frequencies that are rarest of those of fine-tuning in the paper (B.3.1)."""
Counts = tuple[NDArray[Any], NDArray[Any]]


class Sets(NamedTuple):
    """Frequencies of the networks of one modulus n, (networks, n // 2) each: with a cluster of two
    neurons or more; in the band of a live neuron; in that of a neuron with several there."""

    clusters: Found
    band: Found
    several: Found
    n: int


def found_in(population: Population, runset: str) -> Sets:
    """The sets of a run-set whose networks have one modulus."""
    networks = population.networks[population.networks["runset"] == runset]
    n = int(networks["n"].iloc[0])
    number = 1 + int(networks["network"].max())
    clusters, bands = (
        table[table["runset"] == runset] for table in (population.clusters, population.bands)
    )
    return Sets(
        members(clusters[clusters["size"] >= 2], number, n),
        members(bands, number, n),
        members(bands[bands["several"].astype(bool)], number, n),
        n,
    )


def rarest(band: Found, n: int) -> dict[str, float]:
    """Places of RAREST among the units, 1 for the least frequent; ties count half."""
    every = units(n)
    counts = band[:, np.array(every) - 1].sum(axis=0).astype(float)
    found = {}
    for name, f in zip(("rare_first", "rare_second"), RAREST.get(n, (0, 0)), strict=True):
        if f in every:
            own = counts[every.index(f)]
            found[name] = float((counts < own).sum() + ((counts == own).sum() + 1) / 2)
        else:
            found[name] = np.nan
    return found


def beside_family(found: Found, n: int, g: int) -> Counts:
    """Over the networks and each frequency of theirs whose greatest common divisor with n is g:
    how many others of these a network has, and how many that are not, on average over the
    frequencies that there are of each kind; (networks,) each, zeros where there are none."""
    every = np.arange(1, n // 2 + 1)
    own = found[:, np.gcd(every, n) == g].astype(np.float64)
    rest = found[:, np.gcd(every, n) != g].astype(np.float64)
    having = own.sum(axis=1)
    others, strangers = own.shape[1] - 1, rest.shape[1]
    if others < 1 or strangers < 1:
        return np.zeros(len(found)), np.zeros(len(found))
    return having * (having - 1) / others, having * rest.sum(axis=1) / strangers


def _small(found: Found, n: int) -> Counts:
    return related(found, n, multiples(n, SMALL))


def _thirds(found: Found, n: int) -> Counts:
    return related(found, n, multiples(n, THIRDS))


def _family(found: Found, n: int) -> Counts:
    return beside_family(found, n, FAMILY)


TOGETHER: dict[str, Callable[[Found, int], Counts]] = {
    "related": _small,
    "thirds": _thirds,
    "sevens": _family,
}
"""What fine-tuning frequencies of one network are asked: column -> pairs that are wanted, and
others, by network."""


def relation_row(sets: Sets, confidence: float) -> dict[str, Any]:
    """What is said of the frequencies of one run-set (C10 to C12, C15, C30 to C32). Columns that
    end in `_several` are of neurons with several frequencies in the band."""
    found, n = sets.clusters, sets.n
    twice = ratio_of_sums(*related(found, n, doubling(n)), confidence)
    least, most = rate_ends(found, confidence)
    row = {
        "networks": len(found),
        **named("rate_least", least),
        **named("rate_most", most),
        **uniformity(found, n),
        **named("non_units", non_units(found, n, confidence=confidence)),
        **named("doubling", twice),
        "doubling_seen": smallest_seen(twice),
        "band_chi2_p": uniformity(sets.band, n)["chi2_p"],
        **rarest(sets.band, n),
    }
    for ending, band in (("", sets.band), ("_several", sets.several)):
        row |= named(f"thirteens{ending}", non_units(band, n, 13, confidence))
        for name, counted in TOGETHER.items():
            row |= named(f"{name}{ending}", ratio_of_sums(*counted(band, n), confidence))
    return row


def pooled_row(several: Sequence[Sets], confidence: float) -> dict[str, Any]:
    """Doubling and small multiples over several run-sets, whose moduli may differ."""
    twice = _joined([related(one.clusters, one.n, doubling(one.n)) for one in several], confidence)
    return {
        "networks": sum(len(one.clusters) for one in several),
        **named("doubling", twice),
        "doubling_seen": smallest_seen(twice),
        **named("related", _joined([_small(one.band, one.n) for one in several], confidence)),
        **named(
            "related_several",
            _joined([_small(one.several, one.n) for one in several], confidence),
        ),
        **named(
            "pairs", mean_of(np.concatenate([s.clusters.sum(axis=1) for s in several]), confidence)
        ),
    }


def _joined(pairs: Sequence[Counts], confidence: float) -> Estimate:
    top, low = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    return ratio_of_sums(top, low, confidence)
