"""The claims of the cosets paper's populations as data: each of them is judged on what the paper
reports, and on tables in which its effect is absent."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from planted_claims import ROOT, claims_of

from fittest.analysis.cosets.choices import CLAIMS as CHOSEN
from fittest.analysis.cosets.choices import choice_table
from fittest.analysis.statistics.intervals import Resampling
from fittest.claims.judge import Judgement, judge
from fittest.claims.measures import Evidence
from fittest.claims.model import Claim, MeasureCall
from fittest.claims.registry import check_call, check_statistics, measures_of
from fittest.claims.tables import Tables
from fittest.pipeline.project import Project
from fittest.store import write_table

RESAMPLING = Resampling(100, 0, 0.95)
ORIGIN = {"scale": "test", "config_hash": "0"}

PLANTED: dict[str, dict[str, tuple[float, float]]] = {
    # The measure as the paper reports it, or near to that; and where there is no such effect.
    "C01": {"solved": (1, 0.3), "prime": (1, 0.3), "full": (1, 0.3)},
    "C02": {"tail": (0.05, 0.001)},
    "C03": {"tail": (0.004, 0.05), "ratio": (10, 1)},
    "C04": {"largest": (2.4, 1.2), "full": (1.45, 2.5)},
    "C05": {"zero": (0.041, 0.0005), "bin": (2, 1)},
    "C08": {"tuned": (0.1, 1)},
    "C11": {"ratio": (1, 0.3), "small": (1, 3)},
    # Half of all networks find each; or some are never found, and others twice as often.
    "C12": {
        "rate": (0.107, 0.5),
        **{"least": (0.1, 0), "least89": (0.1, 0)},
        **{"most": (0.115, 0.214), "most89": (0.115, 0.214)},
    },
    "C13": {"m": (4.8, 20), "prime": (4.9, 20)},
    "C14": {"large": (0.03, 0.8), "small": (0.03, 0.8)},
    "C15": {"ratio": (0.6, 1)},
    "C16": {"f14_7": (0.6, 1), "f42_7": (0.6, 1), "f1_2": (0.6, 1), "f4_2": (0.6, 1)},
    # One rank for all pairs; or nearly every pair answered by a cluster alone.
    "C17": {"spread": (13, 0), "mode": (0, 20), "first": (0.12, 0.97)},
    "C21": {"formula": (0.0005, 0.2), "bound": (0, 0.1)},
    "C22": {"four": (0.81, 0.1), "five": (0.93, 0.1)},
    "C29": {"rate": (0.022, 0.6), "ratio": (0.23, 5), "clusters": (0.1, 2)},
    "C30": {"ratio": (0.5, 1.1)},
    "C32": {"ratio": (2, 1), "sevens": (2, 1)},
    "C35": {"most": (1.2, 20), "end": (1.3, 21), "fewest": (50, 2), "solved": (1, 0.3)},
    # A line through n = 35 and 91 with a tenth of n.
    "C36": {"gap": (-0.1, 30), "slope": (0.8, 5.9)},
    "C41": {"widths": (0.4, -3), "m": (0.2, -3), "simple": (0.01, -0.6)},
}
UNJUDGED = ("C10", "C31")


@pytest.fixture(scope="module")
def claims() -> dict[str, Claim]:
    every = claims_of("cosets").claims
    return {name: every[name] for name in (*PLANTED, *UNJUDGED)}


def tables(folder: Path, claim: Claim, values: Mapping[str, float]) -> Tables:
    """The tables that a claim reads, with these values of its measures and nothing else."""
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    for key, call in claim.measures.items():
        name, row = _row(call, values.get(key, math.nan))
        own = rows.setdefault(str(call.parameters["table"]), {})
        # Several cells of one row stand together.
        own[name] = {**own.get(name, {}), **row}
    paths = {table: folder / f"{table}.parquet" for table in rows}
    for table, some in rows.items():
        write_table(pd.DataFrame(list(some.values())), paths[table], ORIGIN)
    return Tables(paths)


def _row(call: MeasureCall, value: float) -> tuple[str, dict[str, Any]]:
    told = call.parameters
    if call.measure == "cell":
        ends = dict.fromkeys(told.get("interval", ()), value)
        return str(told["where"]), {
            **told["where"],
            told["counts"]: 5,
            told["column"]: value,
            **ends,
        }
    assert call.measure == "statistic"
    row = {"name": told["row"], "value": value, "ci_lo": value, "ci_hi": value, "n": 5.0}
    return str(told["row"]), row


def judged(folder: Path, claim: Claim, values: Mapping[str, float], scale: str) -> Judgement:
    evidence = Evidence(tables(folder, claim, values), RESAMPLING)
    return judge("C00", claim, scale, evidence, measures_of("cosets"))


def test_every_measure_exists_and_reads_what_is_written(claims: dict[str, Claim]) -> None:
    there = set(claims_of("cosets").tables)
    for name, claim in claims.items():
        for call in claim.measures.values():
            check_call(measures_of("cosets"), call.measure, call.parameters)
            check_statistics("cosets", call.parameters)
            assert call.parameters["table"] in there, name
        for text in filter(None, (claim.statement, claim.note)):
            assert text[0].isupper() and text.rstrip().endswith("."), name
        assert set(re.findall(r"{(\w+)}", claim.note)) <= claim.measures.keys()


def test_tables_and_figures_named_are_those_of_the_paper(claims: dict[str, Claim]) -> None:
    project = Project.load(ROOT, {"scale": "smoke"})
    assert {one.figure for one in claims.values()} - {None} <= set(project.papers["cosets"].figures)
    for name in project.papers["cosets"].figures:
        assert (ROOT / "workflow" / "report" / "cosets" / f"{name}.rst").exists(), name


def test_what_the_reduced_scale_is_too_small_for(claims: dict[str, Claim]) -> None:
    small = [n for n, c in claims.items() if not c.unjudged and not c.conditions("reduced")]
    assert sorted(small) == ["C16", "C30", "C35"]
    assert [n for n, c in claims.items() if c.conditions("smoke")] == ["C21", "C22"]


@pytest.mark.parametrize("name", PLANTED)
def test_what_the_paper_reports_is_reproduced(
    claims: dict[str, Claim], tmp_path: Path, name: str
) -> None:
    claim = claims[name]
    values = {key: pair[0] for key, pair in PLANTED[name].items()}
    for scale in (claim.lowest_scale, "full"):
        found = judged(tmp_path, claim, values, scale)
        assert found.verdict == "reproduced", (scale, found.failed, found.reason)
    judged_on = {c.of for conditions in claim.criteria.values() for c in conditions}
    assert judged_on | {c.of for c in claim.partly} == set(values)


@pytest.mark.parametrize("name", PLANTED)
def test_where_the_effect_is_absent_nothing_is_reproduced(
    claims: dict[str, Claim], tmp_path: Path, name: str
) -> None:
    absent = {key: pair[1] for key, pair in PLANTED[name].items()}
    found = judged(tmp_path, claims[name], absent, "full")
    assert found.verdict == "not reproduced" and found.failed
    assert found.broken == (name == "C21")
    # Nor is it where one part of the claim alone does not hold.
    for condition in claims[name].conditions("full"):
        values = {key: pair[0] for key, pair in PLANTED[name].items()}
        values[condition.of] = absent[condition.of]
        one = judged(tmp_path, claims[name], values, "full")
        # Without what a verdict takes for granted there is none.
        lacking = ("not evaluated",) if condition.precondition else ("partly", "not reproduced")
        assert one.verdict in lacking, condition.of


@pytest.mark.parametrize("name", PLANTED)
def test_without_values_nothing_is_passed_or_failed(
    claims: dict[str, Claim], tmp_path: Path, name: str
) -> None:
    found = judged(tmp_path, claims[name], {}, "full")
    assert found.verdict == "not evaluated" and "no value" in found.reason


@pytest.mark.parametrize("name", UNJUDGED)
def test_what_relabelling_makes_equal_is_shown_and_not_judged(
    claims: dict[str, Claim], tmp_path: Path, name: str
) -> None:
    for scale in ("smoke", "reduced", "full"):
        found = judged(tmp_path, claims[name], {"p91": 0.3}, scale)
        assert found.verdict == "not evaluated" and "chance" in found.reason
        assert found.measured["p91"].value == 0.3


PARTS: list[tuple[str, dict[str, float], str]] = [
    # Between the paper's value and the absence of its effect.
    ("C03", {"tail": 0.0075}, "partly"),
    ("C04", {"full": 1.7}, "partly"),
    ("C12", {"least": 0.07}, "partly"),
    ("C12", {"most89": 0.16}, "partly"),
    ("C12", {"least": 0.0, "most": 0.214, "least89": 0.0, "most89": 0.214}, "not reproduced"),
    ("C17", {"spread": 4}, "partly"),
    ("C17", {"spread": 0, "mode": 13, "first": 0}, "not reproduced"),
    ("C29", {"rate": 0.0097}, "partly"),
    ("C29", {"rate": 0.0097, "clusters": 0.3}, "not reproduced"),
    ("C29", {"rate": 0, "ratio": 0, "clusters": 0}, "not reproduced"),
    # Where there are as many frequencies in the band as clusters, nothing is left to compare with.
    ("C29", {"ratio": -3}, "partly"),
    ("C32", {"sevens": 0.9}, "partly"),
    # A width whose mean is not the largest, and of which less is known.
    ("C35", {"most": 1.7, "end": 2.4}, "partly"),
    # Above ln n by less than a cluster, and by more.
    ("C36", {"gap": 0.7, "slope": 0.5}, "partly"),
    ("C36", {"gap": 1.2, "slope": 0.2}, "not reproduced"),
    ("C41", {"m": 1.4, "widths": 1.4}, "not reproduced"),
    ("C41", {"widths": -1.4}, "partly"),
]


@pytest.mark.parametrize(("name", "changed", "verdict"), PARTS)
def test_limits_are_those_of_the_papers_words(
    claims: dict[str, Claim], tmp_path: Path, name: str, changed: dict[str, float], verdict: str
) -> None:
    values = {key: pair[0] for key, pair in PLANTED[name].items()} | changed
    assert judged(tmp_path, claims[name], values, "full").verdict == verdict


def test_intervals_decide_where_a_claim_says_so(claims: dict[str, Claim], tmp_path: Path) -> None:
    """A difference of 0.9 clusters whose interval reaches beyond 1 is not within it."""
    claim = claims["C41"]
    values = {key: pair[0] for key, pair in PLANTED["C41"].items()} | {"m": 0.9}
    narrow = judged(tmp_path, claim, values, "reduced")
    assert narrow.verdict == "reproduced"
    path = tmp_path / "scaling_stats.parquet"
    table = pd.read_parquet(path)
    table.loc[table["name"] == "scaling.batch_m", "ci_hi"] = 1.1
    write_table(table, path, ORIGIN)
    evidence = Evidence(Tables({"scaling_stats": path}), RESAMPLING)
    wide = judge("C41", claim, "reduced", evidence, measures_of("cosets"))
    assert wide.verdict == "partly" and "upper end" in wide.failed[0]


# -- other choices -------------------------------------------------------------------------------


OF_CHOICES = {"C03": 1}
"""Claim -> which of its conditions other choices are judged by, if not the first."""


def limits() -> dict[str, tuple[float, float]]:
    text = (ROOT / "config" / "analysis" / "cosets.yaml").read_text()
    return {name: tuple(pair) for name, pair in yaml.safe_load(text)["choices"].items()}


def test_limits_of_other_choices_are_those_of_the_claims() -> None:
    claims = claims_of("cosets").claims
    own = limits()
    assert set(own) == set(CHOSEN)
    for name, (low, high) in own.items():
        if name not in claims:
            continue
        first = claims[name].criteria["reduced"][OF_CHOICES.get(name, 0)]
        comparison, limit = first.comparison
        assert comparison in ("between", "at_least")
        # A share ends at 1, and a ratio nowhere that it gets to.
        last = 1 if name not in OF_CHOICES else 1000
        assert (limit if comparison == "between" else (limit, last)) == (low, high), name


def test_other_choices_are_judged_by_their_own_values() -> None:
    columns = ("solved", "m1", "m2", "m3", "simple", "tuned", "per_frequency")
    good = dict(zip(columns, (1, 5.0, 4.8, 4.5, 0.95, 0.1, 0.107), strict=True))
    ends = {f"m{k}{end}": 4.8 for k in (1, 2, 3) for end in ("_lo", "_hi")}
    summary = pd.DataFrame(
        [
            {"runset": runset, "share": share, "subset": subset, "networks": 9, **good, **ends}
            for runset in ("pop91", "pop91_torch")
            for share in (0.5, 0.75, 1.0)
            for subset in ("all", "accurate")
        ]
    )
    summary.loc[summary["share"] == 0.5, "m2"] = 9.0
    weights = pd.DataFrame(
        [
            {"runset": "pop91", "share": 1.0, "over_one": 0.05, "near_zero": 0.4, "quantile": 1.9},
            {"runset": "pop91", "share": 0.5, "over_one": 0.01, "near_zero": 0.1, "quantile": 1.5},
        ]
    ).assign(tails_over_like=[7.0, 3.0])
    weak = pd.DataFrame([{"networks": 9, "m2": 7.0, "m2_lo": 6.9, "m2_hi": 7.1, "tuned": 1.0}])
    found = choice_table(summary, weights, weak, limits()).set_index("choice")
    assert found.loc["weak", ["m", "tuned", "C08", "C13"]].tolist() == [7.0, 1.0, 0, 0]
    assert found.loc["weak", "C01"] == 1
    assert found.loc["default", "C13"] == 1 and found.loc["half", "C13"] == 0
    assert found.loc["default", ["C02", "C05"]].tolist() == [1, 0]
    assert found.loc["half", ["C02", "C05"]].tolist() == [0, 1]
    assert found.loc["least_1", "m"] == 5.0 and found.loc["least_3", "m"] == 4.5
    assert found.loc["least_3", "per_frequency"] == pytest.approx(0.107 * 4.5 / 4.8)
    assert found.loc[["default", "half"], "C03"].tolist() == [1, 0]
    assert math.isnan(found.loc["torch", "C02"]), "nothing is known of its tails"
    accurate = found.loc["accurate", ["C01", "C02", "C03", "C05", "over_one"]]
    assert accurate["C01"] == 1 and accurate[1:].isna().all(), "entries are of all networks"
    assert found.loc["long", [*CHOSEN]].isna().all()
