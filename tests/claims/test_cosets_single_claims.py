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
    "C20": {"together": (1, 0.2), "better": (1, 0)},
    "C23": {"share": (0.98, 0.1)},
    "C24": {"agree": (0.97, 0.5)},
    "C25": {"share": (0.999, 0.15)},
    "C26": {"wave": (0.97, 0.2), "near": (1, 0.01)},
    # One frequency alone; and unrelated ones.
    "C27": {"mixed": (6, 1), "related": (1, 0.2)},
    "C28": {"few": (0.995, 0.4)},
    "C33": {"loss": (0.01, 4), "accuracy": (0.001, 0.5), "middle": (0.005, 2)},
    # Clusters of one importance.
    "C34": {"ratio": (40, 1.1), "least": (1, 0)},
    # Nothing moves; or fine-tuning clusters do as well.
    "C37": {"moved": (0.98, 0.03), "fine": (0.5, 1), "correlation": (0.98, 0)},
    "C38": {"even": (0.5, 0)},
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
            "ci_lo": math.nan,
            "ci_hi": math.nan,
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


@pytest.mark.parametrize("name", PLANTED)
def test_without_values_nothing_is_judged(claims: ClaimFile, tmp_path: Path, name: str) -> None:
    assert judged(tmp_path, claims, name, {}).verdict == "not evaluated"
