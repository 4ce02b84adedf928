"""From the entries of the papers' files to rules of the workflow, as plain data.

workflow/rules/figures.smk makes a rule from each of what stands here. Whatever an entry names must
exist: if not, ConfigError says file, key and remedy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from fittest.analysis.reductions import REDUCTIONS
from fittest.errors import ConfigError
from fittest.pipeline.configuration.entries import (
    VERDICTS,
    NamedEntry,
    meaning,
    named_entries,
    written,
)
from fittest.pipeline.configuration.paper_config import OwnAnalysis
from fittest.pipeline.configuration.targets import meant

if TYPE_CHECKING:
    from fittest.pipeline.project import Project

JUDGING = ("claims", "derived", "price")
"""Rules that every paper with claims has."""
RULES = ("all", "train", "collect", "publish", "publish_table")
"""Rules that belong to no paper."""


@dataclass(frozen=True)
class EntryRule:
    """The rule of an entry, as Snakemake is told of it.

    name: of the rule. where: the entry's place in the configuration. figure: its name if it is one.
    inputs, outputs: paths relative to the root, by the names that the script has for them; the
    outputs of a figure are the workflow's to name. runsets: those it reads tables of. script: under
    scripts/. resources: as Snakemake calls them.
    """

    name: str
    title: str
    paper: str
    where: str
    figure: str | None
    inputs: dict[str, str | list[str]]
    outputs: dict[str, str]
    params: dict[str, Any]
    runsets: tuple[str, ...]
    script: str
    log: str
    local: bool
    threads: int
    resources: dict[str, int]


def entry_rules(project: Project) -> list[EntryRule]:
    """The rules of all entries of all papers. ConfigError for what is wrong in an entry."""
    makers = project.makers
    judging = [f"{paper}_{what}" for paper in project.claims for what in JUDGING]
    taken = dict.fromkeys((*RULES, *project.papers, *judging), "the workflow itself")
    rules = []
    for entry in named_entries(project.papers):
        rule = _rule(project, entry, makers)
        if rule.name in taken:
            raise ConfigError(
                f"{rule.where}: its rule would be called `{rule.name}`, as that of"
                f" {taken[rule.name]}; choose another name"
            )
        taken[rule.name] = rule.where
        rules.append(rule)
    return rules


def check_entries(project: Project) -> None:
    """ConfigError for an entry that names what does not exist, or makes what another one makes."""
    taken: dict[tuple[str, str], str] = {}
    for entry in named_entries(project.papers):
        for key, file in entry.outputs.items():
            here = (entry.paper, file)
            if file in VERDICTS or file.startswith(("figures/", "captions/")):
                raise ConfigError(f"{entry.where}.outputs.{key}: `{file}` is made of the claims")
            if here in taken:
                raise ConfigError(
                    f"{entry.where}.outputs.{key}: `{file}` is also made by {taken[here]};"
                    " choose another name"
                )
            taken[here] = entry.key
    for rule in project.entry_rules():
        if project.source is not None and not (project.source / "scripts" / rule.script).is_file():
            raise ConfigError(
                f"{rule.where}: there is no scripts/{rule.script}; write it, or name another one"
                " under `script`"
            )
    for short, paper in project.papers.items():
        where = f"config/papers/{short}.yaml"
        for name, figure in paper.figures.items():
            needed = project.runsets_behind(short, *written(figure))
            unnamed = [runset for runset in needed if runset not in figure.runsets]
            if unnamed:
                raise ConfigError(
                    f"{where}: figures.{name}.runsets: lacks {', '.join(unnamed)}, which its inputs"
                    " are made from; add it, or leave `runsets` out"
                )
        for name in paper.tables:
            _check_table(project, short, f"{name}.csv", f"{where}: tables.{name}")
        judged = project.claims[short].tables if short in project.claims else ()
        for name in judged:
            _check_table(project, short, f"{name}.parquet", f"config/claims/{short}.yaml: tables")


def _rule(
    project: Project, named: NamedEntry, makers: Mapping[tuple[str, str], NamedEntry]
) -> EntryRule:
    entry, paths = named.entry, project.paths
    inputs = {
        key: _paths(project, named, f"{named.where}.inputs.{key}", value, makers)
        for key, value in entry.inputs.items()
    }
    read = [meaning(project.papers, named.paper, text)[0] for text in written(entry)]
    asked = {"mem_mb": entry.memory_mb, "runtime": entry.minutes}
    return EntryRule(
        name=f"{named.paper}_{named.name}",
        title=named.title,
        paper=named.paper,
        where=named.where,
        figure=named.figure,
        inputs=inputs,
        outputs={key: paths.table(named.paper, file) for key, file in named.outputs.items()},
        params=_params(project, named),
        runsets=tuple(dict.fromkeys(name for name in read if name is not None)),
        script=entry.script or named.script,
        log=f"logs/{project.scale}/{named.paper}/{named.name}.log",
        local=entry.local if isinstance(entry, OwnAnalysis) else True,
        threads=entry.threads,
        resources={name: value for name, value in asked.items() if value is not None},
    )


# -- what entries read -------------------------------------------------------------------------


def _paths(
    project: Project,
    named: NamedEntry,
    where: str,
    value: str | tuple[str, ...],
    makers: Mapping[tuple[str, str], NamedEntry],
) -> str | list[str]:
    """The files that an input stands for: one path, or a list."""
    if not isinstance(value, str):
        several = [_paths(project, named, where, text, makers) for text in value]
        return [p for one in several for p in ([one] if isinstance(one, str) else one)]
    runset, (paper, file) = meaning(project.papers, named.paper, value)
    if runset is None:
        if (paper, file) not in makers:
            _check_table(project, paper, file, where)
        return project.paths.table(paper, file)
    if runset not in project.catalogue.names():
        names = project.catalogue.names()
        raise ConfigError(
            f"{where}: there is no run-set `{runset}`; {meant(runset, names)}config/runsets/ lists"
            " them"
        )
    if not project.catalogue.runset(runset).exists:
        raise ConfigError(
            f"{where}: run-set `{runset}` has no entry for scale `{project.scale}`; add one"
        )
    if file in ("runs", "frequencies"):
        return str(getattr(project.paths, file)(runset))
    if file == "trajectories":
        return project.runset_inputs(runset)
    if file in REDUCTIONS:
        if file not in project.catalogue.runset(runset).reductions:
            raise ConfigError(
                f"{where}: run-set `{runset}` makes no {file}; add it to reductions in"
                f" {project.catalogue.runset(runset).where}"
            )
        return project.paths.reduced(runset, file)
    return project.runset_weights(runset)


def _check_table(project: Project, paper: str, file: str, where: str) -> None:
    """ConfigError unless something makes a file of a paper."""
    made = [name for short, name in project.makers if short == paper]
    made += project.papers[paper].made_by_rules
    made += VERDICTS if paper in project.claims else ()
    if file not in made:
        raise ConfigError(
            f"{where}: nothing makes `{file}`; {meant(file, made)}the `outputs` in"
            f" config/papers/{paper}.yaml list what is made; `<paper>/<file>` is another paper's"
        )


# -- what entries are told ---------------------------------------------------------------------


def _params(project: Project, named: NamedEntry) -> dict[str, Any]:
    figures = project.papers[named.paper].figures
    found = {
        key: _parameter(project, named, f"{named.where}.parameters.{key}", value)
        for key, value in named.entry.parameters.items()
    }
    if named.figure is not None and figures[named.figure].paper:
        found.setdefault("paper", dict(figures[named.figure].paper))
    return found


def _parameter(project: Project, named: NamedEntry, where: str, value: Any) -> Any:
    """The value of a parameter, as plain data."""
    if isinstance(value, dict):
        return {k: _parameter(project, named, f"{where}.{k}", v) for k, v in value.items()}
    if not isinstance(value, str):
        return value
    root, _, rest = value.partition(".")
    if value == "scale":
        return project.scale
    if value == "title" and named.figure is not None:
        return project.papers[named.paper].figures[named.figure].title
    if value == "runs" and named.figure is not None:
        return project.runs_of(named.paper, named.figure)
    if root == "paper":
        figures = project.papers[named.paper].figures
        if rest not in figures:
            raise ConfigError(
                f"{where}: there is no figure `{rest}`; {meant(rest, figures)}"
                f"config/papers/{named.paper}.yaml lists them"
            )
        return dict(figures[rest].paper)
    if root == "analysis":
        return _value(project.config.analysis, root, rest, where)
    if root == "constants":
        return _value(project.constants(named.paper), root, rest, where)
    raise ConfigError(
        f"{where}: `{value}` is none of `analysis.<key>`, `constants.<key>`, `paper.<figure>`,"
        " `runs` or `title` (of a figure), `scale`, a number"
    )


def _value(settings: BaseModel, root: str, dotted: str, where: str) -> Any:
    """The value of a dotted key of settings, as plain data."""
    value: Any = settings
    so_far = root
    for name in dotted.split(".") if dotted else []:
        known = list(type(value).model_fields) if isinstance(value, BaseModel) else []
        if name not in known:
            raise ConfigError(
                f"{where}: `{so_far}` has no key `{name}`; {meant(name, known)}"
                "docs/reference/configuration.md lists them"
            )
        value = getattr(value, name)
        so_far += f".{name}"
    return to_jsonable_python(value)
