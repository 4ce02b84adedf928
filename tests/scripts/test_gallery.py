"""The gallery: pictures and verdicts of a built scale, in docs/."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fittest.pipeline.project import Project
from fittest.plotting import style
from fittest.store import write_text

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "gallery.py"))
ORIGIN = {
    "figure_runs": 22,
    "scale": "smoke",
    "commit": "0123456789abcdef",
    "config_hash": "fedcba9876543210",
}
CLAIMS = (
    "id,verdict,figure,paper,decided_by\n"
    "S01,reproduced,fig2_signal_evolution,perfect,it: 1 [0.97; 1] (n = 9)\n"
    "S02,partly,fig6_survival,,\n"
)


@pytest.fixture
def built(tmp_path: Path) -> Project:
    """A project whose smoke scale has every figure of the survival paper and two claims."""
    for part in ("config", "workflow"):
        (tmp_path / part).symlink_to(ROOT / part)
    project = Project.load(tmp_path, {"scale": "smoke"})
    for name in project.papers["survival"].figures:
        figure = style.new_figure(7.0, 3.0)
        figure.subplots().plot([0, 1], [0, 1])
        style.save(figure, tmp_path / project.paths.kept_figure("survival", name), ORIGIN)
    write_text(CLAIMS, tmp_path / project.paths.table("survival", "claims.csv"))
    write_text("# Claims\n", tmp_path / project.paths.table("survival", "claims.md"))
    return project


def test_page_shows_every_figure_with_its_verdicts_and_origin(built: Project, tmp_path: Path):
    docs = tmp_path / "docs"
    docs.mkdir()
    SCRIPT["gallery"](built, "survival", docs)
    page = (docs / "gallery" / "survival.md").read_text()
    names = list(built.papers["survival"].figures)
    assert all(f"](../images/{name}.png)" in page for name in names)
    assert page.index("fig2_signal_evolution.png") < page.index("fig10_weight_decay.png")
    assert page.index("fig16_all_trajectories.png") < page.index("figS1_horizon.png")
    assert (
        "Paper against ours: **S01** reproduced (paper: perfect; ours: it: 1 [0.97; 1] (n = 9))."
        in page
    )
    assert "Paper against ours: **S02** partly (paper: –; ours: –)." in page
    assert page.count("n = 22 runs.") == len(names)
    # The report's own words.
    told = ROOT / "workflow" / "report" / "survival" / "fig14_all_moduli.rst"
    assert " ".join(told.read_text().split()) in page
    assert page.count("scale smoke, commit 0123456789, config fedcba9876") == len(names)
    assert (docs / "claims" / "survival.md").read_text() == "# Claims\n"


@pytest.mark.parametrize("width", [style.PAGE_WIDTH, style.COLUMN_WIDTH])
def test_pictures_keep_their_colours_and_their_provenance(tmp_path: Path, width: float):
    """The faint colours of a map as well as the paper's orange on what is mostly another colour."""
    figure = style.new_figure(width, 3.0)
    axes = figure.subplots()
    axes.imshow([[x * y for x in range(60)] for y in range(60)], cmap=style.DIVERGING)
    axes.axvspan(10, 50, color=style.SURVIVORS[1])
    axes.plot([0, 59], [5, 50], color=style.PAPER, lw=2)
    style.save(figure, tmp_path / "figure.pdf", ORIGIN)
    source, target = tmp_path / "figure.png", tmp_path / "docs" / "figure.png"
    SCRIPT["copy_picture"](source, target)
    with Image.open(source) as made, Image.open(target) as kept:
        assert kept.mode == "RGB" and kept.width >= 1540
        assert kept.info["Description"] == made.info["Description"]
        np.testing.assert_array_equal(np.asarray(kept), np.asarray(made.convert("RGB")))


def test_every_figure_of_the_first_two_papers_has_a_caption_of_a_few_sentences():
    project = Project.load(ROOT, {"scale": "smoke"})
    for paper in ("survival", "completeness"):
        for name in project.papers[paper].figures:
            text = (ROOT / "workflow" / "report" / paper / f"{name}.rst").read_text()
            sentences = re.findall(r"[^.]\.(?:\s|$)", text)
            assert 2 <= len(sentences) <= 5, f"{paper}/{name}"
            # What the paper says, and what bars or bands mean, or that there are none.
            assert "paper" in text, name
            assert re.search(r"bar|band|interval", text), name


def test_without_a_built_scale_one_line_says_what_to_do(capsys: pytest.CaptureFixture[str]):
    assert SCRIPT["main"]("full", ["survival"]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1 and "claims.csv" in message and "make report" in message
