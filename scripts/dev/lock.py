"""Prints requirements.lock anew: the versions that this environment holds, in two parts.

First what the package needs to run, then the tools that test and lint it. torch is left out: its
version stands in pyproject.toml.
"""

from __future__ import annotations

import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "fittest"
TOOLS = "# Tools:"
"""How the line between the two parts begins; setup.sh looks for it."""
# Its lines would name what is here by chance: a build for one kind of processor, say.
LEFT_OUT = {PACKAGE, "torch"}


def needed(name: str, extras: frozenset[str] = frozenset()) -> set[tuple[str, frozenset[str]]]:
    """Installed packages that `name` with these extras asks for, each with its extras."""
    try:
        asked = distribution(name).requires or []
    except PackageNotFoundError:
        return set()
    found = set()
    for requirement in map(Requirement, asked):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": e}) for e in extras or {""}):
            found.add((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return found


def closure(name: str) -> set[str]:
    """All packages that a package needs, directly or through others."""
    reached, ahead = set(), needed(name)
    while ahead:
        reached |= ahead
        ahead = set().union(*(needed(*one) for one in ahead)) - reached
    return {one for one, _ in reached}


def pins(found: list[Distribution]) -> str:
    """One line for each, in the order of their names."""
    lines = {canonicalize_name(one.name): f"{one.name}=={one.version}" for one in found}
    return "\n".join(line for _, line in sorted(lines.items()))


def main() -> None:
    """Comments as they stand, versions as they are installed."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    head, tools = [], []
    for line in lines:
        if line.startswith(TOOLS) or tools:
            tools.append(line)
        else:
            head.append(line)
    to_run = closure(PACKAGE) | {"pip"}
    found = [one for one in distributions() if canonicalize_name(one.name) not in LEFT_OUT]
    parts = (
        [line for line in head if line.startswith("#")],
        [one for one in found if canonicalize_name(one.name) in to_run],
        [line for line in tools if line.startswith("#")],
        [one for one in found if canonicalize_name(one.name) not in to_run],
    )
    sys.stdout.write("\n".join([*parts[0], pins(parts[1]), *parts[2], pins(parts[3])]) + "\n")


if __name__ == "__main__":
    main()
