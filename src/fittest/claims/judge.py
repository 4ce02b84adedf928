"""From claims and tables to verdicts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter
from typing import Literal

from fittest.analysis.statistics.intervals import number
from fittest.claims.measures import Evidence, Measure, Measured, UnavailableError
from fittest.claims.model import Claim, Condition
from fittest.claims.tables import MissingTableError

Verdict = Literal["reproduced", "partly", "not reproduced", "not evaluated"]
VERDICTS: tuple[Verdict, ...] = ("reproduced", "partly", "not reproduced", "not evaluated")
REPRODUCED, PARTLY, NOT_REPRODUCED = 1.0, 0.5, 0.0
"""Verdicts as numbers, for the claims that repeat another paper's."""
UNKNOWN = "unknown"
"""What stands in a note for a value that is not known."""
_WORDS = {"at_least": "≥", "at_most": "≤", "above": ">", "below": "<", "between": "in"}


@dataclass(frozen=True)
class Judgement:
    """The verdict on one claim, with what led to it.

    Attributes:
        measured: by key, those that could be taken.
        criterion: the conditions in words.
        failed: those of them that do not hold, in words.
        failing: the keys of the measures that they are about.
        broken: whether a derived condition does not hold: a bug, not a finding.
        reason: why it was not evaluated, else empty.
        note: for the reader, filled in; empty where it names a value that is not known.
    """

    id: str
    claim: Claim
    scale: str
    verdict: Verdict
    measured: dict[str, Measured] = field(default_factory=dict)
    criterion: str = ""
    failed: tuple[str, ...] = ()
    failing: tuple[str, ...] = ()
    broken: bool = False
    reason: str = ""
    note: str = ""

    @property
    def ours(self) -> Measured | None:
        """The measure that is shown as ours, if it was taken."""
        return self.measured.get(self.claim.headline)


def in_words(condition: Condition, claim: Claim) -> str:
    """A condition for the reader, such as `r, lower end > 0.5`."""
    name, limit = condition.comparison
    call = claim.measures[condition.of]
    label = call.label or condition.of
    if call.measure == "verdict" and name == "at_least":
        return f"{label} = reproduced{'' if limit > PARTLY else ' or partly'}"
    ends = {"value": "", "lower": ", lower end", "upper": ", upper end", "n": ", n"}
    shown = "{:g} to {:g}".format(*limit) if name == "between" else f"{limit:g}"
    text = f"{label}{ends[condition.take]}"
    return f"{f'|{text}|' if condition.absolute else text} {_WORDS[name]} {shown}"


def holds(condition: Condition, measured: Mapping[str, Measured]) -> bool | None:
    """Whether a condition holds; None where what it asks for is not known."""
    found = measured.get(condition.of)
    if found is None:
        return None
    taken = {"value": found.value, "lower": found.lo, "upper": found.hi, "n": float(found.n)}
    x = taken[condition.take]
    if math.isnan(x):
        return None
    x = abs(x) if condition.absolute else x
    name, limit = condition.comparison
    if name == "between":
        return bool(limit[0] <= x <= limit[1])
    return bool(
        {"at_least": x >= limit, "at_most": x <= limit, "above": x > limit, "below": x < limit}[
            name
        ]
    )


def _outcome(condition: Condition, measured: Mapping[str, Measured]) -> bool | None:
    """Whether a condition holds; a precondition that does not leaves that unknown."""
    found = holds(condition, measured)
    return None if condition.precondition and found is False else found


def all_hold(found: Iterable[bool | None]) -> bool | None:
    """Conjunction of three values: one false makes it false, else one unknown makes it unknown."""
    known = list(found)
    if any(value is False for value in known):
        return False
    return None if any(value is None for value in known) else True


