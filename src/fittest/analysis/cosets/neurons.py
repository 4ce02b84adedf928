"""Neurons as functions of each operand: spectra, frequency, kind and phases (cosets methods 2.1 to
2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from fittest.settings import Settings, Share

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]


class NeuronRules(Settings):
    """When a neuron is live, simple, fine-tuning (cosets methods 2.2, 2.3).

    What training stores of a population is told apart by the defaults; analyses of stored spectra
    take config/analysis/cosets.yaml.
    """

    live: float = Field(
        default=0.5, gt=0, description="largest size that each part of a live neuron exceeds"
    )
    stored: float = Field(
        default=0.1, gt=0, description="the same of a neuron whose spectra are stored"
    )
    concentration: Share = Field(
        default=0.9, description="share of a part's power at the neuron's frequency, at least"
    )
    second: Share = Field(
        default=0.3, description="second largest magnitude of a simple part over the largest, below"
    )
    amplitudes: Share = Field(
        default=0.15, description="difference of the parts' magnitudes over the larger, at most"
    )
    phases: Share = Field(
        default=0.05, description="of a turn: how far the output's phase is from the sum, at most"
    )
    band: tuple[float, float] = Field(
        default=(7.5, 30.0), description="magnitudes of fine-tuning (the paper, B.3.1), at band_n"
    )
    band_n: int = Field(default=91, ge=3, description="modulus of which `band` is")
    several: int = Field(
        default=3, ge=1, description="frequencies in the band from which on it is fine-tuning"
    )


@dataclass(frozen=True)
class Split:
    """A network as its H neurons see it: pre-activation = a[x] + b[y] + bias, ReLU, then output.

    a, b: (n, H). bias: (H,). output: (H, n). constant: (n,), what all logits have. around_a,
    around_b: (n, n), logits that go around the neurons, by the first and by the second operand;
    None where nothing does.
    """

    a: Floats
    b: Floats
    bias: Floats
    output: Floats
    constant: Floats
    around_a: Floats | None = None
    around_b: Floats | None = None

    @property
    def n(self) -> int:
        """The modulus."""
        return len(self.a)


def split_two_tables(parameters: Mapping[str, NDArray[Any]], n: int) -> Split:
    """The split of a `two_table_mlp`, by the names of its parameters."""
    hidden = parameters["hidden.weight"]
    d = hidden.shape[1] // 2
    return Split(
        a=parameters["first.weight"][:n] @ hidden[:, :d].T,
        b=parameters["second.weight"][:n] @ hidden[:, d:].T,
        bias=parameters["hidden.bias"],
        output=parameters["output.weight"][:n].T,
        constant=parameters["output.bias"][:n],
    )


def split_pizza(parameters: Mapping[str, NDArray[Any]], n: int) -> Split:
    """The split of a transformer of one layer with constant attention, read at the second of two
    tokens: with both weights 1 its pre-activations are linear in both embeddings."""
    table, places = parameters["embedding.weight"][:n], parameters["positions.weight"][:2]
    value, output = parameters["layers.0.value"], parameters["layers.0.output"]
    moved = np.einsum("dhk,hke->de", output, value)
    reads = parameters["layers.0.mlp_in.weight"]
    logits = parameters["unembedding.weight"][:n]
    attended = table @ moved.T
    stays = places[1] + moved @ places.sum(axis=0)
    return Split(
        a=attended @ reads.T,
        b=(table + attended) @ reads.T,
        bias=reads @ stays + parameters["layers.0.mlp_in.bias"],
        output=(logits @ parameters["layers.0.mlp_out.weight"]).T,
        constant=logits @ (stays + parameters["layers.0.mlp_out.bias"]),
        around_a=attended @ logits.T,
        around_b=(table + attended) @ logits.T,
    )


# -- spectra -------------------------------------------------------------------------------------


def coefficients(values: Floats) -> NDArray[np.complexfloating[Any, Any]]:
    """Unnormalised Fourier coefficients of f = 1..n // 2: (n, ...) -> complex (n // 2, ...)."""
    return np.fft.rfft(values, axis=0)[1:]


def folded(values: Floats) -> Floats:
    """Their magnitudes |DFT|, f and -f being one: (n, ...) -> (n // 2, ...)."""
    return np.abs(coefficients(values))


def powers(magnitudes: Floats, n: int) -> Floats:
    """Power of each folded frequency: the square counts twice, once where f = n / 2."""
    weight = np.full(len(magnitudes), 2.0, dtype=magnitudes.dtype)
    if n % 2 == 0:
        weight[-1] = 1.0
    return np.square(magnitudes) * weight.reshape(-1, *[1] * (magnitudes.ndim - 1))


def band_of(n: int, rules: NeuronRules) -> tuple[float, float]:
    """The band of fine-tuning magnitudes at a modulus: magnitudes grow with n."""
    low, high = (edge * n / rules.band_n for edge in rules.band)
    return low, high


