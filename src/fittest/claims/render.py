"""Verdicts for readers: a table with a row per claim, Markdown, a page, and captions of figures."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from fittest.claims.judge import VERDICTS, Judgement, number
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
    "scale",
    "lowest_scale",
    "criterion",
    "measures",
    "broken",
    "source",
]
_COLOURS = {
    "reproduced": "#d7efe3",
    "partly": "#fdf0c8",
    "not reproduced": "#f8d9cd",
    "not evaluated": "#eeeeee",
}


def value_text(measured: Measured | None) -> str:
    """A value with its interval, such as `0.77 [0.71, 0.82]`; a dash where there is none."""
    if measured is None or not number(measured.value):
        return "–"
    text = number(measured.value)
    if number(measured.lo) and number(measured.hi):
        text += f" [{number(measured.lo)}, {number(measured.hi)}]"
    return text


def measures_text(judgement: Judgement) -> list[str]:
    """Every measure with its label, interval and n, the one shown as ours first."""
    lines = []
    for key, call in judgement.claim.measures.items():
        found = judgement.measured.get(key)
        if found is not None:
            n = f" (n = {found.n})" if found.n else ""
            lines.append(f"{call.label or key}: {value_text(found)}{n}")
    return lines


def full_note(judgement: Judgement) -> str:
    """Why it was not evaluated; or what does not hold, what was found, and where to see it."""
    parts = []
    if judgement.verdict == "not evaluated":
        return f"Not evaluated: {judgement.reason}." if judgement.reason else ""
    if judgement.failed:
        parts.append(f"Does not hold: {'; '.join(judgement.failed)}.")
    # Derived values are of no runs at all.
    ours = judgement.ours if judgement.claim.kind == "empirical" else None
    if ours is not None and ours.n == 1:
        parts.append("n = 1: one run, no more than an anecdote.")
    if judgement.note:
        parts.append(judgement.note)
    if judgement.failed and judgement.claim.figure:
        parts.append(f"See {figure_name(judgement.claim.figure)}.")
    return " ".join(parts)


def figure_name(name: str) -> str:
    """`fig6_survival` as `figure 6`."""
    found = re.match(r"fig([A-Z]?\d+)", name)
    return f"figure {found.group(1)}" if found else name


def claims_table(judgements: Sequence[Judgement]) -> pd.DataFrame:
    """One row per claim: COLUMNS; `measures` holds every measure in words, `broken`
    is true where a derived condition does not hold."""
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
                "scale": found.scale,
                "lowest_scale": found.claim.lowest_scale,
                "criterion": found.criterion,
                "measures": "; ".join(measures_text(found)),
                "broken": found.broken,
                "source": found.claim.source,
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def counted(judgements: Sequence[Judgement]) -> str:
    """`30 reproduced, 4 partly, ...`"""
    counts = Counter(found.verdict for found in judgements)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)


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
    lines += ["Ours: the first value decides together with the others named in the criterion; in"]
    lines += ["brackets the 95 % interval. Thresholds and sources: `config/claims/`.", ""]
    lines += ["| id | claim | paper | ours | n | verdict | figure | note |"]
    lines += ["|---|---|---|---|---|---|---|---|"]
    for found in judgements:
        ours = found.ours
        n = f"{ours.n} {ours.of}".replace(" n", "") if ours is not None and ours.n else ""
        row = [
            found.id,
            cell(found.claim.statement),
            cell(found.claim.paper.text),
            cell("<br>".join(measures_text(found))) or "–",
            n,
            f"**{found.verdict}**" if found.verdict != "not evaluated" else found.verdict,
            figure_name(found.claim.figure).removeprefix("figure ") if found.claim.figure else "",
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
    style = (
        "body{font:14px sans-serif;margin:1em;color:#222}table{border-collapse:collapse}"
        "td,th{border:1px solid #ccc;padding:4px 7px;vertical-align:top;text-align:left}"
        "th{background:#f4f4f4;position:sticky;top:0}small{color:#555}"
    )
    rows = []
    for found in judgements:
        cells = [
            f"<b>{found.id}</b>",
            html.escape(found.claim.statement)
            + (f"<br><small>{html.escape(found.criterion)}</small>" if found.criterion else ""),
            html.escape(found.claim.paper.text),
            "<br>".join(html.escape(line) for line in measures_text(found)) or "–",
            f"<b>{found.verdict}</b>",
            figure_name(found.claim.figure).removeprefix("figure ") if found.claim.figure else "",
            html.escape(full_note(found)),
        ]
        colour = _COLOURS[found.verdict]
        rows.append(
            f'<tr style="background:{colour}">' + "".join(f"<td>{c}</td>" for c in cells) + "</tr>"
        )
    heads = ("id", "claim and criterion", "paper", "ours", "verdict", "figure", "note")
    head = "".join(f"<th>{text}</th>" for text in heads)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Claims: {html.escape(title)}'
        f"</title><style>{style}</style><h2>{html.escape(title)}</h2>"
        f"<p>{counted(judgements)}. {html.escape(_origin(scale, origin))}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></html>\n"
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
    if judgements:
        lines += [".. list-table::", "   :header-rows: 1", ""]
        for row in [("claim", "paper", "ours", "verdict", "note")] + [
            (
                f"{found.id}: {found.claim.statement}",
                found.claim.paper.text or "–",
                "; ".join(measures_text(found)) or "–",
                found.verdict,
                full_note(found) or "–",
            )
            for found in judgements
        ]:
            lines += [
                f"   {'* -' if index == 0 else '  -'} {_rst(cell)}"
                for index, cell in enumerate(row)
            ]
    return "\n".join(lines) + "\n"
