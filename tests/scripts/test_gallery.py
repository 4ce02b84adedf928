"""The gallery: pictures and verdicts of a built scale, in docs/."""

from __future__ import annotations

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
ORIGIN = {"scale": "smoke", "commit": "0123456789abcdef", "config_hash": "fedcba9876543210"}
CLAIMS = "id,verdict,figure\nS01,reproduced,fig2_signal_evolution\nS02,partly,fig6_survival\n"


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
    assert "Claims: S01 reproduced." in page and "Claims: S02 partly." in page
    assert page.count("scale smoke, commit 0123456789, config fedcba9876") == len(names)
    assert (docs / "claims" / "survival.md").read_text() == "# Claims\n"


def test_pictures_are_small_and_keep_their_provenance(built: Project, tmp_path: Path):
    source = tmp_path / built.paths.png(built.paths.kept_figure("survival", "fig6_survival"))
    target = tmp_path / "small" / "fig6.png"
    SCRIPT["shrink"](source, target)
    with Image.open(source) as large, Image.open(target) as small:
        assert small.width == SCRIPT["WIDTH"] < large.width
        assert small.height / small.width == pytest.approx(large.height / large.width, rel=0.01)
        assert small.info["Description"] == large.info["Description"]
    assert target.stat().st_size < source.stat().st_size


def test_rare_colours_stay_what_they_are(tmp_path: Path):
    """The paper's orange on a picture that is mostly the survivors' yellow."""
    figure = style.new_figure(7.0, 3.0)
    axes = figure.subplots()
    axes.imshow([[x * y for x in range(60)] for y in range(60)], cmap="viridis", aspect="auto")
    axes.axvspan(10, 50, color=style.SURVIVORS[1])
    axes.plot([0, 59], [5, 50], color=style.PAPER, lw=2)
    source = tmp_path / "figure.png"
    style.save(figure, tmp_path / "figure.pdf", ORIGIN)
    SCRIPT["shrink"](source, tmp_path / "small.png")
    wanted = np.array([int(style.PAPER[i : i + 2], 16) for i in (1, 3, 5)])
    with Image.open(tmp_path / "small.png") as small:
        pixels = np.asarray(small.convert("RGB")).astype(int)
    assert (np.abs(pixels - wanted).max(axis=-1) < 25).sum() > 100


def test_without_a_built_scale_one_line_says_what_to_do(capsys: pytest.CaptureFixture[str]):
    assert SCRIPT["main"]("full", ["survival"]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1 and "claims.csv" in message and "make report" in message
