"""The one-node Slurm of these tests: local-slurm.sh, and what Slurm tells of its jobs."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

SCRIPT = Path(__file__).with_name("local-slurm.sh")
CANNOT = 3
"""Exit status of the script where this machine cannot run a Slurm for tests."""
GPUS = 2
_CORES = 64


def control(verb: str) -> subprocess.CompletedProcess[str]:
    """Run the script; what it says is in `stdout`."""
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return subprocess.run(
        ["bash", str(SCRIPT), verb],
        env={"PATH": path, "GPUS": str(GPUS), "CPUS": str(_CORES)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
        timeout=900,
    )


def slurm(*command: str) -> str:
    """Output of one of Slurm's commands."""
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=300
    ).stdout.strip()


@dataclass(frozen=True)
class Job:
    """A job as `scontrol` tells it; name: rule and wildcards, as in train_perturb_0000."""

    id: int
    name: str
    fields: dict[str, str]

    @property
    def state(self) -> str:
        return self.fields["JobState"]

    @property
    def asked(self) -> tuple[str, int, str, str, int]:
        """(GPUs, cores, memory, partition, minutes)"""
        hours, minutes, seconds = self.fields["TimeLimit"].split(":")
        assert seconds == "00"
        return (
            self.fields.get("TresPerJob", ""),
            int(self.fields["NumCPUs"]),
            self.fields["MinMemoryNode"],
            self.fields["Partition"],
            60 * int(hours) + int(minutes),
        )

    @property
    def span(self) -> tuple[datetime, datetime]:
        first, last = (datetime.fromisoformat(self.fields[k]) for k in ("StartTime", "EndTime"))
        return first, last


def jobs_after(last: int = 0) -> list[Job]:
    """All jobs with a higher number, in their order."""
    found = []
    for line in slurm("scontrol", "show", "job", "--oneliner").splitlines():
        fields = dict(part.split("=", 1) for part in line.split() if "=" in part)
        if not fields or int(fields["JobId"]) <= last:
            continue
        name = fields["Comment"].removeprefix("rule_").replace("_wildcards_", "_")
        found.append(Job(int(fields["JobId"]), name, fields))
    return sorted(found, key=lambda job: job.id)


def memory_of(megabytes: int) -> str:
    """Memory as scontrol prints it."""
    return f"{megabytes // 1024}G" if megabytes % 1024 == 0 else f"{megabytes}M"
