"""Verdicts as one page of HTML."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from fittest.claims.headline import counted, totals
from fittest.claims.judge import Judgement
from fittest.claims.render import (
    RANGES,
    UNJUDGED,
    figure_id,
    full_note,
    measures_text,
    origin_words,
    paper_text,
)

_COLOURS = {
    "reproduced": "#d7efe3",
    "partly": "#fdf0c8",
    "not reproduced": "#f8d9cd",
    "not evaluated": "#eeeeee",
}

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


def page(title: str, scale: str, judgements: Sequence[Judgement], origin: Mapping[str, Any]) -> str:
    """claims.html: the same table as one page without anything from outside it."""
    rows = []
    for found in judgements:
        cells = [
            f"<b>{found.id}</b>",
            html.escape(found.claim.statement)
            + (f"<br><small>{html.escape(found.criterion)}</small>" if found.criterion else ""),
            html.escape(paper_text(found)),
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
        f"<p>{counted(judgements)}. {html.escape(origin_words(scale, origin))}</p>"
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
        f" fail. {UNJUDGED} In brackets: the 95 % interval. {RANGES}</p>"
    )
