"""What a target means: the figures, tables, papers and run-sets that people and Snakemake name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from fittest.errors import ConfigError
from fittest.runs.runset import SCALES

if TYPE_CHECKING:
    from fittest.pipeline.project import Project

_ENDINGS = (".pdf", ".png", ".csv")
_FIGURE = re.compile(r"([a-z]+/)?fig[a-zA-Z0-9_]+")


def resolve(project: Project, word: str) -> list[str]:
    """Run-sets that a target needs, without those whose runs they reuse.

    A target is `all`, a paper, a run-set, a figure or table by its name, by its path with or
    without `figures/` and ending, or by the beginning of its name where one only begins so; or a
    file under results/. ConfigError for anything else, with what may have been meant.
    """
    return _runsets(project, canonical(project, word))


def canonical(project: Project, word: str) -> str:
    """The target under its one name: `all`, a paper, a run-set, or the path of a figure or table
    under figures/ without ending. ConfigError for an unknown one."""
    found = _exact(project, word)
    if found is None:
        found = _beginning(project, word)
    if found is None:
        which = meant(word, _words(project))
        raise ConfigError(f"unknown target `{word}`; {which}{_all(project)}")
    return found


def training_targets(project: Project, targets: Iterable[str]) -> list[str]:
    """Those of Snakemake's targets whose training is known, under their one name.

    targets: as Snakemake has parsed them, rules and files alike.
    """
    found: dict[str, None] = {}
    for word in targets:
        # What is wrong with a target is for `check_targets` to say.
        with suppress(ConfigError):
            name = _exact(project, word) or _of_rule(project, word)
            found |= {} if name is None else {name: None}
    return list(found)


def check_targets(project: Project, targets: Iterable[str], rules: Collection[str] = ()) -> None:
    """ConfigError for a target of Snakemake's that can only be a mistake.

    That is a figure, table or run-set that does not exist, a file of another scale, or one for
    which the configured scale is not declared; where `rules` names all rules, also a plain word
    that is none of them. Anything else is Snakemake's to judge.
    """
    for word in targets:
        if rules and word not in rules and not re.search(r"[./]", word):
            _check_word(project, word, rules)
        found = _exact(project, word)
        if found is not None:
            for runset in _runsets(project, found):
                # Raises where the scale is missing, or a run at it is wrong.
                project.catalogue.owners(runset)
            shard = re.search(r"/(\d{4})(\.\w+)?\.parquet$", word)
            if shard is not None and found in project.catalogue.names():
                project.shard(found, shard.group(1))
            continue
        inside = _below(project, project.paths.figures, word)
        if inside is not None and word.endswith(_ENDINGS):
            name, kind = inside.rsplit(".", 1)
            # What is far from all of them may be the product of a rule of the user's own.
            near = difflib.get_close_matches(name, published_names(project), 1, 0.8)
            if near or (kind != "csv" and _FIGURE.fullmatch(name)):
                what = "table" if kind == "csv" else "figure"
                which = meant(word, published_files(project))
                raise ConfigError(f"there is no {what} `{word}`; {which}config/papers/ lists them")


def _check_word(project: Project, word: str, rules: Collection[str]) -> None:
    """ConfigError for a word that is no rule: what Snakemake calls what may be meant."""
    try:
        found = canonical(project, word)
    except ConfigError:
        places = [*rules, *published_files(project)]
        raise ConfigError(
            f"unknown target `{word}`; {meant(word, places)}`snakemake --list` lists the rules"
        ) from None
    raise ConfigError(
        f"unknown target `{word}`; did you mean `{snakemake_target(project, found)}`?"
    )


def snakemake_target(project: Project, found: str) -> str:
    """What Snakemake calls a target in its one name."""
    if found == "all" or found in project.papers:
        return found
    known = published_names(project)
    return project.published(*known[found]) if found in known else project.paths.runs(found)


def published_files(project: Project) -> list[str]:
    """Published paths of the figures and tables of all papers."""
    return [
        path
        for paper in project.papers
        for path in (*project.figures_of(paper), *project.tables_of(paper))
    ]


# -- looking up --------------------------------------------------------------------------------


def published_names(project: Project) -> dict[str, tuple[str, str]]:
    """Path under figures/ without ending -> (paper, figure or table)."""
    return {
        f"{paper.folder}/{name}".lstrip("/"): (short, name)
        for short, paper in project.papers.items()
        for name in (*paper.figures, *paper.tables)
    }


def _runsets(project: Project, found: str) -> list[str]:
    """Run-sets of a target in its one name."""
    known = published_names(project)
    if found in known:
        short, name = known[found]
        figure = project.papers[short].figures.get(name)
        if figure is not None:
            return list(dict.fromkeys(figure.runsets))
        return list(project.runsets_behind(short, f"{name}.csv"))
    wanted: list[str] = []
    for short, paper in project.papers.items():
        if found in ("all", short):
            wanted += [name for figure in paper.figures.values() for name in figure.runsets]
            judged = ("claims.csv",) if short in project.claims else ()
            tables = (f"{name}.csv" for name in paper.tables)
            wanted += project.runsets_behind(short, *judged, *tables)
    return list(dict.fromkeys(wanted)) or [found] * (found in project.catalogue.names())


def _exact(project: Project, word: str) -> str | None:
    """The one name of a target that is written out in full; None for an unknown one."""
    if word == "all" or word in project.papers:
        return word
    known = published_names(project)
    plain = word.removeprefix("./")
    inside = _below(project, project.paths.figures, plain)
    name, ending = plain if inside is None else inside, ""
    if name.endswith(_ENDINGS):
        name, _, ending = name.rpartition(".")
    if name in known:
        is_table = project.published(*known[name]).endswith(".csv")
        return name if ending in ("", *(("csv",) if is_table else ("pdf", "png"))) else None
    by_name = [path for path, (_, figure) in known.items() if figure == name]
    if len(by_name) == 1 and inside is None:
        return by_name[0]
    if word in project.catalogue.names():
        return word
    inside = _below(project, project.paths.results, plain)
    return None if inside is None else _of_result(project, word, PurePosixPath(inside))


def _of_result(project: Project, word: str, path: PurePosixPath) -> str | None:
    """The target of a file under results/, or None; ConfigError for what no rule can make."""
    scale, *parts = path.parts or ("",)
    if scale in SCALES and scale != project.scale:
        raise ConfigError(
            f"`{word}` is of the scale {scale}, and the scale here is {project.scale}:"
            f" it needs --config scale={scale} (of plan: --scale {scale})"
        )
    if scale != project.scale or len(parts) < 2:
        return None
    if parts[0] == "runs":
        if parts[1] not in project.catalogue.names():
            names = project.catalogue.names()
            raise ConfigError(
                f"`{word}`: there is no run-set `{parts[1]}`; {meant(parts[1], names)}there are"
                f" {', '.join(names)}"
            )
        return parts[1]
    if parts[0] not in project.papers:
        return None
    if parts[1].startswith(("claims.", "derived.", "price.")) or parts[1] == "captions":
        return parts[0]
    number = re.match(r"fig[A-Z]?\d+(?=[._])", parts[-1])
    return _numbered(project, parts[0], number.group() if number else "")


def _of_rule(project: Project, rule: str) -> str | None:
    """The target of a rule that is called `<paper>_<what>`, or None."""
    for paper in project.papers:
        what = rule.removeprefix(f"{paper}_")
        if what != rule:
            verdicts = ("claims", "derived", "price")
            return paper if what in verdicts else _numbered(project, paper, what)
    return None


def _numbered(project: Project, paper: str, number: str) -> str | None:
    """The figure of a paper that is called `<number>_...`, or None."""
    for path, (short, name) in published_names(project).items():
        if short == paper and number and name.startswith(f"{number}_"):
            return path
    return None


def _below(project: Project, folder: str, word: str) -> str | None:
    """`word` relative to a folder of the project, or None where it is not in it."""
    path = PurePosixPath(word)
    for top in (PurePosixPath(folder), PurePosixPath((project.root / folder).resolve())):
        if path != top and path.is_relative_to(top) and ".." not in path.parts:
            return str(path.relative_to(top))
    return None


def _beginning(project: Project, word: str) -> str | None:
    """What is published under figures/ at a path that begins with `word`: `fig6` is figure 6 and no
    other.

    What stands at the top comes before what a paper has in a folder. None where there is none;
    ConfigError where several are meant.
    """
    inside = _below(project, project.paths.figures, word)
    start = word if inside is None else inside
    known = published_names(project)
    bare = [path for path, (_, name) in known.items() if name.startswith(start)]
    for among in ([path for path in known if path.startswith(start)], bare):
        border = re.compile(rf"(^|/){re.escape(start)}(?![a-zA-Z0-9])")
        whole = [path for path in among if border.search(path)]
        found = whole or among
        if len(found) == 1:
            return found[0]
        if found:
            raise ConfigError(f"`{word}` may be any of {', '.join(found)}: name one")
    return None


# -- messages ----------------------------------------------------------------------------------


def _words(project: Project) -> list[str]:
    return ["all", *project.papers, *published_names(project), *project.catalogue.names()]


def meant(word: str, among: Iterable[str]) -> str:
    """`did you mean ...? `, or nothing."""
    by_lower = {name.lower(): name for name in among}
    near = difflib.get_close_matches(word.lower(), by_lower, 3, 0.6)
    if not near:
        last = {name.rsplit("/", 1)[-1]: name for name in by_lower}
        stem = word.lower().rsplit("/", 1)[-1]
        near = [last[name] for name in difflib.get_close_matches(stem, last, 1)]
    return f"did you mean {' or '.join(f'`{by_lower[name]}`' for name in near)}? " if near else ""


def _all(project: Project) -> str:
    return (
        f"There are all, the papers {', '.join(project.papers)},"
        f" the figures and tables {', '.join(published_names(project))},"
        f" and the run-sets {', '.join(project.catalogue.names())}"
    )
