"""Another clone draws an archive's figures without training."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import checkouts
import fittest
from fittest.__main__ import main
from fittest.archive.redraw import redraw
from fittest.errors import ConfigError
from fittest.pipeline.project import Project

FIGURE = "figS2_demo"
OTHERWISE = """
with open(globals()["snakemake"].output.figure, "w") as file:
    file.write("other")
"""

pytestmark = pytest.mark.workflow


def one_figure(folder: Path) -> Path:
    """A clone whose one paper has one figure, of three tiny networks."""
    clone = checkouts.checkout(folder, "LICENSE")
    config = clone / "config"
    for part in ("runsets", "papers", "analysis", "claims"):
        for file in (config / part).glob("*.yaml"):
            if (part, file.stem) not in (
                ("runsets", "demo"),
                ("papers", "survival"),
                ("analysis", "survival"),
            ):
                file.unlink()
    path = config / "papers" / "survival.yaml"
    paper = yaml.safe_load(path.read_text())
    paper |= {"figures": {FIGURE: paper["figures"][FIGURE]}, "tables": {}}
    paper["analyses"] = {"demo": paper["analyses"]["demo"]}
    path.write_text(yaml.safe_dump(paper, sort_keys=False))
    runsets = config / "runsets" / "demo.yaml"
    runsets.write_text(runsets.read_text().replace("steps: 2000", "steps: 200"))
    return clone


@pytest.fixture
def finished(tmp_path: Path) -> Project:
    """A clone in which the paper has been made at the smoke scale."""
    clone = one_figure(tmp_path / "finished")
    figure = fittest.figure("figS2", scale="smoke", make=True, root=clone)
    assert Path(figure).read_bytes().startswith(b"%PDF")
    return Project.load(clone, {"scale": "smoke"})


def test_another_clone_draws_the_same_figure_without_training(
    finished: Project, tmp_path: Path
) -> None:
    archive = tmp_path / "survival.zip"
    command = ["--root", str(finished.root), "archive", "survival", "--scale", "smoke"]
    assert main([*command, "--out", str(archive)]) == 0
    clone = checkouts.checkout(tmp_path / "clone")
    redraw(clone, archive, ["figS2"], cores="1")
    drawn = (clone / "figures" / f"{FIGURE}.pdf").read_bytes()
    kept = finished.paths.kept_figure("survival", FIGURE)
    assert drawn == (finished.root / kept).read_bytes()
    (clone / "figures" / f"{FIGURE}.pdf").unlink()
    redraw(clone, archive, ["survival"], cores="1")
    assert (clone / "figures" / f"{FIGURE}.pdf").read_bytes() == drawn
    # A clone whose script draws otherwise draws the unpacked results anew.
    script = clone / "scripts" / "survival" / f"plot_{FIGURE}.py"
    script.write_text(script.read_text() + OTHERWISE)
    redraw(clone, archive, ["figS2"], cores="1")
    assert (clone / "figures" / f"{FIGURE}.pdf").read_text() == "other"
    assert not (clone / "logs" / "smoke" / "train").exists()
    assert not (clone / "results" / "smoke").exists()
    with pytest.raises(ConfigError, match="unknown target `fig6`"):
        redraw(clone, archive, ["fig6"], cores="1")


def test_what_code_of_now_would_make_otherwise_is_not_archived(
    finished: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = finished.root / "scripts" / "survival" / "analyse_demo.py"
    script.write_text(script.read_text() + "\nanother = 1\n")
    out = tmp_path / "a.zip"
    command = ["--root", str(finished.root), "archive", "survival", "--scale", "smoke"]
    assert main([*command, "--out", str(out)]) == 2
    assert "survival_demo" in capsys.readouterr().err
    assert not out.exists()
