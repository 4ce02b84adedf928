"""The entries of the papers' files: their names, what they read and make, and what is behind them.

An analysis or a figure is an entry in config/papers/<paper>.yaml (paper_config.py) and its script.
What stands in them need not be right here: entry_rules.py says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fittest.analysis.reductions import REDUCTIONS
from fittest.pipeline.configuration.paper_config import Entry, OwnAnalysis, PaperFile

if TYPE_CHECKING:
    from fittest.claims.model import ClaimFile

KINDS = ("runs", "frequencies", "trajectories", "weights", *REDUCTIONS)
"""What an entry may read of a run-set."""
VERDICTS = ("claims.csv", "claims.md", "claims.html", "derived.txt", "price.csv", "price.html")
"""What the claims of a paper become, beside the captions."""


@dataclass(frozen=True)
class NamedEntry:
    """An entry with its names: of its rule without the paper's, of its script by convention.

    key: its place in the paper's file. figure: its name if it is one.
    """

    paper: str
    name: str
    script: str
    key: str
    title: str
    entry: Entry
    figure: str | None = None

    @property
    def where(self) -> str:
        """Its place in the configuration, for messages."""
        return f"config/papers/{self.paper}.yaml: {self.key}"

    @property
    def outputs(self) -> dict[str, str]:
        """Tables that it makes, by the names they have in its script; a figure makes none."""
        return self.entry.outputs if isinstance(self.entry, OwnAnalysis) else {}


def named_entries(papers: Mapping[str, PaperFile]) -> Iterator[NamedEntry]:
    """All entries that have a script, the analyses of a paper before its figures."""
    for short, paper in papers.items():
        for name, analysis in paper.analyses.items():
            script = f"{short}/analyse_{name}.py"
            yield NamedEntry(short, name, script, f"analyses.{name}", analysis.title, analysis)
        for name, figure in paper.figures.items():
            called = short_name(paper.figures, name)
            key = f"figures.{name}"
            number = called.removeprefix("fig") if called != name else name
            if figure.analysis is not None:
                script = f"{short}/analyse_{name}.py"
                title = f"Numbers of figure {number}: {figure.title}"
                rule = f"analyse_{called}"
                yield NamedEntry(short, rule, script, f"{key}.analysis", title, figure.analysis)
            title = f"Figure {number}: {figure.title}"
            yield NamedEntry(short, called, f"{short}/plot_{name}.py", key, title, figure, name)


Makers = Mapping[tuple[str, str], NamedEntry]
"""(paper, file) -> the entry that makes it."""


def makers_of(papers: Mapping[str, PaperFile]) -> Makers:
    """(paper, file) -> the entry that makes it."""
    return {
        (entry.paper, file): entry
        for entry in named_entries(papers)
        for file in entry.outputs.values()
    }


def short_name(figures: Iterable[str], name: str) -> str:
    """`fig6` of fig6_survival, unless another figure has the number too."""
    number = re.match(r"fig[A-Z]?\d+(?=_)", name)
    if number is None or sum(other.startswith(f"{number[0]}_") for other in figures) > 1:
        return name
    return number[0]


# -- what entries read -------------------------------------------------------------------------


def written(entry: Entry) -> list[str]:
    """All inputs of an entry as they are written."""
    return [
        text
        for value in entry.inputs.values()
        for text in ([value] if isinstance(value, str) else value)
    ]


def meaning(
    papers: Mapping[str, PaperFile], paper: str, text: str
) -> tuple[str | None, tuple[str, str]]:
    """What an input means: a run-set and ("", kind), or None and (paper, file)."""
    head, _, kind = text.rpartition(".")
    if kind in KINDS:
        return head, ("", kind)
    first, slash, rest = text.partition("/")
    return None, (first, rest) if slash and first in papers else (paper, text)


def runsets_behind(
    papers: Mapping[str, PaperFile],
    claims: Mapping[str, ClaimFile],
    paper: str,
    inputs: Iterable[str],
    makers: Makers,
) -> tuple[str, ...]:
    """Run-sets that inputs of a paper's entry are made from in the end, each once.

    What nobody makes adds none: telling of it is for `entry_rules`. makers: `makers_of(papers)`,
    which takes longer than one answer.
    """
    found: dict[str, None] = {}
    # As it is written, and whose.
    waiting = [(paper, text) for text in inputs]
    seen = set()
    while waiting:
        one = waiting.pop(0)
        if one in seen:
            continue
        seen.add(one)
        runset, file = meaning(papers, *one)
        if runset is not None:
            found[runset] = None
        elif file in makers:
            maker = makers[file]
            waiting += [(maker.paper, text) for text in written(maker.entry)]
        elif file[1] in VERDICTS and file[0] in claims:
            judged = claims[file[0]]
            found |= dict.fromkeys(judged.runsets)
            waiting += [(file[0], f"{table}.parquet") for table in judged.tables]
    return tuple(found)


def with_runsets(
    papers: Mapping[str, PaperFile], claims: Mapping[str, ClaimFile]
) -> dict[str, PaperFile]:
    """The papers, each figure with the run-sets that it needs where its entry leaves them out."""
    makers = makers_of(papers)
    return {
        short: paper.model_copy(
            update={
                "figures": {
                    name: figure
                    if "runsets" in figure.model_fields_set
                    else figure.model_copy(
                        update={
                            "runsets": runsets_behind(
                                papers, claims, short, written(figure), makers
                            )
                        }
                    )
                    for name, figure in paper.figures.items()
                }
            }
        )
        for short, paper in papers.items()
    }
