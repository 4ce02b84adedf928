"""Choices of the exponents report's analyses."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from fittest.analysis.exponents.settings import (
    MAX_EXPONENT,
    DivisorSettings,
    ListSettings,
    MechanismSettings,
    NetworkSettings,
    OutcomeSettings,
    SpikeSettings,
)
from fittest.analysis.exponents.sum_settings import SumSettings
from fittest.runs.primes import is_prime, near_primes
from fittest.settings import MAX_P, Bins, Settings, Share

Exponent = Annotated[int, Field(ge=1, le=MAX_EXPONENT)]
Modulus = Annotated[int, Field(ge=3, le=MAX_P)]


def _prime(p: int) -> int:
    if not is_prime(p):
        raise ValueError(f"{p} is not prime; use {' or '.join(map(str, near_primes(p)))}")
    return p


class Sum(Settings):
    """The task x^a + y^b modulo p."""

    p: Modulus = Field(description="prime modulus")
    a: Exponent = Field(description="exponent of x")
    b: Exponent = Field(description="exponent of y")

    @field_validator("p")
    @classmethod
    def _is_prime(cls, p: int) -> int:
        return _prime(p)


class ResidueSettings(Settings):
    """Which sums are counted (exponents methods 2.1)."""

    moduli: tuple[Modulus, ...] = Field(min_length=1, description="of the table; primes")
    largest: Exponent = Field(description="largest exponent of the table")
    even: tuple[Sum, ...] = Field(min_length=1, description="shown: those that the report has grok")
    uneven: tuple[Sum, ...] = Field(min_length=1, description="shown beside them")
    map: Sum = Field(description="whose answers are shown as a map")

    @field_validator("moduli")
    @classmethod
    def _are_prime(cls, moduli: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(_prime(p) for p in moduli)


class Constants(Settings):
    """config/analysis/exponents.yaml"""

    residues: ResidueSettings
    train_fraction: Share = Field(description="of the pairs that networks see")
    outcomes: OutcomeSettings
    sums: SumSettings
    networks: NetworkSettings
    mechanisms: MechanismSettings
    formed: Share = Field(
        description="of its largest so far that the test loss has while circuits form"
    )
    curve_pieces: Bins = Field(description="stretches of steps in which a curve keeps its ends")
    largest_tested: int = Field(
        ge=2, le=5000, description="numbers up to which the primality test is checked"
    )
    spikes: SpikeSettings
    lists: ListSettings
    divisors: DivisorSettings
