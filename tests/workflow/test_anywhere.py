"""The workflow where its users have it: in folders with spaces, from elsewhere, as a module."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from checkouts import checkout, planned, snakemake
from fittest.store import read_table
from small_world import REPOSITORY

pytestmark = pytest.mark.workflow

TABLE = "results/smoke/runs/demo/runs.parquet"
FIGURE = "figures/figS2_demo.pdf"
SMOKE = ("--config", "scale=smoke", "--cores", "1")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the demo has been made at the smoke scale."""
    folder = checkout(tmp_path_factory.mktemp("anywhere"))
    result = snakemake(folder, FIGURE, *SMOKE)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """Another clone with these results, in which Snakemake remembers nothing."""
    folder = tmp_path / "copy"
    shutil.copytree(built, folder, symlinks=True, ignore=shutil.ignore_patterns(".snakemake"))
    return folder


# -- paths ---------------------------------------------------------------------------------------


def test_spaces_and_umlauts_in_every_path(tmp_path: Path) -> None:
    """Of the checkout, of its interpreter and of the results."""
    folder = tmp_path / "für mich" / "a checkout"
    folder.mkdir(parents=True)
    checkout(folder)
    environment = folder / ".venv"
    venv.create(environment, symlinks=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    # Not the packages themselves: only the way to them has to hold a space.
    here = [path for path in sys.path if path and Path(path).is_dir()]
    (packages / "these.pth").write_text("\n".join([*here, str(REPOSITORY / "src")]) + "\n")
    words = ["my figures/figS2_demo.pdf", "--cores", "1", "--config", "scale=smoke"]
    result = subprocess.run(
        [
            environment / "bin" / "python",
            "-m",
            "snakemake",
            *words,
            "paths={results: my results, figures: my figures}",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert (folder / "my figures/figS2_demo.pdf").read_bytes().startswith(b"%PDF")
    assert len(read_table(folder / "my results/smoke/runs/demo/runs.parquet", "runs")) > 0


# -- from other folders --------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["snakefile", "directory"])
def test_from_another_folder(way: str, tmp_path: Path) -> None:
    source, here = checkout(tmp_path / "source"), tmp_path / "here"
    here.mkdir()
    if way == "snakefile":
        result = snakemake(here, "-s", str(source / "Snakefile"), TABLE, *SMOKE)
    else:
        result = snakemake(source, "--directory", str(here), TABLE, *SMOKE)
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(read_table(here / TABLE, "runs")) > 0
    assert not (source / "results").exists()


def test_as_a_module_of_another_workflow(tmp_path: Path) -> None:
    source, here = checkout(tmp_path / "source"), tmp_path / "here"
    here.mkdir()
    (here / "Snakefile").write_text(f"""
rule mine:
    input:
        "{TABLE}",
    output:
        "figures/fig9_mine.pdf",
    shell:
        "cp {{input}} {{output}}"


module fittest:
    snakefile:
        "{source}/workflow/Snakefile"
    config:
        {{"scale": "smoke"}}


use rule * from fittest as theirs_*
""")
    result = snakemake(here, "figures/fig9_mine.pdf", "--cores", "1")
    assert result.returncode == 0, result.stdout + result.stderr
    assert (here / "figures/fig9_mine.pdf").exists()
    assert planned(snakemake(here, "figures/fig9_mine.pdf", "--cores", "1", "-n")) == {}


def test_fetched_from_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As snakedeploy deploys it: a copy of config/, and a workflow that is fetched file by file."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    source, here = checkout(tmp_path / "source"), tmp_path / "here"
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run(["git", *identity, *words], cwd=source, check=True)
    shutil.copytree(source / "config", here / "config")
    (here / "Snakefile").write_text("""
configfile: "config/config.yaml"


module fittest:
    snakefile:
        github("owner/fittest", path="workflow/Snakefile", branch="main")
    config:
        config


use rule * from fittest
""")
    # No network: git finds the repository here.
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{source}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/owner/fittest")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    result = snakemake(here, TABLE, *SMOKE)
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(read_table(here / TABLE, "runs")) > 0


# -- results that travel, and what Snakemake does not remember ------------------------------------


def test_copied_results_are_taken_as_they_are(copy: Path) -> None:
    assert planned(snakemake(copy, FIGURE, *SMOKE, "-n")) == {}


def test_results_in_a_newer_clone_are_taken_as_they_are(copy: Path) -> None:
    """Brought there with their times: a clone, a pull or another branch makes scripts newer."""
    for path in (copy / "scripts").rglob("*.py"):
        path.touch()
    assert planned(snakemake(copy, FIGURE, *SMOKE, "-n")) == {}


def test_a_script_that_does_something_else_is_run_again(copy: Path) -> None:
    path = copy / "scripts/survival/plot_figS2_demo.py"
    path.write_text(path.read_text() + "\n\nOTHER = 1\n")
    jobs = planned(snakemake(copy, FIGURE, *SMOKE, "-n"))
    assert jobs == {"survival_figS2": 1, "publish": 1}


def test_copied_results_of_another_configuration_are_not(copy: Path) -> None:
    path = copy / "config/runsets/demo.yaml"
    before = (copy / FIGURE).read_bytes()
    path.write_text(path.read_text().replace("p: 13", "p: 17"))
    assert before, "the replacement must change something"
    result = snakemake(copy, FIGURE, *SMOKE, "-n")
    jobs = planned(result)
    assert jobs == {
        "train": 1,
        "collect": 1,
        "survival_demo": 1,
        "survival_figS2": 1,
        "publish": 1,
    }


def test_results_of_one_scale_are_not_those_of_another(copy: Path) -> None:
    shutil.copytree(copy / "results/smoke", copy / "results/reduced")
    jobs = planned(snakemake(copy, FIGURE, "--cores", "1", "-n"))
    assert jobs["train"] >= 1 and jobs["collect"] == 1 and jobs["survival_figS2"] == 1


def test_intermediate_results_may_be_deleted(copy: Path) -> None:
    shutil.rmtree(copy / "results/smoke/runs")
    assert planned(snakemake(copy, FIGURE, *SMOKE, "-n")) == {}


def test_who_wants_older_results_keeps_them(copy: Path) -> None:
    path = copy / "config/runsets/demo.yaml"
    path.write_text(path.read_text().replace("p: 13", "p: 17"))
    words = ("--rerun-triggers", "mtime")
    assert planned(snakemake(copy, FIGURE, *SMOKE, "-n", *words)) == {}


def test_a_key_that_a_summary_does_not_use_leaves_it_alone(copy: Path) -> None:
    config = ("--config", "scale=smoke", "analysis={bootstrap: {draws: 77}}", "--cores", "1")
    assert planned(snakemake(copy, TABLE, *config, "-n")) == {}


# -- one line for mistakes -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("figures/figX.pdf", "figX"),
        ("figures/fig6_survial.pdf", "fig6_survival"),
        ("results/reduced/runs/demo/runs.parquet", "scale=reduced"),
        ("results/smoke/runs/demmo/runs.parquet", "demo"),
        ("survivl", "survival"),
    ],
)
def test_a_wrong_target_is_one_line(target: str, named: str, built: Path) -> None:
    result = snakemake(built, target, *SMOKE, "-n")
    assert result.returncode != 0
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("fittest:")]
    assert named in line
    assert "Traceback" not in result.stderr and "Exception" not in result.stderr


@pytest.mark.parametrize(
    ("file", "content", "named"),
    [
        ("config.yaml", "\nscale: full\n", "scale"),
        ("config.yaml", "\n__use_yte__: true\n", "__use_yte__"),
        ("config.yaml", "\nshards: [\n", "config.yaml"),
        ("runsets/demo.yaml", "\n  Wrong-Name: {description: a, scales: {}}\n", "Wrong-Name"),
    ],
)
def test_a_wrong_configuration_is_one_line(
    file: str, content: str, named: str, tmp_path: Path
) -> None:
    folder = checkout(tmp_path)
    path = folder / "config" / file
    path.write_text(path.read_text() + content)
    result = snakemake(folder, FIGURE, *SMOKE)
    assert result.returncode != 0
    lines = [line for line in result.stderr.splitlines() if line.startswith("fittest:")]
    assert len(lines) == 1 and named in lines[0], result.stderr
    assert "Traceback" not in result.stderr
    assert not (folder / "results").exists()
