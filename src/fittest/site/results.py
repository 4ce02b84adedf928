"""What a scale's results hold of each paper: figures with their data, verdicts, prices."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from fittest.claims.judge import VERDICTS
from fittest.claims.model import Claim
from fittest.claims.registry import measures_of
from fittest.claims.render import figure_label
from fittest.errors import StoreError
from fittest.pipeline.project import Project

Row = Mapping[str, str]

_ORIGIN = re.compile(r"Scale (\S+), commit (\S+), config (\S+)\.$", re.MULTILINE)


@dataclass(frozen=True)
class Figure:
    """A figure of a paper.

    Attributes:
        label: `Figure 6: <title>`. runs: shown in it; None where there are none or it is not here.
        pdf, png: None where it has not been made. data: tables behind it that are here.
        described: what it shows, in sentences (Markdown).
        origin: scale, commit and config_hash that it was made from; empty where it is not here.
        target: what `make` is asked for to have it.
    """

    name: str
    label: str
    title: str
    section: str
    described: str
    target: str
    pdf: Path | None = None
    png: Path | None = None
    runs: int | None = None
    data: tuple[Path, ...] = ()
    origin: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Paper:
    """What is here of a paper at the scale.

    Attributes:
        claims: rows of claims.csv, with `section` and `code` added; none before they were judged.
        declared: how many claims its file has.
        origin: commit and config_hash that the claims were judged from.
        prices: rows of price.csv.
    """

    short: str
    title: str
    reference: str
    figures: tuple[Figure, ...]
    declared: int
    claims: tuple[Row, ...]
    prices: tuple[Row, ...]
    origin: Mapping[str, str]

    @property
    def made(self) -> list[Figure]:
        """The figures that are here."""
        return [figure for figure in self.figures if figure.png is not None]

    def verdicts(self) -> dict[str, int]:
        """Verdict -> number of the paper's own claims; what was not judged yet is not evaluated."""
        own = [row for row in self.claims if row.get("role", "paper") == "paper"]
        found = Counter(row["verdict"] for row in own)
        if not self.claims:
            found["not evaluated"] = self.declared
        return {verdict: found[verdict] for verdict in VERDICTS}


def papers(project: Project) -> list[Paper]:
    """Every paper of the project, in their order.

    Raises:
        StoreError: for a picture or table that cannot be read.
    """
    return [_paper(project, short) for short in project.papers]


def _paper(project: Project, short: str) -> Paper:
    entry = project.papers[short]
    file = project.claims.get(short)
    declared = file.claims if file else {}
    page = project.root / project.paths.table(short, "claims.md")
    found = _ORIGIN.search(page.read_text(encoding="utf-8")) if page.is_file() else None
    origin = (
        dict(zip(("scale", "commit", "config_hash"), found.groups(), strict=True)) if found else {}
    )
    sections = {name: figure.section for name, figure in entry.figures.items()}
    claims = []
    for row in _rows(project.root / project.paths.table(short, "claims.csv")):
        claim = declared.get(row["id"])
        section = sections.get(row["figure"], "Without a figure")
        claims.append({**row, "section": section, "code": code_of(short, claim) if claim else ""})
    return Paper(
        short=short,
        title=entry.title,
        reference=entry.reference,
        figures=tuple(_figure(project, short, name) for name in sorted(entry.figures, key=_order)),
        declared=sum(claim.role == "paper" for claim in declared.values()),
        claims=tuple(claims),
        prices=tuple(_rows(project.root / project.paths.table(short, "price.csv"))),
        origin=origin,
    )


def code_of(paper: str, claim: Claim) -> str:
    """The functions that measure a claim, such as `claims/survival.py: survivors`."""
    known = measures_of(paper)
    names = []
    for call in claim.measures.values():
        measure = known.get(call.measure)
        if measure is not None:
            place = measure.__module__.removeprefix("fittest.").replace(".", "/")
            names.append(f"{place}.py: {getattr(measure, '__name__', call.measure)}")
    return "; ".join(dict.fromkeys(names))


def _figure(project: Project, paper: str, name: str) -> Figure:
    entry = project.figure(paper, name)
    described = project.root / "workflow" / "report" / paper / f"{name}.rst"
    pdf = project.root / project.paths.kept_figure(paper, name)
    png = project.root / project.paths.png(project.paths.kept_figure(paper, name))
    here = pdf.is_file() and png.is_file()
    origin = _described(png) if here else {}
    return Figure(
        name=name,
        label=figure_label(name, entry.title),
        title=entry.title,
        section=entry.section,
        described=_markdown(described.read_text(encoding="utf-8"))
        if described.is_file()
        else f"{entry.title}.",
        target=project.published(paper, name),
        pdf=pdf if here else None,
        png=png if here else None,
        runs=origin.get("figure_runs"),
        data=tuple(_tables(project, paper, entry.inputs)) if here else (),
        origin=origin,
    )


def _tables(project: Project, paper: str, inputs: Mapping[str, Any]) -> list[Path]:
    """The analysis products among a figure's inputs that are here; runs of run-sets are not."""
    names: list[str] = []
    for value in inputs.values():
        names += [value] if isinstance(value, str) else list(value)
    found = [project.root / project.paths.table(paper, name) for name in names]
    return [path for path in dict.fromkeys(found) if path.is_file()]


def _described(png: Path) -> dict[str, Any]:
    try:
        with Image.open(png) as picture:
            known: dict[str, Any] = json.loads(picture.info["Description"])
    except (OSError, KeyError, ValueError) as error:
        raise StoreError(
            f"{png}: says nothing of its origin; delete it and make the figure again"
        ) from error
    return known


def _rows(path: Path) -> Sequence[Row]:
    if not path.is_file():
        return ()
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _order(name: str) -> tuple[int, int, str]:
    """Figures by number, supplementary ones after them, those without a number last."""
    number = re.match(r"fig(S?)(\d+)", name)
    return (bool(number[1]), int(number[2]), name) if number else (2, 0, name)


def _markdown(text: str) -> str:
    """One paragraph of reStructuredText as Markdown: literals lose a pair of back-quotes."""
    return " ".join(text.replace("``", "`").split())
