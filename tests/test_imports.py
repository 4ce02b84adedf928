"""What starts fast: heavy libraries are imported only by what uses them.

A smoke build starts some 140 processes; torch alone takes each two seconds or more.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from small_world import REPOSITORY

HEAVY = ("torch", "sklearn", "scipy.stats", "seaborn", "matplotlib")
NAMED = f"print(*[name for name in {HEAVY} if name in sys.modules])"

# What a script of a figure or table may load when it is imported; the rest only where it is used.
WITH_SKLEARN = {"sklearn", "scipy.stats"}
FITTING = (
    *("analyse_gradient", "analyse_authors_classifier", "analyse_ode"),
    *("analyse_kicks", "analyse_midrun_kicks"),
)
ALLOWED = dict.fromkeys(FITTING, WITH_SKLEARN)
SCRIPTS = sorted((REPOSITORY / "scripts").rglob("*.py"))


def python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return done.stdout


def test_floors_that_train_nothing_import_nothing_heavy() -> None:
    """The tasks, models and run-sets are read by every job, plan and check."""
    names = ["fourier", "streams", "tasks", "models", "runs.catalogue", "runs.initial"]
    names += [
        "analysis.fates.settle",
        "analysis.completeness.learned",
        "analysis.survival.collaboration",
        "store",
    ]
    names += [
        "claims.judge",
        "pipeline.project",
        "pipeline.identity.codehash",
        "pipeline.running.collect",
    ]
    names += ["pipeline.jobs", "pipeline.running.tables", "pipeline.running.references"]
    modules = ", ".join(f"fittest.{name}" for name in names)
    assert python(f"import sys, {modules}; {NAMED}").split() == []


def test_plotting_needs_matplotlib_alone() -> None:
    folder = REPOSITORY / "src" / "fittest" / "plotting"
    modules = ", ".join(
        f"fittest.plotting.{path.stem}" for path in sorted(folder.glob("[a-z]*.py"))
    )
    assert python(f"import sys, {modules}; {NAMED}").split() == ["matplotlib"]


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """Script -> heavy libraries that importing it loads: each in a fork of a process that has
    loaded what they may load, which saves half a minute."""
    code = f"""
import os, runpy, sys
import fittest.claims.judge, fittest.pipeline.running.collect
for path in sorted(sys.argv[1:], key=lambda path: "plot" in path):
    if "plot" in path:
        import matplotlib.figure, fittest.plotting.panels
    child = os.fork()
    if not child:
        runpy.run_path(path, run_name="imported")
        names = [name for name in {HEAVY} if name in sys.modules]
        print(path, *names, sep="\\t", flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, path
"""
    lines = python(code, *map(str, SCRIPTS)).splitlines()
    # The path of a checkout may hold a space.
    return {Path(path).stem: set(names) for path, *names in (x.split("\t") for x in lines)}


@pytest.mark.parametrize("script", [path.stem for path in SCRIPTS])
def test_scripts_import_what_they_need(script: str, loaded: dict[str, set[str]]) -> None:
    draws = {"matplotlib"} if script.startswith("plot_") or script == "gallery" else set()
    assert loaded[script] <= draws | ALLOWED.get(script, set())


def test_check_needs_no_torch() -> None:
    code = "import sys; from fittest.__main__ import main; main(['check', '--scale', 'smoke']); "
    assert python(f"{code}{NAMED}").splitlines()[-1].split() == []


def test_check_needs_no_tables() -> None:
    """pandas is a third of what `check` takes otherwise."""
    code = "from fittest.__main__ import main; import sys; main(['check']);"
    assert python(f"{code} print('pandas' in sys.modules)").splitlines()[-1] == "False"


def test_starting_weights_and_plans_of_training_need_no_torch() -> None:
    """What `collect`, `plan` and the analyses of untrained networks ask of a run."""
    code = """
import sys
from fittest.runs.cost import flops
from fittest.runs.initial import initial_parameters
from fittest.runs.run import Run
run = Run(task={"name": "modular_addition", "p": 7})
assert flops(run) > 0 and len(initial_parameters(run, run.task.build())) == 7
"""
    assert python(f"{code}{NAMED}").split() == []
