"""Tables of one network that figures show (cosets methods 3 and 5.2)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fittest.analysis.cosets import outputs, pca, waves
from fittest.analysis.cosets.clusters import Cluster
from fittest.analysis.cosets.dissection import Dissected
from fittest.analysis.cosets.neurons import folded
from fittest.analysis.cosets.perturbations import Curve, Judged, ablation_curve, noise_curve
from fittest.analysis.cosets.remap import step, unit
from fittest.analysis.cosets.single_parts import NAMED, PLANE_COLUMNS, plane_rows
from fittest.analysis.cosets.single_settings import SingleSettings

Row = dict[str, Any]
FINAL = -1
"""The `place` of the sum of all neurons, where that of a cluster stands otherwise."""
DISTURBED = [
    *("place", "f", "neurons", "fine_tuning", "x"),
    *("loss", "loss_lo", "loss_hi", "accuracy", "accuracy_lo", "accuracy_hi"),
]
COLUMNS = {
    "clusters": [
        *("place", "f", "g", "step", "neurons", "fine_tuning"),
        *("removed_loss", "alone_accuracy", "chosen"),
    ],
    "members": ["place", "f", "neuron", "simple", "phase_a", "phase_b", "strength", "strong"],
    "curves": ["place", "f", "neuron", "simple", "part", "k", "y", "value"],
    "spectra": ["place", "f", "neuron", "simple", "part", "frequency", "magnitude"],
    "logits": ["of", "place", "f", "a", "b", "k", "right", "value"],
    "scores": ["component", "f", "share", "explained", "k", "value"],
    "score_spectra": ["component", "frequency", "magnitude"],
    "planes": PLANE_COLUMNS[len(NAMED) :],
    "noise": DISTURBED,
    "ablation": DISTURBED,
    "sums": ["place", "f", "neuron", "part", "rank", "frequency", "explained", "k", "value"],
}
"""Columns of the tables, which also name their network (`seed`, `relaxed`, `p`).

