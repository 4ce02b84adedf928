"""The cores that a process may use, on a machine that gives it fewer than it has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fittest.pipeline.running import cores
from fittest.pipeline.running.cores import usable_cores


@pytest.fixture(autouse=True)
def _large_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "_allowed", lambda: 64)


def system(root: Path, groups: str, files: dict[str, str]) -> Path:
    """A root with /proc/self/cgroup and the given files below /sys/fs/cgroup."""
    every = {"proc/self/cgroup": groups} | {
        f"sys/fs/cgroup/{path}": text for path, text in files.items()
    }
    for path, text in every.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000"}, 64),
        ("0::/a/b\n", {"a/b/cpu.max": "400000 100000"}, 4),
        ("0::/a/b\n", {"a/b/cpu.max": "150000 100000"}, 2),
        ("0::/a/b\n", {"a/b/cpu.max": "20000 100000"}, 1),
        # A limit of a group above holds for all below it.
        ("0::/a/b\n", {"a/cpu.max": "300000 100000", "a/b/cpu.max": "max 100000"}, 3),
        # Inside a container the path is often that outside, and the own group is on top.
        ("0::/../../x\n", {"cpu.max": "200000 100000"}, 2),
        (
            "4:cpu,cpuacct:/a\n3:memory:/b\n",
            {"cpu,cpuacct/a/cpu.cfs_quota_us": "500000", "cpu,cpuacct/a/cpu.cfs_period_us": "1000"},
            64,
        ),
        (
            "4:cpu,cpuacct:/a\n",
            {"cpu/a/cpu.cfs_quota_us": "500000", "cpu/a/cpu.cfs_period_us": "100000"},
            5,
        ),
        (
            "4:cpuset:/a\n",
            {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"},
            64,
        ),
        ("0::/a\n", {"a/cpu.max": "nonsense"}, 64),
    ],
)
def test_quota_of_a_control_group(
    groups: str, files: dict[str, str], expected: int, tmp_path: Path
) -> None:
    assert usable_cores(system(tmp_path, groups, files), {}) == expected


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": "6", "SLURM_CPUS_ON_NODE": "12"}, 6),
        ({"SLURM_JOB_ID": "7", "SLURM_CPUS_ON_NODE": "12"}, 12),
        ({"SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": "128"}, 64),
        ({"SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": "0"}, 64),
        # Left over in a shell that is in no job any more.
        ({"SLURM_CPUS_PER_TASK": "6"}, 64),
    ],
)
def test_cores_of_a_slurm_job(environment: dict[str, str], expected: int, tmp_path: Path) -> None:
    assert usable_cores(tmp_path, environment) == expected


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_a_process_bound_to_one_core_counts_one() -> None:
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from fittest.pipeline.running.cores import usable_cores; print(usable_cores())"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "1"
