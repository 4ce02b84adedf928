"""Verdicts for readers: a table with a row per claim, Markdown, a page, and captions of figures."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

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
_COLOURS = {
    "reproduced": "#d7efe3",
    "partly": "#fdf0c8",
    "not reproduced": "#f8d9cd",
    "not evaluated": "#eeeeee",
}

_UNJUDGED = "What a scale cannot judge is not evaluated, never passed."
_RANGES = (
    "Of the median of two to five cases that is their range, which holds the true median with a"
    " chance of 50, 75, 88 and 94 %."
)
"""Derived: a bootstrapped median's percentiles are then the least and the largest; all n of them
lie on one side of the median with a chance of 2 / 2^n."""
_STYLE = (
    "body{font:14px/1.35 sans-serif;margin:1em;color:#222}table{border-collapse:collapse}"
    "td,th{border:1px solid #ccc;padding:4px 7px;vertical-align:top;text-align:left}"
    "th{background:#f4f4f4}small{color:#555}"
    ".totals{margin:0 0 1em}.totals td{text-align:right}"
    # Fixed widths: left to itself a browser gives a column of long words the width of one word.
    ".claims{table-layout:fixed;width:100%;min-width:1100px}.claims th{position:sticky;top:0}"
    ".claims td{overflow-wrap:anywhere}"
)
# Columns of the page and the share of its width that each gets, in per cent.
_HEADS = {
    "id": 4,
    "claim and criterion": 26,
    "paper": 12,
    "ours": 27,
    "verdict": 8,
    "figure": 5,
    "note": 18,
}


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
    n = f" (n = {found.n})" if found.n else ""
    label = judgement.claim.measures[key].label or key
    return f"{label}: {found.words or value_text(found) + n}"


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
                "paper": found.claim.paper.text,
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
    """`600 networks`; the number alone where nothing says of what."""
    return f"{measured.n}" if measured.of == "n" else f"{measured.n} {measured.of}"


def _origin(scale: str, origin: Mapping[str, Any]) -> str:
    commit = origin.get("commit", "unknown")
    return f"Scale {scale}, commit {commit}, config {origin.get('config_hash', 'unknown')}."


def markdown(
    title: str, scale: str, judgements: Sequence[Judgement], origin: Mapping[str, Any]
) -> str:
    """claims.md."""

    def cell(text: str) -> str:
        return text.replace("|", "\\|").replace("\n", " ")

    lines = [f"# Claims: {title}", "", f"{counted(judgements)}. {_origin(scale, origin)}", ""]
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
    lines += ["they fail. " + _UNJUDGED, ""]
    lines += ["Ours: the first value decides together with the others named in the criterion; in"]
    lines += ["brackets the 95 % interval.", _RANGES]
    lines += ["Thresholds and sources: `config/claims/`.", ""]
    lines += ["| id | claim | paper | ours | n | verdict | figure | note |"]
    lines += ["|---|---|---|---|---|---|---|---|"]
    for found in judgements:
        ours = found.ours
        n = _count(ours) if ours is not None and ours.n else ""
        row = [
            found.id,
            cell(found.claim.statement),
            cell(found.claim.paper.text),
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


def page(title: str, scale: str, judgements: Sequence[Judgement], origin: Mapping[str, Any]) -> str:
    """claims.html: the same table as one page without anything from outside it."""
    rows = []
    for found in judgements:
        cells = [
            f"<b>{found.id}</b>",
            html.escape(found.claim.statement)
            + (f"<br><small>{html.escape(found.criterion)}</small>" if found.criterion else ""),
            html.escape(found.claim.paper.text),
            "<br>".join(html.escape(line) for line in measures_text(found)) or "–",
            f"<b>{found.verdict}</b>",
            figure_id(found.claim.figure) if found.claim.figure else "",
            html.escape(full_note(found)),
        ]
        colour = _COLOURS[found.verdict]
        rows.append(
            f'<tr style="background:{colour}">' + "".join(f"<td>{c}</td>" for c in cells) + "</tr>"
        )
    head = "".join(f'<th style="width:{share}%">{text}</th>' for text, share in _HEADS.items())
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Claims: {html.escape(title)}'
        f"</title><style>{_STYLE}</style><h2>{html.escape(title)}</h2>"
        f"<p>{counted(judgements)}. {html.escape(_origin(scale, origin))}</p>"
        f"{_totals_html(totals(judgements))}"
        f'<table class="claims"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></html>\n"
    )


def _totals_html(counts: pd.DataFrame) -> str:
    heads = [
        f'<th style="background:{_COLOURS.get(name, "#f4f4f4")}">{name}</th>'
        for name in counts.columns
    ]
    rows = [
        f"<tr><th>{kind}</th>{''.join(f'<td>{n}</td>' for n in row)}</tr>"
        for kind, row in zip(counts.index, counts.to_numpy(), strict=True)
    ]
    return (
        f'<table class="totals"><tr><th>claims</th>{"".join(heads)}</tr>{"".join(rows)}</table>'
        f"<p>Empirical claims are measured; derived ones are exact and stop the workflow where they"
        f" fail. {_UNJUDGED} In brackets: the 95 % interval. {_RANGES}</p>"
    )


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
            f"  | Paper: {_rst(found.claim.paper.text or '–')}.",
            f"  | Ours: {_rst('; '.join(measures_text(found)) or '–')}.",
            *([f"  | {_rst(note)}"] if note else []),
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"
