"""The progress paper's claims as data: each of them is judged on what the paper reports, and on
tables in which its effect is absent."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fittest.analysis.statistics.intervals import Resampling
from fittest.claims.judge import Judgement, judge
from fittest.claims.measures import Evidence
from fittest.claims.model import Claim, ClaimFile, MeasureCall
from fittest.claims.registry import check_call, check_statistics, measures_of
from fittest.claims.render import full_note
from fittest.claims.tables import Tables
from fittest.pipeline.project import Project
from fittest.store import write_table

ROOT = Path(__file__).resolve().parents[2]
RESAMPLING = Resampling(200, 0, 0.95)
NEVER = math.inf
ORIGIN = {"scale": "test", "config_hash": "0"}

PLANTED: dict[str, dict[str, tuple[float, float]]] = {
    # The measure as the paper reports it, or near to that; and where there is no such effect.
    "P01": {"grokked": (1, 0), "late": (1, 0), "accuracy": (1, 0.3)},
    # Without a delay both are soon there.
    "P02": {"test": (10_000, 600), "train": (200, 1500)},
    "P03": {"loss": (2.2e-7, 3.0), "least": (2.05e-7, 1e-9), "largest": (2.41e-7, 5.0)},
    "P04": {
        "t1": (1400, 100),
        "least": (1300, 100),
        "largest": (1500, 9000),
        "ratio": (1.15, 90),
        "earliest": (1100, 100),
        "last": (1400, 9000),
        "excluded": (1.3, 90),
    },
    # Seeds that are slower throughout by one factor: later ends are further apart in steps alone.
    "P05": {
        "formed": (4, 1),
        "cleaned": (4, 1),
        "formed_excluded": (4, 1),
        "cleaned_excluded": (4, 1),
    },
    "P06": {"most": (5, 40), "least": (3, 1)},
    "P07": {"sets": (1, 0.2)},
    # All frequencies alike: they include the key ones, and of a map nothing is left but its mean.
    "P08": {"most": (6, 56), "least": (4, 1), "keys": (1, 0.2)},
    "P09": {"squared": (0.00003, 0.8), "norm": (0.0055, 0.9), "keys": (5, 56)},
    "P10": {"energy": (0.95, 0.1), "largest": (1, 0.1)},
    "P11": {"heads": (0.95, 0.1), "neurons": (0.95, 0.1)},
    "P12": {"mean": (0.96, 0.2), "least": (0.93, 0.01)},
    "P13": {"most": (1.1, 9), "ratio": (1.03, 2.5)},
    "P14": {"share": (0.95, 0.1), "keys": (5, 56)},
    "P15": {"ratio": (0.2, 4), "most": (0.3, 9)},
    "P16": {"share": (0.846, 0.05)},
    "P17": {"median": (0.98, 0.2), "least": (0.9, 0.1)},
    "P18": {"ratio": (1.03, 1e6), "drop": (0, 0.9), "replaced": (0.85, 0.01)},
    "P19": {"ratio": (0.23, 1e6), "most": (0.4, 1e7)},
    "P20": {"least": (1e5, 1.01), "most": (1.0, 1e5)},
    "P21": {"ratio": (0.3, 1e6), "most": (0.5, 1e7)},
    "P22": {"least": (1.4, 1e-7)},
    "P23": {"most": (0.3, 1e6)},
    "P24": {"rest": (1.11, 1e-7), "alone": (1.1, 1e-7), "accuracy": (0.01, 1), "keys": (5, 56)},
    "P25": {"most": (0.004, 0.33), "ratio": (1, 1e6), "drop": (0, 0.5)},
    "P26": {"zero": (3.8, 1e6), "mean": (3.0, 1e6), "accuracy": (1, 0.05)},
    # A network that knows nothing without its heads guesses, and does no worse.
    "P27": {"least": (5.1, 1.0)},
    "P28": {"least": (0.979, 0.1), "median": (0.985, 0.2)},
    "P29": {"least": (0.924, 0.3), "median": (0.97, 0.1)},
    # A step in place of a line; and scores so small that every sigmoid is a line.
    "P30": {"wide": (1, 0), "share": (0.975, 0.6), "reach": (5, 0.1)},
    "P31": {"ratio": (0.88, 1e6), "lost": (0, 0.5)},
    # A test loss that has fallen by the time.
    "P33": {
        "rise": (100, 1),
        "level": (2, 0.01),
        "train": (1, 0.5),
        "test": (0.95, 0.01),
        "test_excluded": (0.95, 0.01),
        "half": (0.8, 0.01),
        "half_excluded": (0.8, 0.01),
    },
    "P34": {"share": (1, 0.2)},
    "P35": {"share": (1, 0)},
    "P36": {
        "share": (1, 0),
        "embedding": (1, 0),
        "share_excluded": (1, 0),
        "embedding_excluded": (1, 0),
    },
    "P37": {"share": (1, 0), "share_excluded": (1, 0)},
    "P38": {"share": (1, 0)},
    # There from one step to the next.
    "P39": {"formed": (0.5, 0.01), "least": (20, -3), "jump": (0.04, 1)},
    "P40": {"matches": (9, 3), "lag": (9, 3)},
    "P41": {"rank": (-1, 0), "larger": (-1, 0), "spread": (1.5, 50), "small": (1.5, 50)},
    "P42": {"solved": (1, 0), "shot": (0.6, 0)},
    "P43": {"rise": (100, 1), "first": (1, 0), "half": (1, 0)},
    "P44": {"grokked": (1, 0), "late": (1, 0), "plain": (0, 1), "slower": (9, 1)},
    "P45": {"share": (0.97, 0.2), "grokked": (1, 0)},
    "P46": {"immediate": (1, 0), "late": (0, 1)},
    "P47": {"f5": (1, 0), "f10": (1, 0), "f20": (1, 0)},
    "P48": {"accuracy": (0.2, 1), "left": (2, 1000)},
    "P49": {
        "slow": (2.5, 0.5),
        "fast": (2.5, 0.5),
        "low": (20_000, 3000),
        "main": (7500, NEVER),
        "high": (3000, 20_000),
    },
    "P50": {"low": (1, 0), "middle": (1, 0)},
    "P51": {"gap": (0.3, -0.1), "map": (0.1, -0.1)},
    "P52": {"median": (0.95, 0.3), "least": (0.64, 0.1), "keys": (5, 56)},
    "P53": {"most": (4.2, 1e6), "means": (4.2, 1e6), "drop": (0.009, 0.8)},
    "P54": {"lowprec": (10, 0), "more": (8, -2)},
    "P55": {"distinct": (6, 1), "dominant": (1, 0.3), "wider": (1, 0.3), "first": (1, 0)},
    # Both losses fall together, or that of the test never; and nothing is ever learned.
    "P56": {"ratio": (50, 1), "peak": (9, 0.1), "learned": (300, NEVER)},
    # A straight line; what falls from the start is narrow in a long run, and not sudden.
    "P57": {"sudden": (0.1, 0.9), "width": (0.05, 0.6), "left": (0.02, 0.9)},
    "P58": {"peak": (0.6, 0.99), "single": (0.998, 0.5)},
    "P59": {
        "least": (1.5, 1e-7),
        "lost": (0.8, 0.0),
        "lost_least": (0.5, 0.0),
        "ratio": (1e6, 1.0),
    },
    "P61": {"quiet": (1, 0)},
    "P63": {"ratio": (50, 1), "peak": (9, 0.1)},
    "P64": {"sudden": (0.1, 0.9), "width": (0.05, 0.6), "left": (0, 0.9)},
    # A network that uses them from the start.
    "P65": {
        "excluded": (0.001, 2),
        "restricted": (0.9, 0.01),
        "restricted_excluded": (0.9, 0.01),
        "test": (4, 0.01),
        "gini": (0.1, 1),
    },
    "P66": {"first": (1, 0), "half": (1, 0), "keys": (1, 0)},
    # One key frequency of four at random, and all 56 alike.
    "P67": {"largest": (1, 0.25), "keys": (0.97, 0.08)},
    "P68": {"share": (1, 0)},
    "P69": {"gap": (0.22, -0.05)},
    "P70": {"ratio": (0.5, 1e6), "most": (0.7, 1e7), "keys": (5, 56)},
}


@pytest.fixture(scope="module")
def project() -> Project:
    return Project.load(ROOT, {"scale": "smoke"})


@pytest.fixture(scope="module")
def claims(project: Project) -> ClaimFile:
    return project.claims["progress"]


# -- as data -----------------------------------------------------------------------------------


def test_all_claims_are_there_in_order(claims: ClaimFile) -> None:
    assert list(claims.claims) == [f"P{number:02d}" for number in range(1, 71)]
    assert set(claims.claims) - set(PLANTED) == {"P32", "P60", "P62"}


def test_every_measure_exists_and_reads_what_is_written(claims: ClaimFile) -> None:
    known = measures_of("progress")
    for claim in claims.claims.values():
        for call in claim.measures.values():
            check_call(known, call.measure, call.parameters)
            check_statistics("progress", call.parameters)


def test_every_table_that_a_measure_reads_is_an_input(project: Project, claims: ClaimFile) -> None:
    there = set(project.claim_tables("progress"))
    for name, claim in claims.claims.items():
        assert {call.parameters["table"] for call in claim.measures.values()} <= there, name


def test_every_figure_named_exists_and_every_figure_has_its_description(
    project: Project, claims: ClaimFile
) -> None:
    figures = project.papers["progress"].figures
    assert {claim.figure for claim in claims.claims.values()} - {None} <= set(figures)
    for name in figures:
        assert (ROOT / "workflow" / "report" / "progress" / f"{name}.rst").exists(), name


def test_notes_and_statements_are_sentences(claims: ClaimFile) -> None:
    for name, claim in claims.claims.items():
        assert set(re.findall(r"{(\w+)}", claim.note)) <= claim.measures.keys(), name
        for text in filter(None, (claim.statement, claim.note)):
            assert text[0].isupper() and text.rstrip().endswith("."), name


def test_what_the_reduced_scale_is_too_small_for(claims: ClaimFile) -> None:
    small = [
        name
        for name, claim in claims.claims.items()
        if not claim.unjudged and not claim.conditions("reduced")
    ]
    assert small == [*("P42", "P43", "P45", "P46", "P47", "P49", "P50", "P63", "P69")]
    # The smoke scale judges what needs no training at all.
    assert [n for n, c in claims.claims.items() if c.conditions("smoke")] == ["P58"]


# -- judged ------------------------------------------------------------------------------------


def tables(folder: Path, claim: Claim, values: Mapping[str, float]) -> Tables:
    """The tables that a claim reads, with these values of its measures and nothing else."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for key, call in claim.measures.items():
        given = values.get(key, math.nan)
        rows.setdefault(str(call.parameters["table"]), []).extend(_rows(call, given))
    paths = {name: folder / f"{name}.parquet" for name in rows}
    for name, some in rows.items():
        # Several cells of one row stand together, as they do in a table of groups.
        merged: dict[str, dict[str, Any]] = {}
        for row in some:
            where = str({k: v for k, v in row.items() if k in ("name", "runset", "label")})
            merged[where] = {**merged.get(where, {}), **row}
        write_table(pd.DataFrame(list(merged.values())), paths[name], ORIGIN)
    return Tables(paths)


