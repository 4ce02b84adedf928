"""What is planned, and what is refused, before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkouts import checkout, planned, snakemake
from fittest.pipeline.price.plan import needed_shards
from fittest.pipeline.project import Project

pytestmark = pytest.mark.workflow


def test_the_cluster_profile_resolves_from_the_checkout_and_plans_the_right_jobs(
    tmp_path: Path,
) -> None:
    folder = checkout(tmp_path)
    jobs = planned(snakemake(folder, "figures/fig6_survival.pdf", "--profile", "slurm", "-n"))
    project = Project.load(folder, {"scale": "full"})
    assert jobs["train"] == len(needed_shards(project, ["fig6_survival"]))
    assert jobs["survival_fig6"] == 1
    assert "survival_fig2" not in jobs


@pytest.mark.parametrize(
    ("mistake", "named"),
    [
        (("frequency: 25", "frequency: 30"), ("survival.yaml", "perturb", "frequency")),
        (("ratio:", "ratios:"), ("survival.yaml", "manual", "ratios")),
        (("reuse: [fixemb]", "reuse: [fixem]"), ("survival.yaml", "perturb", "fixem")),
    ],
)
def test_a_mistake_is_named_before_anything_starts(
    tmp_path: Path, mistake: tuple[str, str], named: tuple[str, ...]
) -> None:
    folder = checkout(tmp_path)
    path = folder / "config/runsets/survival.yaml"
    path.write_text(path.read_text().replace(*mistake))
    result = snakemake(folder, "figures/fig6_survival.pdf", "--cores", "1")
    assert result.returncode != 0
    for word in named:
        assert word in result.stderr, result.stderr
    assert "Traceback" not in result.stderr
    assert not (folder / "results").exists()


def test_an_unknown_scale_is_refused(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    result = snakemake(folder, "all", "--cores", "1", "--config", "scale=tiny")
    assert result.returncode != 0
    assert "scale" in result.stderr
    assert "smoke" in result.stderr