place: of a cluster, 0 for the one whose removal costs most, a fine-tuning one last; of the pizza
model, 0 for the largest. step: from one number of a coset to the next. chosen: the cluster whose
neurons figures 22 to 24 show. strong: how many frequencies of a neuron's stronger part are not
small. y: where k stands once numbers are remapped. x: standard deviation of noise, or neurons taken
away; the loss (nats) and the accuracy of the test pairs have their mean over draws, and the lowest
and highest of them. rank: how many frequencies a sum has; 0 for the part itself."""


class Shown:
    """One network and its clusters in the order in which figures show them."""

    def __init__(
        self, one: Dissected, settings: SingleSettings, frequency: int | None = None
    ) -> None:
        """
        Args:
            frequency: of the cluster whose neurons are shown; None for the largest simple one.
        """
        self.one = one
        self.frequency = frequency
        self.settings = settings
        self.judged = Judged(one.parameters, one.test_pairs) if one.has_two_tables else None
        removed = [
            math.nan
            if self.judged is None
            else self.judged.measured(self.judged.without(cluster.neurons))[0]
            for cluster in one.clusters
        ]
        order = one.ordered(removed)
        self.parts: list[Cluster] = [one.clusters[index] for index in order]
        self.removed = [removed[index] for index in order]

    def tables(self, wanted: Iterable[str], **named: Any) -> dict[str, pd.DataFrame]:
        """Tables of `COLUMNS` by name, each with the columns `named` before its own."""
        made = {}
        for name in wanted:
            rows = [{**named, **row} for row in getattr(self, name)()]
            made[name] = pd.DataFrame(rows, columns=[*named, *COLUMNS[name]])
        return made

    def clusters(self) -> Iterator[Row]:
        """What each cluster is."""
        chosen = self._chosen()
        for place, (part, removed) in enumerate(zip(self.parts, self.removed, strict=True)):
            yield {
                "place": place,
                "f": part.frequency,
                "g": math.gcd(part.frequency, self.one.n),
                "step": step(self.one.n, part.frequency),
                "neurons": part.size,
                "fine_tuning": part.fine_tuning,
                "removed_loss": removed,
                "alone_accuracy": outputs.answered(self.one.contribution(part.neurons)).accuracy,
                "chosen": part is chosen,
            }

    def _chosen(self) -> Cluster | None:
        simple = [part for part in self.parts if not part.fine_tuning]
        return max(
            simple, key=lambda part: (part.frequency == self.frequency, part.size), default=None
        )

    def members(self) -> Iterator[Row]:
        """Every neuron of a cluster, the strongest first."""
        for place, part in enumerate(self.parts):
            for i in self._by_strength(part):
                yield {
                    "place": place,
                    "f": part.frequency,
                    "neuron": int(i),
                    "simple": bool(self.one.neurons.simple[i]),
                    "phase_a": float(self.one.neurons.phase_a[i]),
                    "phase_b": float(self.one.neurons.phase_b[i]),
                    "strength": float(self.one.strength[i]),
                    "strong": self._strong(int(i)),
                }

    def _strong(self, i: int) -> int:
        spectra = [self.one.neurons.spectrum_a[:, i], self.one.neurons.spectrum_b[:, i]]
        stronger = max(spectra, key=lambda magnitudes: float(magnitudes.max()))
        return len(waves.strong_frequencies(stronger, self.settings.strong_shown))

    def _by_strength(self, part: Cluster) -> np.ndarray:
        return part.neurons[np.argsort(-self.one.strength[part.neurons], kind="stable")]

    def _parts_of(self, i: int) -> Iterator[tuple[str, np.ndarray]]:
        yield "a", self.one.split.a[:, i]
        yield "b", self.one.split.b[:, i]

    def _neurons(self) -> Iterator[tuple[Row, Cluster, int]]:
        for place, part in enumerate(self.parts):
            for i in self._by_strength(part):
                simple = bool(self.one.neurons.simple[i])
                yield (
                    {"place": place, "f": part.frequency, "neuron": int(i), "simple": simple},
                    part,
                    int(i),
                )

    def curves(self) -> Iterator[Row]:
        """Parts of every neuron, and where its numbers stand once they are remapped."""
        for said, part, i in self._neurons():
            places = unit(self.one.n, part.frequency) * np.arange(self.one.n) % self.one.n
            for name, values in self._parts_of(i):
                for k, value in enumerate(values):
                    yield {**said, "part": name, "k": k, "y": int(places[k]), "value": float(value)}

    def spectra(self) -> Iterator[Row]:
        """|DFT| of the parts of every neuron."""
        for said, _, i in self._neurons():
            for name, values in self._parts_of(i):
                for f, magnitude in enumerate(folded(values), start=1):
                    yield {**said, "part": name, "frequency": f, "magnitude": float(magnitude)}

    def logits(self) -> Iterator[Row]:
        """What clusters add for the shown pairs (`of` is "shown") and for three that move
        ("moved"), and the logits themselves."""
        n, (a, b), shift = self.one.n, self.settings.moved_pair, self.settings.shift
        pairs = [("shown", one % n, two % n) for one, two in self.settings.shown_pairs]
        pairs += [("moved", (a + i * shift) % n, (b + i * shift) % n) for i in range(3)]
        whole = [
            (place, part.frequency, self.one.contribution(part.neurons))
            for place, part in enumerate(self.parts)
        ]
        for place, f, added in [*whole, (FINAL, 0, self.one.logits())]:
            for of, first, second in pairs:
                values = added[first, second]
                right = (first + second) % n
                for k, value in enumerate(values):
                    yield {
                        "of": of,
                        "place": place,
                        "f": f,
                        "a": first,
                        "b": second,
                        "k": k,
                        "right": k == right,
                        "value": float(value),
                    }

    # -- components ------------------------------------------------------------------------------

    def _components(self) -> pca.Components:
        return pca.principal_components(self.one.tables, self.settings.planes.components)

    def scores(self) -> Iterator[Row]:
        """Components, numbered from 1."""
        found = self._components()
        for index, f in enumerate(found.frequencies):
            for k, value in enumerate(found.scores[:, index]):
                yield {
                    "component": index + 1,
                    "f": int(f),
                    "share": float(found.shares[index]),
                    "explained": float(found.explained[index]),
                    "k": k,
                    "value": float(value),
                }

    def score_spectra(self) -> Iterator[Row]:
        """|DFT| of their scores."""
        for index, magnitudes in enumerate(self._components().magnitudes):
            for f, magnitude in enumerate(magnitudes, start=1):
                yield {"component": index + 1, "frequency": f, "magnitude": float(magnitude)}

    def planes(self) -> Iterator[Row]:
        """Pairs of components."""
        return plane_rows(self.one, self.settings.planes)

    # -- what is disturbed -----------------------------------------------------------------------

    def noise(self) -> Iterator[Row]:
        """Losses and accuracies under noise on one cluster."""
        told = self.settings.noise
        sigmas = [told.step * i for i in range(round(told.most / told.step) + 1)]
        for said, part in self._disturbed():
            assert self.judged is not None
            curve = noise_curve(self.judged, part.neurons, sigmas, told.draws, self.settings.seed)
            yield from ({**said, **row} for row in _curve_rows(sigmas, curve))

    def ablation(self) -> Iterator[Row]:
        """Losses and accuracies without some neurons of one cluster."""
        for said, part in self._disturbed():
            assert self.judged is not None
            curve = ablation_curve(
                self.judged, part.neurons, self.settings.ablations, self.settings.seed
            )
            gone = list(range(part.size + 1))
            yield from ({**said, **row} for row in _curve_rows(gone, curve))

    def _disturbed(self) -> Iterator[tuple[Row, Cluster]]:
        for place, part in enumerate(self.parts):
            said = {"place": place, "f": part.frequency, "neurons": part.size}
            yield said | {"fine_tuning": part.fine_tuning}, part

    # -- fine-tuning -----------------------------------------------------------------------------

    def sums(self) -> Iterator[Row]:
        """Parts of fine-tuning neurons, built up frequency by frequency; rank 0 is the part."""
        for said, _, i in self._neurons():
            if said.pop("simple"):
                continue
            for name, values in self._parts_of(i):
                ks, sums, shares = waves.partial_sums(values, self.settings.representations)
                steps = [(0, 0, 1.0, values)]
                steps += [
                    (rank, f, float(share), made)
                    for rank, (f, share, made) in enumerate(zip(ks, shares, sums, strict=True), 1)
                ]
                for rank, f, share, made in steps:
                    for k, value in enumerate(made):
                        yield {
                            **said,
                            "part": name,
                            "rank": rank,
                            "frequency": f,
                            "explained": share,
                            "k": k,
                            "value": float(value),
                        }


def _curve_rows(xs: Sequence[float], curve: Curve) -> Iterator[Row]:
    for row, x in enumerate(xs):
        found: Row = {"x": x}
        for name, values in (("loss", curve.loss[row]), ("accuracy", curve.accuracy[row])):
            found |= {
                name: float(values.mean()),
                f"{name}_lo": float(values.min()),
                f"{name}_hi": float(values.max()),
            }
        yield found


def empty_tables(wanted: Iterable[str], named: Sequence[str]) -> Mapping[str, pd.DataFrame]:
    """The tables where no network fits the role."""
    return {name: pd.DataFrame(columns=[*named, *COLUMNS[name]]) for name in wanted}
