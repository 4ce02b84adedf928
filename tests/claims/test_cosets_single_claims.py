"""The cosets paper's claims on single networks: judged on what the paper reports, and on tables in
which its effect is absent."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from fittest.analysis.statistics.intervals import Resampling
from fittest.claims.judge import Judgement, judge
from fittest.claims.measures import Evidence
from fittest.claims.model import ClaimFile
from fittest.claims.registry import check_call, check_statistics, measures_of
from fittest.claims.tables import Tables
from fittest.pipeline.project import Project
from fittest.store import write_table

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = {"scale": "test", "config_hash": "0"}
RESAMPLING = Resampling(200, 0, 0.95)

PLANTED: dict[str, dict[str, tuple[float, float]]] = {
    # The measure as the paper reports it, or near to that; and where there is no such effect.
    "C06": {"share": (0.95, 0.1)},
    "C07": {"share": (0.9, 0.1), "agreeing": (0.95, 0.1)},
    "C09": {"wave": (0.99, 0.2)},
    "C18": {"wave": (0.97, 0.05), "steps": (0.1, 20)},
    "C19": {"share": (0.999, 0.14)},
    # A cluster that answers as well alone.
    "C20": {"together": (1, 0.2), "alone": (0.15, 0.9), "better": (1, 0)},
    "C23": {"share": (0.98, 0.1)},
    # No circles anywhere; and circles of two frequencies.
    "C24": {"same": (0.97, 0), "other": (0.99, 0.5)},
    "C25": {"share": (0.999, 0.15)},
    "C26": {"wave": (0.97, 0.2), "near": (1, 0.01)},
    # One frequency alone; and unrelated ones.
    "C27": {"mixed": (6, 1), "related": (1, 0.2)},
    "C28": {"few": (0.995, 0.4)},
    "C33": {"relative": (0.1, 40), "loss": (0.003, 4), "accuracy": (0.001, 0.5)},
    # Clusters of one importance.
    "C34": {"ratio": (40, 1.1)},
    # Nothing moves; or small clusters do as well.
    "C37": {"moved": (0.98, 0.17), "less": (0.4, 0), "correlation": (0.98, 0)},
    "C39": {"many": (1, 0.1)},
    "C40": {"share": (0.97, 0.1)},
}


@pytest.fixture(scope="module")
def project() -> Project:
    return Project.load(ROOT, {"scale": "smoke"})


@pytest.fixture(scope="module")
def claims(project: Project) -> ClaimFile:
    return project.claims["cosets"]


def judged(folder: Path, claims: ClaimFile, name: str, values: Mapping[str, float]) -> Judgement:
    claim = claims.claims[name]
    rows = [
        {
            "name": call.parameters["row"],
            "value": values.get(key, math.nan),
            "ci_lo": values.get(key, math.nan),
            "ci_hi": values.get(key, math.nan),
            "n": 5.0,
        }
        for key, call in claim.measures.items()
    ]
    [table] = {str(call.parameters["table"]) for call in claim.measures.values()}
    path = folder / f"{table}.parquet"
    write_table(pd.DataFrame(rows), path, ORIGIN)
    evidence = Evidence(Tables({table: path}), RESAMPLING)
    return judge(name, claim, "full", evidence, measures_of("cosets"))


def test_every_measure_reads_what_is_written(project: Project, claims: ClaimFile) -> None:
    known, there = measures_of("cosets"), set(project.claim_tables("cosets"))
    for name in PLANTED:
        claim = claims.claims[name]
        assert claim.figure in project.papers["cosets"].figures
        assert claim.conditions("reduced") and not claim.conditions("smoke")
        assert set(re.findall(r"{(\w+)}", claim.note)) <= claim.measures.keys()
        for call in claim.measures.values():
            check_call(known, call.measure, call.parameters)
            check_statistics("cosets", call.parameters)
            assert call.parameters["table"] in there


@pytest.mark.parametrize("name", PLANTED)
def test_what_the_paper_reports_is_reproduced(claims: ClaimFile, tmp_path: Path, name: str) -> None:
    found = judged(tmp_path, claims, name, {key: pair[0] for key, pair in PLANTED[name].items()})
    assert found.verdict == "reproduced", (found.failed, found.reason)
    claim = claims.claims[name]
    assert {c.of for c in (*claim.conditions("full"), *claim.partly)} == set(PLANTED[name])


@pytest.mark.parametrize("name", PLANTED)
def test_where_the_effect_is_absent_nothing_is_reproduced(
    claims: ClaimFile, tmp_path: Path, name: str
) -> None:
    absent = {key: pair[1] for key, pair in PLANTED[name].items()}
    assert judged(tmp_path, claims, name, absent).verdict == "not reproduced"
    # Nor is it where one part of the claim alone does not hold.
    for condition in claims.claims[name].conditions("full"):
        values = {key: pair[0] for key, pair in PLANTED[name].items()}
        values[condition.of] = absent[condition.of]
        one = judged(tmp_path, claims, name, values)
        assert one.verdict in ("partly", "not reproduced"), condition.of


PARTS: list[tuple[str, dict[str, float], str]] = [
    # Between the paper's value and the absence of its effect.
    ("C20", {"alone": 0.6}, "partly"),
    ("C24", {"same": 0.75}, "partly"),
    # Most pairs are of two frequencies: without any circle most agree.
    ("C24", {"same": 0.2, "other": 1}, "not reproduced"),
    # A loss that nearly doubles does not barely change, small as it may be.
    ("C33", {"relative": 0.8, "loss": 0.023}, "partly"),
    ("C37", {"moved": 0.8}, "partly"),
    ("C39", {"many": 0.8}, "partly"),
]


@pytest.mark.parametrize(("name", "changed", "verdict"), PARTS)
def test_limits_are_those_of_the_papers_words(
    claims: ClaimFile, tmp_path: Path, name: str, changed: dict[str, float], verdict: str
) -> None:
    values = {key: pair[0] for key, pair in PLANTED[name].items()} | changed
    assert judged(tmp_path, claims, name, values).verdict == verdict


def test_what_is_told_by_eye_is_shown_and_not_judged(claims: ClaimFile, tmp_path: Path) -> None:
    found = judged(tmp_path, claims, "C38", {"pair": 0.1, "even": 0.99})
    assert found.verdict == "not evaluated" and "no rule" in found.reason
    assert found.measured["pair"].value == 0.1 and found.measured["even"].value == 0.99


@pytest.mark.parametrize("name", PLANTED)
def test_without_values_nothing_is_judged(claims: ClaimFile, tmp_path: Path, name: str) -> None:
    assert judged(tmp_path, claims, name, {}).verdict == "not evaluated"
