"""What the papers cost at full scale on the device that was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fittest.pipeline.price.remaining import needed_shards
from fittest.pipeline.project import Project
from fittest.runs.cost import alike, flops


def rates(networks: Mapping[str, Any]) -> dict[str, float]:
    """FLOP/s by model: of its slowest network, each in its fastest way and size."""
    found: dict[str, float] = {}
    for entry in networks.values():
        ways = [way for modes in entry["sizes"].values() for way in modes.values()]
        fast = max((1e9 * way["gflops"] for way in ways if "gflops" in way), default=0.0)
        if fast:
            found[entry["model"]] = min(fast, found.get(entry["model"], fast))
    return found


def prices(root: Path, networks: Mapping[str, Any]) -> dict[str, Any]:
    """Of each paper at full scale: its runs, the FLOPs of their updates, and hours at the measured
    speeds; a model that was not measured goes at the slowest of them."""
    speeds = rates(networks)
    if not speeds:
        return {}
    project = Project.load(root, {"scale": "full"})
    return dict(_of_each(project, speeds, min(speeds.values())))


def _of_each(
    project: Project, speeds: Mapping[str, float], slowest: float
) -> Iterator[tuple[str, Any]]:
    for paper in project.papers:
        runs, work, seconds = 0, 0.0, 0.0
        for shard in needed_shards(project, [paper]):
            for run, number in alike(shard.runs):
                runs += number
                work += number * flops(run)
                seconds += number * flops(run) / speeds.get(run.model.name, slowest)
        yield paper, {"runs": runs, "flops": work, "hours": seconds / 3600}


def prices_as_text(found: Mapping[str, Any]) -> list[str]:
    """Lines of a table."""
    if not found:
        return []
    lines = ["", f"{'paper, full scale':22}{'runs':>10}{'PFLOP':>12}{'hours':>10}"]
    for paper, price in found.items():
        work = price["flops"] / 1e15
        lines.append(f"{paper:22}{price['runs']:>10,}{work:>12,.0f}{price['hours']:>10.1f}")
    return lines