def _rows(call: MeasureCall, value: float) -> list[dict[str, Any]]:
    told = call.parameters
    if call.measure == "cell":
        ends = dict.fromkeys(told.get("interval", ()), value)
        return [{**told["where"], told["counts"]: 5, told["column"]: value, **ends}]
    assert call.measure in ("statistic", "ratio"), call.measure
    rest = {"ci_lo": math.nan, "ci_hi": math.nan, "n": 5.0}
    rows = [{"name": told["row"], "value": value, **rest}]
    if call.measure == "ratio":
        rows.append({"name": told["over"], "value": 1.0, **rest})
    return rows


def judged(
    folder: Path, claims: ClaimFile, name: str, values: Mapping[str, float], scale: str = "full"
) -> Judgement:
    claim = claims.claims[name]
    evidence = Evidence(tables(folder, claim, values), RESAMPLING)
    return judge(name, claim, scale, evidence, measures_of("progress"))


@pytest.mark.parametrize("name", PLANTED)
def test_what_the_paper_reports_is_reproduced(claims: ClaimFile, tmp_path: Path, name: str) -> None:
    claim = claims.claims[name]
    values = {key: pair[0] for key, pair in PLANTED[name].items()}
    for scale in (claim.lowest_scale, "full"):
        found = judged(tmp_path, claims, name, values, scale)
        assert found.verdict == "reproduced", (scale, found.failed, found.reason)
    judged_on = {c.of for found in claim.criteria.values() for c in found}
    assert judged_on | {c.of for c in claim.partly} == set(values)


