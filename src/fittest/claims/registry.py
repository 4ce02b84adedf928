"""Which measures claims may name, and whether they are called as they can be."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from fittest.analysis.papers import statistics_of
from fittest.claims import general
from fittest.claims.measures import Measure, registered
from fittest.errors import ClaimError


def measures_of(paper: str) -> Mapping[str, Measure]:
    """The measures for any paper and those of `paper`, by name.

    A paper's own live in `fittest.claims.<paper>`; a paper without such a module has none.
    """
    own = f"{__package__}.{paper}"
    if importlib.util.find_spec(own) is not None:
        importlib.import_module(own)
    return {n: f for n, f in registered().items() if "." not in n or n.startswith(f"{paper}.")}


def check_call(known: Mapping[str, Measure], name: str, parameters: Mapping[str, Any]) -> None:
    """Raise ClaimError for an unknown measure, or parameters that it does not take."""
    if name not in known:
        raise ClaimError(f"there is no measure `{name}`; there are {', '.join(sorted(known))}")
    try:
        inspect.signature(known[name]).bind(None, **parameters)
    except TypeError as error:
        raise ClaimError(f"measure `{name}`: {error}") from None


def check_statistics(paper: str, parameters: Mapping[str, Any]) -> None:
    """Raise ClaimError for a row of a table of statistics into which the paper's analyses write
    no such row. What other tables hold is not known here."""
    table = str(parameters.get("table"))
    names = statistics_of(paper).get(table)
    if names is None:
        return
    for key in general.ROWS:
        name = parameters.get(key)
        if name is not None and name not in names:
            near = get_close_matches(str(name), names, n=1)
            meant = f"did you mean `{near[0]}`? " if near else ""
            raise ClaimError(
                f"{key}: `{table}` has no row `{name}`; {meant}"
                f"fittest/analysis/{paper}/names.py lists them"
            )
