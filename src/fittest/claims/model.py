"""Claims as data: what a paper says, how it is measured here, and when it counts as reproduced."""

from __future__ import annotations

import math
from collections.abc import Iterable
from string import Formatter
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from fittest.runs.runset import SCALES, Scale
from fittest.settings import Name, Settings

Kind = Literal["derived", "empirical"]
Role = Literal["paper", "check", "repeat"]
Of = Literal["value", "lower", "upper", "n"]


def reaches(scale: str, lowest: str) -> bool:
    """Whether `scale` is as large as `lowest`."""
    return SCALES.index(scale) >= SCALES.index(lowest)


class PaperValue(Settings):
    """What the paper says, as it prints it and, where there is one, as a number."""

    text: str = Field(description="the paper's value in words, empty where it gives none")
    value: float | None = Field(default=None, description="the number to compare with, if any")
    between: tuple[float | None, float | None] | None = Field(
        default=None,
        description="what the paper gives is a range: its ends, null where it is open",
    )
    of: str | None = Field(
        default=None,
        description="key of the measure that these are of, the first one where left out: its"
        " interval is compared with them",
    )

    @property
    def ends(self) -> tuple[float, float] | None:
        """The least and the greatest number that agree with the paper; None where it gives none."""
        if self.between is not None:
            low, high = self.between
            return (-math.inf if low is None else low, math.inf if high is None else high)
        return None if self.value is None else (self.value, self.value)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        ends = self.ends
        if ends is not None and ends[0] > ends[1]:
            raise ValueError("between: the first number must not be larger than the second")
        return self


class MeasureCall(Settings):
    """A measure by name with its parameters."""

    measure: str = Field(description="name of a registered measure (fittest.claims)")
    label: str = Field(default="", description="what it is, beside its value in the claims table")
    parameters: dict[str, Any] = Field(default_factory=dict, description="passed to the measure")


class Condition(Settings):
    """One test of a measure; exactly one comparison."""

    of: str = Field(description="key of the claim's measures")
    take: Of = Field(
        default="value", description="the value itself, or the lower or upper end of its interval"
    )
    at_least: float | None = Field(default=None, description="true if not smaller")
    at_most: float | None = Field(default=None, description="true if not larger")
    above: float | None = Field(default=None, description="true if larger")
    below: float | None = Field(default=None, description="true if smaller")
    between: tuple[float, float] | None = Field(
        default=None, description="true within these two numbers, ends included"
    )
    absolute: bool = Field(default=False, description="compare the absolute value")
    kind: Kind | None = Field(default=None, description="if other than the claim's")
    precondition: bool = Field(
        default=False,
        description="what a verdict takes for granted, such as a test's power: where it does not"
        " hold and nothing else fails, the claim is not evaluated",
    )
    lowest_scale: Scale | None = Field(
        default=None, description="judged from this scale on, if higher than the claim's"
    )

    @property
    def comparison(self) -> tuple[str, Any]:
        """The one comparison that is set: its name and its number or numbers."""
        names = ("at_least", "at_most", "above", "below", "between")
        return next((n, getattr(self, n)) for n in names if getattr(self, n) is not None)

    @model_validator(mode="after")
    def _one_comparison(self) -> Self:
        names = ("at_least", "at_most", "above", "below", "between")
        if sum(getattr(self, name) is not None for name in names) != 1:
            raise ValueError(f"needs exactly one of {', '.join(names)}")
        if self.between is not None and self.between[0] > self.between[1]:
            raise ValueError("between: the first number must not be larger than the second")
        return self


