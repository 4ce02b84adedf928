"""Everything that can be wrong in the configuration, looked at before anything starts."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fittest.analysis.papers import constants
from fittest.errors import ClaimError, ConfigError
from fittest.pipeline.configuration.entries import written
from fittest.pipeline.configuration.entry_rules import check_entries
from fittest.pipeline.configuration.reductions import check_reductions
from fittest.runs.runset import SCALES

if TYPE_CHECKING:
    from fittest.claims.model import ClaimFile
    from fittest.pipeline.project import Project

_FOLDERS = ("papers", "runsets", "claims", "analysis")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def check(project: Project) -> None:
    """Papers, their claims and constants, and every run-set at the project's scale, whether a
    figure needs it or not. Raises ConfigError, which names file, key and remedy.

    Names of files are to be looked at before any is read: `check_file_names`.
    """
    _check_papers(project)
    check_runsets(project)
    _check_analysis(project)
    check_entries(project)
    for short, claims in project.claims.items():
        _check_claims(project, short, claims)


def check_scales(project: Project, scales: Iterable[str] = SCALES) -> Iterator[str]:
    """Check at one scale after the other; a line for each: run-sets and runs there are."""
    check_file_names(project)
    for number, scale in enumerate(scales):
        here = project.at_scale(scale, sketch=True)
        # The rest is the same at every scale.
        check_runsets(here) if number else check(here)
        runsets = [here.catalogue.runset(name) for name in here.catalogue.names()]
        runs = sum(runset.number for runset in runsets)
        yield f"{scale}: {len(runsets)} run-sets, {runs:,} runs"


def check_runsets(project: Project) -> None:
    """Every run-set is valid at the project's scale and finds those it depends on.

    One that has no entry for the scale is none there: asking for it is the error.
    """
    catalogue = project.catalogue
    with _no_collection():
        for name in catalogue.names():
            runset = catalogue.runset(name)
            if runset.paper and runset.paper not in project.papers:
                file = runset.where.removesuffix(f": runsets.{name}")
                raise ConfigError(f"{file}: paper: {_no_paper(project, runset.paper)}")
            if runset.exists:
                catalogue.check(name)
                check_reductions(runset)
        catalogue.check_order()


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without the search for unreachable cycles: tens of thousands of runs are made here, all of
    them stay, and looking through them again and again takes as long as making them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def check_file_names(project: Project) -> None:
    """Files are read by their ending, and their names stand in paths and rules."""
    for folder in _FOLDERS:
        for path in sorted((project.home / folder).glob("*")):
            name = f"config/{folder}/{path.name}"
            if path.suffix.lower() in (".yml", ".yaml") and path.suffix != ".yaml":
                raise ConfigError(f"{name}: is not read; let its name end in .yaml")
            if folder != "runsets" and path.suffix == ".yaml" and not _NAME.fullmatch(path.stem):
                raise ConfigError(f"{name}: a paper's name must match ^[a-z][a-z0-9_]*$")


def _check_papers(project: Project) -> None:
    """Run-sets that figures name exist, and no two are published under one name."""
    places: dict[str, str] = {}
    for short, paper in project.papers.items():
        file = f"config/papers/{short}.yaml"
        for name, figure in paper.figures.items():
            # Those that inputs name are looked at with these (entry_rules.py).
            read = project.runsets_behind(short, *written(figure))
            for runset in figure.runsets:
                if runset not in (*project.catalogue.names(), *read):
                    raise ConfigError(
                        f"{file}: figures.{name}.runsets: {_no_runset(project, runset)}"
                    )
        keys = [f"figures.{name}" for name in paper.figures]
        for key in (*keys, *(f"tables.{name}" for name in paper.tables)):
            name = key.partition(".")[2]
            place = project.published(short, name)
            stem = place.rsplit(".", 1)[0]
            if stem in places:
                raise ConfigError(f"{file}: {key}: {place} is also that of {places[stem]}")
            places[stem] = f"{file}: {key}"
            if key.startswith("tables.") and name in (*project.papers, *project.catalogue.names()):
                raise ConfigError(
                    f"{file}: {key}: `{name}` is also a paper or a run-set; choose another name"
                )


def _check_analysis(project: Project) -> None:
    """Constants are there for the papers that have some, and for no other."""
    for path in sorted((project.home / "analysis").glob("*.yaml")):
        where = f"config/analysis/{path.name}"
        if path.stem not in project.papers:
            raise ConfigError(f"{where}: {_no_paper(project, path.stem)}")
        if path.stem not in constants():
            raise ConfigError(
                f"{where}: nothing reads it; there are constants of"
                f" {', '.join(constants())} (fittest/analysis/<paper>/constants.py)"
            )
    for short in project.papers.keys() & constants().keys():
        project.constants(short)


def _check_claims(project: Project, short: str, file: ClaimFile) -> None:
    """Papers, run-sets, figures and measures that claims name exist."""
    # Loads pandas and SciPy: not before all else is known to be right.
    from fittest.claims.registry import check_call, check_statistics, measures_of

    path = f"config/claims/{short}.yaml"
    if file.paper not in project.papers:
        raise ConfigError(f"{path}: paper: {_no_paper(project, file.paper)}")
    if file.paper != short:
        raise ConfigError(
            f"{path}: paper: is `{file.paper}`, whose claims stand in"
            f" config/claims/{file.paper}.yaml"
        )
    for runset in file.runsets:
        if runset not in project.catalogue.names():
            raise ConfigError(f"{path}: runsets: {_no_runset(project, runset)}")
    figures = project.papers[short].figures
    known = measures_of(short)
    for name, claim in file.claims.items():
        where = f"{path}: claims.{name}"
        if claim.figure is not None and claim.figure not in figures:
            raise ConfigError(
                f"{where}.figure: there is no figure `{claim.figure}` in"
                f" config/papers/{short}.yaml; there are {', '.join(figures)}"
            )
        for key, call in claim.measures.items():
            try:
                check_call(known, call.measure, call.parameters)
                check_statistics(short, call.parameters)
            except ClaimError as error:
                raise ConfigError(f"{where}.measures.{key}: {error}") from None


def _no_paper(project: Project, name: str) -> str:
    return f"there is no paper `{name}`; there are {', '.join(project.papers)} (config/papers/)"


def _no_runset(project: Project, name: str) -> str:
    return f"there is no run-set `{name}`; there are {', '.join(project.catalogue.names())}"
