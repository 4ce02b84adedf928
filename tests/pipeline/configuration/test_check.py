"""What is wrong in a configuration is told before anything starts, in one line."""

from __future__ import annotations

import re
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import yaml

from fittest.errors import ConfigError
from fittest.pipeline.configuration.check import check_scales
from fittest.pipeline.project import Project
from small_world import REPOSITORY, runset, write_project

DECLARED = {"one": runset(axes={"seed": [0, 1]})}
FIGURES = {"fig1_a": {"title": "A", "runsets": ["one"]}}
CLAIM = {
    "statement": "S",
    "figure": "fig1_a",
    "paper": {"text": "5"},
    "lowest_scale": "smoke",
    "source": "s",
    "measures": {"mean": {"measure": "statistic", "parameters": {"table": "t", "name": "n"}}},
    "criteria": {"smoke": [{"of": "mean", "at_least": 1}]},
}


def refused(root: Path, over: dict[str, Any] | None = None, **files: Any) -> str:
    """The one line that refuses run-sets, or files of config/ given by their path."""
    runsets = files.pop("runsets", DECLARED)
    with pytest.raises(ConfigError) as caught:
        write_project(root, runsets, over, FIGURES)
        for name, content in files.pop("files", {}).items():
            path = root / "config" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        Project.load(root).check()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 600
    return message


def claims(**over: Any) -> dict[str, Any]:
    file = {"paper": "test", "source": "s", "claims": {"T01": CLAIM | over.pop("claim", {})}}
    return {"claims/test.yaml": file | over}


KEEP = {"kind": "keep", "select": "strongest"}


@pytest.mark.parametrize(
    ("runsets", "named"),
    [
        ({"two": runset({"modle": {"d": 3}})}, r"test\.yaml: runsets\.two.*modle"),
        (
            {"two": runset({"intervention": {**KEEP, "of": "nope"}})},
            r"runsets\.two: intervention\.of: there is no run-set `nope`; there are one, two",
        ),
        ({"two": runset({"intervention": {**KEEP, "of": "two"}})}, "runsets.two"),
        (
            {
                "two": runset({"intervention": {**KEEP, "of": "far"}}),
                "far": {"description": "x", "scales": {"full": [{}]}},
            },
            "intervention.of: run-set `far` has no entry for scale `smoke`",
        ),
        (
            {"two": runset(reuse=["far"]), "far": {"description": "x", "scales": {"full": [{}]}}},
            "two.reuse: run-set `far` has no entry for scale `smoke`",
        ),
        ({"My-Set": runset()}, r"runsets\.My-Set: must match"),
        ({"two": {"description": "x", "scales": {"smoke": []}}}, r"runsets\.two\.scales\.smoke"),
        (
            {"two": {"description": "x", "scales": {"smoke": [{"setings": {}}]}}},
            r"two\.scales\.smoke\.0\.setings",
        ),
        ({"two": {"description": "x", "scales": {}}}, r"runsets\.two\.scales"),
        ({"two": runset({"task": {"train_fraction": 0.001}})}, "train_fraction.*no train example"),
        ({"two": runset({"task": {"train_fraction": 1.0}})}, "train_fraction.*no test example"),
        ({"two": runset({"seeds": {"mlp": 2**63}})}, r"seeds\.mlp"),
        (
            {"two": runset(axes={"seeds.embedding": {"range": [2**63 - 1, 2**63 + 1]}})},
            r"seeds\.embedding.*9223372036854775807",
        ),
        (
            {"two": runset({"rng": "authors"}, {"seed": [1, 2**40]})},
            "seeds.embedding: 1099511627776.*MAX_LEGACY_SEED",
        ),
        ({"two": runset({"steps": 2**31})}, "steps.*2147483647"),
        ({"two": runset({"recording": {"every": 10**18}})}, r"recording\.every.*2147483647"),
        ({"two": runset({"task": {"p": 1_000_003}})}, "task.p: 1,000,003.*MAX_P"),
    ],
    ids=str,
)
def test_runsets_that_no_figure_needs(runsets: dict[str, Any], named: str, tmp_path: Path) -> None:
    assert re.search(named, refused(tmp_path, runsets=DECLARED | runsets))