class Claim(Settings):
    """One quantitative claim of a paper."""

    statement: str = Field(description="the claim in our words")
    figure: str | None = Field(default=None, description="the figure that shows it")
    paper: PaperValue
    kind: Kind = Field(
        default="empirical",
        description="derived: exact, a violation is a bug and fails the build; empirical: never",
    )
    role: Role = Field(
        default="paper",
        description="paper: the paper says it; check: our own question; repeat: another paper's"
        " verdict, repeated. The headline counts them apart",
    )
    lowest_scale: Scale = Field(description="lowest scale at which a verdict means something")
    source: str = Field(description="where the paper says it, and where the criterion stands")
    measures: dict[str, MeasureCall] = Field(
        min_length=1, description="measures by key; the first is the one shown as ours"
    )
    unjudged: str = Field(
        default="",
        description="why no scale gives a verdict; the measures are shown, and criteria left out",
    )
    criteria: dict[Scale, tuple[Condition, ...]] = Field(
        default_factory=dict,
        description="reproduced if all conditions hold; the entry of the highest scale that is"
        " not above the one in use counts",
    )
    partly: tuple[Condition, ...] = Field(
        default=(), description="partly reproduced if these hold where the criteria do not"
    )
    note: str = Field(
        default="",
        description="what was found where paper and measurement differ; {key} is a measure's value",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.unjudged and (self.criteria or self.partly):
            raise ValueError("unjudged: a claim without a verdict has no criteria")
        if not self.unjudged and not any(
            reaches(self.lowest_scale, scale) for scale in self.criteria
        ):
            raise ValueError(f"criteria: none applies at {self.lowest_scale}, the lowest scale")
        conditions = [c for found in self.criteria.values() for c in found] + list(self.partly)
        if self.paper.of is not None and self.paper.of not in self.measures:
            raise ValueError(f"paper.of: {self.paper.of} is no measure of this claim")
        unknown = sorted({c.of for c in conditions} - self.measures.keys())
        if unknown:
            raise ValueError(f"conditions name measures that are not there: {', '.join(unknown)}")
        try:
            found = list(Formatter().parse(self.note))
        except ValueError as error:
            raise ValueError(f"note: {error}; a brace that is meant stands twice") from None
        for _, name, form, conversion in found:
            if name is not None and (name not in self.measures or form or conversion):
                raise ValueError(
                    f"note: `{{{name}}}` is no measure of this claim; there are"
                    f" {', '.join(self.measures)}; a brace that is meant stands twice"
                )
        return self

    @property
    def headline(self) -> str:
        """Key of the measure that is shown as ours."""
        return next(iter(self.measures))

    def conditions(self, scale: str) -> tuple[Condition, ...]:
        """The conditions that are judged at a scale; none below the lowest scale, and none of a
        claim that is not judged."""
        if self.unjudged or not reaches(scale, self.lowest_scale):
            return ()
        usable = [name for name in SCALES if name in self.criteria and reaches(scale, name)]
        return _reached(self.criteria[usable[-1]], scale)

    def partly_at(self, scale: str) -> tuple[Condition, ...]:
        """The conditions for `partly` that are judged at a scale."""
        return _reached(self.partly, scale)

    def needs(self, scale: str) -> str:
        """The lowest scale with a verdict, where `scale` has none."""
        waiting = [c.lowest_scale for found in self.criteria.values() for c in found]
        known = [name for name in waiting if name is not None and not reaches(scale, name)]
        if not reaches(scale, self.lowest_scale) or not known:
            return self.lowest_scale
        return min(known, key=SCALES.index)


def _reached(conditions: Iterable[Condition], scale: str) -> tuple[Condition, ...]:
    return tuple(c for c in conditions if c.lowest_scale is None or reaches(scale, c.lowest_scale))


class ClaimFile(Settings):
    """config/claims/<paper>.yaml"""

    paper: Name = Field(description="the paper's short name, as in paths")
    source: str = Field(description="where the claims and thresholds come from, and since when")
    runsets: tuple[str, ...] = Field(
        default=(), description="run-sets whose runs and frequencies the measures may read"
    )
    tables: tuple[Name, ...] = Field(
        default=(), description="analysis products of the paper that they may read, by file name"
    )
    claims: dict[str, Claim] = Field(description="claims by id")
