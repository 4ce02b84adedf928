"""Several workers: a test marked `alone` runs while no other does, and one line counts all."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from small_world import REPOSITORY

CASE = """
import json, time
from pathlib import Path
import pytest

@pytest.mark.parametrize("turn", range(4))
@pytest.mark.{mark}
def test_one(turn, worker_id):
    begin = time.monotonic()
    time.sleep(0.1)
    line = [{alone}, begin, time.monotonic(), worker_id]
    (Path({folder!r}) / f"{name}{{turn}}.txt").write_text(" ".join(map(str, line)))
    assert (turn, {alone}) != (0, 1)
"""


def test_alone_means_alone_and_one_line_counts_all(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    (tmp_path / "conftest.py").write_text((REPOSITORY / "tests" / "conftest.py").read_text())
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  alone: x\n  other: x\n")
    for name, mark in {"a": "other", "b": "alone", "c": "other", "d": "other"}.items():
        case = CASE.format(mark=mark, alone=int(mark == "alone"), folder=str(tmp_path), name=name)
        (tmp_path / f"test_{name}.py").write_text(case)
    apart = {"PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile"],
        cwd=tmp_path,
        # Where the fixtures are that the copied settings name.
        env={key: value for key, value in os.environ.items() if key not in apart}
        | {"PYTHONPATH": str(REPOSITORY / "tests")},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert re.search(r"1 failed, 15 passed", done.stdout.splitlines()[-1]), done.stdout
    assert done.returncode == 1
    spans = [path.read_text().split() for path in tmp_path.glob("*.txt")]
    assert len(spans) == 16 and len({worker for *_, worker in spans}) > 1
    for alone, begin, end, _ in spans:
        if alone == "1":
            others = [span for span in spans if float(span[1]) != float(begin)]
            assert all(float(o[2]) <= float(begin) or float(end) <= float(o[1]) for o in others)
