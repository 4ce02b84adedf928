"""The survival paper's claims as data, its derived ones, and its own measures."""

from __future__ import annotations

import importlib.util
import json
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.survival.uniformity import power, renamings, uniformity
from fittest.claims.judge import Judgement, judge
from fittest.claims.measures import Evidence
from fittest.claims.model import ClaimFile
from fittest.claims.registry import check_call, measures_of
from fittest.claims.tables import Tables
from fittest.errors import ClaimError
from fittest.pipeline.configuration.schemas import schema_texts
from fittest.pipeline.project import Project
from fittest.store import write_table

ROOT = Path(__file__).resolve().parents[2]
RESAMPLING = Resampling(200, 0, 0.95)


@pytest.fixture(scope="module")
def project() -> Project:
    return Project.load(ROOT, {"scale": "smoke"})


@pytest.fixture(scope="module")
def claims(project: Project) -> ClaimFile:
    return project.claims["survival"]


def test_all_claims_of_the_spec_are_there_in_order(claims: ClaimFile) -> None:
    assert list(claims.claims) == [f"S{number:02d}" for number in range(1, 66)]


def test_every_measure_exists_and_takes_its_parameters(claims: ClaimFile) -> None:
    known = measures_of("survival")
    for claim in claims.claims.values():
        for call in claim.measures.values():
            check_call(known, call.measure, call.parameters)


def test_every_figure_named_exists(project: Project, claims: ClaimFile) -> None:
    figures = {claim.figure for claim in claims.claims.values()} - {None}
    assert figures <= set(project.papers["survival"].figures)


def test_every_figure_has_its_description_for_the_report(project: Project) -> None:
    for name in project.papers["survival"].figures:
        assert (ROOT / "workflow" / "report" / "survival" / f"{name}.rst").exists(), name


def test_every_table_that_a_measure_reads_is_an_input(project: Project, claims: ClaimFile) -> None:
    there = set(project.claim_tables("survival"))
    for name, claim in claims.claims.items():
        for call in claim.measures.values():
            assert call.parameters.get("table", "geometry") in there, name


def test_notes_name_measures(claims: ClaimFile) -> None:
    for name, claim in claims.claims.items():
        assert set(re.findall(r"{(\w+)}", claim.note)) <= claim.measures.keys(), name


def test_schemas_agree_with_the_settings() -> None:
    for name, text in schema_texts().items():
        assert json.loads((ROOT / "config" / "schemas" / name).read_text()) == json.loads(text)


def test_an_unknown_key_of_a_claim_is_refused() -> None:
    content = yaml.safe_load((ROOT / "config" / "claims" / "survival.yaml").read_text())
    content["claims"]["S01"]["treshold"] = 1
    with pytest.raises(ValueError, match="treshold"):
        ClaimFile.model_validate(content)


EXACT = {"S07": ["identity", "printed"], "S45": ["violations"], "S54": ["violations"]}


def derived(claims: ClaimFile, name: str, geometry: pd.DataFrame, folder: Path) -> Judgement:
    path = folder / "geometry.parquet"
    write_table(geometry, path, {"scale": "test", "config_hash": "0"})
    evidence = Evidence(Tables({"geometry": path}), RESAMPLING)
    return judge(name, claims.claims[name], "smoke", evidence, measures_of("survival"))


@pytest.mark.parametrize("name", EXACT)
def test_derived_claims_hold(claims: ClaimFile, name: str, tmp_path: Path) -> None:
    table = pd.DataFrame({"survivors": [4], "step_violations": [0], "angle_error": [0.5]})
    found = derived(claims, name, table, tmp_path)
    assert found.verdict == "reproduced" and not found.broken
    for key in EXACT[name]:
        assert found.measured[key].value == 0 and found.measured[key].n > 3


