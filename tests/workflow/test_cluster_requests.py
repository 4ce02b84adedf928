"""What Snakemake would submit, whatever the command line adds: dry runs of `--profile slurm`."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from checkouts import checkout, snakemake

pytestmark = pytest.mark.workflow
Asked = dict[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout(tmp_path_factory.mktemp("requests"))


def asked(folder: Path, *arguments: str) -> Asked:
    """Resources of every job by rule, as the dry run prints them."""
    target = ("figures/fig6_survival.pdf", "-n", "--profile", "slurm")
    done = snakemake(folder, *target, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    found: Asked = defaultdict(list)
    for rule, text in re.findall(r"rule (\w+):\n(?:.*\n)*?    resources: (.*)", done.stdout):
        parts = re.split(r", (?=\w+=)", text)
        found[rule].append(dict(part.split("=", 1) for part in parts))
    assert {"train", "collect", "survival_rates"} <= found.keys(), done.stdout
    return found


SMOKE = ("--config", "scale=smoke")


def test_default_resources_of_the_user_erase_nothing(folder: Path) -> None:
    plain = asked(folder, *SMOKE)
    given = ("--default-resources", "slurm_account=me", "slurm_extra='--reservation=x'")
    added = asked(folder, *given, *SMOKE)
    for rule, jobs in plain.items():
        if rule == "publish":
            continue
        for after in added[rule]:
            assert after["slurm_account"] == "me"
            assert "--reservation=x" in after["slurm_extra"]
        # A dry run prints the jobs of a rule in any order.
        before, after = (
            sorted((j["mem_mb"], j["runtime"]) for j in k) for k in (jobs, added[rule])
        )
        assert before == after, rule
    (rates,) = plain["survival_rates"]
    assert (rates["mem_mb"], rates["runtime"]) == ("8000", "60")
    assert all("--signal=TERM@120" in job["slurm_extra"] for job in added["train"])
    assert all("--signal" not in job["slurm_extra"] for job in added["collect"])


def test_resources_that_the_user_sets_win_but_for_the_signal(folder: Path) -> None:
    found = asked(
        folder,
        *("--set-resources", "train:slurm_extra='--nice=3'", "train:mem_mb=123"),
        *("--default-resources", "mem_mb=456"),
        *(*SMOKE, "cluster={extra: --nodelist=n1, gpu: {gres: 'gpu:a100:1'}}"),
    )
    for job in found["train"]:
        assert job["slurm_extra"] == "--nice=3 --nodelist=n1 --signal=TERM@120"
        assert (job["mem_mb"], job["gres"]) == ("123", "gpu:a100:1")
        assert "gpu" not in job
    assert [job["mem_mb"] for job in found["survival_rates"]] == ["456"]
    assert all(job["slurm_extra"] == "--nodelist=n1" for job in found["collect"])
