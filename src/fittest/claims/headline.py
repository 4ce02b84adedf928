"""How many claims came out how, by whose claims they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from fittest.claims.judge import VERDICTS, Judgement

ROLES = {
    "paper": "the paper's claims",
    "check": "our own checks",
    "repeat": "another paper's verdicts, repeated",
}
"""Whose claims they are: counted apart, so that nothing counts twice for or against a paper."""


def anecdote(judgement: Judgement) -> bool:
    """Whether it was judged on one run. Derived values are of no runs at all."""
    ours = judgement.ours if judgement.claim.kind == "empirical" else None
    return judgement.verdict != "not evaluated" and ours is not None and ours.n == 1


def counted(judgements: Sequence[Judgement]) -> str:
    """`The paper's claims: 30 reproduced, 4 partly, ...; our own checks: ...`"""
    parts = []
    for role, name in ROLES.items():
        own = [found for found in judgements if found.claim.role == role]
        if not own:
            continue
        counts = Counter(found.verdict for found in own)
        alone = sum(anecdote(found) for found in own)
        rest = "rests" if alone == 1 else "rest"
        tail = f" (of those judged, {alone} {rest} on one run)" if alone else ""
        shown = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
        parts.append(f"{name[0].upper()}{name[1:]}: {shown}{tail}")
    return "; ".join(parts)


def totals(judgements: Sequence[Judgement]) -> pd.DataFrame:
    """Number of claims by role (rows: those there are, and `all`) and verdict (columns, and `all`),
    and below them how many of all are derived or judged on one run.

    Every verdict has its column, so that a nought is seen.
    """
    rows = {
        name: [one for one in judgements if one.claim.role == role] for role, name in ROLES.items()
    }
    rows = {name: found for name, found in rows.items() if found} | {"all": list(judgements)}
    within = {
        "of all, derived": [one for one in judgements if one.claim.kind == "derived"],
        "of all, n = 1": [one for one in judgements if anecdote(one)],
    }
    rows |= {name: found for name, found in within.items() if found}
    table = pd.DataFrame(0, index=list(rows), columns=[*VERDICTS, "all"])
    for name, found in rows.items():
        for one in found:
            table.loc[name, [one.verdict, "all"]] += 1
    return table
