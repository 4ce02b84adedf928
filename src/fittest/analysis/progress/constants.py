"""Thresholds and choices of the progress paper's analyses."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fittest.analysis.circuits.settings import CircuitSettings
from fittest.settings import MAX_P, RISING, Bins, PositiveStep, Settings, Share, Step


class GrokkingSettings(Settings):
    """When a run grokked (progress methods 2.15)."""

    memorised: Share = Field(description="train accuracy that has to be reached at some step")
    loss: float = Field(gt=0, description="train or test loss that counts as learned, nats")
    small_loss: float = Field(gt=0, description="the loss of figure 21, nats")
    delay: Step = Field(description="steps by which the test loss lags behind where a run grokked")


class OutcomeSettings(Settings):
    """What else is read from the losses of a run (progress methods 2.15, 2.16)."""

    accurate: Share = Field(description="share of right answers that counts as solved")
    loss_tail: Step = Field(description="steps before the end whose median is the final loss")
    accuracy_tail: Step = Field(description="likewise of the accuracy")
    after: Step = Field(description="step up to which no slingshot counts")
    factor: float = Field(gt=1, description="times its running minimum that the train loss exceeds")
    refractory: Step = Field(description="least steps from one slingshot to the next")


class PhaseSettings(Settings):
    """Ends of the phases of a run (progress methods 2.14)."""

    window: int = Field(ge=1, le=999, description="checkpoints of the running median; odd")
    tail: Share = Field(description="of a run without weight decay, at its end, that counts as it")
    factor: float = Field(
        gt=1, description="times the loss at which a fall comes to rest, where the fall ends"
    )
    overrides: dict[str, tuple[Step, Step, Step]] = Field(
        default_factory=dict, description="run_id: t1, t2 and t3 set by hand, steps"
    )


class ChangeSettings(Settings):
    """Phase changes of the other tasks' losses (progress methods 2.17)."""

    window: PositiveStep = Field(description="steps within which a drop is measured")
    stands_out: float = Field(gt=1, description="drop over the next largest that is dominant")
    apart: Step = Field(description="least steps between drops at distinct times")
    share: Share = Field(description="of a loss's fall, whose shortest stretch is its change")
    learned: float = Field(gt=0, description="train loss after which the test loss may fall, nats")
    factor: float = Field(gt=1, description="fall of the test loss that counts, times")
    parted: float = Field(gt=0, description="test loss from which on losses have parted, nats")
    tail: Share = Field(description="of the run, at its end, whose median is what a loss comes to")


class FractionSettings(Settings):
    """What the paper finds at each share of the data (figure 20)."""

    never: tuple[Share, ...] = Field(description="shares that never generalise")
    grokked: tuple[Share, ...] = Field(description="shares that grok")
    immediate: tuple[Share, ...] = Field(description="shares that generalise at once")


class InterferenceSettings(Settings):
    """Waves of figure 8."""

    p: int = Field(ge=3, le=MAX_P, description="modulus")
    frequencies: Annotated[tuple[PositiveStep, ...], RISING] = Field(
        description="key frequencies of the paper's main run"
    )


class ExampleSettings(Settings):
    """The sum that figure 1 works out."""

    a: int = Field(ge=0, le=MAX_P, description="first operand")
    b: int = Field(ge=0, le=MAX_P, description="second operand")


class HeadSettings(Settings):
    """Which heads multiply, which come in opposite pairs, which attend to the sign itself, and
    which are linear over a wide range (progress methods 2.12, 2.13)."""

    one_frequency: Share = Field(
        description="share of what a head carries at the frequency by which it attends, at least"
    )
    opposite: float = Field(
        gt=0, lt=1, description="waves of two heads added up, over the longer, at most"
    )
    itself: Share = Field(description="mean attention to the sign itself that is little, at most")
    linear: Share = Field(description="share of a sigmoid that a line explains, at least")
    reach: float = Field(gt=0, description="score of one operand over the other that is wide")


class TableSettings(Settings):
    """Which networks stand in tables 5 and 6: those that the paper's stand for."""

    least_fraction: Share = Field(description="share of the data from which on they generalise")
    most_dropout: float = Field(ge=0, lt=1, description="dropout up to which they do")


class Constants(Settings):
    """config/analysis/progress.yaml"""

    grokking: GrokkingSettings
    outcomes: OutcomeSettings
    phases: PhaseSettings
    changes: ChangeSettings
    fractions: FractionSettings
    interference: InterferenceSettings
    circuits: CircuitSettings
    heads: HeadSettings
    tables: TableSettings
    example: ExampleSettings
    curve_pieces: Bins = Field(
        description="stretches of steps of which a figure shows the lowest and the highest loss"
    )
