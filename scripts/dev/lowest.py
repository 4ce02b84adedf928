"""Prints pip constraints that hold every direct dependency at its declared lower bound."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BOUND = re.compile(r"([A-Za-z0-9_.-]+)>=([0-9][0-9a-z.]*)")


def lowest(requirements: Iterable[str]) -> list[str]:
    """`name==bound` of each requirement that has a lower bound."""
    found = (_BOUND.match(requirement) for requirement in requirements)
    return [f"{match[1]}=={match[2]}" for match in found if match]


if __name__ == "__main__":
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    print("\n".join(lowest(project["dependencies"])))