@pytest.mark.parametrize("name", PLANTED)
def test_where_the_effect_is_absent_nothing_is_reproduced(
    claims: ClaimFile, tmp_path: Path, name: str
) -> None:
    absent = {key: pair[1] for key, pair in PLANTED[name].items()}
    found = judged(tmp_path, claims, name, absent)
    assert found.verdict == "not reproduced" and found.failed
    assert found.broken == (name == "P58")
    # Nor is it where one part of the claim alone does not hold.
    for condition in claims.claims[name].conditions("full"):
        values = {key: pair[0] for key, pair in PLANTED[name].items()}
        values[condition.of] = absent[condition.of]
        one = judged(tmp_path, claims, name, values)
        assert one.verdict in ("partly", "not reproduced"), condition.of


EMPTY = {
    # Seeds that are all slower by one factor, whose later phases end further apart in steps.
    "P05": {
        "formed": 1.0,
        "cleaned": 1.0,
        "formed_excluded": 1.0,
        "cleaned_excluded": 1.0,
        "ordered": 1.0,
    },
    # Grokking at both weight decays, as soon.
    "P44": {"grokked": 1.0, "late": 1.0, "plain": 1.0, "slower": 1.0},
    # Every frequency in the embedding, the key ones among them.
    "P08": {"most": 56, "least": 56, "keys": 1.0},
    # Every frequency a key one: nothing is left of any map, any peak at a + b is a sum of all
    # waves, and all directions that logits read are those of key frequencies.
    "P09": {"squared": 0.009, "norm": 0.09, "keys": 56},
    "P14": {"share": 1.0, "keys": 56},
    "P24": {"rest": 1.001, "alone": 1.001, "accuracy": 0.01, "keys": 56},
    "P70": {"ratio": 0.999, "most": 0.999, "keys": 56},
    # Scores so small that any sigmoid is a line, and a sigmoid that is none over the paper's range.
    "P30": {"wide": 0.0, "share": 0.999, "reach": 0.5},
    # A loss that grows from next to nothing, and no answer lost.
    "P59": {"least": 1e-6, "lost": 0.0, "lost_least": 0.0, "ratio": 50},
    "P52": {"median": 1.0, "least": 1.0, "keys": 56},
    # Neurons of many frequencies, of which none is replaced.
    "P18": {"ratio": 1.0, "drop": 0.0, "replaced": 0.0},
    # Without heads any network is no better than a guess.
    "P27": {"least": 1.001},
    # As many slingshots in high precision.
    "P54": {"lowprec": 2, "more": 0},
    # Both losses fall together, a thousandfold.
    "P56": {"ratio": 1000.0, "peak": 0.12, "learned": 300},
    "P63": {"ratio": 1000.0, "peak": 0.12, "learned": 300},
    # A loss that falls from the first step, in the first tenth of a long run.
    "P57": {"width": 0.09, "sudden": 1.0, "left": 0.0},
    "P64": {"width": 0.09, "sudden": 1.0, "left": 0.0},
}


