"""A paper's own rules beside those of its entries: workflow/rules/<paper>.smk."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from checkouts import checkout, snakemake

pytestmark = pytest.mark.workflow

RULE = '''
rule mine_own:
    """What no entry can say."""
    output:
        project.paths.table("mine", "own.csv"),
    log:
        f"logs/{project.scale}/mine/own.log",
    shell:
        "echo a > {output:q} 2> {log:q}"
'''
PAPER = {
    "title": "A",
    "reference": "B",
    "folder": "mine",
    "made_by_rules": ["own.csv"],
    "analyses": {
        "more": {"title": "C", "inputs": {"own": "own.csv"}, "outputs": {"table": "more.csv"}}
    },
    "figures": {},
}


def test_an_entry_reads_what_a_rule_of_the_paper_makes(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    (folder / "workflow/rules/mine.smk").write_text(RULE)
    (folder / "config/papers/mine.yaml").write_text(yaml.safe_dump(PAPER))
    script = folder / "scripts/mine/analyse_more.py"
    script.parent.mkdir()
    script.write_text("")
    words = ("results/smoke/mine/more.csv", "-n", "--config", "scale=smoke")
    done = snakemake(folder, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^rule (\w+):", done.stdout, re.M) == ["mine_own", "mine_more"]
