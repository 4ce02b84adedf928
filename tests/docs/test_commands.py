"""Every command and snippet of the documentation does what a page says, as far as is cheap.

The pages are followed in a fresh checkout: files that they tell to write are written, commands of
Snakemake and make are planned, those of the package run, and Python runs on results: of the demo as
`make demo` leaves them, of everything else at the smoke scale.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml
from doc_pages import ROOT, Block, blocks, commands
from snakemake.iocontainers import InputFiles, OutputFiles, Params

import checkouts
from fittest.__main__ import main
from fittest.analysis.survival.constants import Constants
from fittest.pipeline.configuration.targets import published_files
from fittest.pipeline.project import Project
from fittest.pipeline.running.collect import collect
from fittest.pipeline.running.train import train_shard

LANGUAGES = {"sh", "python", "yaml"}
MORE = ("Makefile", "pyproject.toml", "requirements.lock", "setup.py")
RUNSETS = ("base", "fixemb", "perturb", "manual", "decay")
COMMANDS = commands()


def label(words: tuple[str, ...]) -> str:
    return " ".join(words)


# -- a checkout in which the pages have been followed -----------------------------------


def write_as_told(folder: Path) -> None:
    """Append or write the files that the pages show."""
    for block in blocks():
        if block.file is None:
            continue
        target = folder / block.file
        text = block.text.split("\n", 1)[1]
        # An entry is indented as where it belongs; anything else is a file of its own.
        if block.language == "yaml" and text.startswith(" "):
            assert target.exists(), f"{block.page}: {block.file} does not exist"
            target.write_text(target.read_text() + "\n" + text)
        else:
            target.parent.mkdir(exist_ok=True)
            assert not target.exists(), f"{block.page}: {block.file} exists already"
            target.write_text(block.text)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = checkouts.checkout(tmp_path_factory.mktemp("docs"), *MORE)
    (folder / "src").symlink_to(ROOT / "src")
    # What is learnt does not matter here, only that there are tables.
    runsets = folder / "config" / "runsets" / "survival.yaml"
    runsets.write_text(runsets.read_text().replace("steps: 2000\n", "steps: 100\n"))
    # Planning 26,000 runs takes seconds; tests/workflow/test_smoke.py does so once.
    (folder / "workflow/profiles/slurm/scale.yaml").write_text("scale: smoke\n")
    write_as_told(folder)
    return folder


def run_script(folder: Path, name: str, inputs: dict, outputs: dict, params: dict) -> None:
    """Run a script of the checkout as Snakemake would."""
    path = folder / "scripts" / "survival" / f"{name}.py"
    smk = SimpleNamespace(
        input=InputFiles(fromdict=inputs),
        output=OutputFiles(fromdict=outputs),
        params=Params(fromdict=params),
        log=[str(folder / "logs" / f"{name}.log")],
        config={"scale": "smoke"},
    )
    exec(compile(path.read_text(), str(path), "exec"), {"snakemake": smk, "__name__": name})


@pytest.fixture(scope="module")
def results(checkout: Path) -> Path:
    """The checkout with smoke results: trained, collected, analysed."""
    project = Project.load(checkout, {"scale": "smoke"})
    paths = project.paths
    for runset in RUNSETS:
        for shard in project.catalogue.shards(runset):
            files = (paths.trajectory(runset, shard.name), paths.weights(runset, shard.name))
            trajectory, weights = (str(checkout / file) for file in files)
            train_shard(project, runset, shard.name, trajectory, weights, threads=1)
    for runset in RUNSETS:
        collect(project, runset, paths.runs(runset), paths.frequencies(runset))
    analysis = project.config.analysis
    constants = Constants.model_validate(project.constants("survival").model_dump())
    table = {
        name: str(checkout / paths.table("survival", name))
        for name in (
            "survival_rates.parquet",
            "perturb_rates.parquet",
            "manual_rates.parquet",
            "survival_stats.parquet",
            "fig6.csv",
        )
    }
    inputs = {}
    for runset in ("fixemb", "perturb", "manual"):
        inputs[f"{runset}_runs"] = str(checkout / paths.runs(runset))
        inputs[f"{runset}_frequencies"] = str(checkout / paths.frequencies(runset))
    run_script(
        checkout,
        "analyse_survival",
        inputs,
        {Path(name).stem.replace("survival_stats", "stats"): path for name, path in table.items()},
        {
            "alive_rule": constants.alive_rule,
            "confidence": analysis.bootstrap.confidence,
            "bootstrap_draws": 10,
            "bootstrap_seed": 0,
            "strong_factor": constants.strong_factor,
            "weak_factor": constants.weak_factor,
            "paper": project.papers["survival"].figures["fig6_survival"].paper,
        },
    )
    return checkout


@pytest.fixture(scope="module")
def demo(checkout: Path) -> Path:
    """The checkout with the tables that `make demo` leaves: real training, for some seconds."""
    project = Project.load(checkout, {"scale": "reduced"})
    paths = project.paths
    for shard in project.catalogue.shards("demo"):
        files = (paths.trajectory("demo", shard.name), paths.weights("demo", shard.name))
        trajectory, weights = (str(checkout / file) for file in files)
        train_shard(project, "demo", shard.name, trajectory, weights, threads=2)
    collect(project, "demo", paths.runs("demo"), paths.frequencies("demo"))
    return checkout


# -- commands ---------------------------------------------------------------------------


def planned(words: tuple[str, ...]) -> tuple[str, ...]:
    """The arguments of a Snakemake command as a dry run; equal plans are made once."""
    if "--unlock" in words:
        return words[1:]
    arguments, skip = [], False
    for word in words[1:]:
        if skip or word in ("-n", "--cores"):
            skip = word == "--cores"
            continue
        arguments.append(word)
    return (*arguments, "-n")


SNAKEMAKE = [words for words in COMMANDS if words[0] == "snakemake"]


@pytest.fixture(scope="module")
def plans(checkout: Path) -> dict[tuple[str, ...], tuple[int, str]]:
    found = {}
    for words in dict.fromkeys(planned(words) for words in SNAKEMAKE):
        done = checkouts.snakemake(checkout, *words)
        found[words] = (done.returncode, done.stdout + done.stderr)
    return found


@pytest.mark.parametrize("words", SNAKEMAKE, ids=label)
def test_snakemake_commands_can_be_planned(
    words: tuple[str, ...], plans: dict[tuple[str, ...], tuple[int, str]]
) -> None:
    status, output = plans[planned(words)]
    assert status == 0, output
    if "--unlock" not in words:
        assert "Nothing to be done" in output or "Job stats:" in output, output


MAKE = [words for words in COMMANDS if words[0] == "make"]


@pytest.mark.parametrize("words", MAKE, ids=label)
def test_make_commands_have_a_rule(words: tuple[str, ...], checkout: Path) -> None:
    done = subprocess.run(
        ["make", "-n", *words[1:]],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    for word in words[1:]:
        if word.startswith("figures/"):
            # The rule is a pattern; whether there is such a figure is another matter.
            project = Project.load(checkout)
            assert word in published_files(project)


def mentioned_figures() -> list[str]:
    found = set()
    for block in blocks():
        found |= set(re.findall(r"figures/\w+\.pdf", block.text))
    for row in (ROOT / "README.md").read_text().splitlines():
        found |= set(re.findall(r"`make (figures/\w+\.pdf)`", row))
    return sorted(found)


@pytest.mark.parametrize("figure", mentioned_figures())
def test_figures_that_pages_name_exist(figure: str, checkout: Path) -> None:
    project = Project.load(checkout)
    assert figure in published_files(project)


def runnable(words: tuple[str, ...]) -> tuple[str, ...]:
    """The command without the measurement of this machine, which takes seconds."""
    measured = words[:4] == ("python", "-m", "fittest", "plan") and "--gflops" not in words
    return (*words, "--gflops", "20000") if measured else words


PYTHON = list(dict.fromkeys(runnable(words) for words in COMMANDS if words[0] == "python"))


@pytest.mark.parametrize("words", PYTHON, ids=label)
def test_python_commands_run(
    words: tuple[str, ...],
    checkout: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(checkout)
    if words[1] == "-c":
        exec(compile(words[2], label(words), "exec"), {})
        return
    assert words[1:3] == ("-m", "fittest"), label(words)
    assert main(list(words[3:])) == 0, capsys.readouterr().err


SHELL = [words for words in COMMANDS if words[0] not in ("snakemake", "make", "python")]


@pytest.mark.parametrize("words", SHELL, ids=label)
def test_other_commands_are_known_and_name_what_exists(
    words: tuple[str, ...], results: Path
) -> None:
    if words == ("source", ".venv/bin/activate"):
        assert "BIN := .venv/bin" in (ROOT / "Makefile").read_text()
        return
    if words[0] == "kill":
        # A process of the reader's own; no signal, so that the job can write a restart point.
        assert [word.isdigit() for word in words[1:]] == [True]
        return
    if words[0] == "PIP_EXTRA_INDEX_URL=ADDRESS":
        assert words[1] == "make" and f"\n{words[2]}:" in (ROOT / "Makefile").read_text()
        return
    if words[:4] == (".venv/bin/python", "-m", "pip", "install"):
        (version,) = [word for word in words if word.startswith("torch==")]
        assert f'"{version}"' in (ROOT / "pyproject.toml").read_text()
        return
    assert words[0] in ("du", "rm", "touch"), f"teach this test the command: {label(words)}"
    made = {"results", "logs", "figures"}
    for word in words[1:]:
        assert word.startswith("-") or word in made or (results / word).exists(), word


# -- snippets ---------------------------------------------------------------------------


def test_no_block_is_left_out() -> None:
    assert {block.language for block in blocks()} <= LANGUAGES


# Modules for the library are tried in test_extending.py.
SNIPPETS = [
    block
    for block in blocks("python")
    if block.file is None and not block.text.startswith("# src/")
]


@pytest.mark.parametrize("block", SNIPPETS, ids=lambda b: f"{b.page}: {b.text[:40]!r}")
def test_snippets_run_on_results(
    block: Block, results: Path, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(results)
    text = re.sub(r"results/reduced/(?!runs/demo/)", "results/smoke/", block.text)
    exec(compile(text, block.page, "exec"), {})


def cells_before(heading: str) -> list[Block]:
    """The tutorial's Python cells above a heading."""
    page = (ROOT / "docs" / "tutorial.md").read_text()
    above = page[: page.index(heading)]
    return [b for b in SNIPPETS if b.page == "docs/tutorial.md" and b.text in above]


