"""The tables that the explorers read, made from a scale's results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from fittest.pipeline.project import Project
from fittest.site.packing import pack, write_index
from fittest.site.tables.circuits import circuits
from fittest.site.tables.cosets import cosets
from fittest.site.tables.signals import signals, survival
from fittest.site.tables.sources import Packed
from fittest.site.tables.structures import structures

MAKERS: dict[str, Callable[[Project], Iterator[Packed]]] = {
    "signals": signals,
    "survival": survival,
    "circuits": circuits,
    "cosets": cosets,
    "structures": structures,
}
"""Explorer -> what makes its tables, one by one; none where the results are not there."""


def put_tables(project: Project, folder: Path) -> list[str]:
    """Write what is here for each explorer into `folder`, with an index of it; the names of the
    explorers that have something. StoreError for results that cannot be read."""
    index: dict[str, dict[str, list[str]]] = {}
    for name, maker in MAKERS.items():
        for packed in maker(project):
            file = (
                f"{name}-{packed.choice}-{packed.name}"
                if packed.choice
                else f"{name}-{packed.name}"
            )
            pack(folder, file, packed.table, packed.about)
            index.setdefault(name, {}).setdefault(packed.choice, []).append(packed.name)
    write_index(folder, index)
    return list(index)
