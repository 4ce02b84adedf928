"""How the exponents report's networks are looked at: settings, apart from what computes with them,
so that the configuration is checked without loading any of that."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fittest.errors import ConfigError
from fittest.runs.runset import Scale
from fittest.settings import RISING, Bins, PositiveStep, Settings, Share, Shown, Step

MAX_EXPONENT = 99
"""More than any experiment asks for; the report stays below 10."""

Exponents = tuple[int, int]


class DivisorSettings(Settings):
    """How networks are tested on greatest common divisors (exponents methods 2.12)."""

    largest: Bins = Field(description="divisors 1 to this one are tested, equally often")
    each: dict[Scale, Bins] = Field(description="pairs of each divisor, by scale")
    known: Share = Field(description="accuracy from which a divisor counts as known")
    trained: Share = Field(description="train accuracy from which a rise counts as late")
    within: Share = Field(description="of all steps, within which a rise is measured")

    def pairs(self, scale: Scale) -> int:
        """Of each divisor. ConfigError for a scale that is not there."""
        if scale not in self.each:
            raise ConfigError(
                f"config/analysis/exponents.yaml: divisors.each: no number at {scale}"
            )
        return self.each[scale]


class MechanismSettings(Settings):
    """Which sums the report's sentences are about (exponents methods 2.7)."""

    first: Exponents = Field(description="exponents of plain addition")
    novel: tuple[Exponents, ...] = Field(description="those whose embedding it finds not sparse")
    compared: Exponents = Field(description="those whose neurons are compared with addition's")
    square: Exponents = Field(description="the lowest even ones")
    least_steps: PositiveStep = Field(
        description="steps from which on a network counts as trained to its end (E12)"
    )
    spared: Share = Field(description="of the test accuracy, less than which is barely lost (E20)")


class NetworkSettings(Settings):
    """How networks on sums of powers are taken apart (exponents methods 2.5)."""

    covered: Share = Field(description="of the energy of outputs that key frequencies have")
    most_keys: int = Field(ge=1, description="key frequencies at most")
    largest: int = Field(ge=1, description="blocks whose share of a map counts as periodic")
    neurons_shown: Shown = Field(description="neurons whose activations are kept for figures")
    shown: tuple[tuple[int, int], ...] = Field(
        description="exponents of which the first run's neurons and heads are shown"
    )
    embeddings: tuple[tuple[int, int], ...] = Field(
        description="exponents of which the first run's embedding is shown"
    )


class OutcomeSettings(Settings):
    """When a run memorised and generalised (exponents methods 2.2)."""

    memorised: Share = Field(description="train accuracy from which a run has memorised")
    generalised: Share = Field(description="test accuracy from which it has generalised")
    held: Share = Field(description="test accuracy below which it must not fall again")
    hold: PositiveStep = Field(description="steps for which that is asked")
    delay: Step = Field(description="steps between the two from which on it grokked")
    gap: Share = Field(description="train over test accuracy that is reached in between")
    window: PositiveStep = Field(description="steps over which a fall of the test loss is measured")
    fine: PositiveStep = Field(description="steps between those looked at, at first")
    fine_until: Step = Field(description="last step of these")
    coarse: PositiveStep = Field(description="steps between those looked at, later")


class ListSettings(Settings):
    """Lists that sorting networks are asked for beyond their training (exponents methods 2.13)."""

    lists: Bins = Field(description="how many of each kind")
    long: Share = Field(description="of the longest length, from which on a list is long")
    solved: Share = Field(description="token accuracy from which sorting counts as learnt")
    tail: int = Field(ge=1, le=1000, description="last rows whose losses are compared")
    lost: Share = Field(description="of the token accuracy, that fewer neurons may lose")
    kept: Annotated[tuple[Annotated[float, Field(ge=0, le=1)], ...], RISING] = Field(
        min_length=1, description="shares of neurons that are tried"
    )


class SpikeSettings(Settings):
    """What counts as a spike (exponents methods 2.11)."""

    low: float = Field(gt=0, description="train loss that has to be reached before, nats")
    factor: float = Field(gt=1, description="times the median of the steps before")
    before: PositiveStep = Field(description="steps before of which the median is taken")
    apart: PositiveStep = Field(description="steps within which spikes are one")
    floor: float = Field(
        gt=0, description="least median that counts, nats: below, float32 has nothing but rounding"
    )