@dataclass(frozen=True)
class Neurons:
    """What H neurons are.

    spectrum_a, spectrum_b, spectrum_d: (K, H), folded magnitudes of the parts and of the output,
    f = 1..K. size_a, size_b: (H,), largest absolute value of a part. frequency: (H,), the dominant
    one. kappa_a, kappa_b, kappa_d: (H,), shares of power at it. phase_a, phase_b, phase_d: (H,),
    radians in [0, 2 pi): a part peaks where 2 pi f k / n equals its phase. live, simple, tuned
    (fine-tuning), strict (the test of the paper's A.1): (H,). in_band: (H,), how many frequencies
    have a magnitude in the band, by the larger part.
    """

    n: int
    spectrum_a: Floats
    spectrum_b: Floats
    spectrum_d: Floats
    size_a: Floats
    size_b: Floats
    frequency: Integers
    kappa_a: Floats
    kappa_b: Floats
    kappa_d: Floats
    phase_a: Floats
    phase_b: Floats
    phase_d: Floats
    live: Bools
    simple: Bools
    tuned: Bools
    strict: Bools
    in_band: Integers


def describe(split: Split, rules: NeuronRules | None = None) -> Neurons:
    """Frequency, kind and phases of every neuron; of those that are not live too."""
    rules = rules or NeuronRules()
    n, hidden = split.n, split.a.shape[1]
    parts = coefficients(np.concatenate([split.a, split.b, split.output.T], axis=1))
    a, b, d = (parts[:, i * hidden : (i + 1) * hidden] for i in range(3))
    size_a, size_b, size_d = (np.abs(part) for part in (a, b, d))
    frequency, live, simple = kinds(
        size_a, size_b, np.abs(split.a).max(axis=0), np.abs(split.b).max(axis=0), n, rules
    )
    at = (frequency - 1, np.arange(hidden))
    kappas = [concentration(part, frequency, n) for part in (size_a, size_b, size_d)]
    phases = [np.mod(-np.angle(part[at]), 2 * np.pi) for part in (a, b, d)]
    largest = np.maximum(size_a[at], size_b[at])
    near = np.abs(size_a[at] - size_b[at]) <= rules.amplitudes * largest
    turn = np.mod(phases[0] + phases[1] - phases[2] + np.pi, 2 * np.pi) - np.pi
    pointed = np.abs(turn) <= rules.phases * 2 * np.pi
    concentrated = np.min(kappas, axis=0) >= rules.concentration
    return Neurons(
        n=n,
        spectrum_a=size_a,
        spectrum_b=size_b,
        spectrum_d=size_d,
        size_a=np.abs(split.a).max(axis=0),
        size_b=np.abs(split.b).max(axis=0),
        frequency=frequency,
        kappa_a=kappas[0],
        kappa_b=kappas[1],
        kappa_d=kappas[2],
        phase_a=phases[0],
        phase_b=phases[1],
        phase_d=phases[2],
        live=live,
        simple=simple,
        tuned=live & ~simple,
        strict=live & concentrated & near & pointed,
        in_band=in_band(size_a, size_b, n, rules).sum(axis=0),
    )


def kinds(
    spectrum_a: Floats,
    spectrum_b: Floats,
    size_a: Floats,
    size_b: Floats,
    n: int,
    rules: NeuronRules,
) -> tuple[Integers, Bools, Bools]:
    """Frequency (H,), and which neurons are live and simple, from folded magnitudes (K, H) and
    largest sizes (H,) of both parts."""
    total = np.square(spectrum_a) + np.square(spectrum_b)
    frequency = np.argmax(total, axis=0).astype(np.int64) + 1
    live = (size_a > rules.live) & (size_b > rules.live)
    simple = live.copy()
    for part in (spectrum_a, spectrum_b):
        simple &= concentration(part, frequency, n) >= rules.concentration
        simple &= second_share(part) < rules.second
    return frequency, live, simple


def concentration(spectrum: Floats, frequency: Integers, n: int) -> Floats:
    """Share (H,) of a part's power, but for its mean, that stands at a frequency (H,)."""
    power = powers(spectrum, n)
    total = power.sum(axis=0)
    own = power[frequency - 1, np.arange(power.shape[1])]
    return np.divide(own, total, out=np.zeros_like(total), where=total > 0)


def second_share(spectrum: Floats) -> Floats:
    """Second largest magnitude over the largest, (K, H) -> (H,); 0 with a single frequency."""
    if len(spectrum) < 2:
        return np.zeros(spectrum.shape[1:], dtype=spectrum.dtype)
    second, first = np.partition(spectrum, len(spectrum) - 2, axis=0)[-2:]
    return np.divide(second, first, out=np.ones_like(first), where=first > 0)


def in_band(spectrum_a: Floats, spectrum_b: Floats, n: int, rules: NeuronRules) -> Bools:
    """(K, H): where the larger of both magnitudes lies in the band of fine-tuning."""
    low, high = band_of(n, rules)
    larger = np.maximum(spectrum_a, spectrum_b)
    return np.asarray((larger > low) & (larger < high))
