"""The README's first variation is cheap, and can be tried at the smoke scale before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from doc_pages import ROOT, blocks

from fittest.pipeline.forecasts.forecast import Rate
from fittest.pipeline.price.plan import price
from fittest.pipeline.project import Project


@pytest.fixture
def varied(tmp_path: Path) -> Path:
    """The configuration with what the README tells to append."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (block,) = (b for b in blocks("yaml") if b.page == "README.md" and b.file)
    assert block.file is not None
    path = tmp_path / block.file
    path.write_text(path.read_text() + "\n" + block.text)
    return tmp_path


def seconds(folder: Path, target: str, scale: str) -> float:
    rows = price(Project.load(folder, {"scale": scale}), [target], Rate.typical())
    return sum(row.seconds for row in rows)


def test_the_variation_costs_a_fraction_of_the_first_figure(varied: Path) -> None:
    assert seconds(varied, "strong_decay", "reduced") < 0.15 * seconds(varied, "fig6", "reduced")


def test_the_variation_can_be_tried_in_seconds(varied: Path) -> None:
    assert seconds(varied, "strong_decay", "smoke") < 30
