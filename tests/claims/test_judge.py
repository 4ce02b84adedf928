"""Criteria, verdicts, and what a scale cannot judge."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from fittest.analysis.statistics.intervals import Resampling
from fittest.claims.general import cell, difference, rate_difference, ratio, statistic, verdict
from fittest.claims.headline import ROLES, totals
from fittest.claims.judge import Judgement, all_hold, holds, judge
from fittest.claims.measures import Evidence, Measured
from fittest.claims.model import Claim, Condition
from fittest.claims.page import page
from fittest.claims.registry import check_call, measures_of
from fittest.claims.render import (
    caption,
    claims_table,
    figure_label,
    full_note,
    markdown,
    paper_text,
    value_text,
)
from fittest.claims.tables import Tables, UnavailableError
from fittest.errors import ClaimError
from fittest.store import write_table

NOTHING = Evidence(Tables({}), Resampling(10, 0, 0.95))


def claim(**over: object) -> Claim:
    content = {
        "statement": "It rises | falls.",
        "figure": "fig6_survival",
        "paper": {"text": "0.85", "value": 0.85},
        "lowest_scale": "reduced",
        "source": "here",
        "measures": {"r": {"measure": "planted", "label": "r"}},
        "criteria": {
            "reduced": [{"of": "r", "at_least": 0.6}, {"of": "r", "take": "lower", "above": 0.5}],
            "full": [{"of": "r", "between": [0.75, 0.95]}],
        },
        "partly": [{"of": "r", "take": "lower", "above": 0}],
        "note": "r is {r}.",
    }
    return Claim.model_validate(content | over)


def judged(found: Measured | str, scale: str = "reduced", **over: object) -> Judgement:
    def planted(evidence: Evidence) -> Measured:
        if isinstance(found, str):
            raise UnavailableError(found)
        return found

    return judge("S99", claim(**over), scale, NOTHING, {"planted": planted})


def test_a_precondition_that_fails_leaves_open_what_else_holds() -> None:
    enough = {"of": "r", "take": "n", "at_least": 20, "precondition": True}

    def verdict(value: float, n: int) -> Judgement:
        found = Measured(value, value - 0.01, value + 0.01, n)
        return judged(found, criteria={"reduced": [{"of": "r", "at_least": 0.6}, enough]})

    assert verdict(0.9, 20).verdict == "reproduced"
    open_ = verdict(0.9, 19)
    assert open_.verdict == "not evaluated"
    assert "20" in open_.reason
    # What fails without the precondition fails anyway.
    assert verdict(-0.5, 19).verdict == "not reproduced"


@pytest.mark.parametrize(
    ("comparison", "values", "expected"),
    [
        ({"at_least": 1}, (0.5, 1, 2), (False, True, True)),
        ({"at_most": 1}, (0.5, 1, 2), (True, True, False)),
        ({"above": 1}, (0.5, 1, 2), (False, False, True)),
        ({"below": 1}, (0.5, 1, 2), (True, False, False)),
        ({"between": (1, 2)}, (0.5, 1, 2), (False, True, True)),
        ({"below": 1, "absolute": True}, (-2, -0.5, 0.5), (False, True, True)),
    ],
)
def test_comparisons(comparison: dict, values: tuple, expected: tuple) -> None:
    condition = Condition.model_validate({"of": "x", **comparison})
    assert tuple(holds(condition, {"x": Measured(v)}) for v in values) == expected
    assert holds(condition, {"x": Measured(math.nan)}) is None
    assert holds(condition, {}) is None


def test_a_claim_without_a_verdict_is_measured_all_the_same() -> None:
    told = {"unjudged": "It depends on the seed", "criteria": {}, "partly": []}
    for scale in ("smoke", "full"):
        found = judged(Measured(0.8, 0.7, 0.9, 10), scale, **told)
        assert found.verdict == "not evaluated" and found.measured["r"].value == 0.8
        assert full_note(found) == "Not evaluated: It depends on the seed. r is 0.8."
    missing = judged("there is no table x yet", **told)
    assert missing.reason == "It depends on the seed; there is no table x yet"
    with pytest.raises(ValidationError, match="without a verdict has no criteria"):
        claim(unjudged="It depends on the seed")
    with pytest.raises(ValidationError, match="none applies at reduced"):
        claim(criteria={})


def test_ends_of_the_interval_and_n_can_be_asked_for() -> None:
    found = {"x": Measured(2.0, 1.0, 3.0, 7)}
    for take, value in {"value": 2, "lower": 1, "upper": 3, "n": 7}.items():
        condition = Condition.model_validate({"of": "x", "take": take, "between": (value, value)})
        assert holds(condition, found) is True


def test_conjunction_of_three_values() -> None:
    assert all_hold([True, True]) is True
    assert all_hold([True, None]) is None
    assert all_hold([None, False]) is False
    assert all_hold([]) is True


@pytest.mark.parametrize(
    ("measured", "scale", "verdict"),
    [
        (Measured(0.8, 0.7, 0.9, 10), "reduced", "reproduced"),
        (Measured(0.55, 0.4, 0.7, 10), "reduced", "partly"),
        (Measured(0.8, 0.4, 0.9, 10), "reduced", "partly"),
        (Measured(0.1, -0.2, 0.3, 10), "reduced", "not reproduced"),
        (Measured(0.1), "reduced", "not reproduced"),
        (Measured(0.8), "reduced", "not evaluated"),
        (Measured(math.nan), "reduced", "not evaluated"),
        (Measured(0.8, 0.7, 0.9, 10), "smoke", "not evaluated"),
        (Measured(0.1, -0.2, 0.3, 10), "smoke", "not evaluated"),
        (Measured(0.7, 0.6, 0.8, 10), "settled", "reproduced"),
        (Measured(0.7, 0.6, 0.8, 10), "full", "partly"),
        ("there is no table x yet", "full", "not evaluated"),
    ],
)
def test_verdicts(measured: Measured | str, scale: str, verdict: str) -> None:
    assert judged(measured, scale).verdict == verdict


@pytest.mark.parametrize(
    ("half", "verdict"), [(0.9, "partly"), (0.1, "not reproduced"), (math.nan, "not evaluated")]
)
def test_what_fails_is_judged_only_where_it_is_known_whether_half_of_it_holds(
    half: float, verdict: str
) -> None:
    calls = {name: {"measure": name, "label": name} for name in ("r", "half")}
    conditions = [{"of": name, "at_least": 0.6} for name in calls]
    asked = claim(measures=calls, criteria={"reduced": conditions}, partly=conditions[1:])
    known = {"r": lambda evidence: Measured(0.1), "half": lambda evidence: Measured(half)}
    found = judge("S99", asked, "reduced", NOTHING, known)
    assert found.verdict == verdict
    assert found.failed[0] == "r ≥ 0.6"
    if verdict == "not evaluated":
        assert "half has no value" in found.reason and "r ≥ 0.6 does not hold" in found.reason


def test_a_half_may_wait_for_a_larger_scale() -> None:
    over = {"criteria": {"reduced": [{"of": "r", "at_least": 9}]}, "note": ""}
    halves = [{"of": "r", "at_least": 0}, {"of": "r", "at_least": 5, "lowest_scale": "full"}]
    assert judged(Measured(1.0), "reduced", partly=halves, **over).verdict == "partly"
    assert judged(Measured(1.0), "full", partly=halves, **over).verdict == "not reproduced"


def test_the_scale_that_is_needed_is_the_lowest_at_which_something_is_asked() -> None:
    waiting = [
        {"of": "r", "at_least": 0, "lowest_scale": "full"},
        {"of": "r", "at_least": 0.1, "lowest_scale": "settled"},
    ]
    found = judged(Measured(1.0), "reduced", criteria={"reduced": waiting}, partly=[])
    assert found.verdict == "not evaluated"
    assert "needs the scale settled" in found.reason


def test_what_is_not_evaluated_says_why() -> None:
    assert "table x" in full_note(judged("there is no table x yet"))
    assert "needs the scale reduced" in full_note(judged(Measured(0.8, 0.7, 0.9), "smoke"))
    assert "no interval" in full_note(judged(Measured(0.8)))
    assert "no value" in full_note(judged(Measured(math.nan)))


def test_a_claim_that_a_scale_cannot_judge_keeps_its_own_note() -> None:
    found = judged(Measured(0.8, 0.7, 0.9, 3), "smoke")
    shown = full_note(found)
    assert shown.startswith("Not evaluated: needs the scale reduced") and "r is 0.8." in shown
    for text in (markdown("t", "smoke", [found], {}), page("t", "smoke", [found], {})):
        assert "r is 0.8." in text
    # A note that names a value stays away where there is none.
    for lacking in (Measured(math.nan), "there is no table x yet"):
        assert "r is" not in full_note(judged(lacking, "smoke"))
    plain = judged("there is no table x yet", "smoke", note="Cut short here.")
    assert full_note(plain).endswith("Cut short here.")


def test_tables_that_results_lack_are_told_together(evidence: Evidence) -> None:
    call = {"measure": "statistic", "parameters": {"table": "later", "row": "a"}}
    both = {"r": call, "q": {**call, "parameters": {"table": "too", "row": "a"}}}
    conditions = [{"of": "r", "at_least": 0}, {"of": "q", "at_least": 0}]
    tables = Tables({"later": "later.parquet", "too": "too.parquet"})
    for scale in ("reduced", "smoke"):
        asked = claim(measures=both, criteria={"reduced": conditions}, partly=[], note="")
        found = judge(
            "S99", asked, scale, Evidence(tables, evidence.resampling), {"statistic": statistic}
        )
        assert found.verdict == "not evaluated"
        assert found.reason.count("lack") == 1 and "(later, too)" in found.reason


def test_a_value_is_shown_even_where_the_scale_cannot_judge_it() -> None:
    found = judged(Measured(0.8, 0.7, 0.9, 3), "smoke")
    assert found.ours is not None and found.ours.value == 0.8


def test_notes_tell_what_does_not_hold_and_where_to_look() -> None:
    note = full_note(judged(Measured(0.55, 0.4, 0.7, 1)))
    assert "r ≥ 0.6" in note and "r, lower end > 0.5" in note
    assert "r is 0.55." in note and "figure 6" in note and "n = 1" in note
    assert "Does not hold" not in full_note(judged(Measured(0.8, 0.7, 0.9, 10)))
    # What is derived is of no runs.
    assert "n = 1" not in full_note(judged(Measured(0.8, 0.7, 0.9, 1), kind="derived"))


def test_only_derived_conditions_break_the_build() -> None:
    wrong = Measured(1.0, 0.9, 1.1, 3)
    exact = {"criteria": {"smoke": [{"of": "r", "at_most": 0}]}, "lowest_scale": "smoke"}
    assert judged(wrong, "smoke", kind="derived", **exact).broken
    assert not judged(wrong, "smoke", **exact).broken
    mixed = {"smoke": [{"of": "r", "at_most": 0, "kind": "empirical"}]}
    assert not judged(wrong, "smoke", kind="derived", lowest_scale="smoke", criteria=mixed).broken
    assert not judged(Measured(0.0), "smoke", kind="derived", **exact).broken


def test_a_condition_may_wait_for_a_larger_scale() -> None:
    both = [{"of": "r", "at_least": 0}, {"of": "r", "at_least": 9, "lowest_scale": "full"}]
    over = {"criteria": {"reduced": both}, "partly": []}
    assert judged(Measured(1.0), "reduced", **over).verdict == "reproduced"
    assert judged(Measured(1.0), "full", **over).verdict == "not reproduced"


@pytest.mark.parametrize(
    "over",
    [
        {"criteria": {"full": [{"of": "r", "at_least": 0}]}},
        {"criteria": {"reduced": [{"of": "q", "at_least": 0}]}},
        {"criteria": {"reduced": [{"of": "r", "at_least": 0, "at_most": 1}]}},
        {"criteria": {"reduced": [{"of": "r"}]}},
        {"measures": {}},
        {"verdict": "reproduced"},
    ],
)
def test_a_claim_that_cannot_be_judged_is_refused(over: dict) -> None:
    with pytest.raises(ValidationError):
        claim(**over)


def test_measures_are_looked_up_by_paper_and_checked() -> None:
    survival = measures_of("survival")
    assert "statistic" in survival and "survival.snapshot" in survival
    assert not any(name.startswith("survival.") for name in measures_of("no_such_paper"))
    check_call(survival, "statistic", {"table": "a", "row": "b"})
    with pytest.raises(ClaimError, match="no measure"):
        check_call(survival, "statistics", {})
    with pytest.raises(ClaimError, match="row"):
        check_call(survival, "statistic", {"table": "a"})


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    rows = [("a", 0.9, 0.7, 1.0, 20), ("b", 0.6, 0.4, 0.8, 10), ("c", 0.0, math.nan, math.nan, 5)]
    table = pd.DataFrame(rows, columns=["name", "value", "ci_lo", "ci_hi", "n"])
    write_table(table, tmp_path / "stats.parquet", {"scale": "test", "config_hash": "0"})
    paths = {"stats": tmp_path / "stats.parquet", "later": tmp_path / "later.parquet"}
    return Evidence(Tables(paths), Resampling(10, 0, 0.95))


def test_measures_for_any_paper(evidence: Evidence) -> None:
    assert statistic(evidence, "stats", "a") == Measured(0.9, 0.7, 1.0, 20, "n")
    assert ratio(evidence, "stats", "a", "b").value == pytest.approx(1.5)
    assert math.isnan(ratio(evidence, "stats", "a", "c").value)
    assert difference(evidence, "stats", "a", "b").n == 10
    gap = rate_difference(evidence, "stats", "a", "b")
    assert gap.lo == pytest.approx(0.3 - math.hypot(0.2, 0.2))
    assert gap.hi == pytest.approx(0.3 + math.hypot(0.1, 0.2))
    found = cell(evidence, "stats", "value", {"name": "b"}, "n", ("ci_lo", "ci_hi"))
    assert found == Measured(0.6, 0.4, 0.8, 10, "n")
    assert math.isnan(cell(evidence, "stats", "value", {"name": "z"}, "n").value)


@pytest.mark.parametrize(
    ("table", "row", "why"), [("stats", "z", "no row"), ("later", "a", "later"), ("x", "a", "yet")]
)
def test_what_is_missing_has_a_reason(evidence: Evidence, table: str, row: str, why: str) -> None:
    with pytest.raises(UnavailableError, match=why):
        statistic(evidence, table, row)


def test_rendering() -> None:
    found = [judged(Measured(0.8, 0.7, 0.9, 10)), judged("there is no table x yet")]
    table = claims_table(found)
    assert list(table["verdict"]) == ["reproduced", "not evaluated"]
    assert table.loc[0, "value"] == 0.8 and math.isnan(table.loc[1, "value"])
    text = markdown("A title", "reduced", found, {"commit": "abc", "config_hash": "def"})
    assert "1 reproduced, 0 partly, 0 not reproduced, 1 not evaluated" in text
    lines = [line for line in text.splitlines() if line.startswith("| S99")]
    # A bar in a statement must not open another column.
    assert len(lines) == 2 and all(line.replace("\\|", "").count("|") == 9 for line in lines)
    assert "0.8 [0.7, 0.9]" in lines[0]
    assert value_text(None) == "–"
    shown = page("A <title>", "reduced", found, {})
    assert "A &lt;title&gt;" in shown and "http" not in shown


def test_captions_are_clean_restructured_text() -> None:
    docutils = pytest.importorskip("docutils.core")
    found = judged(Measured(0.8, 0.7, 0.9, 10), statement="n_2mean_ of *all* |x| {{ a }}")
    text = caption("What it *shows*.", "reduced", 1234, [found])
    assert "{{" not in text and "1,234 runs" in text
    settings = {"halt_level": 2, "report_level": 2}
    body = docutils.publish_parts(text, writer_name="html", settings_overrides=settings)["body"]
    # Five columns do not fit where the report shows captions.
    assert "<table" not in body
    assert "<em>shows</em>" in body and "n_2mean_ of *all* |x|" in body


def test_totals_count_every_claim_once_by_role_and_verdict() -> None:
    found = [
        judged(Measured(0.8, 0.7, 0.9, 10)),
        judged(Measured(0.8, 0.7, 0.9, 10), kind="derived", partly=[]),
        judged(Measured(0.1, 0.0, 0.2, 10), role="check"),
        judged("there is no table x yet", role="repeat"),
        judged(Measured(0.1, 0.0, 0.2, 1)),
    ]
    counts = totals(found)
    assert counts.loc["all", "all"] == len(found)
    parts = counts.loc[:"all"].drop(index="all").drop(columns="all")
    assert list(parts.index) == [*ROLES.values()]
    assert (parts.sum() == counts.drop(columns="all").loc["all"]).all()
    assert parts.loc[ROLES["paper"], "reproduced"] == 2
    assert parts.loc[ROLES["check"], "not reproduced"] == 1
    assert counts.loc["of all, derived", "all"] == counts.loc["of all, n = 1", "all"] == 1
    assert totals([]).loc["all", "all"] == 0
    headline = "The paper's claims: 2 reproduced, 0 partly, 1 not reproduced, 0 not evaluated"
    text = markdown("A title", "reduced", found, {})
    # What rests on one run was judged: it is no part of those that were not.
    assert f"{headline} (of those judged, 1 rests on one run)" in text
    assert text.index("| all | 2 | 0 | 2 | 1 | 5 |") < text.index("| id |")
    shown = page("A title", "reduced", found, {})
    assert "<th>our own checks</th><td>0</td><td>0</td><td>1</td><td>0</td><td>1</td>" in shown
    assert shown.index("<th>our own checks</th>") < shown.index("S99")


def test_an_interval_without_the_paper_s_value_is_told() -> None:
    told = "excludes the paper's value"
    assert told not in full_note(judged(Measured(0.8, 0.7, 0.9, 10)))
    assert told in full_note(judged(Measured(0.95, 0.9, 0.99, 10)))
    assert told not in full_note(judged(Measured(0.95)))


def test_the_paper_s_value_is_compared_with_the_measure_that_it_is_of() -> None:
    """Not with the one that happens to stand first."""
    two = claim(
        paper={"text": "0.985", "value": 0.985, "of": "middle"},
        measures={
            "r": {"measure": "best", "label": "best"},
            "middle": {"measure": "middle", "label": "the middle one"},
        },
    )

    def told(best: Measured, middle: Measured) -> str:
        found = {"best": lambda evidence: best, "middle": lambda evidence: middle}
        return full_note(judge("S99", two, "reduced", NOTHING, found))

    inside, outside = Measured(0.98, 0.95, 0.99, 9), Measured(0.94, 0.93, 0.95, 9)
    assert "(the middle one) excludes the paper's value" in told(inside, outside)
    assert "excludes" not in told(outside, inside)
    with pytest.raises(ValidationError, match=r"paper\.of: other is no measure of this claim"):
        claim(paper={"text": "", "value": 1, "of": "other"})


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("fig6_survival", "Figure 6: t"),
        ("fig10b_more", "Figure 10b: t"),
        ("figS2_demo", "Figure S2: t"),
        ("fig_decay", "Figure decay: t"),
        ("fig_weak_decay", "Figure weak decay: t"),
        ("figdecay", "Figure decay: t"),
        ("fig_", "Figure fig_: t"),
    ],
)
def test_every_figure_has_a_label(name: str, label: str) -> None:
    assert figure_label(name, "t") == label


def test_a_repeated_verdict_is_told_by_what_led_to_it(tmp_path: Path) -> None:
    words = "partly (r: 0.4 [0.1, 0.7] (n = 9))"
    row = {"name": "S14", "value": 0.5, "ci_lo": math.nan, "ci_hi": math.nan, "n": 9, "note": words}
    path = tmp_path / "shared.parquet"
    write_table(pd.DataFrame([row]), path, {"scale": "test", "config_hash": "0"})
    repeat = claim(
        measures={
            "S14": {
                "measure": "verdict",
                "label": "verdict on S14",
                "parameters": {"table": "shared", "row": "S14"},
            }
        },
        criteria={"reduced": [{"of": "S14", "at_least": 1}]},
        partly=[{"of": "S14", "at_least": 0.5}],
        note="",
    )
    evidence = Evidence(Tables({"shared": path}), Resampling(10, 0, 0.95))
    found = judge("K13", repeat, "reduced", evidence, {"verdict": verdict})
    assert found.verdict == "partly"
    assert claims_table([found])["measures"][0] == f"verdict on S14: {words}"
    assert found.failed == ("verdict on S14 = reproduced",)


def test_what_n_counts_is_told_whole() -> None:
    for n, of, told in (
        (600, "networks", "600 networks"),
        (600, "n", "600"),
        (600, "runs", "600 runs"),
        (1, "runs", "1 run"),
        (1, "frequencies", "1 frequency"),
    ):
        found = [judged(Measured(0.9, 0.8, 1.0, n, of))]
        assert f"| {told} |" in markdown("T", "reduced", found, {}), of
        assert claims_table(found)["measures"][0].endswith(f"(n = {told})")


@pytest.mark.parametrize(
    ("paper", "told"),
    [
        ({"text": "-50 % of loss", "value": 0.5}, "-50 % of loss (as measured here: 0.5)"),
        ({"text": "about 10,000 steps", "value": 10_000}, "about 10,000 steps"),
        ({"text": "r = 0.85", "value": 0.85}, "r = 0.85"),
        ({"text": "2e-7 to .5", "value": 0.1, "between": [2e-7, 0.5]}, "2e-7 to .5"),
        (
            {"text": "1 to 4 %", "between": [0.01, 0.04]},
            "1 to 4 % (as measured here: 0.01 to 0.04)",
        ),
        ({"text": "half", "between": [0.5, None]}, "half (as measured here: at least 0.5)"),
        ({"text": "less", "between": [None, 0.5]}, "less (as measured here: at most 0.5)"),
        ({"text": "seen"}, "seen"),
    ],
)
def test_the_paper_s_number_stands_in_the_unit_of_ours(paper: dict, told: str) -> None:
    found = judged(Measured(0.8, 0.7, 0.9, 9), paper=paper)
    assert paper_text(found) == told
    assert claims_table([found])["paper"][0] == told
    for text in (markdown("T", "reduced", [found], {}), page("T", "reduced", [found], {})):
        assert told in text
    assert paper["text"] in caption("It.", "reduced", 9, [found])


@pytest.mark.parametrize(
    ("lo", "hi", "paper", "excluded"),
    [
        (0.8, 0.84, {"value": 0.85}, True),
        (0.8, 0.86, {"value": 0.85}, False),
        (0.8, 0.84, {"between": [0.83, 0.9]}, False),
        (0.8, 0.84, {"between": [0.841, 0.9]}, True),
        (0.8, 0.84, {"between": [0.5, None]}, False),
        (0.8, 0.84, {"between": [None, 0.79]}, True),
        (0.8, 0.84, {}, False),
    ],
)
def test_an_interval_that_leaves_out_the_paper_s_value_is_told(
    lo: float, hi: float, paper: dict[str, object], excluded: bool
) -> None:
    found = judged(Measured(0.82, lo, hi, 9), paper={"text": "it", **paper})
    assert ("Our interval excludes" in full_note(found)) == excluded


def test_a_range_of_the_paper_rises() -> None:
    with pytest.raises(ValidationError, match="between"):
        claim(paper={"text": "it", "between": [2, 1]})


def test_what_keeps_a_claim_from_being_reproduced_is_named() -> None:
    def two(second: float) -> str:
        found = judge(
            "S99",
            claim(
                measures={"r": {"measure": "r", "label": "r"}, "p": {"measure": "p", "label": "p"}},
                criteria={"reduced": [{"of": "r", "above": 0}, {"of": "p", "below": 0.05}]},
                partly=[{"of": "r", "above": 0}],
            ),
            "reduced",
            NOTHING,
            {"r": lambda evidence: Measured(0.5), "p": lambda evidence: Measured(second)},
        )
        return str(claims_table([found])["decided_by"][0])

    assert two(0.01) == "r: 0.5"
    assert two(0.2) == "p: 0.2"