def test_runsets_that_wait_for_each_other(tmp_path: Path) -> None:
    """One starts from the ends of the other, which reads its runs from the first."""
    plain = {"settings": {"task": {"p": 11}}, "axes": {"seed": [0]}}
    keeping = {"settings": {"task": {"p": 11}, "intervention": {**KEEP, "of": "b"}}}
    runsets = {
        "a": {"description": "x", "scales": {"smoke": [plain, keeping | {"axes": {"seed": [0]}}]}},
        "b": {"description": "x", "reuse": ["a"], "scales": {"smoke": [plain]}},
    }
    assert "circle" in refused(tmp_path, runsets=DECLARED | runsets)


def test_more_shards_than_names(tmp_path: Path) -> None:
    over = {"shards": {"smoke": {"runs": 1}}}
    many = {"many": runset(axes={"seed": {"range": [0, 10_001]}})}
    message = refused(tmp_path, over, runsets=DECLARED | many)
    assert "runsets.many: 10,001 shards" in message
    assert "MAX_SHARDS" in message


@pytest.mark.parametrize(
    ("files", "named"),
    [
        (claims(claim={"note": "{nothing} here"}), "T01: note: `{nothing}` is no measure"),
        (claims(claim={"note": "a set {1, 2}"}), "T01: note: "),
        (claims(claim={"note": "open { brace"}), "T01: note: "),
        (claims(claim={"note": "{mean:d}"}), "T01: note: "),
        (claims(claim={"figure": "fig9_none"}), "T01.figure: there is no figure `fig9_none`"),
        (claims(tables=["../x"]), "tables.0: must match"),
        (claims(paper="other"), "claims/test.yaml: paper: there is no paper `other`"),
        (claims(runsets=["nope"]), "claims/test.yaml: runsets: there is no run-set `nope`"),
        (
            claims(claim={"criteria": {"smoke": [{"of": "mean", "between": [2, 1]}]}}),
            "T01.criteria.smoke.0: between",
        ),
        ({"claims/alone.yaml": claims()["claims/test.yaml"]}, "claims/alone.yaml: paper"),
        ({"analysis/alone.yaml": "a: 1\n"}, "analysis/alone.yaml: there is no paper `alone`"),
        ({"analysis/test.yaml": "a: 1\n"}, "analysis/test.yaml: nothing reads it"),
        ({"papers/Mine.yaml": "a: 1\n"}, "papers/Mine.yaml: "),
        ({"runsets/mine.yml": "a: 1\n"}, "runsets/mine.yml: is not read"),
        (
            {"runsets/mine.yaml": {"paper": "mine", "runsets": {"two": runset()}}},
            "runsets/mine.yaml: paper: there is no paper `mine`; there are test",
        ),
        ({"runsets/mine.yaml": "a: 1\na: 2\n"}, "config/runsets/mine.yaml: key `a` stands twice"),
        ({"papers/test.yaml": "a: [1\n"}, "config/papers/test.yaml: line 2: not valid YAML"),
        (
            {"claims/test.yaml": "__use_yte__: true\n"},
            "claims/test.yaml: unknown key `__use_yte__`",
        ),
        ({"config.yaml": "a: &a [*a]\n"}, "config/config.yaml: an anchor holds itself"),
    ],
    ids=str,
)
def test_what_files_name_exists(files: dict[str, Any], named: str, tmp_path: Path) -> None:
    message = refused(tmp_path, files=files)
    assert named in message
    assert message.startswith("config/"), "as users know it"


def test_braces_that_are_meant(tmp_path: Path) -> None:
    write_project(tmp_path, DECLARED, figures=FIGURES)
    path = tmp_path / "config" / "claims" / "test.yaml"
    path.parent.mkdir()
    file = claims(claim={"note": "{mean} of {{1, 2}}"})["claims/test.yaml"]
    path.write_text(yaml.safe_dump(file))
    with pytest.raises(ConfigError, match=r"measures\.mean"):
        Project.load(tmp_path).check()


