"""The smoke profile end to end: every figure from real training, and nothing twice."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import yaml

from checkouts import checkout, snakemake
from fittest.analysis.papers import statistics_of
from fittest.pipeline.price.plan import needed_shards
from fittest.pipeline.project import Project
from fittest.store import read_provenance, read_table

pytestmark = pytest.mark.workflow


def smoke(folder: Path, *arguments: str, fresh: bool = False) -> subprocess.CompletedProcess[str]:
    return snakemake(folder, *arguments, "--profile", "workflow/profiles/smoke", fresh=fresh)


def planned(result: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Rule -> number of jobs, from a dry run's table."""
    assert result.returncode == 0, result.stderr
    text = result.stdout + result.stderr
    if "Nothing to be done" in text:
        return {}
    table = text.split("Job stats:")[-1]
    return {name: int(n) for name, n in re.findall(r"^(\w+)\s+(\d+)\s*$", table, re.M)}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the whole smoke scale has been made."""
    folder = checkout(tmp_path_factory.mktemp("checkout"))
    result = smoke(folder, "all", fresh=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def test_every_figure_is_drawn(built: Path) -> None:
    project = Project.load(built, {"scale": "smoke"})
    for paper in project.papers:
        for figure in project.figures_of(paper):
            pdf = built / figure
            assert pdf.read_bytes().startswith(b"%PDF"), figure
            assert pdf.with_suffix(".png").stat().st_size > 10_000, figure


def test_a_second_run_does_nothing(built: Path) -> None:
    assert planned(smoke(built, "all", "-n")) == {}


def test_plotted_numbers_stand_beside_the_tables(built: Path) -> None:
    folder = built / "results/smoke/survival"
    for name in ("fig2.csv", "fig3.csv", "fig6.csv"):
        assert len(pd.read_csv(folder / name)) > 0, name
    assert "run_id" in json.loads((folder / "showcase.json").read_text())


@pytest.mark.parametrize(
    ("paper", "letter", "number"), [("survival", "S", 65), ("completeness", "K", 55)]
)
def test_every_claim_is_listed_and_the_derived_ones_are_judged(
    built: Path, paper: str, letter: str, number: int
) -> None:
    folder = built / "results/smoke" / paper
    claims = pd.read_csv(folder / "claims.csv", keep_default_na=False).set_index("id")
    assert list(claims.index) == [f"{letter}{n:02d}" for n in range(1, number + 1)]
    derived = claims[claims["kind"] == "derived"]
    assert len(derived) >= 4 and (derived["verdict"] == "reproduced").all()
    others = claims[claims["kind"] == "empirical"]
    assert (others["verdict"] == "not evaluated").all()
    assert others["note"].str.contains("needs the scale").all()
    # A row that a measure asks for and no table has would stay unseen until the reduced scale.
    for note in claims["note"]:
        assert "no row" not in note and "no table" not in note and "not been made" not in note
    assert (claims["measures"] != "").all(), claims.index[claims["measures"] == ""].tolist()
    assert f"| {letter}{number} |" in (folder / "claims.md").read_text()
    assert "all hold" in (folder / "derived.txt").read_text()


def test_every_declared_statistic_is_written(built: Path) -> None:
    """And no other: a name that nobody writes would leave its claim and its figure without one."""
    for paper in Project.load(built).papers:
        for table, names in statistics_of(paper).items():
            path = built / "results/smoke" / paper / f"{table}.parquet"
            assert set(read_table(path)["name"]) == names, table


def test_the_report_holds_figures_claims_and_price(built: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    result = smoke(built, "all", "--report", str(page))
    assert result.returncode == 0, result.stderr
    text = page.read_text()
    project = Project.load(built, {"scale": "smoke"})
    for figure in project.papers["survival"].figures:
        assert f"{figure}.png" in text, figure
    assert "claims.html" in text and "price.html" in text


def test_every_table_says_where_it_comes_from(built: Path) -> None:
    tables = list((built / "results/smoke").rglob("*.parquet"))
    assert len(tables) >= 4 * 4
    for table in tables:
        origin = read_provenance(table)
        assert origin["scale"] == "smoke", table
        assert {"config_hash", "commit", "versions", "python"} <= origin.keys(), table


def test_the_resolved_configuration_is_kept_with_the_results(built: Path) -> None:
    content = json.loads((built / "results/smoke/runs/perturb/config.json").read_text())
    assert content["scale"] == "smoke"
    assert content["config"]["analysis"]["bootstrap"]["draws"] > 0


def test_changing_one_number_of_a_runset_retrains_that_runset_only(
    built: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(built, folder, symlinks=True)
    path = folder / "config/runsets/survival.yaml"
    path.write_text(path.read_text().replace("signal: 80.0", "signal: 81.0"))
    result = smoke(folder, "all", "-n")
    assert planned(result)["train"] == 1
    assert re.search(r"wildcards: runset=manual, shard=0000", result.stdout)


def test_changing_a_figure_script_redraws_that_figure_only(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(built, folder, symlinks=True)
    script = folder / "scripts/survival/plot_fig6_survival.py"
    # What it does is as before, whatever its file's age.
    script.write_text(script.read_text() + "\n# a remark\n")
    assert planned(smoke(folder, "all", "-n")) == {}
    script.write_text(script.read_text() + "\n\nCHANGED = True\n")
    assert planned(smoke(folder, "all", "-n")) == {
        "all": 1,
        "publish": 2,
        "survival_fig6": 1,
        # The same figure, drawn by the same script.
        "completeness_fig5": 1,
        "total": 5,
    }


def test_shard_size_has_no_influence_on_results(built: Path, tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    path = folder / "config/config.yaml"
    content = yaml.safe_load(path.read_text())
    content["shards"]["smoke"]["runs"] = 2
    path.write_text(yaml.safe_dump(content))
    target = "results/smoke/runs/perturb/frequencies.parquet"
    result = smoke(folder, target)
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(list((folder / "results/smoke/runs/perturb/trajectory").glob("*.parquet"))) > 1
    pd.testing.assert_frame_equal(
        read_table(folder / target).sort_values(["run_id", "k"], ignore_index=True),
        read_table(built / target).sort_values(["run_id", "k"], ignore_index=True),
    )


def test_the_cluster_profile_resolves_from_the_checkout_and_plans_the_right_jobs(
    tmp_path: Path,
) -> None:
    folder = checkout(tmp_path)
    jobs = planned(snakemake(folder, "figures/fig6_survival.pdf", "--profile", "slurm", "-n"))
    project = Project.load(folder, {"scale": "full"})
    assert jobs["train"] == len(needed_shards(project, ["fig6_survival"]))
    assert jobs["survival_fig6"] == 1
    assert "survival_fig2" not in jobs


@pytest.mark.parametrize(
    ("mistake", "named"),
    [
        (("frequency: 25", "frequency: 30"), ("survival.yaml", "perturb", "frequency")),
        (("ratio:", "ratios:"), ("survival.yaml", "manual", "ratios")),
        (("reuse: [fixemb]", "reuse: [fixem]"), ("survival.yaml", "perturb", "fixem")),
    ],
)
def test_a_mistake_is_named_before_anything_starts(
    tmp_path: Path, mistake: tuple[str, str], named: tuple[str, ...]
) -> None:
    folder = checkout(tmp_path)
    path = folder / "config/runsets/survival.yaml"
    path.write_text(path.read_text().replace(*mistake))
    result = snakemake(folder, "figures/fig6_survival.pdf", "--cores", "1")
    assert result.returncode != 0
    for word in named:
        assert word in result.stderr, result.stderr
    assert "Traceback" not in result.stderr
    assert not (folder / "results").exists()


def test_an_unknown_scale_is_refused(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    result = snakemake(folder, "all", "--cores", "1", "--config", "scale=tiny")
    assert result.returncode != 0
    assert "scale" in result.stderr
    assert "smoke" in result.stderr
