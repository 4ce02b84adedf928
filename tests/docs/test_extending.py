"""The guide on extending, followed: a task and an intervention added to a copy of the package; a
figure, a claim and a paper added to a checkout, and built."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from doc_pages import ROOT, blocks

from checkouts import checkout, snakemake
from fittest.analysis.statistics.intervals import Estimate, Resampling
from fittest.analysis.statistics.table import COLUMNS, statistic_row
from fittest.analysis.survival.names import FixedEmbedding
from fittest.claims.judge import judge
from fittest.claims.measures import Evidence
from fittest.claims.model import Claim
from fittest.claims.registry import measures_of
from fittest.claims.tables import Tables
from fittest.pipeline.identity.codehash import training_hash
from fittest.pipeline.project import Project
from fittest.runs.run import Run
from fittest.store import write_table

PAGE = "docs/guides/extending.md"
FIRST_LINE = "# src/"


def shown(language: str, start: str) -> dict[str, str]:
    """File -> text of the page's blocks that begin with a comment naming a file."""
    found = {}
    for block in blocks(language):
        if block.page == PAGE and block.text.startswith(start):
            head, _, text = block.text.partition("\n")
            found[head.removeprefix("# ")] = text
    return found


TRY = """
import json
import torch
from fittest.pipeline.identity.codehash import training_hash
from fittest.pipeline.running.ensembles import build_ensemble
from fittest.runs.run import Run
from fittest.training.torch_backend import TorchBackend

plain = {"task": {"name": "subtraction", "p": 7}, "model": {"d": 4, "hidden": [5, 5]}}
runs = [Run.model_validate(plain | more) for more in ({}, {"intervention": {"kind": "halve"}})]
ensembles = [build_ensemble([run], torch.float64) for run in runs]
backend = TorchBackend(ensembles[0])
backend.advance(3)
first = [e.initial["embedding.weight"] for e in ensembles]
print(json.dumps({
    "labels": ensembles[0].feed.labels.tolist(),
    "loss": float(backend.evaluate()['train_loss'][0]),
    "halved": bool((first[1] * 2 == first[0]).all()),
    "others": training_hash([Run()]),
    "ids": [run.run_id for run in (Run(), *runs)],
}))
"""


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What a copy of the package does once the page has been followed."""
    folder = tmp_path_factory.mktemp("extended")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    files = shown("python", FIRST_LINE)
    assert {Path(name).name for name in files} == {
        "subtraction.py",
        "halve.py",
        "__init__.py",
    } and len(files) == 4
    for name, text in files.items():
        path = folder / name
        if path.exists():
            # The page shows the union as it stands then: it takes the place of the one above it.
            path.write_text(path.read_text() + "\n" + text)
        else:
            path.write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    result = subprocess.run(
        [sys.executable, "-c", TRY],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    return dict(json.loads(result.stdout))


def test_the_new_task_trains(extended: dict) -> None:
    assert extended["labels"] == [(a - b) % 7 for a in range(7) for b in range(7)]
    assert 0 < extended["loss"] < 10


def test_the_new_intervention_acts(extended: dict) -> None:
    assert extended["halved"]
    assert len(set(extended["ids"])) == 3


def test_nothing_else_retrains(extended: dict) -> None:
    assert extended["others"] == training_hash([Run()])
    assert extended["ids"][0] == Run().run_id


@pytest.mark.parametrize(
    ("value", "lo", "verdict"),
    [(0.8, 0.7, "reproduced"), (0.2, -0.1, "partly"), (-0.5, -0.6, "not reproduced")],
)
def test_the_new_claim_is_judged(tmp_path: Path, value: float, lo: float, verdict: str) -> None:
    text = shown("yaml", "# config/claims/")["config/claims/survival.yaml"]
    ((name, content),) = yaml.safe_load(text).items()
    row = statistic_row(FixedEmbedding.PEARSON_R, Estimate(value, lo, value + 0.1), 290, "")
    write_table(
        pd.DataFrame([row], columns=COLUMNS),
        tmp_path / "stats.parquet",
        {"scale": "x", "config_hash": "0"},
    )
    evidence = Evidence(
        Tables({"survival_stats": tmp_path / "stats.parquet"}), Resampling(10, 0, 0.95)
    )
    claim = Claim.model_validate(content)
    judged = judge(name, claim, "reduced", evidence, measures_of("survival"))
    assert judged.verdict == verdict


# -- a figure, a claim, a paper ------------------------------------------------------------------


Cost = dict[str, tuple[set[str], set[str]]]
Followed = tuple[Path, Cost]


def section(heading: str) -> dict[str, str]:
    """File -> what a section of the page shows of it."""
    page = (ROOT / PAGE).read_text()
    text = page[page.index(f"## {heading}\n") :].split("\n## ")[0]
    found = (b for b in blocks("yaml", "python") if b.page == PAGE and b.text in text and b.file)
    return {block.file: block.text.partition("\n")[2] for block in found if block.file}


def follow(folder: Path, heading: str) -> tuple[set[str], set[str]]:
    """Write what a section shows; files that are new, and files that were there."""
    new, changed = set(), set()
    for file, text in section(heading).items():
        path = folder / file
        (changed if path.exists() else new).add(file)
        path.parent.mkdir(exist_ok=True)
        path.write_text((path.read_text() + "\n" if path.exists() else "") + text)
    return new, changed


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    """A checkout in which the page has been followed, and the files that each section cost."""
    more = ("Makefile", "pyproject.toml", "requirements.lock", "setup.py")
    folder = checkout(tmp_path_factory.mktemp("followed"), *more)
    names = ("A run-set", "A figure", "A claim", "A paper")
    return folder, {name: follow(folder, name) for name in names}


def test_what_a_figure_a_claim_and_a_paper_cost(
    followed: Followed,
) -> None:
    folder, cost = followed
    scripts = {"scripts/survival/analyse_fig_decay.py", "scripts/survival/plot_fig_decay.py"}
    assert cost["A figure"] == (scripts, {"config/papers/survival.yaml"})
    assert cost["A claim"] == (set(), {"config/claims/survival.yaml"})
    new, changed = cost["A paper"]
    assert changed == set(), "a paper edits no file that is there"
    assert all("mine" in file for file in new) and len(new) == 4
    Project.load(folder, {"scale": "smoke"}).check()


@pytest.mark.parametrize("goal", ["mine", "figures/mine/fig1_decay.pdf", "figures/mine/table1.csv"])
def test_make_knows_the_new_paper(goal: str, followed: Followed) -> None:
    done = subprocess.run(
        ["make", "-n", goal], cwd=followed[0], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (command,) = [line for line in done.stdout.splitlines() if "bin/snakemake" in line]
    assert command.endswith(f"-- {goal}")


@pytest.mark.workflow
def test_the_new_figure_and_paper_are_built(
    followed: Followed,
) -> None:
    folder, _ = followed
    # Two papers may have a figure of one name, each with its caption.
    caption = folder / "workflow/report/mine/fig1_decay.rst"
    caption.parent.mkdir()
    caption.write_text("What the new figure shows.\n")
    few = "analysis={bootstrap: {draws: 10}}"
    words = ("figures/fig_decay.pdf", "mine", "--cores", "1", "--config", "scale=smoke", few)
    done = snakemake(folder, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    for figure in ("fig_decay.pdf", "mine/fig1_decay.pdf"):
        assert (folder / "figures" / figure).read_bytes().startswith(b"%PDF")
    table = pd.read_csv(folder / "figures/mine/table1.csv")
    assert list(table["runs"]) == [2, 2]
    published = pd.read_csv(folder / "results/smoke/mine/claims.csv").set_index("id")
    judged = published.loc["M1"]
    assert judged["verdict"] == "not evaluated", "at this scale it means nothing"
    assert judged["value"] == table.set_index("learning_rate")["survivors"][0.003]
    shown_caption = (folder / "results/smoke/mine/captions/fig1_decay.rst").read_text()
    assert shown_caption.startswith("What the new figure shows.")
    again = snakemake(folder, *words, "-n")
    assert "Nothing to be done" in again.stdout + again.stderr


@pytest.mark.workflow
def test_the_new_claim_is_planned(followed: Followed) -> None:
    words = ("results/smoke/survival/claims.csv", "-n", "--config", "scale=smoke")
    done = snakemake(followed[0], *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "survival_claims" in done.stdout