@pytest.mark.parametrize("name", EMPTY)
def test_what_holds_without_the_effect_is_not_enough(
    claims: ClaimFile, tmp_path: Path, name: str
) -> None:
    """Not for `partly` either."""
    assert judged(tmp_path, claims, name, EMPTY[name]).verdict == "not reproduced"


@pytest.mark.parametrize("name", PLANTED)
def test_without_values_nothing_is_passed_or_failed(
    claims: ClaimFile, tmp_path: Path, name: str
) -> None:
    found = judged(tmp_path, claims, name, {})
    assert found.verdict == "not evaluated" and "no value" in found.reason
    evidence = Evidence(Tables({}), RESAMPLING)
    none = judge(name, claims.claims[name], "full", evidence, measures_of("progress"))
    assert none.verdict == "not evaluated" and "there is no table" in none.reason


def test_a_sharp_change_that_stops_half_way_is_not_the_task_learned(
    claims: ClaimFile, tmp_path: Path
) -> None:
    for name in ("P57", "P64"):
        found = judged(tmp_path, claims, name, {"sudden": 0.1, "width": 0.05, "left": 0.43})
        assert found.verdict == "partly" and found.failing == ("left",)


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("P60", {"penalty": 1.0, "forgotten": 0.0}, "sum of all absolute parameters"),
        (
            "P62",
            {"peak": 9.0, "ratio": 50.0, "learned": 70.0, "fallen": 80.0},
            "how long its sequences are",
        ),
    ],
)
def test_another_experiment_than_the_paper_s_is_shown_and_not_judged(
    claims: ClaimFile, tmp_path: Path, name: str, values: dict[str, float], why: str
) -> None:
    for scale in ("reduced", "settled", "full"):
        found = judged(tmp_path, claims, name, values, scale)
        assert found.verdict == "not evaluated" and why in found.reason
        # The note tells what was found all the same.
        assert found.note and found.ours is not None