def test_the_tutorial_needs_no_more_than_the_demo_until_it_says_so() -> None:
    cells = cells_before("make figures/fig6_survival.pdf")
    assert len(cells) >= 4
    for cell in cells:
        read = re.findall(r"results/[\w/*.]+", cell.text)
        assert read and all(path.startswith("results/reduced/runs/demo/") for path in read)


def test_cells_that_need_duckdb_say_so() -> None:
    page = (ROOT / "docs" / "tutorial.md").read_text()
    assert "pip install -e '.[analysis]'" in page
    for cell in SNIPPETS:
        if "duckdb" in cell.text:
            before = (ROOT / cell.page).read_text().partition(cell.text)[0]
            assert "DuckDB" in before.rstrip("`python\n").rsplit("\n\n", 1)[-1], cell.text


def test_the_demo_shows_what_the_tutorial_tells(demo: Path) -> None:
    project = Project.load(demo, {"scale": "reduced"})
    runs = pd.read_parquet(demo / project.paths.runs("demo"))
    assert len(runs) == 8 and runs.settled.all() and (runs.test_accuracy == 1).all()
    assert runs.n_2mean.between(2, 7).all() and (runs.n_2mean == runs.n_rel).all()
    assert len({tuple(found) for found in runs.survivors}) > 1, "different ones survive"
    frequencies = pd.read_parquet(demo / project.paths.frequencies("demo"))
    start = frequencies.groupby("alive_2mean").signal0.mean()
    assert start[True] > start[False]
    shard = project.catalogue.shards("demo")[0].name
    trajectory = pd.read_parquet(demo / project.paths.trajectory("demo", shard))
    # The warning: early on the authors' rule counts fewer than are plainly there.
    early = trajectory[trajectory.step == 300]
    signals = np.stack(early.signals)
    by_mean = (signals > 2 * early.signal_mean.to_numpy()[:, None]).sum()
    by_share = (signals > signals.max(axis=1)[:, None] / 4).sum()
    assert by_mean < by_share


