"""How many cores this process may use, which on shared machines is fewer than there are."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path, PurePosixPath

_SLURM_COUNTS = ("SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE")


def usable_cores(root: Path | str = "/", environment: Mapping[str, str] | None = None) -> int:
    """The least of what affinity, control groups and a Slurm job allow; at least 1.

    root: of the file system that holds `proc` and `sys`. environment: that of this process
    where left out.
    """
    return max(1, math.ceil(core_time(root, environment)))


def core_time(root: Path | str = "/", environment: Mapping[str, str] | None = None) -> float:
    """Seconds of a core that this process gets in a second at most: a quota may be a fraction."""
    environment = os.environ if environment is None else environment
    # Of the machine itself they are read once: a plan asks for each of a thousand jobs.
    quotas = _quotas_here() if root == "/" else _quotas(Path(root))
    return min([_allowed(), *quotas, *_slurm(environment)])


def _allowed() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _slurm(environment: Mapping[str, str]) -> list[int]:
    if "SLURM_JOB_ID" not in environment:
        return []
    counts = [environment.get(name, "") for name in _SLURM_COUNTS]
    return [int(count) for count in counts if count.isdigit() and int(count) > 0]


@cache
def _quotas_here() -> list[float]:
    return _quotas(Path("/"))


def _quotas(root: Path) -> list[float]:
    """Cores by the quota of every control group that this process is in, versions 1 and 2."""
    found = []
    for folder in _groups(root):
        words = _words(folder / "cpu.max")
        if not words:
            words = _words(folder / "cpu.cfs_quota_us") + _words(folder / "cpu.cfs_period_us")
        try:
            quota, period = (float(word) for word in words)
        except ValueError:
            continue  # "max", or no quota here
        if quota > 0 and period > 0:
            found.append(quota / period)
    return found


def _groups(root: Path) -> Iterator[Path]:
    """The folders of this process's groups and of all above them.

    A container may see its own group as the top one, whatever its path is called, so the top is
    always among them.
    """
    mounted = root / "sys" / "fs" / "cgroup"
    try:
        lines = (root / "proc" / "self" / "cgroup").read_text().splitlines()
    except OSError:
        lines = []
    for line in [*lines, "0::/", "0:cpu:/"]:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        own = PurePosixPath("/" + path.strip("/"))
        tops = (mounted,) if not controllers else (mounted / controllers, mounted / "cpu")
        for top in tops:
            for group in (own, *own.parents):
                yield top / str(group).strip("/")


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
