"""Choices of the analyses of single networks, as they stand in the paper's constants."""

from __future__ import annotations

from pydantic import Field

from fittest.settings import Draws, Settings, Share, Shown

Pair = tuple[int, int]


class NoiseSettings(Settings):
    """Noise on a cluster's weights (paper B.4; cosets methods 2)."""

    step: float = Field(gt=0, description="from one standard deviation to the next")
    most: float = Field(gt=0, description="the largest standard deviation")
    judged: float = Field(gt=0, description="the one that claims are judged at; as in the paper")
    draws: Draws = Field(description="networks at each of them")


class PlaneSettings(Settings):
    """Principal components (paper B.1; cosets methods 2, PCA)."""

    components: int = Field(ge=2, le=20, description="components whose pairs are judged")
    circular: float = Field(
        gt=0, description="standard deviation over mean of the radius of a circle, at most"
    )


class SingleSettings(Settings):
    """What is asked of single networks (cosets methods 2, 4)."""

    networks: int = Field(ge=1, le=4096, description="networks of which everything is measured")
    noise: NoiseSettings = Field(description="noise on weights")
    ablations: Draws = Field(description="orders in which a cluster's neurons are taken away")
    planes: PlaneSettings = Field(description="principal components")
    shift: int = Field(ge=1, description="by which both operands are moved (paper appendix C)")
    turned: float = Field(
        gt=0, lt=180, description="degrees of a cluster's wave between the best shift and that due"
    )
    least_neurons: int = Field(ge=2, description="neurons of clusters that are judged, at least")
    uniform: float = Field(gt=0, lt=1, description="probability from which phases count as even")
    phase_orders: int = Field(
        ge=1, le=16, description="waves around both phases whose sums tell whether these are even"
    )
    phase_draws: Draws = Field(description="sets of phases drawn at random beside a cluster's")
    apart: float = Field(gt=0, lt=180, description="degrees from one distinct phase to the next")
    distinct: int = Field(
        ge=2, description="distinct phases of each operand in a cluster that has many"
    )
    representations: int = Field(ge=1, description="frequencies that make up a fine-tuning part")
    strong: Share = Field(
        description="least magnitude of a frequency that is mixed in, of the most"
    )
    chance_draws: Draws = Field(description="random sets of frequencies beside those mixed")
    live_column: Share = Field(
        description="least standard deviation of a table's column, of the largest one's"
    )
    strong_shown: Share = Field(description="the same for the neuron that figure 2 shows")
    shown_pairs: tuple[Pair, ...] = Field(
        min_length=1, max_length=6, description="pairs of operands that figures 1 and 6 show"
    )
    moved_pair: Pair = Field(description="the pair that figure 31 begins with")
    pizza_clusters: Shown = Field(description="largest clusters of the pizza model that are shown")
    strong_numbers: Share = Field(
        description="of a part's largest value, from which on another one is strong"
    )
    seed: int = Field(ge=0, description="of noise, ablations and random sets")