@pytest.mark.parametrize("block", [b for b in blocks("yaml") if b.file], ids=lambda b: b.page)
def test_declared_runsets_and_figures_are_valid(block: Block, checkout: Path) -> None:
    declared = yaml.safe_load(block.text)
    assert block.file is not None
    for key in ("figures", "claims", "runsets"):
        # A file of its own, and not an entry.
        declared = declared[key] if isinstance(declared.get(key), dict) else declared
    if block.file.startswith("config/papers/"):
        figures = Project.load(checkout).papers[Path(block.file).stem].figures
        assert declared.keys() <= figures.keys()
        return
    if block.file.startswith("config/claims/"):
        project = Project.load(checkout)
        project.check()
        assert declared.keys() <= project.claims[Path(block.file).stem].claims.keys()
        return
    for name, declaration in declared.items():
        for scale in declaration["scales"]:
            catalogue = Project.load(checkout, {"scale": scale}).catalogue
            assert catalogue.runset(name).runs


def test_the_example_figure_is_drawn(results: Path, tmp_path: Path) -> None:
    project = Project.load(results, {"scale": "smoke"})
    runs = str(results / project.paths.runs("decay"))
    table, figure = str(tmp_path / "fig_decay.csv"), str(tmp_path / "fig_decay.pdf")
    run_script(results, "analyse_fig_decay", {"runs": runs}, {"table": table}, {})
    run_script(results, "plot_fig_decay", {"table": table, "runs": runs}, {"figure": figure}, {})
    assert Path(figure).read_bytes().startswith(b"%PDF")
