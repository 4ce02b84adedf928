"""`make demo` and `make report`: what they plan, and where figures of another scale go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checkouts import checkout, recipe, snakemake
from fittest.pipeline.project import Project
from small_world import REPOSITORY

pytestmark = pytest.mark.workflow


def test_the_demo_trains_its_own_run_set_and_nothing_else(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    (arguments,) = recipe("snakemake", "demo")
    result = snakemake(folder, "-n", *arguments)
    assert result.returncode == 0, result.stderr
    text = result.stdout + result.stderr
    assert set(re.findall(r"runset=(\w+)", text)) == {"demo"}
    project = Project.load(folder)
    assert project.runsets_of("figS2_demo") == ["demo"]
    assert len(project.catalogue.runset("demo").runs) == 8


def test_a_report_of_another_scale_leaves_the_figures_alone() -> None:
    for arguments in recipe("snakemake", "report", "SCALE=smoke"):
        assert "scale=smoke" in arguments
        assert "paths={figures: results/smoke/figures}" in arguments
        assert "report.html" not in arguments
    own = Project.load(REPOSITORY).scale
    for arguments in recipe("snakemake", "report", f"SCALE={own}"):
        assert not any("paths=" in word for word in arguments)


def test_the_demo_of_another_scale_is_drawn_beside_its_results(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    (arguments,) = recipe("snakemake", "demo", "SCALE=smoke")
    result = snakemake(folder, *arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    figure = folder / "results/smoke/figures/figS2_demo.pdf"
    assert figure.read_bytes().startswith(b"%PDF")
    assert figure.with_suffix(".png").stat().st_size > 10_000
    assert not (folder / "figures").exists()
