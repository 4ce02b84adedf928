"""Claims of the exponents report on primality, precision, divisors and sorting: each of them is
judged on what the report says, and on numbers in which that is absent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from planted_claims import ROOT, claims_of, judged

from fittest.analysis.exponents.other_names import OTHER_TABLES
from fittest.analysis.statistics.intervals import Estimate
from fittest.analysis.statistics.table import Row
from fittest.claims.registry import check_call, check_statistics, measures_of
from fittest.pipeline.project import Project

# The measures as the report has them; and where there is no such effect.
ARMS_OF_ONE_SIZE = {
    "sorting.one_length": 0.9,
    "sorting.learned_plain": 900.0,
    "sorting.learned_vary": 300.0,
}
Values = Mapping[str, float | Estimate]
PLANTED: dict[str, tuple[Values, Values]] = {
    "P01": (
        {
            "primality_token.memorised": 1,
            "primality_digits.memorised": 1,
            "primality_token.gain": -0.3,
            "primality_digits.gain": -0.1,
            "primality_token.balanced": 0.5,
            "primality_digits.balanced": 0.6,
        },
        {
            "primality_token.memorised": 0,
            "primality_digits.memorised": 0,
            "primality_token.gain": 0.4,
            "primality_digits.gain": 0.2,
            "primality_token.balanced": 1,
            "primality_digits.balanced": 1,
        },
    ),
    "P02": (
        {
            "primality_token.overfit": 3,
            "primality_token.train_accuracy": 1,
            "primality_digits.overfit": 2,
        },
        {
            "primality_token.overfit": 1,
            "primality_token.train_accuracy": 0.85,
            "primality_digits.overfit": 1,
        },
    ),
    "P03": (
        {
            "precision.tasks_spiking": 3,
            "precision.spikes_primality": 4,
            "precision.spikes_coprimality": 9,
            "precision.spikes_operands": 9,
            "precision.spikes_sums": 0,
            "precision.spikes_double": 2,
            "precision.before": 1e-6,
        },
        {
            "precision.tasks_spiking": 0,
            "precision.spikes_primality": 0,
            "precision.spikes_coprimality": 2,
            "precision.spikes_operands": 2,
            "precision.spikes_sums": 30,
            "precision.spikes_double": 4,
            "precision.before": 1e-6,
        },
    ),
    "P04": ({"precision.near_drop": 0.9}, {"precision.near_drop": 0.1}),
    "P05": (
        {
            "precision.grokked_double": 1,
            "precision.grokked_single": 0,
            "precision.generalised_single": 0,
        },
        {
            "precision.grokked_double": 1,
            "precision.grokked_single": 1,
            "precision.generalised_single": 1,
        },
    ),
    **{
        claim: (
            {f"{name}.overfit": 1.6, f"{name}.train": 0.99, f"{name}.rise": 0.01}
            | {f"{name}.unaided": 0.6},
            {f"{name}.overfit": 1.0, f"{name}.train": 0.99, f"{name}.rise": 0.4}
            | {f"{name}.unaided": 0.9},
        )
        for claim, name in (("G01", "gcd_uniform"), ("G02", "gcd_log_uniform"))
    },
    "G03": (
        {
            "gcd_uniform.stages": 1,
            "gcd_log_uniform.stages": 1,
            "gcd_uniform.known_smooth": 5,
            "gcd_log_uniform.known_smooth": 5,
            "gcd_uniform.stages_half": 2,
            "gcd_log_uniform.stages_half": 2,
        },
        {
            "gcd_uniform.stages": 6,
            "gcd_log_uniform.stages": 5,
            "gcd_uniform.known_smooth": 12,
            "gcd_log_uniform.known_smooth": 12,
            "gcd_uniform.stages_half": 9,
            "gcd_log_uniform.stages_half": 9,
        },
    ),
    "S01": (
        {
            "sorting.fixed_token": 0.999,
            "sorting.variable_token": 0.995,
            "sorting.fixed_exact": 0.98,
            "sorting.variable_exact": 0.9,
        },
        {
            "sorting.fixed_token": 0.6,
            "sorting.variable_token": 0.5,
            "sorting.fixed_exact": 0.0,
            "sorting.variable_exact": 0.0,
        },
    ),
    "S04": (
        {
            "sorting.copying_least": 0.6,
            "sorting.copying_most": 0.9,
            "sorting.own_largest": 0.95,
            "sorting.contrast": 2,
        },
        {
            "sorting.copying_least": -0.1,
            "sorting.copying_most": 0.1,
            "sorting.own_largest": 0.1,
            "sorting.contrast": 4,
        },
    ),
    "S05": (
        {"sorting.slope": -0.9, "sorting.rank": 9},
        {"sorting.slope": 0.1, "sorting.rank": 1},
    ),
    "S06": (
        {"sorting.copying_drop": 0.4, "sorting.kept": 0.3},
        {"sorting.copying_drop": 0.0, "sorting.kept": 0.9},
    ),
    "S07": ({"sorting.heads_apart": 0.003}, {"sorting.heads_apart": 0.2}),
    "S08": (
        {
            "sorting.later": 0.6,
            "sorting.later_repeats": 0.3,
            "sorting.token_plain": 0.99,
            "sorting.token_repeats": 0.97,
            "sorting.learned_plain": 1000,
            "sorting.learned_positions": 600,
        },
        {
            "sorting.later": math.inf,
            "sorting.later_repeats": 0.3,
            "sorting.token_plain": 0.8,
            "sorting.token_repeats": 0.7,
            "sorting.learned_plain": 1000,
            "sorting.learned_positions": math.inf,
        },
    ),
    "S09": (
        {"sorting.vary_token_errors": 0.3, "sorting.vary_exact_errors": 0.5, **ARMS_OF_ONE_SIZE},
        {"sorting.vary_token_errors": 1.0, "sorting.vary_exact_errors": 2.0, **ARMS_OF_ONE_SIZE},
    ),
    "S10": (
        {"sorting.copies_slope": Estimate(-0.05, -0.07, -0.01), "sorting.copies_slope_plain": 0},
        {"sorting.copies_slope": Estimate(0.001, -0.01, 0.02), "sorting.copies_slope_plain": 0},
    ),
}
HIGHER = {"S03"}
"""Judged at no scale below the settled one."""
UNJUDGED = {"S02"}
"""What could not fail."""
MINE = {name: claim for name, claim in claims_of("exponents").claims.items() if name[0] in "PGS"}


def rows(values: Values) -> list[Row]:
    known = {n: v if isinstance(v, Estimate) else Estimate(v) for n, v in values.items()}
    return [
        {"name": name, "value": one.value, "ci_lo": one.lo, "ci_hi": one.hi, "n": 2}
        | {"paper": math.nan, "note": ""}
        for name, one in known.items()
    ]


def tables(values: Values) -> dict[str, Any]:
    """By table, all with the same rows: each name stands in one of them."""
    return {
        table: rows({n: v for n, v in values.items() if any(n in set(group) for group in groups)})
        for table, groups in OTHER_TABLES.items()
    }


def test_all_claims_are_there_and_planted() -> None:
    numbers = {"P": 5, "G": 3, "S": 10}
    expected = {f"{kind}{i:02d}" for kind, last in numbers.items() for i in range(1, last + 1)}
    assert set(MINE) == expected
    assert PLANTED.keys() | HIGHER | UNJUDGED == expected


@pytest.mark.parametrize("claim", sorted(PLANTED))
def test_what_the_report_says_is_reproduced_and_its_absence_is_not(
    claim: str, tmp_path: Path
) -> None:
    said, absent = PLANTED[claim]
    assert said.keys() == absent.keys()
    found = judged("exponents", claim, tables(said), tmp_path)
    assert found.verdict == "reproduced", found
    found = judged("exponents", claim, tables(absent), tmp_path)
    assert found.verdict == "not reproduced", found


def test_too_small_a_scale_judges_no_long_lists(tmp_path: Path) -> None:
    said = {"sorting.long_token": 1.0, "sorting.longest": 32}
    found = judged("exponents", "S03", tables(said), tmp_path)
    assert found.verdict == "not evaluated"


@pytest.mark.parametrize(
    ("claim", "values"),
    [
        ("P01", {**PLANTED["P01"][0], "primality_digits.gain": 0.2}),
        # Three tasks are said to spike, one or two do.
        ("P03", {**PLANTED["P03"][0], "precision.tasks_spiking": 2}),
        ("P03", {**PLANTED["P03"][0], "precision.before": 1e-3}),
        ("G01", {**PLANTED["G01"][0], "gcd_uniform.train": 0.7}),
        ("S04", {**PLANTED["S04"][0], "sorting.copying_most": 0.99}),
        ("S04", {**PLANTED["S04"][0], "sorting.own_largest": 0.5}),
        ("S05", {**PLANTED["S05"][0], "sorting.slope": -0.3}),
        # Heads copy less, and most neurons are needed.
        ("S06", {**PLANTED["S06"][0], "sorting.kept": 0.7}),
        # Not needed, and no faster; or not needed where nothing is repeated.
        ("S08", {**PLANTED["S08"][0], "sorting.later": 2.1}),
        ("S08", {**PLANTED["S08"][0], "sorting.token_repeats": 0.8}),
    ],
)
def test_half_of_a_claim_is_partly_reproduced(claim: str, values: Values, tmp_path: Path) -> None:
    found = judged("exponents", claim, tables(values), tmp_path)
    assert found.verdict.startswith("partly"), found


def test_what_cannot_fail_is_not_judged(tmp_path: Path) -> None:
    unknown = {"gcd_uniform.known_smooth": 2, "gcd_log_uniform.known_smooth": 1}
    found = judged("exponents", "G03", tables({**PLANTED["G03"][0], **unknown}), tmp_path)
    assert found.verdict == "not evaluated" and "a verdict needs" in found.reason
    # Where there are stages all the same, they speak against it.
    found = judged("exponents", "G03", tables({**PLANTED["G03"][1], **unknown}), tmp_path)
    assert found.verdict == "not reproduced"
    # Fresh lists leave nothing to overfit to.
    for gap in (0.001, 0.5):
        found = judged("exponents", "S02", tables({"sorting.gap": gap}), tmp_path, "full")
        assert found.verdict == "not evaluated" and "drawn anew" in found.reason
        assert found.measured["gap"].value == gap
    # One network tells of itself alone, clear as its slope may be.
    alone = {"sorting.copies_slope": -0.05, "sorting.copies_p": 1e-9}
    found = judged("exponents", "S10", tables(alone), tmp_path)
    assert found.verdict == "not evaluated" and "no interval" in found.reason
    # Networks of which some fall and some rise do not fall.
    apart = {"sorting.copies_slope": Estimate(-0.02, -0.08, 0.04), "sorting.copies_p": 1e-9}
    found = judged("exponents", "S10", tables(apart), tmp_path)
    assert found.verdict == "not reproduced"
    # Both sort every list: nothing can be better.
    perfect = {"sorting.vary_token_errors": math.nan, "sorting.vary_exact_errors": math.nan}
    found = judged("exponents", "S09", tables({**PLANTED["S09"][0], **perfect}), tmp_path)
    assert found.verdict == "not evaluated"


def test_every_measure_reads_what_is_written_and_every_figure_is_captioned() -> None:
    known = measures_of("exponents")
    figures = Project.load(ROOT, {"scale": "smoke"}).papers["exponents"].figures
    for claim in MINE.values():
        for call in claim.measures.values():
            check_call(known, call.measure, call.parameters)
            check_statistics("exponents", call.parameters)
        assert claim.figure is None or claim.figure in figures
    for name in figures:
        assert (ROOT / "workflow" / "report" / "exponents" / f"{name}.rst").exists(), name