READINGS = {
    # One of two readings: the end of memorisation by the train loss, and by the excluded loss.
    "P04": {"excluded": 1.86},
    "P05": {"formed_excluded": 1.0, "cleaned_excluded": 1.0},
    "P65": {"restricted": 0.33},
    # Risen to 1 nat, and to half the loss of a guess.
    "P33": {"half": 0.39},
    # Diverged, and by the lag.
    "P40": {"matches": 8, "lag": 7},
    # Of most heads, and not of each.
    "P28": {"least": 0.74},
    "P29": {"least": 0.74},
    # A contrast, and not the one of the paper.
    "P44": {"plain": 1.0, "slower": 5.5},
}


@pytest.mark.parametrize("name", READINGS)
def test_one_reading_of_two_is_partly(claims: ClaimFile, tmp_path: Path, name: str) -> None:
    paper = {key: pair[0] for key, pair in PLANTED[name].items()}
    assert judged(tmp_path, claims, name, paper | READINGS[name]).verdict == "partly"


def test_what_gives_no_verdict_tells_what_was_found(claims: ClaimFile, tmp_path: Path) -> None:
    found = judged(tmp_path, claims, "P45", {"share": 0.97, "grokked": 0.5}, "reduced")
    assert found.verdict == "not evaluated" and "0.5" in full_note(found)
    # Nothing is told of what is not known.
    bare = judged(tmp_path, claims, "P45", {"share": 0.97}, "reduced")
    assert "unknown" not in full_note(bare)


def test_kinds_of_heads_are_shown_and_not_judged(claims: ClaimFile, tmp_path: Path) -> None:
    values = {"products": 2.0, "opposite": 2.0, "both": 1.0, "entropy": 1.1}
    for scale in ("smoke", "reduced", "full"):
        found = judged(tmp_path, claims, "P32", values, scale)
        assert found.verdict == "not evaluated" and "depends on the seed" in found.reason
        assert found.measured["products"].value == 2


def test_a_loss_that_never_gets_low_is_slower_than_any(claims: ClaimFile, tmp_path: Path) -> None:
    """Medians of runs that mostly never get there are infinite, and no gap in what is known."""
    paper = {key: pair[0] for key, pair in PLANTED["P49"].items()}
    found = judged(tmp_path, claims, "P49", {**paper, "low": NEVER, "slow": NEVER})
    assert found.verdict == "partly"
