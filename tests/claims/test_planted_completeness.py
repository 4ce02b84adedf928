"""The completeness paper's claims: reproduced where the effect is planted, and not where it is
absent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planted_claims import R, claims_of, judged

from fittest.analysis.completeness.counter_example import choose, overtaking_rows
from fittest.analysis.completeness.frozen_statistics import (
    frozen_completeness_row,
    frozen_time_row,
    frozen_trend_row,
    frozen_within_row,
)
from fittest.analysis.completeness.learned import REMAINDER_COLUMNS, XOR_COLUMNS
from fittest.analysis.completeness.learned_statistics import rank_rows, remainder_rows, xor_rows
from fittest.analysis.completeness.names import RemainderRuns, XorRuns
from fittest.analysis.completeness.winners import speed_rows
from fittest.analysis.statistics.table import Row, verdict_row

Tables = dict[str, object]
N = 60


def learned(rank: str = "high", solved: float = 1.0, clear: float = 1.0, **over: object) -> Tables:
    """Runs of both tasks whose learned structures have planted ranks at the start."""
    noise = np.random.default_rng(0)
    ranks = {
        "high": np.minimum(0.999, noise.exponential(0.12, N)),
        "even": (np.arange(N) + 0.5) / N,
        "low": 1 - np.minimum(0.999, noise.exponential(0.12, N)),
    }[rank]
    table = pd.DataFrame(
        {
            "run_id": [str(i) for i in range(N)],
            "seed": range(N),
            "solved": np.arange(N) < solved * N,
            "clear": np.arange(N) < clear * N,
            "line": 0.99,
            "tight": 0.001,
            "gap": 0.05,
            "order": [f"order {i}" for i in range(N)],
            "basis": [f"basis {i % 28}" for i in range(N)],
            "agrees": True,
            "above_mean": ranks < 0.5,
            "mid_rank": ranks,
            "mid_rank_840": ranks,
            "top_share": ranks,
            "best": ranks < 0.1,
            "cube": 0.99,
            "even": 0.9,
            "skew": 0.01,
            "settled_step": 500,
            "last_step": 10_000,
            "kept_distances": 0.4 + 0.05 * noise.normal(size=N),
        }
    ).assign(**over)
    names = set(REMAINDER_COLUMNS) | set(XOR_COLUMNS)
    assert set(table.columns) <= names
    remainder = remainder_rows(table, R)
    remainder += rank_rows(RemainderRuns, table, (0.15, 0.5), R, {})
    cubes = xor_rows(table, R, 0.9, 0.5) + rank_rows(XorRuns, table, (0.15, 0.5), R, {})
    return {"remainder_stats": remainder, "xor_stats": cubes}


def speed(
    winners: float, random: float, weakest: float, dose: float = 1.0, perfect: float = 1.0
) -> Tables:
    """Steps of the arms as shares of those with all circles."""
    noise = np.random.default_rng(1)
    rows = []
    for seed in range(30):
        arms = {"before": 1.0, "winners": winners, "random": random, "weakest": weakest}
        arms |= {"rescaled": winners}
        for arm, share in arms.items():
            steps = 300 * share * float(np.exp(0.05 * noise.normal()))
            rows.append((arm, seed, 5.0, steps, perfect > seed / 30))
        for kept in (1, 2, 4, 8, 16):
            steps = 50 * kept**dose * float(np.exp(0.3 * noise.normal()))
            rows.append(("dose", seed, float(kept), steps, True))
    table = pd.DataFrame(rows, columns=["arm", "seed", "kept", "steps", "perfect_end"])
    table["reached"] = table["steps"] < 1000
    return {"winners_stats": speed_rows(table, R)}


def frozen(falls: bool, within: float = 0.0) -> Tables:
    """Losses over frozen embeddings that fall with d, or not; and within one d by completeness."""
    noise = np.random.default_rng(2)
    d = np.repeat([2, 4, 8, 16, 32], 20)
    least = 0.9 + 0.02 * np.log2(d) + 0.01 * noise.normal(size=len(d))
    own = least - 0.9 - 0.02 * np.log2(d)
    loss = np.exp(-0.2 * d * falls) + 0.01 + 0.001 * noise.normal(size=len(d)) - within * own
    last = pd.DataFrame({"d": d, "test_loss": loss, "seed": 0, "least": least})
    times = last.assign(time=np.where(loss < 0.5, 100 + 1000 * loss, np.inf))
    if not falls:
        times["time"] = 100 + noise.permutation(len(d))
    drawn = pd.DataFrame({"d": d, "minimum": least, "mean": 1.0})
    rows: list[Row] = []
    for task in ("xor", "remainder"):
        rows += [
            frozen_trend_row(task, last, R),
            frozen_completeness_row(task, last, drawn),
            frozen_within_row(task, last, R),
            frozen_time_row(task, times, 0.5, R),
        ]
    return {"frozen_stats": rows}


def overtaken(share: float, sets: int = N) -> Tables:
    table = pd.DataFrame(
        {
            "run_id": [str(i) for i in range(N)],
            "seed": range(N),
            "last_step": 30_000,
            "survivors": [f"set {i % sets}" for i in range(N)],
            "dead": 1,
            "survivor": 2,
            "gap": [1 if i < share * N else -1 for i in range(N)],
        }
    )
    table["overtaken"] = table["gap"] > 0
    return {"overtaken_stats": overtaking_rows(table, choose(table), 0.95)}


def shared(verdict: float) -> Tables:
    ids = sorted(claims_of("survival").claims)
    rows = [verdict_row(name, verdict, 10, "") for name in ids]
    return {"shared_claims": rows}


CASES: dict[str, tuple[Callable[[], Tables], Callable[[], Tables]]] = {
    "K01": (learned, lambda: learned(solved=0.2)),
    "K02": (learned, lambda: learned(clear=0.2, line=0.5)),
    "K03": (learned, lambda: learned(order="one order")),
    "K04": (learned, lambda: learned("low")),
    "K05": (learned, lambda: learned("even")),
    "K06": (learned, lambda: learned(solved=0.2)),
    "K07": (learned, lambda: learned(even=0.1)),
    "K08": (learned, lambda: learned(basis="one")),
    "K09": (learned, lambda: learned("even")),
    "K12": (learned, lambda: learned(best=False)),
    "K14": (lambda: speed(0.1, 1, 1), lambda: speed(1.2, 1, 1)),
    "K15": (lambda: speed(0.1, 1, 1), lambda: speed(9, 1, 1, perfect=0.1)),
    "K16": (lambda: speed(0.1, 0.3, 0.9), lambda: speed(0.1, 0.1, 0.09)),
    "K19": (lambda: frozen(True), lambda: frozen(False)),
    "K20": (lambda: frozen(True), lambda: frozen(False)),
    "K22": (lambda: overtaken(0.9), lambda: overtaken(0.0)),
    "K25": (lambda: learned() | shared(1.0), lambda: learned("even") | shared(1.0)),
    "K26": (lambda: frozen(True, within=1.0), lambda: frozen(True, within=-1.0)),
    "K42": (lambda: shared(1.0), lambda: shared(0.0)),
    "K43": (lambda: frozen(True), lambda: frozen(False)),
    "K44": (lambda: frozen(True), lambda: frozen(False)),
    "K45": (learned, lambda: learned("even")),
    "K46": (learned, lambda: learned("even")),
    "K47": (learned, lambda: learned(kept_distances=np.linspace(-0.3, 0.3, N))),
    "K48": (learned, lambda: learned(settled_step=9000)),
    "K49": (learned, lambda: learned(settled_step=9000)),
    "K50": (lambda: overtaken(0.9), lambda: overtaken(0.9, sets=3)),
    "K51": (lambda: speed(0.1, 1, 1), lambda: speed(0.1, 1, 1, dose=0.0)),
    "K55": (learned, lambda: learned("even")),
}
REPEATS = [
    name
    for name, claim in claims_of("completeness").claims.items()
    if claim.role == "repeat" and name not in CASES
]


@pytest.mark.parametrize("claim", CASES)
def test_planted_effect_is_reproduced_and_its_absence_is_not(claim: str, tmp_path: Path) -> None:
    effect, absence = CASES[claim]
    found = judged("completeness", claim, effect(), tmp_path)
    assert found.verdict == "reproduced", (found.failed, found.reason, found.measured)
    found = judged("completeness", claim, absence(), tmp_path)
    assert found.verdict == "not reproduced", (found.measured, found.reason)


@pytest.mark.parametrize("claim", REPEATS)
def test_a_repeat_says_what_the_other_paper_s_claim_says(claim: str, tmp_path: Path) -> None:
    for value, verdict in ((1.0, "reproduced"), (0.5, "partly"), (0.0, "not reproduced")):
        assert judged("completeness", claim, shared(value), tmp_path).verdict == verdict
    assert judged("completeness", claim, shared(np.nan), tmp_path).verdict == "not evaluated"


def test_every_repeat_repeats_a_claim_that_is_there() -> None:
    there = claims_of("survival").claims
    for name in REPEATS:
        assert set(claims_of("completeness").claims[name].measures) <= set(there), name