def judge(
    id: str, claim: Claim, scale: str, evidence: Evidence, measures: Mapping[str, Measure]
) -> Judgement:
    """Judge one claim at a scale. Measures that the scale can take are shown even where it is
    too small for a verdict."""
    measured, missing = _take(claim, evidence, measures)
    note = _filled(claim, measured)
    conditions = claim.conditions(scale)
    if not conditions:
        # What a larger scale would miss as well is told already here, where it is cheap to mend.
        needed = claim.unjudged or f"needs the scale {claim.needs(scale)}; this is {scale}"
        reason = "; ".join([needed, *_told(missing.values())])
        known = note if _all_known(claim, measured) else ""
        return Judgement(id, claim, scale, "not evaluated", measured, reason=reason, note=known)
    words = "; ".join(in_words(c, claim) for c in conditions)
    outcomes = [_outcome(c, measured) for c in conditions]
    missed = [c for c, ok in zip(conditions, outcomes, strict=True) if ok is False]
    failed = tuple(in_words(c, claim) for c in missed)
    failing = tuple(dict.fromkeys(c.of for c in missed))
    broken = any((c.kind or claim.kind) == "derived" for c in missed)
    verdict, decisive = _verdict(conditions, outcomes, claim.partly_at(scale), measured)
    reason = ""
    if verdict == "not evaluated":
        told = _told(_why(c, claim, measured, missing) for c in decisive)
        reason = "; ".join([*told, *(f"{words} does not hold" for words in failed)])
        note = note if _all_known(claim, measured) else ""
    return Judgement(
        id, claim, scale, verdict, measured, words, failed, failing, broken, reason, note
    )


def _verdict(
    conditions: Sequence[Condition],
    outcomes: Sequence[bool | None],
    partly: Sequence[Condition],
    measured: Mapping[str, Measured],
) -> tuple[Verdict, list[Condition]]:
    """The verdict, and the conditions whose being unknown leaves it open."""
    whole = all_hold(outcomes)
    if whole:
        return "reproduced", []
    if whole is None:
        return "not evaluated", [
            c for c, ok in zip(conditions, outcomes, strict=True) if ok is None
        ]
    halves = [_is_shown(c, measured) for c in partly]
    half = all_hold(halves) if partly else False
    if half is None:
        # It is not reproduced as a whole, but what is left of it nobody knows.
        return "not evaluated", [c for c, ok in zip(partly, halves, strict=True) if ok is None]
    return ("partly" if half else "not reproduced"), []


def _is_shown(condition: Condition, measured: Mapping[str, Measured]) -> bool | None:
    """Whether a condition holds; a value that is known and has no interval shows nothing of its
    ends."""
    found = holds(condition, measured)
    value = measured[condition.of].value if condition.of in measured else math.nan
    return False if found is None and not math.isnan(value) else found


def _take(
    claim: Claim, evidence: Evidence, measures: Mapping[str, Measure]
) -> tuple[dict[str, Measured], dict[str, UnavailableError]]:
    measured, missing = {}, {}
    for key, call in claim.measures.items():
        try:
            measured[key] = measures[call.measure](evidence, **call.parameters)
        except UnavailableError as error:
            missing[key] = error
    return measured, missing


def _why(
    condition: Condition,
    claim: Claim,
    measured: Mapping[str, Measured],
    missing: Mapping[str, UnavailableError],
) -> str | UnavailableError:
    if condition.of in missing:
        return missing[condition.of]
    if condition.precondition and holds(condition, measured) is False:
        return f"a verdict needs {in_words(condition, claim)}"
    label = claim.measures[condition.of].label or condition.of
    what = "no value" if math.isnan(measured[condition.of].value) else "no interval"
    return f"{label} has {what} at this scale"


def _told(reasons: Iterable[str | UnavailableError]) -> list[str]:
    """Each reason once; tables that are not there in one of them."""
    found = list(reasons)
    tables = dict.fromkeys(one.table for one in found if isinstance(one, MissingTableError))
    lack = [str(MissingTableError(", ".join(tables)))] if tables else []
    others = [str(one) for one in found if not isinstance(one, MissingTableError)]
    return [*dict.fromkeys(others), *lack]


def _all_known(claim: Claim, measured: Mapping[str, Measured]) -> bool:
    """Whether every value that the claim's note names was taken."""
    named = {name for _, name, _, _ in Formatter().parse(claim.note) if name is not None}
    return all(key in measured and not math.isnan(measured[key].value) for key in named)


def _filled(claim: Claim, measured: Mapping[str, Measured]) -> str:
    """The claim's note with measured values in it."""
    shown = {
        key: number(measured[key].value) or UNKNOWN if key in measured else UNKNOWN
        for key in claim.measures
    }
    return claim.note.format(**shown)
