"""The exponents report's claims on sums of powers: each judged on what the report says, and on
values at which its effect is absent."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from planted_claims import claims_of, judged

from fittest.claims.judge import Judgement
from fittest.pipeline.project import Project

ROOT = Path(__file__).resolve().parents[2]
NEVER = math.inf
PLANTED: dict[str, dict[str, tuple[float, float]]] = {
    "E01": {"rows": (10, 4), "at_once": (10, 5)},
    "E02": {"rows": (9, 1)},
    "E03": {"trend": (0.01, 0.6), "differ": (0.02, 0.7)},
    "E04": {"difference": (4e-15, 0.3)},
    "E05": {"difference": (4e-15, 0.3)},
    "E06": {"even": (1, 0.4), "uneven": (0, 0.8), "generalised": (0, 0.9)},
    "E07": {"grokked": (0, 0.6), "at_once": (0, 0.4)},
    "E08": {"grokked": (1, 0)},
    "E10": {"left": (0, 4), "pairs": (4, 0), "at_once": (1, 0.5)},
    "E11": {"ratio": (0.5, 3), "p": (0.01, 0.5), "slower": (40, 0.3), "power": (0.004, 1)},
    "E12": {"gini": (0.8, 0.1), "long": (0.9, 0.2)},
    "E13": {"first": (0.7, 0.2), "novel": (0.3, 0.8)},
    "E14": {
        "cosines": (0.99, 0.5),
        "cover": (0.95, 0.2),
        "square": (0.1, 0.6),
        "higher": (0.2, 0.7),
    },
    "E16": {"ratio": (0.3, 1.0)},
    "E17": {"rise": (1e4, 1), "phases": (1, 0.2)},
    "E18": {"lead": (0.4, -0.1), "wider": (3, 0.5)},
    "E19": {"left": (0.4, 1), "step": (1.1, 0.1), "whole": (0.9, 0.2)},
    "E20": {"attention": (0.05, 0.5), "loss": (0.001, 0.4)},
    "E21": {"accuracy": (0.99, 0.1)},
    "E22": {"share": (0.8, 0.1)},
}
EXACT = {"E04", "E05"}
CLAIMS = claims_of("exponents").claims


def of_values(
    folder: Path, name: str, values: Mapping[str, float], scale: str = "reduced", n: int = 3
) -> Judgement:
    """The judgement on these values of its measures, of n runs each, NaN for the rest."""
    rows: dict[str, list[dict[str, object]]] = {}
    for key, call in CLAIMS[name].measures.items():
        rows.setdefault(str(call.parameters["table"]), []).append(
            {
                "name": call.parameters["row"],
                "value": values.get(key, math.nan),
                "ci_lo": math.nan,
                "ci_hi": math.nan,
                "n": n,
                "paper": math.nan,
                "note": "",
            }
        )
    return judged("exponents", name, rows, folder, scale)


def test_every_claim_on_sums_is_planted_or_known_without_training() -> None:
    mine = {name for name in CLAIMS if name.startswith("E")}
    assert mine == {f"E{number:02d}" for number in range(1, 23)}
    assert mine - PLANTED.keys() == {"E09", "E15"}


@pytest.mark.parametrize("name", PLANTED)
def test_what_the_report_says_is_reproduced(name: str, tmp_path: Path) -> None:
    values = {key: pair[0] for key, pair in PLANTED[name].items()}
    found = of_values(tmp_path, name, values)
    assert found.verdict == "reproduced", (found.failed, found.reason)
    claim = CLAIMS[name]
    used = {c.of for c in claim.conditions("reduced")} | {c.of for c in claim.partly}
    assert used == set(values)


@pytest.mark.parametrize("name", PLANTED)
def test_where_the_effect_is_absent_nothing_is_reproduced(name: str, tmp_path: Path) -> None:
    absent = {key: pair[1] for key, pair in PLANTED[name].items()}
    found = of_values(tmp_path, name, absent)
    assert found.verdict == "not reproduced" and found.failed
    assert found.broken == (name in EXACT)
    for condition in CLAIMS[name].conditions("reduced"):
        key = condition.of
        values = {one: pair[0] for one, pair in PLANTED[name].items()} | {key: absent[key]}
        # Without what a verdict takes for granted there is none.
        lacking = ("not evaluated",) if condition.precondition else ("partly", "not reproduced")
        assert of_values(tmp_path, name, values).verdict in lacking, key


@pytest.mark.parametrize("name", PLANTED)
def test_without_runs_nothing_is_judged(name: str, tmp_path: Path) -> None:
    found = of_values(tmp_path, name, {})
    assert found.verdict == "not evaluated" and "no value" in found.reason


def test_couplings_hold_at_every_scale_or_the_build_fails(tmp_path: Path) -> None:
    for name in EXACT:
        claim = CLAIMS[name]
        assert (claim.kind, claim.lowest_scale) == ("derived", "smoke")
        assert [c.of for c in claim.conditions("smoke")] == ["difference"]


@pytest.mark.parametrize(
    ("p", "n", "verdict"),
    [
        (0.6, 10, "reproduced"),
        (0.001, 10, "not reproduced"),
        # Three runs against three cannot differ: nothing is said by it.
        (0.1, 6, "not evaluated"),
    ],
)
def test_steps_of_exchanged_exponents_are_compared_where_they_could_differ(
    p: float, n: int, verdict: str, tmp_path: Path
) -> None:
    for scale, expected in (("reduced", "reproduced"), ("settled", verdict)):
        found = of_values(tmp_path, "E05", {"difference": 1e-15, "p": p}, scale, n)
        assert found.verdict == expected
        # A difference of steps is chance, and fails no build.
        assert not found.broken


@pytest.mark.parametrize(
    ("name", "values"),
    [
        # (7, 7) generalises at once: no run groks, and none is what a "No" means.
        ("E01", {"rows": 9, "at_once": 10}),
        ("E07", {"grokked": 0.0, "at_once": 1.0}),
        # Uneven answers generalise, and yet do not grok.
        ("E06", {"even": 1.0, "uneven": 0.0, "generalised": 0.9}),
        # (4, 4) is fast, and not at once.
        ("E10", {"left": 0.0, "pairs": 4, "at_once": 0.0, "fast": 1.0}),
        ("E11", {"ratio": 0.8, "p": 0.02, "slower": 0.8}),
        # Short runs generalise without key frequencies.
        ("E12", {"gini": 0.24, "long": 0.69}),
        # It rises, but not all runs have the phases.
        ("E17", {"rise": 800.0, "phases": 0.7}),
        ("E18", {"lead": 0.08, "wider": 1.5}),
        # They fall fastest at their random start, and later where it generalises.
        ("E19", {"left": 0.3, "step": 0.95, "whole": 0.29}),
    ],
)
def test_half_of_a_claim_is_partly_reproduced(
    name: str, values: dict[str, float], tmp_path: Path
) -> None:
    assert of_values(tmp_path, name, values).verdict == "partly"


def test_what_is_only_shown_decides_nothing(tmp_path: Path) -> None:
    shown = {
        "E12": {"gini": 0.7, "long": 0.8, "short": 0.1},
        "E18": {"lead": 0.2, "wider": 2.0, "all": -1.0},
        "E20": {"loss": 0.0, "attention": 0.07, "worst": 0.3, "spared": 0.9},
    }
    for name, values in shown.items():
        assert of_values(tmp_path, name, values).verdict == "reproduced", name
    # Weights fall, but not when the network generalises.
    found = of_values(tmp_path, "E19", {"left": 0.3, "step": 0.3, "whole": 0.3})
    assert found.verdict == "not reproduced"
    # A ratio of medians without a sign that it is more than chance is none.
    found = of_values(tmp_path, "E11", {"ratio": 0.78, "p": 0.54, "slower": 0.8})
    assert found.verdict == "not reproduced"


def test_never_is_later_than_any_step(tmp_path: Path) -> None:
    found = of_values(tmp_path, "E11", {"ratio": NEVER, "p": 1.0, "slower": NEVER})
    assert found.verdict == "not reproduced"
    found = of_values(tmp_path, "E11", {"ratio": 0.0, "p": 0.01, "slower": NEVER, "power": 0.004})
    assert found.verdict == "reproduced"


def test_multiples_that_cannot_be_told_from_uneven_answers_are_not_judged(tmp_path: Path) -> None:
    found = of_values(tmp_path, "E11", {"ratio": 0.5, "slower": 40.0, "power": 1.0})
    assert found.verdict == "not evaluated" and "looked up" in found.reason


def test_figures_are_there_and_described() -> None:
    project = Project.load(ROOT, {"scale": "smoke"})
    figures = project.papers["exponents"].figures
    for name, claim in CLAIMS.items():
        assert claim.figure is None or claim.figure in figures, name
        for text in filter(None, (claim.statement, claim.note)):
            assert re.match(r"[A-Z0-9(]", text) and text.rstrip().endswith("."), name
    others = re.compile(r"figS([5-9]|1[0-3])_")
    for figure in (one for one in figures if not others.match(one)):
        assert (ROOT / "workflow" / "report" / "exponents" / f"{figure}.rst").exists(), figure
