"""From arithmetic to the tables, figures and verdicts of the exponents report."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from pydantic import ValidationError
from worlds import load_script

from fittest.analysis.exponents.constants import Constants, ResidueSettings
from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.forecasts.forecast import Rate
from fittest.pipeline.price.price_page import price_page, price_table
from fittest.pipeline.project import Project
from fittest.store import provenance, read_table
from small_world import REPOSITORY

SETTINGS = {
    "moduli": [13, 29],
    "largest": 8,
    "even": [{"p": 29, "a": 1, "b": 1}],
    "uneven": [{"p": 29, "a": 7, "b": 7}],
    "map": {"p": 13, "a": 2, "b": 2},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("residues")
    load_script("analyse_residues", "exponents").analyse_residues(
        *(str(folder / name) for name in ("stats.parquet", "table.csv", "fig2.csv", "map.csv")),
        settings=ResidueSettings.model_validate(SETTINGS),
        origin=provenance("smoke", "a" * 16),
    )
    return folder


def test_rules_hold_and_the_shown_sum_is_counted(made: Path) -> None:
    rows = Statistics(read_table(made / "stats.parquet"))
    assert rows["arithmetic.zeros"]["value"] == 197
    assert rows["arithmetic.missing"]["value"] == 16
    assert rows["arithmetic.rule_broken"]["value"] == 0
    assert rows["arithmetic.zeros_broken"]["value"] == 0
    assert rows["arithmetic.zeros_broken"]["n"] > 0
    assert rows["arithmetic.gauss"]["value"] < 1e-9


def test_every_sum_has_a_row(made: Path) -> None:
    table = pd.read_csv(made / "table.csv")
    assert len(table) == 2 * 64
    assert (table.groupby("p")["a"].nunique() == 8).all()
    plotted = pd.read_csv(made / "fig2.csv")
    assert (plotted.groupby(["p", "a", "b"])["count"].sum() == 29**2).all()


def test_figures_are_drawn(made: Path) -> None:
    plot = load_script("plot_fig2_remainder_distributions", "exponents").plot_fig2
    plot(str(made / "fig2.csv"), str(made / "stats.parquet"), str(made / "fig2.pdf"))
    plot = load_script("plot_figS14_residue_map", "exponents").plot_residue_map
    plot(
        str(made / "map.csv"),
        str(made / "stats.parquet"),
        str(made / "figS14.pdf"),
        **SETTINGS["map"],
    )
    for name in ("fig2", "figS14"):
        assert (made / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert (made / f"{name}.png").stat().st_size > 10_000


def test_the_primality_test_is_held_against_trial_division(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = load_script("analyse_primality_test", "exponents")
    stats, table = str(tmp_path / "stats.parquet"), str(tmp_path / "table.csv")
    script.analyse_primality_test(stats, table, 60, provenance("smoke", "a" * 16))
    rows = Statistics(read_table(stats))
    assert rows["aks.mismatches"]["value"] == 0 and rows["aks.primes"]["value"] == 17
    assert len(pd.read_csv(table)) == 59
    # One that takes every odd number for a prime is seen.
    monkeypatch.setattr(script, "is_prime", lambda n: n % 2 == 1)
    script.analyse_primality_test(stats, table, 60, provenance("smoke", "a" * 16))
    assert Statistics(read_table(stats))["aks.mismatches"]["value"] > 10


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"moduli": [101, 111]}, "111 is not prime"),
        ({"map": {"p": 100, "a": 2, "b": 2}}, "100 is not prime"),
        ({"largest": 0}, "largest"),
        ({"even": [{"p": 13, "a": 0, "b": 1}]}, "even"),
    ],
)
def test_moduli_and_exponents_are_checked(change: dict, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ResidueSettings.model_validate(SETTINGS | change)


def test_the_repositorys_own_constants_are_those_of_the_report() -> None:
    constants = Project.load(REPOSITORY).constants("exponents")
    assert isinstance(constants, Constants)
    assert {one.p for one in constants.residues.even} == {101, 113}
    assert constants.largest_tested == 1000


def test_a_paper_that_trains_nothing_has_a_price(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "config", tmp_path / "config")
    (tmp_path / "config" / "claims" / "exponents.yaml").unlink()
    path = tmp_path / "config" / "papers" / "exponents.yaml"
    paper = yaml.safe_load(path.read_text())
    kept = {"fig2_remainder_distributions", "figS14_residue_map"}
    paper["analyses"] = {"residues": paper["analyses"]["residues"]}
    paper["figures"] = {name: entry for name, entry in paper["figures"].items() if name in kept}
    paper["tables"] = {}
    path.write_text(yaml.safe_dump(paper))
    project = Project.load(tmp_path, {"scale": "smoke"})
    table = price_table([project], "exponents", Rate.constant(1e9), "smoke")
    assert len(table) == 0
    assert "<th>run-set</th>" in price_page(table, "smoke", "given")
