"""What `checkouts.snakemake` saves is time: its commands are those of a process of their own."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from checkouts import checkout, snakemake

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.skipif(sys.platform != "linux", reason="each command is a process of its own"),
]
SMOKE = ("--cores", "1", "--config", "scale=smoke")


@pytest.mark.parametrize("target", ["figures/figS2_demo.pdf", "figures/figX.pdf"])
def test_a_copy_answers_as_a_process_of_its_own(target: str, tmp_path: Path) -> None:
    folder = checkout(tmp_path / "a checkout")
    copy, own = (snakemake(folder, target, "-n", *SMOKE, fresh=fresh) for fresh in (False, True))
    assert copy.returncode == own.returncode
    # What names neither a moment nor this one command: jobs, what they make, and errors.
    told = re.compile(
        r"(?m)^(?:\w*rule \w+:|    (?:output|log|wildcards): .*|\w+ +\d+|fittest: .*)$"
    )
    for a, b in ((copy.stdout, own.stdout), (copy.stderr, own.stderr)):
        assert sorted(told.findall(a)) == sorted(told.findall(b))
    assert told.findall(own.stdout + own.stderr)


def test_a_copy_has_the_environment_of_the_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Snakefile").write_text(
        "import os, sys\n"
        "print(os.environ.get('OF_THIS_TEST'), os.getcwd(), sys.path[0], file=sys.stderr)\n"
        "rule all:\n    shell: 'echo $OF_THIS_TEST; cat'\n"
    )
    for value in ("one", "two"):
        monkeypatch.setenv("OF_THIS_TEST", value)
        done = snakemake(tmp_path, "--cores", "1")
        assert done.returncode == 0, done.stderr
        assert value in done.stdout.splitlines()
        assert f"{value} {tmp_path} {tmp_path}" in done.stderr
