"""A run-set of each kind, cut short: its job takes the seconds and the memory that were forecast.

Slow, and the seconds want a quiet machine: `pytest -m slow tests/pipeline/price -s` prints a table
of what was forecast and what was found. A virtual machine's speed goes up and down by a quarter
within minutes, so that a kind which is outside is forecast and trained twice more, and the median
of the three counts.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from small_world import REPOSITORY

# Steps that take some ten seconds of a core, by the kernel where it knows the network: less than a
# test can wait for, and enough to be more than what a job does once.
STEPS = {
    "main": 400,
    "layers2": 8,
    "digits_inf": 12,
    "digits_fin": 60,
    "repeat_inf": 14,
    "repeat_fin": 20,
    "trigram_inf": 150,
    "trigram_fin": 150,
    "pop91": 20000,
    "full91": 2000,
    "pizza": 1000,
    "powers33": 400,
    "gcd_uniform": 40,
    "sort_fixed": 250,
    "sort_variable": 300,
}
MEMORY, SECONDS = 0.30, 0.25

# Processor time of a process with one thread, its start included: what a job takes when nothing
# else runs, as far as can be told.
JOB = """
import json, resource, sys, time
from pathlib import Path
from fittest.pipeline.forecasts.forecast import shard_seconds
from fittest.pipeline.forecasts.job_memory import shard_memory
from fittest.pipeline.price.calibrate import calibrated
from fittest.pipeline.project import Project

folder, runset, what = sys.argv[1:]
project = Project.load(Path(folder), {"scale": "reduced", "training": {"device": "cpu"}})
shard = project.shard(runset, "0000")
if what == "forecast":
    rate = calibrated(project, runs=shard.runs, busy_too=True)
    print(json.dumps([shard_seconds(shard, rate), shard_memory(project, shard) / 2**20]))
else:
    from fittest.pipeline.running.train import train_shard
    files = [str(Path(folder) / name) for name in ("trajectory.parquet", "weights.parquet")]
    train_shard(project, runset, "0000", *files, threads=1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([time.process_time(), peak / 1024]))
"""


def cut_short(folder: Path, runset: str, steps: int) -> None:
    """A copy of the configuration in which a run-set of the reduced scale ends early, and has one
    run: that takes the same processor time on any number of cores, whoever trains it."""
    shutil.copytree(REPOSITORY / "config", folder / "config")
    for path in (folder / "config" / "runsets").glob("*.yaml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if runset in content["runsets"]:
            for block in content["runsets"][runset]["scales"]["reduced"]:
                block.setdefault("settings", {})["steps"] = steps
                block.pop("axes", None)
            path.write_text(yaml.safe_dump(content), encoding="utf-8")


def asked(folder: Path, runset: str, what: str) -> tuple[float, float]:
    """(seconds, MiB) as forecast or found, by a process of its own."""
    command = [sys.executable, "-c", JOB, str(folder), runset, what]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, memory = json.loads(done.stdout.splitlines()[-1])
    return seconds, memory


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("runset", STEPS)
def test_a_job_takes_what_was_forecast(runset: str, tmp_path: Path) -> None:
    cut_short(tmp_path, runset, STEPS[runset])
    ratios = [compared(tmp_path, runset)]
    if abs(ratios[0][0] - 1) > SECONDS:
        ratios += [compared(tmp_path, runset) for _ in range(2)]
    seconds, memory = np.median(ratios, axis=0)
    assert memory == pytest.approx(1, abs=MEMORY)
    assert seconds == pytest.approx(1, abs=SECONDS)


def compared(folder: Path, runset: str) -> tuple[float, float]:
    """Seconds and memory as forecast over those found."""
    forecast, found = (asked(folder, runset, what) for what in ("forecast", "found"))
    seconds, memory = forecast[0] / found[0], forecast[1] / found[1]
    print(
        f"\n{runset:<14} seconds {forecast[0]:7.2f} forecast {found[0]:7.2f} found"
        f" {seconds:5.2f}   MiB {forecast[1]:6.0f} forecast {found[1]:6.0f} found {memory:5.2f}"
    )
    return seconds, memory
