"""What claims may name: measures, and the statistics that a paper's analyses write."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fittest.claims.registry import check_statistics, measures_of
from fittest.errors import ClaimError, ConfigError
from fittest.pipeline.project import Project

ROOT = Path(__file__).resolve().parents[2]


def test_a_paper_has_the_measures_of_all_and_its_own() -> None:
    shared = {"statistic", "verdict", "ratio", "difference", "rate_difference", "cell"}
    own = set(measures_of("survival"))
    assert shared < own and {name.partition(".")[0] for name in own - shared} == {"survival"}
    assert set(measures_of("completeness")) == shared == set(measures_of("nobody"))


@pytest.mark.parametrize("key", ["row", "over", "minus"])
def test_a_statistic_that_nobody_writes_is_refused(key: str) -> None:
    rows = {"table": "sweep_stats", "row": "moduli.slope", key: "moduli.slop"}
    with pytest.raises(ClaimError, match=rf"{key}: .*moduli\.slop`; did you mean `moduli\.slope`"):
        check_statistics("survival", rows)


def test_statistics_of_another_table_are_no_rows_of_this_one() -> None:
    with pytest.raises(ClaimError, match=r"has no row `moduli\.slope`"):
        check_statistics("survival", {"table": "survival_stats", "row": "moduli.slope"})


def test_what_is_not_known_is_not_judged() -> None:
    check_statistics("completeness", {"table": "shared_claims", "row": "S14"})
    check_statistics("nobody", {"table": "sweep_stats", "row": "x"})
    check_statistics("survival", {"column": "radius", "over": "radius_dead"})


def test_check_names_the_claim_that_asks_for_it(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    path = tmp_path / "config" / "claims" / "survival.yaml"
    path.write_text(path.read_text().replace("row: moduli.slope}", "row: moduli.slopes}"))
    with pytest.raises(ConfigError) as refused:
        Project.load(tmp_path).check()
    line = str(refused.value)
    assert line.startswith("config/claims/survival.yaml: claims.S13.measures.")
    assert "did you mean `moduli.slope`?" in line and "\n" not in line
