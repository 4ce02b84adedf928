"""Verdicts and prices as HTML that the site's script filters."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping

from fittest.claims.judge import VERDICTS
from fittest.claims.render import figure_id
from fittest.pipeline.forecasts.progress import duration
from fittest.runs.runset import SCALES
from fittest.site.results import Paper, Row

_ROLES = {"paper": "", "check": "our own check", "repeat": "repeats another paper's verdict"}


def verdict_mark(verdict: str, words: str | None = None) -> str:
    """A verdict in its colour; the words say it too."""
    name = verdict.replace(" ", "-")
    return f'<span class="verdict {name}">{html.escape(words or verdict)}</span>'


def verdict_bar(counts: Mapping[str, int]) -> str:
    """The numbers of verdicts, each in its colour."""
    marks = [verdict_mark(name, f"{counts[name]} {name}") for name in VERDICTS]
    return f'<p class="verdicts">{" ".join(marks)}</p>'


def _choice(name: str, label: str, values: Iterable[str]) -> str:
    options = "".join(
        f'<option value="{html.escape(value)}">{html.escape(value)}</option>' for value in values
    )
    return (
        f'<label>{label} <select name="{name}"><option value="">all</option>{options}</select>'
        "</label>"
    )


def claims_table(paper: Paper) -> str:
    """Every claim of a paper with paper's value, ours, n, criterion, code and note; and a form to
    choose by verdict, section and words."""
    sections = list(dict.fromkeys(row["section"] for row in paper.claims))
    rows = "".join(_row(row) for row in paper.claims)
    heads = "".join(
        f'<th scope="col">{name}</th>'
        for name in ("id", "verdict", "claim and criterion", "ours", "paper", "note and code")
    )
    return (
        '<div class="claims" data-claims>'
        '<form class="controls" role="search" aria-label="Filter the claims">'
        f"{_choice('verdict', 'Verdict', VERDICTS)}{_choice('section', 'Section', sections)}"
        '<label>Words <input name="words" type="search" autocomplete="off"></label>'
        f'<output aria-live="polite">{len(paper.claims)} of {len(paper.claims)} claims</output>'
        "</form>"
        '<div class="wide" tabindex="0" role="region" aria-label="Claims">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></div>"
    )


def _row(row: Row) -> str:
    figure = row["figure"]
    shown = f'<br><a href="#{figure}">figure {figure_id(figure)}</a>' if figure else ""
    criterion = f"<br><small>{html.escape(row['criterion'])}</small>" if row["criterion"] else ""
    said = _ROLES.get(row.get("role", "paper"), "")
    role = f"<br><small>{said}</small>" if said else ""
    ours = "<br>".join(html.escape(part) for part in row["measures"].split("; ")) or "–"
    code = f"<small>Code: <code>{html.escape(row['code'])}</code></small>" if row["code"] else ""
    told = "<br>".join(part for part in (html.escape(row["note"]), code) if part)
    kind = " (derived: exact)" if row["kind"] == "derived" else ""
    return (
        f'<tr id="claim-{html.escape(row["id"])}" data-verdict="{row["verdict"]}"'
        f' data-section="{html.escape(row["section"])}">'
        f'<th scope="row">{html.escape(row["id"])}</th>'
        f"<td>{verdict_mark(row['verdict'])}{role}{shown}</td>"
        f"<td>{html.escape(row['statement'])}{kind}{criterion}</td>"
        f'<td data-head="ours">{ours}</td>'
        f'<td data-head="paper">{html.escape(row["paper"])}'
        f"<br><small>{html.escape(row['source'])}</small></td>"
        f"<td>{told}</td></tr>"
    )


def price_table(paper: Paper) -> str:
    """What every scale costs, summed over run-sets."""
    heads = ("scale", "runs", "steps", "FLOPs", "forecast", "measured")
    rows = []
    for scale in SCALES:
        own = [row for row in paper.prices if row["scale"] == scale]
        if not own:
            continue

        def total(column: str, own: list[Row] = own) -> float | None:
            """None where one of them is not known."""
            values = [row[column] for row in own]
            return None if "" in values else sum(map(float, values))

        cells = [
            scale,
            f"{total('runs') or 0:,.0f}",
            f"{total('steps') or 0:,.0f}",
            f"{total('flops') or 0:.1e}",
            *(
                "–" if (seconds := total(column)) is None else duration(seconds)
                for column in ("forecast_s", "measured_s")
            ),
        ]
        first, *others = (html.escape(cell) for cell in cells)
        rows.append(
            f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{c}</td>" for c in others) + "</tr>"
        )
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return (
        '<div class="wide numbers" tabindex="0" role="region" aria-label="Prices">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
