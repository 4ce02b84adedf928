"""The tables that the explorers read, made from a scale's results."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fittest.pipeline.project import Project


def put_tables(project: Project, folder: Path) -> Iterable[str]:
    """Write what is here for each explorer into `folder`; the names of those that have something."""
    return []
