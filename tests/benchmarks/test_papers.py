"""The price of the papers, from a given speed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks import papers
from fittest.pipeline.forecasts.forecast import Rate
from fittest.pipeline.project import Project


@pytest.fixture(scope="module")
def project() -> Project:
    return Project.load().at_scale("smoke")


@pytest.fixture(scope="module")
def rows(project: Project) -> list[dict[str, Any]]:
    """At a gigaflop a second on 4 cores, beside a GPU of a teraflop."""
    return papers.prices([project], Rate.constant(1e9), 4, 1000.0)


def test_every_paper_has_a_price(project: Project, rows: list[dict[str, Any]]) -> None:
    assert [row["paper"] for row in rows] == list(project.papers)
    assert all(row["scale"] == "smoke" and row["runs"] > 0 for row in rows)


def test_time_follows_from_the_speed_and_the_cores(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        on_two, on_sixteen = row["seconds_by_cores"]["2"], row["seconds_by_cores"]["16"]
        assert on_two / 8 <= on_sixteen <= on_two
        # Updates and what is recorded between them: no less than the updates on half the cores.
        assert on_two >= 2 * row["flops"] / 1e9
        assert row["seconds_gpu"] == pytest.approx(row["flops"] / 1e12)


def test_a_job_uses_no_more_cores_than_it_has_networks() -> None:
    # 16 core-seconds in all, 8 of them a single network's.
    jobs = [(8.0, 1), (8.0, 32)]
    assert papers._together(jobs, 2) == 8.0
    assert papers._together(jobs, 16) == 8.0
    assert papers._together([(8.0, 16), (8.0, 32)], 16) == 1.0


def test_the_table_has_a_line_for_each(rows: list[dict[str, Any]]) -> None:
    lines = papers.table({"gpu_gflops": 1000.0, "rows": rows})
    assert len(lines) == 2 + len(rows)
    assert lines[0].endswith("| 2 cores | 16 cores | GPU at 1 TFLOP/s |")