@pytest.mark.parametrize(
    ("analysis", "named"),
    [
        ({"alive": {"two_mean_factor": -1}}, "alive.two_mean_factor"),
        ({"alive": {"relative": 1.5}}, "alive.relative"),
        ({"bootstrap": {"draws": 10**12}}, "bootstrap.draws"),
    ],
    ids=str,
)
def test_numbers_of_the_analyses(analysis: dict[str, Any], named: str, tmp_path: Path) -> None:
    message = refused(tmp_path, {"analysis": analysis})
    assert message.startswith(f"config/config.yaml: analysis.{named}: ")


@pytest.mark.parametrize("key", ["results", "figures"])
@pytest.mark.parametrize(
    "path", ["", " ", "/", "//", ".", "$UNSET_HERE/x", "~nobody-here/x", "{a}"]
)
def test_folders_that_are_none(
    key: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UNSET_HERE", raising=False)
    assert f"config/config.yaml: paths.{key}: " in refused(tmp_path, {"paths": {key: path}})


def test_folders_are_written_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("SCRATCH", "/scratch/a b")
    over = {"paths": {"results": "$SCRATCH/results", "figures": "~/figures/"}}
    project = write_project(tmp_path, DECLARED, over)
    assert project.paths.runs("one") == "/scratch/a b/results/smoke/runs/one/runs.parquet"
    assert project.paths.published("fig1_a") == "/home/me/figures/fig1_a.pdf"


ABSURD = {
    "a long axis": runset(axes={"seed": {"range": [0, 10**9]}}),
    "beyond all numbers": runset(axes={"seed": {"range": [0, 10**30]}}),
    "a fine axis": runset(axes={"optimiser.lr": {"linspace": [0.1, 0.2, 10**9]}}),
    "many combinations": runset(
        axes={
            "seeds.embedding": {"range": [0, 10_000]},
            "seeds.mlp": {"range": [0, 10_000]},
            "seeds.split": {"range": [0, 10_000]},
        }
    ),
    "a large modulus": runset({"task": {"p": 1_000_003}}),
}


@pytest.mark.parametrize("declared", ABSURD.values(), ids=ABSURD)
def test_absurd_sizes_take_no_memory(declared: dict[str, Any], tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        message = refused(tmp_path, runsets=DECLARED | {"two": declared})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "runsets.two" in message
    assert "limit MAX_" in message
    assert peak < 100 * 2**20


def test_every_scale_is_checked(tmp_path: Path) -> None:
    wrong = runset()
    wrong["scales"]["full"] = [{"settings": {"modle": {}}}]
    project = write_project(tmp_path, DECLARED | {"two": wrong})
    project.check()
    with pytest.raises(ConfigError, match=r"two\.scales\.full.*modle"):
        list(check_scales(project))


def test_plan_tells_the_same(tmp_path: Path) -> None:
    write_project(tmp_path, DECLARED | {"two": runset({"modle": {}})}, figures=FIGURES)
    found = subprocess.run(
        [sys.executable, "-m", "fittest", "plan", "--gflops", "1", "fig1_a"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert found.returncode == 2
    assert len(found.stderr.splitlines()) == 1
    assert "runsets.two" in found.stderr
    assert "modle" in found.stderr


def test_another_scale_reads_no_file_again() -> None:
    project = Project.load(REPOSITORY, {"scale": "smoke"})
    assert project.catalogue.runset("base").scale == "smoke"
    other = project.at_scale("full")
    assert (other.scale, other.paths.scale) == ("full", "full")
    assert other.papers is project.papers
    fresh = Project.load(REPOSITORY, {"scale": "full"})
    assert other.runset_key("base") == fresh.runset_key("base")
    assert project.catalogue.runset("base").scale == "smoke"
