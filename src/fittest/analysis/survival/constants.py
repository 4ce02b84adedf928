"""Thresholds, grids and choices of the survival paper's analyses."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fittest.runs.parts import Stop
from fittest.settings import (
    MAX_LEGACY_SEED,
    MAX_P,
    RISING,
    Bins,
    Dimension,
    Draws,
    PositiveStep,
    Settings,
    Share,
    Shown,
    Step,
)


class ClassifierSettings(Settings):
    """The linear classifier of figure 7 (survival methods 2.18)."""

    test_share: float = Field(gt=0, lt=1, description="share of rows tested, random split")
    seed: int = Field(ge=0, le=MAX_LEGACY_SEED, description="seed of that split")
    folds: int = Field(ge=2, le=1000, description="parts of the split by embedding")


class DynamicsSettings(Settings):
    """Choices of the analyses of gradients, collaboration and equations of motion."""

    histogram_bins: Bins = Field(description="bins of the histogram of figure 7")
    rate_bins: Bins = Field(description="equal bins of survival rates, figures 7 and 11")
    least_in_bin: int = Field(ge=1, description="frequencies that a bin needs for its rate")
    classifier: ClassifierSettings
    least_survivors: int = Field(
        ge=1, description="survivors of a run that counts for the claims of figure 8"
    )
    lasso_alpha: float = Field(gt=0, description="penalty of the Lasso (methods 2.15)")
    lasso_iterations: Annotated[tuple[PositiveStep, PositiveStep], RISING] = Field(
        description="first limit of coordinate descents, and the last to which it is raised"
    )
    t_clear: float = Field(gt=0, description="|t| from which an entry of A counts (claim S34)")
    divergence: float = Field(
        gt=0, description="a roll-out has diverged beyond this multiple of the largest signal"
    )
    heatmap_runs: Shown = Field(description="further runs shown in figure 15")
    circularity_p: int = Field(
        ge=3, le=MAX_P, description="modulus of figure 11's untrained embeddings"
    )
    circularity_dimensions: Annotated[tuple[Dimension, ...], RISING] = Field(
        description="their dimensions"
    )
    circularity_seeds: Draws = Field(description="embeddings drawn for each dimension")
    circularity_strata: int = Field(
        ge=1,
        le=100,
        description="groups of initial signal within which circularity is compared (claim S38)",
    )
    late_steps: Annotated[tuple[Step, Step], RISING] = Field(
        description="first and last step at which gradients should be gone (claim S44)"
    )
    sampled_every: PositiveStep = Field(
        description="steps between the looks of somebody who stores seldom (claim S44)"
    )
    decay_steps: Annotated[tuple[Step, Step], RISING] = Field(
        description="steps between which the loss of signals is compared with decay alone (S49)"
    )
    kick_window: Annotated[tuple[Share, Share], RISING] = Field(
        description="shares of the dense steps between which responses are averaged (claim S34)"
    )
    kick_follow: PositiveStep = Field(
        description="steps after a kick in mid-training whose mean change is its answer (S34)"
    )
    authors_rule: Literal["alive_2mean", "alive_abs10", "alive_rel"] = Field(
        description="alive rule of the authors' own data for the classifier (claim S23)"
    )
    method_runs: Shown = Field(description="runs shown in figure 1")


class SpikeSettings(Settings):
    """What counts as a spike of the test loss (survival methods 2.21)."""

    after: Step = Field(description="step up to which none counts")
    factor: float = Field(gt=1, description="times the running minimum that the loss exceeds")
    refractory: Step = Field(description="least steps from one to the next")
    rise: float = Field(
        gt=1, description="factor of a rise that the eye sees, from the lowest loss since the last"
    )


class SweepSettings(Settings):
    """Choices of the analyses that vary one thing: figures 4, 5, 10, 12, 14."""

    trend_from_p: int = Field(
        ge=3,
        le=MAX_P,
        description="primes from here on show the trend; below, the alive rule has its limit",
    )
    largest_modulus: int = Field(ge=3, le=MAX_P, description="last modulus of figure 14")
    small_d: int = Field(ge=1, description="frozen embeddings up to this dimension are small")
    frozen_shares: Annotated[tuple[Share, ...], RISING] = Field(
        description="columns of figure 4, as shares of the last step"
    )
    transition_reach: int = Field(
        ge=2, description="dimensions on each side of p over which a step is fitted (claim S09)"
    )
    loss_levels: tuple[float, float, float] = Field(
        description="test losses, nats: from which dimension on they are reached (claim S09)"
    )
    time_level: float = Field(
        gt=0, description="test loss, nats, the time to which is compared over d (claim K42)"
    )
    accurate: Share = Field(description="test accuracy of a run that generalises (claims S55, S58)")
    trend_from_decay: float = Field(ge=0, description="weight decays from here on show the trend")
    spikes: SpikeSettings
    solved_loss: float = Field(gt=0, description="test loss of a solved task, nats (claim S41)")
    late_steps: Step = Field(description="steps before the end whose loss counts (claim S42)")
    enough_circles: int = Field(ge=1, description="circles of an arm that grew others (S39, S42)")
    low_loss: float = Field(gt=0, description="test loss of an arm that needs no other, nats (S40)")
    enough_spikes: int = Field(ge=1, description="spikes of an arm that spikes (claim S43)")
    comparable_accuracy: float = Field(
        ge=0, lt=1, description="test accuracies that differ by so much are comparable (claim S57)"
    )


class HorizonSettings(Settings):
    """What figure S1 compares with runs to the paper's last step."""

    steps: Annotated[tuple[Step, ...], RISING] = Field(
        description="horizons; those beyond a run's end are left out"
    )
    rules: dict[str, Stop] = Field(
        min_length=1, description="stop rules by the name shown in the figure"
    )


class DefaultsSettings(Settings):
    """Where default runs are looked at on their way (claims S02-S04)."""

    steps: Annotated[tuple[Step, ...], RISING] = Field(description="steps beside the last one")
    dead_share: Share = Field(
        description="share of its initial signal below which a dead frequency is gone"
    )


class Constants(Settings):
    """config/analysis/survival.yaml"""

    alive_rule: Literal["alive_2mean", "alive_abs10", "alive_rel"] = Field(
        description="column of the frequencies table that counts as survival (methods 2.3)"
    )
    strong_factor: float = Field(
        gt=0, description="a perturbed frequency is strong from here up (S15)"
    )
    weak_factor: float = Field(
        gt=0, description="a perturbed frequency is weak from here down (S15)"
    )
    showcase_survivors: int = Field(
        ge=1, description="the showcase run is the first with so many survivors (methods 5.4)"
    )
    projection_limit: float = Field(gt=0, description="half-width of the circle panels of figure 2")
    horizon: HorizonSettings
    defaults: DefaultsSettings
    sweeps: SweepSettings
    dynamics: DynamicsSettings

    @model_validator(mode="after")
    def _weak_below_strong(self) -> Self:
        if self.weak_factor >= self.strong_factor:
            raise ValueError("weak_factor must be smaller than strong_factor")
        return self
