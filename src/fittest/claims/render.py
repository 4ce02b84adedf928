"""Verdicts for readers: a table with a row per claim, Markdown, and captions of figures."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from fittest.analysis.statistics.intervals import number
from fittest.claims.headline import anecdote, counted, totals
from fittest.claims.judge import Judgement
from fittest.claims.measures import Measured

COLUMNS = [
    "id",
    "statement",
    "paper",
    "paper_value",
    "value",
    "ci_lo",
    "ci_hi",
    "n",
    "n_of",
    "verdict",
    "figure",
    "note",
    "kind",
    "role",
    "scale",
    "lowest_scale",
    "criterion",
    "measures",
    "decided_by",
    "broken",
    "source",
]
_NUMBERS = re.compile(r"-?(?:\d[\d,]*)?\.?\d+(?:e[-+]?\d+)?")
"""Numbers as papers print them: 10,000, .19, 2.41e-7."""
UNJUDGED = "What a scale cannot judge is not evaluated, never passed."
RANGES = (
    "Of the median of two to five cases that is their range, which holds the true median with a"
    " chance of 50, 75, 88 and 94 %."
)
"""Derived: a bootstrapped median's percentiles are then the least and the largest; all n of them
lie on one side of the median with a chance of 2 / 2^n."""


def value_text(measured: Measured | None) -> str:
    """A value with its interval, such as `0.77 [0.71, 0.82]`; a dash where there is none."""
    return (measured or Measured(math.nan)).estimate.printed(None, nothing="–")


def measures_text(judgement: Judgement) -> list[str]:
    """Every measure with its label, interval and n, the one shown as ours first."""
    known = (key for key in judgement.claim.measures if key in judgement.measured)
    return [_measure_text(judgement, key) for key in known]


def deciding_text(judgement: Judgement) -> list[str]:
    """The measures that keep a claim from being reproduced; of another the one shown as ours."""
    keys = judgement.failing or (judgement.claim.headline,)
    return [_measure_text(judgement, key) for key in keys if key in judgement.measured]


def _measure_text(judgement: Judgement, key: str) -> str:
    found = judgement.measured[key]
    n = f" (n = {_count(found)})" if found.n else ""
    label = judgement.claim.measures[key].label or key
    return f"{label}: {found.words or value_text(found) + n}"


def paper_text(judgement: Judgement) -> str:
    """What the paper says, in its words, and as a number of the measure that it is compared with
    where these tell it in another unit: `-50 % of loss (as measured here: 0.5)`."""
    paper = judgement.claim.paper
    if paper.ends is None:
        return paper.text
    ends = [end for end in dict.fromkeys(paper.ends) if math.isfinite(end)]
    told = {float(x.replace(",", "")) for x in _NUMBERS.findall(paper.text)}
    if not ends or told.issuperset(ends):
        return paper.text
    shown = " to ".join(map(number, ends))
    if len(ends) < len(set(paper.ends)):
        shown = f"{'at least' if math.isfinite(paper.ends[0]) else 'at most'} {shown}"
    return f"{paper.text} (as measured here: {shown})".strip()


def full_note(judgement: Judgement) -> str:
    """Why it was not evaluated, or what does not hold; what was found, and where to see it."""
    parts = []
    if judgement.verdict == "not evaluated":
        why = f"Not evaluated: {judgement.reason}." if judgement.reason else ""
        return " ".join(part for part in (why, judgement.note) if part)
    if judgement.failed:
        parts.append(f"Does not hold: {'; '.join(judgement.failed)}.")
    if anecdote(judgement):
        parts.append("n = 1: one run, no more than an anecdote.")
    if _excludes_paper(judgement):
        of = judgement.claim.paper.of
        what = f" ({judgement.claim.measures[of].label or of})" if of is not None else ""
        parts.append(f"Our interval{what} excludes the paper's value.")
    if judgement.note:
        parts.append(judgement.note)
    if judgement.failed and judgement.claim.figure:
        parts.append(f"See {figure_name(judgement.claim.figure)}.")
    return " ".join(parts)


def figure_id(name: str) -> str:
    """`fig6_survival` as `6`, `figS1_horizon` as `S1`; without a number in words: `fig_weak_decay`
    as `weak decay`."""
    number, _, words = name.removeprefix("fig").partition("_")
    return number or words.replace("_", " ").strip() or name


def figure_name(name: str) -> str:
    """`fig6_survival` as `figure 6`."""
    return f"figure {figure_id(name)}"


def figure_label(name: str, title: str) -> str:
    """A figure as lists show it: `Figure 6: <title>`, `Figure weak decay: <title>`."""
    return f"Figure {figure_id(name)}: {title}"


def claims_table(judgements: Sequence[Judgement]) -> pd.DataFrame:
    """One row per claim: COLUMNS; `measures` holds every measure in words, `decided_by` those that
    the verdict hangs on, `broken` is true where a derived condition does not hold."""
    rows = []
    for found in judgements:
        ours = found.ours or Measured(float("nan"))
        rows.append(
            {
                "id": found.id,
                "statement": found.claim.statement,
                "paper": paper_text(found),
                "paper_value": found.claim.paper.value,
                "value": ours.value,
                "ci_lo": ours.lo,
                "ci_hi": ours.hi,
                "n": ours.n,
                "n_of": ours.of,
                "verdict": found.verdict,
                "figure": found.claim.figure or "",
                "note": full_note(found),
                "kind": found.claim.kind,
                "role": found.claim.role,
                "scale": found.scale,
                "lowest_scale": found.claim.lowest_scale,
                "criterion": found.criterion,
                "measures": "; ".join(measures_text(found)),
                "decided_by": "; ".join(deciding_text(found)),
                "broken": found.broken,
                "source": found.claim.source,
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _excludes_paper(judgement: Judgement) -> bool:
    """Whether the interval of the measure that the paper's number is of leaves out all that it
    gives."""
    claim = judgement.claim
    ours, paper = judgement.measured.get(claim.paper.of or claim.headline), claim.paper.ends
    if ours is None or paper is None or math.isnan(ours.lo):
        return False
    return ours.hi < paper[0] or ours.lo > paper[1]


def _count(measured: Measured) -> str:
    """`600 networks`, `1 run`; the number alone where nothing says of what."""
    if measured.of == "n":
        return f"{measured.n}"
    one = re.sub("(ie)?s$", lambda end: "y" if end[1] else "", measured.of)
    return f"{measured.n} {one if measured.n == 1 else measured.of}"


def origin_words(scale: str, origin: Mapping[str, Any]) -> str:
    commit = origin.get("commit", "unknown")
    return f"Scale {scale}, commit {commit}, config {origin.get('config_hash', 'unknown')}."


def markdown(
    title: str, scale: str, judgements: Sequence[Judgement], origin: Mapping[str, Any]
) -> str:
    """claims.md."""

    def cell(text: str) -> str:
        return text.replace("|", "\\|").replace("\n", " ")

    lines = [f"# Claims: {title}", "", f"{counted(judgements)}. {origin_words(scale, origin)}", ""]
    counts = totals(judgements)
    lines += [f"| claims | {' | '.join(counts.columns)} |", "|---" * (counts.shape[1] + 1) + "|"]
    lines += [
        f"| {kind} | {' | '.join(str(n) for n in row)} |"
        for kind, row in zip(counts.index, counts.to_numpy(), strict=True)
    ]
    lines += [
        "",
        "Empirical claims are measured; derived ones are exact and stop the workflow where",
    ]
    lines += ["they fail. " + UNJUDGED, ""]
    lines += ["Ours: the first value decides together with the others named in the criterion; in"]
    lines += ["brackets the 95 % interval.", RANGES]
    lines += ["Thresholds and sources: `config/claims/`.", ""]
    lines += ["| id | claim | paper | ours | n | verdict | figure | note |"]
    lines += ["|---|---|---|---|---|---|---|---|"]
    for found in judgements:
        ours = found.ours
        n = _count(ours) if ours is not None and ours.n else ""
        row = [
            found.id,
            cell(found.claim.statement),
            cell(paper_text(found)),
            cell("<br>".join(measures_text(found))) or "–",
            n,
            f"**{found.verdict}**" if found.verdict != "not evaluated" else found.verdict,
            figure_id(found.claim.figure) if found.claim.figure else "",
            cell(full_note(found)),
        ]
        lines.append("| " + " | ".join(row) + " |")
    lines += ["", "## Criteria", ""]
    for found in judgements:
        if found.criterion:
            lines.append(f"- {found.id}: {found.criterion}.")
    return "\n".join(lines) + "\n"


def _rst(text: str) -> str:
    """Text without markup of its own: neither reStructuredText nor a template."""
    text = re.sub(r"([\\`*_|<>])", r"\\\1", text.replace("\n", " "))
    return text.replace("{", "(").replace("}", ")")


def caption(shows: str, scale: str, runs: int, judgements: Sequence[Judgement]) -> str:
    """Caption of a figure in reStructuredText.

    Args:
        shows: what the figure shows, already reStructuredText.
        scale, runs: at which scale it was made, and how many runs its run-sets hold there.
        judgements: of the claims that belong to it.
    """
    lines = [shows.strip(), "", f"Scale *{_rst(scale)}*; {runs:,} runs in its run-sets.", ""]
    # A list and not a table: the report shows captions in a column too narrow for five of its own.
    for found in judgements:
        note = full_note(found)
        lines += [
            f"- **{_rst(found.id)}, {found.verdict}.** {_rst(found.claim.statement)}",
            "",
            f"  | Paper: {_rst(paper_text(found) or '–')}.",
            f"  | Ours: {_rst('; '.join(measures_text(found)) or '–')}.",
            *([f"  | {_rst(note)}"] if note else []),
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"
