"""The smoke profile end to end: every figure from real training, and nothing twice."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
import yaml

from browsing import (
    Look,
    missing_pictures,
    needs_generator,
    places,
    serious_faults,
    shapes,
    wait_until_drawn,
)
from checkouts import checkout, planned, recipe, snakemake
from fittest.analysis.papers import statistics_of
from fittest.pipeline.project import Project
from fittest.site.tables.signals import RUNS
from fittest.store import read_provenance, read_table
from small_world import REPOSITORY

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = pytest.mark.workflow


def smoke(folder: Path, *arguments: str, fresh: bool = False) -> subprocess.CompletedProcess[str]:
    return snakemake(folder, *arguments, "--profile", "workflow/profiles/smoke", fresh=fresh)


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


# -- the site of these results, in a browser ----------------------------------------------------


@pytest.fixture(scope="module")
def site(built: Path) -> Path:
    """The site of what has been made, by the command of the Makefile."""
    needs_generator()
    for part in ("docs", "README.md"):
        (built / part).symlink_to(REPOSITORY / part)
    (arguments,) = recipe("python -m fittest.site", "site", "SCALE=smoke")
    command = [sys.executable, "-m", "fittest.site", *arguments]
    done = subprocess.run(command, cwd=built, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return built / "results/smoke/site"


def test_every_page_of_the_site_opens_with_its_pictures(look: Look, site: Path) -> None:
    page = look("index.html")
    for place in places(site):
        page.goto(f"{site.as_uri()}/{place}")
        wait_until_drawn(page)
        assert page.locator("h1").count() >= 1, place
        assert missing_pictures(page) == [], place


def test_the_start_page_counts_the_verdicts_of_the_claims(look: Look, built: Path) -> None:
    page, total = look("index.html"), Counter[str]()
    for paper in Project.load(built).papers:
        claims = pd.read_csv(built / "results/smoke" / paper / "claims.csv", keep_default_na=False)
        counts = Counter(claims.loc[claims["role"] == "paper", "verdict"])
        assert told(page.locator(f".card:has(#{paper}) .verdict")) == counts, paper
        total += counts
    assert told(page.locator(".md-content__inner > .verdicts .verdict")) == total


def told(marks: Locator) -> dict[str, int]:
    """Verdict -> its number where there are any, from marks such as `12 not evaluated`."""
    words = [text.split(maxsplit=1) for text in marks.all_inner_texts()]
    return {verdict: int(number) for number, verdict in words if int(number)}


def test_the_page_of_a_paper_shows_each_of_its_figures(look: Look, built: Path) -> None:
    for paper, entry in Project.load(built).papers.items():
        page = look(f"papers/{paper}.html")
        shown = page.locator("figure.shown img").evaluate_all("all => all.map(one => one.src)")
        assert sorted(Path(address).stem for address in shown) == sorted(entry.figures), paper


def test_each_explorer_draws_what_the_results_hold(look: Look, built: Path) -> None:
    for name, runs in explored(built / "results/smoke").items():
        page = look(f"explore/{name}.html")
        wait_until_drawn(page)
        for choice, number in runs.items():
            if choice:
                page.locator(".controls select").first.select_option(choice)
            page.locator(".from", has_text=f"Scale smoke, n = {number}").wait_for()
            drawn = shapes(page)
            assert drawn and all(drawn.values()), (name, choice, drawn)


def explored(results: Path) -> dict[str, dict[str, str]]:
    """Explorer -> choice in its first list -> the number of runs that its foot has to name.

    All of it from the pipeline's own tables. An explorer of one choice has that of no name.
    """
    runs = {
        path.parent.name: read_table(path, "runs") for path in results.glob("runs/*/runs.parquet")
    }
    recorded = {
        runset: len(table)
        for runset, table in runs.items()
        if "n_2mean" in table and table["n_2mean"].notna().any()
    }
    networks: dict[str, set[str]] = {}
    for path in results.glob("runs/*/cosets_networks/*.parquet"):
        networks.setdefault(path.parts[-3], set()).update(read_table(path)["run_id"])
    good = int((~runs["fixemb"]["failed"].astype(bool)).sum())
    seeds = read_table(results / "progress/measures.parquet")["seed"].nunique()
    tasks = {
        task: len(read_table(results / f"completeness/{task}.parquet"))
        for task in ("remainder", "xor")
    }
    return {
        "signals": {name: f"{min(n, RUNS)} of {n} runs of {name}," for name, n in recorded.items()},
        "survival": {"": f"{good} of {len(runs['fixemb'])} runs of fixemb "},
        "circuits": {"": f"{seeds} runs of main,"},
        "cosets": {name: f"{len(ids)} networks of {name}," for name, ids in networks.items()},
        "structures": {task: f"{n} of {n} runs," for task, n in tasks.items()},
    }


@pytest.mark.parametrize(
    "place", ["index.html", "papers/progress.html", "docs/index.html", "explore/circuits.html"]
)
def test_axe_finds_no_serious_fault_with_real_results(look: Look, host: str, place: str) -> None:
    page = look(place, base=host)
    wait_until_drawn(page)
    faults = serious_faults(page)
    assert not faults, "\n".join(faults)
