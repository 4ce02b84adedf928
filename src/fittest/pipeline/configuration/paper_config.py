"""config/papers/<paper>.yaml: the figures and tables of a paper, and how each comes to be.

An entry says what a script reads, makes and is told; the workflow makes its rule from that
(entry_rules.py).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from fittest.settings import Name, Settings

TABLE = re.compile(r"\w[\w-]*(/\w[\w-]*)*\.(parquet|csv|json)")
"""A file of a paper under results/<scale>/<paper>/."""


def _table(text: str) -> str:
    if not TABLE.fullmatch(text):
        raise ValueError("must be a file such as fig1.csv, ending in .parquet, .csv or .json")
    return text


def _script(text: str) -> str:
    if not re.fullmatch(r"\w[\w-]*(/\w[\w-]*)*\.py", text):
        raise ValueError("must be a file under scripts/, such as survival/plot_fig6_survival.py")
    return text


Key = Annotated[str, Field(pattern="^[a-zA-Z][a-zA-Z0-9_]*$")]
TableName = Annotated[str, Field(pattern="^[a-z][a-zA-Z0-9_]*$")]
FigureName = Annotated[str, Field(pattern="^fig[a-zA-Z0-9_]+$")]
TableFile = Annotated[str, AfterValidator(_table)]
ScriptFile = Annotated[str, AfterValidator(_script)]
Parameter = str | bool | int | float | dict[str, str | bool | int | float]


class Entry(Settings):
    """What every script is given."""

    inputs: dict[Key, str | tuple[str, ...]] = Field(
        default_factory=dict,
        description="what the script reads, by the name it has there: `<run-set>.runs`,"
        " `.frequencies`, `.trajectories`, `.weights` or one of its reductions; a table of the"
        " paper (`fig1.csv`) or of another one (`survival/fig1.csv`); or a list of these",
    )
    parameters: dict[Key, Parameter] = Field(
        default_factory=dict,
        description="what the script is told, by the name it has there: a key of config/config.yaml"
        " (`analysis.alive.relative`), of config/analysis/&lt;paper&gt;.yaml (`constants`,"
        " `constants.range`), `paper.<figure>` for the values of that figure's `paper`, `runs` for"
        " the number of networks of its run-sets, `scale`; a number; or a mapping of these",
    )
    script: ScriptFile | None = Field(
        default=None, description="its script under scripts/, where that has another name"
    )
    threads: int = Field(default=1, ge=1, le=1024, description="cores of its job")
    memory_mb: int | None = Field(
        default=None, ge=1, description="memory of its job, where a cluster's default is too small"
    )
    minutes: int | None = Field(
        default=None, ge=1, description="time of its job, where a cluster's default is too short"
    )


class OwnAnalysis(Entry):
    """The analysis of one figure: scripts/&lt;paper&gt;/analyse_&lt;figure&gt;.py."""

    outputs: dict[Key, TableFile] = Field(
        min_length=1, description="tables that it makes, by the name they have in the script"
    )
    local: bool = Field(
        default=False, description="so cheap that it never becomes a job of a cluster"
    )


class AnalysisEntry(OwnAnalysis):
    """Tables for several figures or claims: scripts/&lt;paper&gt;/analyse_&lt;name&gt;.py."""

    title: str = Field(description="what it finds out, in one sentence")


class FigureEntry(Entry):
    """One figure of a paper: scripts/&lt;paper&gt;/plot_&lt;figure&gt;.py."""

    title: str = Field(description="what it shows, for lists")
    section: str = Field(
        default="Figures", description="section of the paper it belongs to, as the report sorts it"
    )
    runsets: tuple[str, ...] = Field(
        default=(),
        description="run-sets it needs; where left out, those that its inputs are made from",
    )
    paper: dict[str, float] = Field(
        default_factory=dict,
        description="values read from the paper, printed beside ours; the script's parameter"
        " `paper`, where there are any",
    )
    analysis: OwnAnalysis | None = Field(
        default=None, description="what makes its tables, where no other figure needs them"
    )


class TableEntry(Settings):
    """One table of a paper: a CSV file among its results, published beside the figures."""

    title: str = Field(description="what stands in it, for lists")


class PaperFile(Settings):
    """config/papers/<paper>.yaml"""

    title: str = Field(description="title of the paper")
    reference: str = Field(description="authors, year, identifier")
    folder: str = Field(pattern="^[a-z]*$", description="folder under figures/; empty for its top")
    place: int | None = Field(
        default=None,
        ge=1,
        description="its place among the papers wherever these are listed; those without one come"
        " last, by name",
    )
    analyses: dict[Name, AnalysisEntry] = Field(
        default_factory=dict, description="what makes tables for several figures, by name"
    )
    tables: dict[TableName, TableEntry] = Field(
        default_factory=dict,
        description="tables by file name, without ending: results/&lt;scale&gt;/&lt;paper&gt;/"
        "&lt;table&gt;.csv is published as figures/[&lt;folder&gt;/]&lt;table&gt;.csv",
    )
    figures: dict[FigureName, FigureEntry] = Field(
        description="figures by file name, without ending"
    )
    made_by_rules: tuple[TableFile, ...] = Field(
        default=(),
        description="tables that no entry makes but a rule in workflow/rules/&lt;paper&gt;.smk",
    )


def in_order(papers: Mapping[str, PaperFile]) -> dict[str, PaperFile]:
    """The papers in the order in which a reader meets them: by their places, then by name."""

    def place(short: str) -> tuple[float, str]:
        declared = papers[short].place
        return (math.inf if declared is None else declared, short)

    return {short: papers[short] for short in sorted(papers, key=place)}
