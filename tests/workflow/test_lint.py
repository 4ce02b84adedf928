"""The lint of the workflow, and that no rule asks for an image or environment that is nowhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from checkouts import checkout, snakemake
from small_world import REPOSITORY

_spec = importlib.util.spec_from_file_location(
    "lint_workflow", REPOSITORY / "scripts/dev/lint_workflow.py"
)
assert _spec is not None and _spec.loader is not None
lint_workflow = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(lint_workflow)

REPORT = """Lints for snakefile /a/b.smk:
    * Absolute path "/x" in line 3:
      Do not define absolute paths.

Lints for rule one (line 4, /a/b.smk):
    * Specify a conda environment or container for each rule.:
      This way, the used software is visible.
    * No log directive defined:
      Without a log, all output goes to the terminal.
"""


def test_only_the_wish_for_an_environment_is_left_out() -> None:
    assert [line.rpartition(": ")[2] for line in lint_workflow.complaints(REPORT)] == [
        'Absolute path "/x" in line 3',
        "No log directive defined",
    ]


def test_no_rule_names_an_environment_of_its_own() -> None:
    for path in [REPOSITORY / "Snakefile", *(REPOSITORY / "workflow").rglob("*.smk")]:
        found = re.findall(r"(?m)^\s*(container|containerized|conda|envmodules):", path.read_text())
        assert not found, path


@pytest.mark.workflow
def test_jobs_run_where_users_ask_for_containers(tmp_path: Path) -> None:
    """There is no image to fetch, so nothing is missed."""
    folder = checkout(tmp_path / "a checkout")
    words = ("-n", "--sdm", "apptainer", "--cores", "1", "--config", "scale=smoke")
    done = snakemake(folder, "figures/fig6_survival.pdf", *words)
    assert done.returncode == 0, done.stdout + done.stderr
