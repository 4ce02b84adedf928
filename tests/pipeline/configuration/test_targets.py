"""What a target means, and what is said of one that means nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fittest.__main__ import main
from fittest.errors import ConfigError
from fittest.pipeline.configuration.targets import (
    canonical,
    check_targets,
    resolve,
    snakemake_target,
    training_targets,
)
from fittest.pipeline.project import Project
from small_world import REPOSITORY, runset, write_project

FIGURES = {
    "fig1_a": {"title": "A", "runsets": ["one"]},
    "fig10_b": {"title": "B", "runsets": ["two"]},
    "fig2_c": {"title": "C", "runsets": []},
}

ANALYSES = {
    "rates": {"title": "A", "inputs": {"runs": "two.runs"}, "outputs": {"t": "table1.csv"}},
}
TABLES = {"table1": {"title": "A"}}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    declared = {"one": runset({}, {"seed": [0]}), "two": runset({}, {"seed": [1]})}
    declared["later"] = {"description": "test", "scales": {"full": [{}]}}
    return write_project(tmp_path, declared, None, FIGURES, analyses=ANALYSES, tables=TABLES)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("all", "all"),
        ("test", "test"),
        ("one", "one"),
        ("fig1_a", "fig1_a"),
        ("figures/fig1_a.pdf", "fig1_a"),
        ("./figures/fig1_a.png", "fig1_a"),
        ("figures/fig1_a", "fig1_a"),
        ("fig1", "fig1_a"),
        ("fig10", "fig10_b"),
        ("table1", "table1"),
        ("figures/table1.csv", "table1"),
        ("tab", "table1"),
        ("figures/fig10", "fig10_b"),
        ("fig2", "fig2_c"),
        ("results/smoke/runs/two/runs.parquet", "two"),
        ("results/smoke/runs/two/trajectory/0000.parquet", "two"),
        ("results/smoke/test/figures/fig1_a.pdf", "fig1_a"),
        ("results/smoke/test/fig10.csv", "fig10_b"),
        ("results/smoke/test/claims.csv", "test"),
    ],
)
def test_names_of_a_target(word: str, name: str, project: Project) -> None:
    assert canonical(project, word) == name


def test_an_absolute_path_is_the_same_target(project: Project) -> None:
    assert canonical(project, str(project.root.resolve() / "figures/fig1_a.pdf")) == "fig1_a"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("foo/bar/fig1_a", "fig1_a"),
        ("figures/other/fig1_a.pdf", "fig1_a"),
        ("fig1_b", "fig1_a"),
        ("tbale1", "table1"),
        ("figures/table1.pdf", "table1"),
        ("figures/fig1_a.csv", "fig1_a"),
        ("Fig1_A", "fig1_a"),
        ("oen", "one"),
        ("../figures/fig1_a.pdf", "fig1_a"),
        ("results/smoke/runs/ones/runs.parquet", "one"),
    ],
)
def test_what_may_have_been_meant(
    word: str, meant: str, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(project.root), "plan", word, "--gflops", "1"]) == 2
    error = capsys.readouterr().err
    assert re.search(f"did you mean [^?]*`{meant}`", error)
    assert len(error.splitlines()) == 1
    # Run-sets are targets too.
    assert "one, two" in error


def test_several_figures_that_begin_alike(project: Project) -> None:
    with pytest.raises(ConfigError, match=r"fig1_a, fig10_b, fig2_c"):
        canonical(project, "fig")


def test_figure_6_is_that_of_the_paper_at_the_top() -> None:
    project = Project.load(REPOSITORY)
    assert canonical(project, "fig6") == "fig6_survival"
    assert canonical(project, "completeness/fig6") == "completeness/fig6_gradient_and_speed"
    assert resolve(project, "fig6") == ["fixemb", "perturb", "manual"]


# -- Snakemake's own targets -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("targets", "training"),
    [
        ([], []),
        (["all"], ["all"]),
        (["figures/fig1_a.pdf"], ["fig1_a"]),
        (["test_fig10"], ["fig10_b"]),
        (["figures/table1.csv"], ["table1"]),
        (["test_claims"], ["test"]),
        (["results/smoke/runs/two/runs.parquet", "two"], ["two"]),
        (["results/smoke/runs/tow/runs.parquet", "results/full/runs/one/runs.parquet"], []),
        (["collect", "logs/a.log", "fig1"], []),
    ],
)
def test_targets_that_mean_training(
    targets: list[str], training: list[str], project: Project
) -> None:
    assert training_targets(project, targets) == training


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("figures/fig1_b.pdf", r"figures/fig1_b\.pdf.*did you mean [^?]*`figures/fig1_a\.pdf`"),
        ("figures/fgi1_a.pdf", r"did you mean [^?]*`figures/fig1_a\.pdf`"),
        ("figures/figX.pdf", r"no figure `figures/figX\.pdf`"),
        ("figures/table2.csv", r"no table `figures/table2\.csv`.*`figures/table1\.csv`"),
        ("table1", r"did you mean `figures/table1\.csv"),
        ("results/full/runs/one/runs.parquet", r"needs --config scale=full"),
        ("results/smoke/runs/oen/runs.parquet", r"no run-set `oen`.*did you mean `one`"),
        ("results/smoke/runs/one/trajectory/0007.parquet", r"no shard `0007`"),
        ("results/smoke/runs/later/runs.parquet", r"later.*no entry for scale `smoke`"),
        ("fig1_a", r"did you mean `figures/fig1_a\.pdf"),
        ("fig1", r"did you mean `figures/fig1_a\.pdf"),
        ("two", r"did you mean `results/smoke/runs/two/runs\.parquet"),
        ("colect", r"did you mean `collect`"),
    ],
)
def test_mistaken_targets(target: str, told: str, project: Project) -> None:
    with pytest.raises(ConfigError, match=told):
        check_targets(project, [target], RULES)


RULES = ("all", "test", "train", "collect", "publish")


@pytest.mark.parametrize(
    "target",
    [
        *("all", "test", "collect", "figures/fig1_a.pdf", "figures/fig1_a.png"),
        *("figures/table1.csv", "figures/mine.csv"),
        "results/smoke/runs/one/runs.parquet",
        "results/smoke/runs/one/trajectory/0000.parquet",
        # Not ours to judge.
        *("results/smoke/test/table.parquet", "report.html", "figures/mine.pdf", "a/b"),
    ],
)
def test_other_targets_are_left_to_snakemake(target: str, project: Project) -> None:
    check_targets(project, [target], RULES)


def test_every_target_of_plan_has_a_name_for_snakemake(project: Project) -> None:
    words = ("all", "test", "fig1_a", "two", "table1")
    names = {word: snakemake_target(project, word) for word in words}
    assert names == {
        "table1": "figures/table1.csv",
        "all": "all",
        "test": "test",
        "fig1_a": "figures/fig1_a.pdf",
        "two": "results/smoke/runs/two/runs.parquet",
    }


def test_a_table_costs_what_it_is_made_from(project: Project) -> None:
    assert resolve(project, "table1") == ["two"]
    assert set(resolve(project, "test")) == {"one", "two"}
