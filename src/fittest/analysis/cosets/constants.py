"""Thresholds and choices of the cosets paper's analyses."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fittest.analysis.cosets.neurons import NeuronRules
from fittest.analysis.cosets.single_settings import SingleSettings
from fittest.settings import MAX_P, MAX_SEED, RISING, PositiveStep, Settings, Share

Moduli = Annotated[tuple[Annotated[int, Field(ge=3, le=MAX_P)], ...], RISING]


class PopulationSettings(Settings):
    """What is asked of populations (cosets methods 1.4, 2.9)."""

    shares: Annotated[tuple[Share, ...], RISING] = Field(
        description="of the training, at which networks are looked at"
    )
    solved: Share = Field(description="test accuracy of a network that solves the task")
    accurate: Share = Field(description="of one that answers nearly all test pairs")
    pilot_share: Share = Field(
        description="networks of the pilot that have to be settled, at least"
    )
    given_clusters: tuple[PositiveStep, ...] = Field(description="conditions of figure 4")
    given_bands: tuple[PositiveStep, ...] = Field(description="conditions of figure 28")
    least_n: int = Field(ge=3, description="modulus from which on figure 30 is judged")
    least_networks: PositiveStep = Field(
        description="of a width and kind of batch, from which on batches are compared there"
    )


class MarginSettings(Settings):
    """Draws of figure S3 (cosets methods 2.13)."""

    moduli: Moduli = Field(description="moduli")
    numbers: Annotated[tuple[PositiveStep, ...], RISING] = Field(
        description="numbers of frequencies"
    )
    draws: int = Field(ge=1, le=10_000_000, description="sets of frequencies for each of them")
    seed: int = Field(ge=0, le=MAX_SEED, description="seed of the draws")


class ShowcaseSettings(Settings):
    """Which networks are shown (cosets methods 5.3)."""

    kept: PositiveStep = Field(description="networks of a population that keep their weights")
    frequency: PositiveStep = Field(description="of the simple cluster of figure 22 in the paper")
    neurons: PositiveStep = Field(description="that it has at least")
    seed: int = Field(ge=0, le=MAX_SEED, description="the paper's seed")


class Constants(Settings):
    """config/analysis/cosets.yaml"""

    neurons: NeuronRules
    populations: PopulationSettings
    margins: MarginSettings
    showcase: ShowcaseSettings
    choices: dict[str, tuple[float, float]] = Field(
        description="claim -> limits of its value in the table of other choices, both included"
    )
    single: SingleSettings
