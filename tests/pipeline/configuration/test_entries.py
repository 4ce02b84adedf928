"""Rules that entries of the papers' files stand for, and what is said of a wrong entry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import fittest
from checkouts import checkout, snakemake
from fittest.__main__ import main
from fittest.errors import ConfigError
from fittest.pipeline.configuration.entries import short_name
from fittest.pipeline.configuration.entry_rules import EntryRule
from fittest.pipeline.identity.codehash import imported_sources, script_hash
from fittest.pipeline.identity.freshness import Freshness, Step
from fittest.pipeline.project import Project
from fittest.runs.axes import merged
from small_world import REPOSITORY, runset, write_project

RUNSETS = {
    "one": runset({}, {"seed": [0]}),
    "two": runset({}, {"seed": [0, 1]}),
    "later": {"description": "test", "scales": {"full": [{}]}},
}
ANALYSES = {
    "counts": {
        "title": "Counts.",
        "inputs": {"runs": "one.runs", "curves": ["one.trajectories", "two.trajectories"]},
        "outputs": {"table": "counts.parquet", "plotted": "fig1.csv"},
        "parameters": {
            "factor": "analysis.alive.two_mean_factor",
            "resampling": "analysis.bootstrap",
            "more": {"relative": "analysis.alive.relative", "three": 3},
            "paper": "paper.fig1_a",
        },
    }
}
FIGURES = {
    "fig1_a": {
        "title": "A",
        "paper": {"value": 2.5},
        "inputs": {"table": "fig1.csv"},
        "parameters": {"runs": "runs", "heading": "title"},
    },
    "figS_b": {
        "title": "B",
        "analysis": {"inputs": {"runs": "two.runs"}, "outputs": {"t": "b.csv"}, "local": True},
        "inputs": {"t": "b.csv", "counts": "counts.parquet"},
        "threads": 2,
        "memory_mb": 100,
    },
}
TABLES = {"b": {"title": "B"}}
SCRIPTS = ("analyse_counts", "analyse_figS_b", "plot_fig1_a", "plot_figS_b")


def written(root: Path, figures: Any = FIGURES, analyses: Any = ANALYSES, **more: Any) -> Project:
    """A project with these entries and a script for each of the usual ones."""
    for name in SCRIPTS:
        path = root / "scripts" / "test" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return write_project(
        root, RUNSETS, None, figures, **{"analyses": analyses, "tables": TABLES, **more}
    )


def rules(project: Project) -> dict[str, EntryRule]:
    return {rule.name: rule for rule in project.entry_rules()}


# -- right entries -----------------------------------------------------------------------------


def test_an_entry_is_a_rule(tmp_path: Path) -> None:
    project = written(tmp_path)
    project.check()
    found = rules(project)
    assert list(found) == ["test_counts", "test_fig1", "test_analyse_figS_b", "test_figS_b"]
    counts = found["test_counts"]
    paths, analysis = project.paths, project.config.analysis
    assert counts.inputs == {
        "runs": paths.runs("one"),
        "curves": [*project.runset_inputs("one"), *project.runset_inputs("two")],
    }
    assert counts.outputs == {
        "table": paths.table("test", "counts.parquet"),
        "plotted": paths.table("test", "fig1.csv"),
    }
    assert counts.params == {
        "factor": analysis.alive.two_mean_factor,
        "resampling": analysis.bootstrap.model_dump(),
        "more": {"relative": analysis.alive.relative, "three": 3},
        "paper": {"value": 2.5},
    }
    assert counts.runsets == ("one", "two")
    assert counts.script == "test/analyse_counts.py"
    assert counts.log == "logs/smoke/test/counts.log"
    assert (counts.local, counts.threads, counts.resources) == (False, 1, {})


def test_a_figure_is_a_rule_with_its_papers_values(tmp_path: Path) -> None:
    found = rules(written(tmp_path))
    assert found["test_fig1"].params == {
        "runs": 2,
        "heading": "A",
        "paper": {"value": 2.5},
    }
    assert found["test_fig1"].figure == "fig1_a"
    assert found["test_fig1"].script == "test/plot_fig1_a.py"
    second = found["test_figS_b"]
    assert (second.threads, second.resources, second.params) == (2, {"mem_mb": 100}, {})
    own = found["test_analyse_figS_b"]
    assert (own.script, own.local, own.runsets) == ("test/analyse_figS_b.py", True, ("two",))


def test_run_sets_follow_from_inputs_back_to_the_runs(tmp_path: Path) -> None:
    project = written(tmp_path)
    figures = project.papers["test"].figures
    assert figures["fig1_a"].runsets == ("one", "two")
    assert set(figures["figS_b"].runsets) == {"one", "two"}
    assert project.runsets_of("b") == ["two"], "a table is made from runs too"
    assert project.runsets_of("figures/b.csv") == ["two"]
    assert set(project.runsets_of("test")) == {"one", "two"}


def test_run_sets_that_are_named_stay(tmp_path: Path) -> None:
    figures = merged(FIGURES, {"fig1_a": {"runsets": ["two", "one"]}})
    project = written(tmp_path, figures)
    project.check()
    assert project.papers["test"].figures["fig1_a"].runsets == ("two", "one")


@pytest.mark.parametrize(
    ("name", "others", "short"),
    [
        ("fig6_survival", ["fig7_b"], "fig6"),
        ("figS1_horizon", [], "figS1"),
        ("fig6_survival", ["fig6_more"], "fig6_survival"),
        ("fig6_survival", ["fig60_more"], "fig6"),
        ("fig_decay", [], "fig_decay"),
    ],
)
def test_short_names(name: str, others: list[str], short: str) -> None:
    assert short_name([name, *others], name) == short


# -- wrong entries -----------------------------------------------------------------------------


def counts(**change: Any) -> dict[str, Any]:
    return {"analyses": {"counts": {**ANALYSES["counts"], **change}}}


def fig1(**change: Any) -> dict[str, Any]:
    return {"figures": {**FIGURES, "fig1_a": {**FIGURES["fig1_a"], **change}}}


WRONG = [
    (counts(inputs={"runs": "oen.runs"}), "analyses.counts.inputs.runs: there is no run-set `oen`"),
    (counts(inputs={"runs": "oen.runs"}), "did you mean `one`?"),
    (counts(inputs={"x": ["one.runs", "no.csv"]}), "inputs.x: nothing makes `no.csv`"),
    (counts(inputs={"r": "later.runs"}), "run-set `later` has no entry for scale `smoke`"),
    (counts(script="test/none.py"), "analyses.counts: there is no scripts/test/none.py; write it"),
    (counts(script="../none.py"), "analyses.counts.script: must be a file under scripts/"),
    (counts(outputs={"t": "counts.txt"}), "analyses.counts.outputs.t: must be a file such as"),
    (counts(outputs={"t": "../fig1.csv"}), "analyses.counts.outputs.t: must be a file such as"),
    (counts(outputs={"t": "price.csv"}), "analyses.counts.outputs.t: `price.csv` is made of"),
    (
        counts(outputs={"t": "counts.parquet", "p": "fig1.csv", "q": "b.csv"}),
        "figures.figS_b.analysis.outputs.t: `b.csv` is also made by analyses.counts",
    ),
    (
        counts(parameters={"f": "analysis.alive.relativ"}),
        "parameters.f: `analysis.alive` has no key `relativ`; did you mean `relative`?",
    ),
    (counts(parameters={"f": {"g": "analyse.x"}}), "parameters.f.g: `analyse.x` is none of"),
    (
        counts(parameters={"f": "paper.fig1_b"}),
        "parameters.f: there is no figure `fig1_b`; did you mean ",
    ),
    (counts(threads=0), "analyses.counts.threads: "),
    (counts(inptus={}), "analyses.counts.inptus: unknown key"),
    (fig1(inputs={"table": "fgi1.csv"}), "nothing makes `fgi1.csv`; did you mean `fig1.csv`"),
    (fig1(runsets=["one"]), "figures.fig1_a.runsets: lacks two, which its inputs are made from"),
    (fig1(runsets=["one", "two", "on"]), "figures.fig1_a.runsets: there is no run-set `on`"),
    ({"tables": {"c": {"title": "C"}}}, "tables.c: nothing makes `c.csv`"),
    ({"tables": {"one": {"title": "C"}}}, "tables.one: `one` is also a paper or a run-set"),
    (
        {"analyses": {**ANALYSES, "fig1": {"title": "x", "outputs": {"t": "x.csv"}}}},
        "figures.fig1_a: its rule would be called `test_fig1`, as that of",
    ),
]


@pytest.mark.parametrize(("change", "told"), WRONG, ids=[told for _, told in WRONG])
def test_a_wrong_entry_is_one_line(
    change: dict[str, Any], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = change.get("figures", FIGURES)
    more = {key: value for key, value in change.items() if key != "figures"}
    written(tmp_path, figures, **more)
    for words in (["check", "--scale", "smoke"], ["plan", "one", "--gflops", "1"]):
        assert main(["--root", str(tmp_path), *words]) == 2
        error = capsys.readouterr().err
        assert told in error
        assert error.startswith("fittest: config/papers/test.yaml: ")
        assert len(error.splitlines()) == 1


def test_claims_read_tables_that_something_makes(tmp_path: Path) -> None:
    project = written(tmp_path)
    path = tmp_path / "config/claims/test.yaml"
    path.parent.mkdir()
    path.write_text("paper: test\nsource: x\ntables: [count]\nclaims: {}\n")
    with pytest.raises(ConfigError, match=r"claims/test\.yaml: tables: nothing makes `count\.par"):
        Project.load(project.root).check()


@pytest.mark.workflow
def test_snakemake_tells_the_same(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    path = folder / "config/papers/survival.yaml"
    path.write_text(path.read_text().replace("table: fig8.csv", "table: fgi8.csv"))
    result = snakemake(folder, "figures/fig6_survival.pdf", "-n", "--config", "scale=smoke")
    assert result.returncode != 0
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("fittest:")]
    told = subprocess.run(
        [sys.executable, "-m", "fittest", "check", "--scale", "smoke"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert line == told.stderr.strip()
    assert "figures.fig8_collaboration.inputs.table: nothing makes `fgi8.csv`" in line
    assert "Traceback" not in result.stderr


# -- what makes what stale ---------------------------------------------------------------------


def behind(script: str) -> set[str]:
    """What decides the outputs of a script of the repository, beside itself."""
    found = imported_sources([REPOSITORY / "scripts" / script])
    return {path.relative_to(Path(fittest.__file__).parent).as_posix() for path in found}


def test_a_script_follows_its_own_imports_and_no_others() -> None:
    scripts = sorted({rule.script for rule in Project.load(REPOSITORY).entry_rules()})
    reached = {script: behind(script) for script in scripts}
    drawing = [script for script in scripts if "/plot_" in script]
    assert len(drawing) >= 25
    for script in drawing:
        # What is drawn stands in a table: no task or model decides anything of it.
        assert not {f for f in reached[script] if f.startswith(("tasks/", "models/"))}, script
    for module in set().union(*reached.values()):
        if module.startswith("analysis/"):
            users = [script for script in scripts if module in reached[script]]
            assert len(users) < len(scripts), module
    assert any(f.startswith("tasks/") for f in reached["completeness/analyse_xor.py"])


def test_a_changed_analysis_makes_stale_what_imports_it(tmp_path: Path) -> None:
    """Each rule has the key of its own script: another script's change leaves it alone."""
    project = written(tmp_path)
    steps = [
        Step(rule.name, (), tuple(rule.outputs.values()), {}, tmp_path / "scripts" / rule.script)
        for rule in project.entry_rules()
    ]
    before = {step.name: Freshness(project, steps).key(step) for step in steps}
    script = tmp_path / "scripts/test/analyse_counts.py"
    script.write_text("x = 1\n")
    script_hash.cache_clear()
    after = {step.name: Freshness(project, steps).key(step) for step in steps}
    assert {name for name in before if before[name] != after[name]} == {"test_counts"}


def test_a_shown_table_that_is_not_the_kept_one_is_stale(tmp_path: Path) -> None:
    project = written(tmp_path)
    kept, shown = project.kept_of("test", "b"), project.published("test", "b")
    for path, text in ((kept, "1\n"), (shown, "2\n")):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    assert Freshness(project, []).stale() == {"figures/b.csv"}
    (tmp_path / shown).write_text("1\n")
    assert Freshness(project, []).stale() == set()