def test_a_violated_identity_breaks(claims: ClaimFile, tmp_path: Path) -> None:
    table = pd.DataFrame({"survivors": [4], "step_violations": [1], "angle_error": [0.0]})
    assert derived(claims, "S07", table, tmp_path).broken
    identity = (
        claims.claims["S07"]
        .measures["identity"]
        .model_copy(update={"parameters": {"pairs": {2: 28}, "p": 59}})
    )
    changed = claims.claims["S07"].model_copy(
        update={"measures": {**claims.claims["S07"].measures, "identity": identity}}
    )
    evidence = Evidence(Tables({}), RESAMPLING)
    assert judge("S07", changed, "smoke", evidence, measures_of("survival")).broken


def test_wrong_limits_of_the_rule_break(claims: ClaimFile) -> None:
    measure = measures_of("survival")["survival.alive_limits"]
    evidence = Evidence(Tables({}), RESAMPLING)
    assert measure(evidence, most={7: 2}, factor=2.0).value > 0
    assert measure(evidence, most={7: 1, 23: 5}, factor=2.1).value > 0


def check_derived(table: Path, report: Path) -> None:
    path = ROOT / "scripts" / "check_derived.py"
    spec = importlib.util.spec_from_file_location("check_derived", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.check_derived(str(table), str(report))


@pytest.mark.parametrize("broken", [False, True])
def test_only_a_broken_derived_claim_fails_the_build(tmp_path: Path, broken: bool) -> None:
    table = pd.DataFrame(
        {
            "id": ["S01", "S45"],
            "kind": ["empirical", "derived"],
            "verdict": ["not reproduced", "not reproduced" if broken else "reproduced"],
            "broken": [False, broken],
            "note": ["a", "b"],
        }
    )
    table.to_csv(tmp_path / "claims.csv", index=False)
    if broken:
        with pytest.raises(ClaimError, match="S45: b"):
            check_derived(tmp_path / "claims.csv", tmp_path / "derived.txt")
    else:
        check_derived(tmp_path / "claims.csv", tmp_path / "derived.txt")
        assert "1 of 1" in (tmp_path / "derived.txt").read_text()


def survivors(p: int, sets: list[list[int]]) -> pd.DataFrame:
    rows = [
        {"run_id": str(run), "p": p, "cluster": run, "k": k, "alive_2mean": k in alive}
        for run, alive in enumerate(sets)
        for k in range(1, (p - 1) // 2 + 1)
    ]
    return pd.DataFrame(rows)


def test_renamings_are_permutations_of_the_frequencies() -> None:
    table = renamings(13)
    assert (np.sort(table, axis=1) == np.arange(6)).all()
    assert (np.sort(table, axis=0) == np.arange(6)[:, None]).all()


def test_uniform_survivors_pass_and_a_favourite_is_noticed() -> None:
    random = np.random.default_rng(1)
    fair = [list(random.choice(29, 4, replace=False) + 1) for _ in range(60)]
    result = uniformity(survivors(59, fair), RESAMPLING)
    assert result.p_value > 0.01 and result.degrees == 28 and result.runs == 60
    biased = [[7, *alive[:3]] for alive in fair]
    assert uniformity(survivors(59, biased), RESAMPLING).p_value < 0.01
    # Sixty copies of one cluster say no more than one run.
    same = survivors(59, [[7, 8, 9]] * 60).assign(cluster=0)
    assert uniformity(same, RESAMPLING).p_value > 0.5
    assert math.isnan(uniformity(survivors(59, [[]]), RESAMPLING).p_value)


def test_a_favourite_is_noticed_with_enough_runs_and_not_with_few() -> None:
    random = np.random.default_rng(1)
    fair = [list(random.choice(29, 4, replace=False) + 1) for _ in range(200)]
    many, few = survivors(59, fair), survivors(59, fair[:5])
    assert power(many, RESAMPLING, odds=8, level=0.05, trials=10) >= 0.9
    assert power(few, RESAMPLING, odds=2, level=0.05, trials=10) < 0.5
    assert math.isnan(power(survivors(59, [[]]), RESAMPLING, 2, 0.05, 2))
