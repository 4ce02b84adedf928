"""What the wing of a paper declares, found by the paper's short name: a wing lists itself nowhere.

A paper with constants has a module `constants`, and one that writes statistics a module `names`, in
`fittest/analysis/<paper>/`.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType

from fittest.analysis.statistics.names import StatisticName
from fittest.settings import Settings

_FOLDER = Path(__file__).parent


def _module(paper: str, name: str) -> ModuleType | None:
    if not (_FOLDER / paper / f"{name}.py").is_file():
        return None
    return importlib.import_module(f"{__package__}.{paper}.{name}")


@cache
def constants() -> Mapping[str, type[Settings]]:
    """Paper -> the settings class of its constants (`Constants` of its module `constants`), for
    the papers that have one, sorted."""
    papers = sorted(path.parent.name for path in _FOLDER.glob("*/constants.py"))
    found = {paper: _module(paper, "constants") for paper in papers}
    return {paper: module.Constants for paper, module in found.items() if module is not None}


@cache
def statistics_of(paper: str) -> Mapping[str, frozenset[str]]:
    """Table of statistics -> the names that a paper's analyses write into it (`TABLES` of its
    module `names`). Empty for a paper without such a module."""
    found = _module(paper, "names")
    tables: Mapping[str, tuple[type[StatisticName], ...]] = {} if found is None else found.TABLES
    return {
        table: frozenset(str(name) for group in groups for name in group)
        for table, groups in tables.items()
    }
