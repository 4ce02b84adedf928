"""Peak memory of a process that trains `networks` of a setting (0: that only loads all).

Run as a process of its own: python -m benchmarks.memory p59_d128 64
"""

from __future__ import annotations

import resource
import subprocess
import sys
from functools import cache
from pathlib import Path

import torch

from benchmarks.cases import Case
from fittest.pipeline.project import Project
from fittest.pipeline.running.backends import choose_backend
from fittest.pipeline.running.ensembles import DTYPES

_MIB = 2.0**20

NETWORKS = {"embedding": 64, "transformer": 64, "two_table": 512}
"""How many are trained at once."""


def peak_bytes() -> float:
    """Largest resident size of this process so far."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            # ru_maxrss would count the memory of the process that started this one.
            if line.startswith("VmHWM"):
                return 1024.0 * int(line.split()[1])
    except OSError:
        pass
    used = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return used if sys.platform == "darwin" else 1024.0 * used


def train(case: Case, networks: int, threads: int) -> None:
    """A few steps as the pipeline trains them, with losses and a restart state."""
    settings = Project.load().config.training.model_copy(update={"device": "cpu"})
    if networks:
        ensemble = case.ensemble(networks, DTYPES[settings.dtype])
        # No FLOPs announced: what compiling would need is no part of this measurement.
        backend = choose_backend(settings, ensemble, case.runs(networks), 0.0, threads)
        backend.advance(2)
        backend.evaluate()
        backend.state()


@cache
def _peak(case: Case, networks: int) -> float:
    command = [sys.executable, "-m", "benchmarks.memory", case.name, str(networks)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


def measured(case: Case, networks: int) -> dict[str, float]:
    """MiB of the whole process with `networks`, and of each network in it."""

    # Without networks the setting does not matter, so one process serves for all settings.
    empty, full = _peak(Case("embedding", 3, 1), 0), _peak(case, networks)
    return {"process": full, "empty_process": empty, "per_network": (full - empty) / networks}


if __name__ == "__main__":
    train(Case.parse(sys.argv[1]), int(sys.argv[2]), torch.get_num_threads())
    print(peak_bytes() / _MIB)
