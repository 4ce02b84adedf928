"""Which single networks the figures show, picked by rule (cosets methods 5.3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import gcd
from typing import Any

import pandas as pd

Rule = Callable[["Candidate"], bool]


class Candidate:
    """A network at its end: its row of NETWORKS, and its clusters of two neurons or more."""

    def __init__(self, row: dict[str, Any], clusters: Sequence[dict[str, Any]]) -> None:
        self.row = row
        self.n = int(row["n"])
        self.clusters = [one for one in clusters if one["size"] >= 2]

    def tuned(self) -> list[dict[str, Any]]:
        """Its fine-tuning clusters."""
        return [one for one in self.clusters if 2 * one["tuned"] > one["size"]]

    def simple(self, shared: bool | None = None) -> list[dict[str, Any]]:
        """Its simple clusters; of those, the ones whose frequency shares a factor with n or not."""
        found = [one for one in self.clusters if 2 * one["tuned"] <= one["size"]]
        if shared is None:
            return found
        return [one for one in found if (gcd(int(one["frequency"]), self.n) > 1) == shared]


def candidates(networks: pd.DataFrame, clusters: pd.DataFrame, kept: int) -> list[Candidate]:
    """The networks of one run-set that keep their weights, by ascending seed.

    networks: NETWORKS at the end. clusters: CLUSTERS. kept: how many keep them, the first ones.
    """
    first = networks[networks["network"] < kept].sort_values("seed")
    own = clusters[clusters["network"].isin(first["network"])]
    by_network: dict[int, list[dict[str, Any]]] = {}
    for one in own.to_dict("records"):
        by_network.setdefault(int(one["network"]), []).append({str(k): v for k, v in one.items()})
    rows = [{str(k): v for k, v in row.items()} for row in first.to_dict("records")]
    return [Candidate(row, by_network.get(int(row["network"]), [])) for row in rows]


def _accurate(one: Candidate) -> bool:
    return bool(one.row["test_accuracy"] >= 1)


def _rules_a() -> list[tuple[str, list[Rule]]]:
    """What network A is asked for, and what is given up one after the other."""
    four: Rule = lambda one: len(one.clusters) == 4  # noqa: E731
    about_four: Rule = lambda one: 3 <= len(one.clusters) <= 6  # noqa: E731
    coset: Rule = lambda one: len(one.simple(True)) >= 1  # noqa: E731
    two: Rule = lambda one: len(one.simple(False)) >= 2  # noqa: E731
    tuned: Rule = lambda one: len(one.tuned()) == 1  # noqa: E731
    return [
        ("", [_accurate, four, coset, two, tuned]),
        ("3 to 6 clusters", [_accurate, about_four, coset, two, tuned]),
        ("no exact coset", [_accurate, about_four, two, tuned]),
        ("no fine-tuning cluster", [_accurate, about_four, two]),
        ("any network", []),
    ]


def pick_a(found: Sequence[Candidate]) -> dict[str, Any] | None:
    """Network A: the lowest seed that fits, and what had to be given up; None without networks."""
    given_up: list[str] = []
    for word, rules in _rules_a():
        if word:
            given_up.append(word)
        for one in found:
            if all(rule(one) for rule in rules):
                return {**described(one), "relaxed": list(given_up)}
    return None


def pick_b(found: Sequence[Candidate], frequency: int, neurons: int) -> dict[str, Any] | None:
    """Network B: it has a simple cluster of a frequency, of at least so many neurons; else one of a
    frequency that shares a factor with n; else any; else of any size."""
    given_up: list[str] = []
    for word, shared, least in (
        ("", None, neurons),
        (f"not f = {frequency}", True, neurons),
        ("no exact coset", None, neurons),
        (f"fewer than {neurons} neurons", None, 0),
    ):
        if word:
            given_up.append(word)
        for one in found:
            own = [c for c in one.simple(shared) if c["size"] >= least]
            if not word:
                own = [c for c in own if c["frequency"] == frequency]
            if own:
                best = max(own, key=lambda c: c["size"])
                return {
                    **described(one),
                    "frequency": int(best["frequency"]),
                    "relaxed": list(given_up),
                }
    return None


def pick_c(found: Sequence[Candidate]) -> dict[str, Any] | None:
    """Network C: the lowest seed that has both kinds of neurons, each in a cluster whose numbers
    remapping moves (f = 1 leaves them where they are); else of any frequencies; else the lowest."""
    for moved, relaxed in ((True, []), (False, ["f = 1"])):
        for one in found:
            own = [c for c in one.clusters if not moved or c["frequency"] != 1]
            simple = any(c["tuned"] < c["size"] for c in own)
            if simple and any(c["tuned"] > 0 for c in own):
                return {**described(one), "relaxed": relaxed}
    lacking = ["f = 1", "no fine-tuning neuron"]
    return {**described(found[0]), "relaxed": lacking} if found else None


def described(one: Candidate) -> dict[str, Any]:
    """A network for figures: where its weights are, and its clusters."""
    return {
        "runset": str(one.row["runset"]),
        "run_id": str(one.row["run_id"]),
        "seed": int(one.row["seed"]),
        "n": one.n,
        "test_accuracy": float(one.row["test_accuracy"]),
        "clusters": [
            {name: int(c[name]) for name in ("frequency", "size", "tuned")}
            for c in sorted(one.clusters, key=lambda c: c["frequency"])
        ],
    }


def named_seed(found: Sequence[Candidate], seed: int) -> dict[str, Any] | None:
    """What the paper's seed gives here, where it was trained and its weights are kept."""
    for one in found:
        if int(one.row["seed"]) == seed:
            return {**described(one), "relaxed": []}
    return None
