"""What retrains: arithmetic does, words and analysis do not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fittest.pipeline import codehash
from fittest.runs.optimisers import AdamW
from fittest.runs.run import Recording, Run
from small_world import REPOSITORY

PACKAGE = REPOSITORY / "src" / "fittest"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package") / "fittest"
    ignored = shutil.ignore_patterns("*.so", "__pycache__")
    shutil.copytree(PACKAGE, folder, ignore=ignored)
    return folder


@pytest.fixture
def package(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "fittest"))


RUNS = {
    "addition": Run(),
    "remainder": Run.model_validate({"task": {"name": "remainder"}}),
    "xor": Run.model_validate({"task": {"name": "xor"}}),
    "stopping": Run.model_validate({"stop": {"first": 5}}),
    "perturb": Run.model_validate(
        {"intervention": {"kind": "perturb", "frequency": 2, "factor": 2}}
    ),
    "construct": Run.model_validate({"intervention": {"kind": "construct", "ratio": 1}}),
    "keep": Run.model_validate(
        {"intervention": {"kind": "keep", "select": "random", "of": "base"}}
    ),
    "winners": Run.model_validate({"intervention": {"kind": "winners"}}),
}


def hashes(package: Path) -> dict[str, str]:
    """Name in RUNS -> hash, past the cache: the files change within a test."""
    return {
        name: codehash.sources_hash.__wrapped__(codehash.sources_of([run]), package)
        for name, run in RUNS.items()
    }


def retrained(package: Path) -> set[str]:
    """Names of the RUNS whose hash is not that of the original package."""
    before = hashes(PACKAGE)
    return {name for name, value in hashes(package).items() if value != before[name]}


def edit(package: Path, name: str, old: str, new: str) -> None:
    path = package / name
    text = path.read_text()
    assert old in text, f"{name} has changed: mend this test"
    path.write_text(text.replace(old, new))


def test_the_copy_has_the_hash_of_the_original(package: Path) -> None:
    assert retrained(package) == set()
    assert hashes(package)["addition"] == codehash.training_hash([Run()])


@pytest.mark.parametrize(
    "name",
    [
        "plotting/style.py",
        "analysis/statistics.py",
        "analysis/summarise.py",
        "store/files.py",
        "pipeline/plan.py",
        "pipeline/jobs.py",
        "runs/catalogue.py",
        "runs/optimisers.py",
        "runs/run.py",
        "runs/interventions/__init__.py",
        "tasks/__init__.py",
        "models/__init__.py",
        "__main__.py",
    ],
)
def test_code_that_trains_nothing(name: str, package: Path) -> None:
    path = package / name
    path.write_text(path.read_text() + "\nVALUE = 1\n")
    assert retrained(package) == set()


def test_comments_docstrings_and_layout(package: Path) -> None:
    every = codehash.sources_of(RUNS.values())
    for path in [*codehash.expanded(every, package), package / "fourier.py"]:
        text = path.read_text()
        if path.suffix == ".py":
            text = "# a comment\n" + text.replace('"""', '"""Another word. ', 1) + "\n\n# end\n"
        else:
            text = "// a comment\n/* and\nanother */\n" + text.replace("\n", "\n\n")
        path.write_text(text)
    assert retrained(package) == set()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("training/optimisers.py", "m / (v", "v / (m"),
        ("training/loss.py", "log1p(", "log("),
        ("training/loop.py", "self._step += wanted", "self._step += 2 * wanted"),
        ("models/networks/embedding_mlp.py", "activate(pre)", "pre"),
        ("tasks/task.py", "replace=False", "replace=True"),
        ("streams.py", '"mlp": 2', '"mlp": 3'),
        ("runs/initial.py", "run.seeds.mlp", "run.seeds.split"),
        ("fourier.py", "2.0 * np.pi", "3.0 * np.pi"),
        ("pipeline/ensembles.py", "run.optimiser for", "runs[0].optimiser for"),
        ("training/native/step.h", "+", "-"),
        ("training/native/kernel.cpp", "return", "return 1 +"),
    ],
)
def test_arithmetic_of_all(name: str, old: str, new: str, package: Path) -> None:
    edit(package, name, old, new)
    assert retrained(package) == set(RUNS)


ADDING = set(RUNS) - {"remainder", "xor"}


@pytest.mark.parametrize(
    ("name", "old", "new", "concerned"),
    [
        ("tasks/modular_addition.py", "% self.p", "% 7", ADDING),
        ("tasks/remainder.py", "% self.m", "% 7", {"remainder"}),
        ("tasks/xor.py", " ^ ", " | ", {"xor"}),
        ("runs/interventions/perturb.py", "self.factor)", "2)", {"perturb"}),
        ("runs/interventions/construct.py", "* self.ratio", "* 2", {"construct"}),
        ("runs/interventions/keep.py", "-final_signals", "final_signals", {"keep"}),
        ("runs/interventions/winners.py", "signals.std()", "1", {"winners"}),
        ("analysis/settle.py", ">=", ">", {"stopping"}),
        ("analysis/alive.py", "> factor", ">= factor", {"stopping"}),
        ("pipeline/references.py", "float64", "float32", {"keep"}),
        ("fourier.py", "*= factor", "+= factor", {"perturb"}),
        ("fourier.py", "keep[0] = keep_mean", "keep[0] = True", {"keep", "winners"}),
    ],
)
def test_arithmetic_of_some(
    name: str, old: str, new: str, concerned: set[str], package: Path
) -> None:
    edit(package, name, old, new)
    assert retrained(package) == concerned


@pytest.mark.parametrize(
    "name", ["tasks/parity.py", "runs/interventions/shuffle.py", "models/transformer.py"]
)
def test_a_new_task_intervention_or_model_retrains_nothing(name: str, package: Path) -> None:
    (package / name).write_text("VALUE = 1\n")
    assert retrained(package) == set()


def test_a_new_function_of_a_library_retrains_nothing(package: Path) -> None:
    path = package / "fourier.py"
    path.write_text(path.read_text() + "\n\ndef phases(p):\n    return _basis(p)\n")
    assert retrained(package) == set()


def test_a_new_file_of_the_engine_retrains_all(package: Path) -> None:
    (package / "training" / "faster.py").write_text("VALUE = 1\n")
    assert retrained(package) == set(RUNS)


def test_every_value_of_a_run_is_in_its_key() -> None:
    """`runs/run.py` is in no hash because every value of a run is in its shard's key."""
    fields = {name for name in Run.model_fields if name not in ("stop", "intervention")}
    assert fields <= Run().model_dump(mode="json").keys()
    decided = json.loads(Run().decisive_json())
    assert decided["optimiser"] == AdamW().model_dump(mode="json")
    assert decided["recording"]["every"] == Recording().every


def test_every_named_source_exists() -> None:
    named = [*codehash.COMMON, *codehash.STOPPING, *codehash.REFERRING, *codehash.LIBRARIES]
    for entry in {*named, *codehash.sources_of(RUNS.values())}:
        assert (PACKAGE / entry).exists()
    suffixes = {path.suffix for path in codehash.expanded(codehash.COMMON)}
    assert {".py", ".cpp", ".h"} <= suffixes


def test_what_training_imports_is_hashed() -> None:
    """A module that training comes to import has to be named, or be known to decide nothing."""
    harmless = {
        "errors.py",
        "settings.py",
        "yaml_file.py",
        "__init__.py",
        "store/__init__.py",
        "runs/optimisers.py",
        "runs/run.py",
        "runs/interventions/__init__.py",
        "runs/interventions/base.py",
        *codehash.LIBRARIES,
    }
    every = codehash.sources_of(RUNS.values())
    hashed = {path.relative_to(PACKAGE).as_posix() for path in codehash.expanded(every)}
    for name in sorted(hashed):
        if not name.endswith(".py"):
            continue
        for line in (PACKAGE / name).read_text().splitlines():
            if not line.startswith(("from fittest", "import fittest")):
                continue
            _, module, _, imported, *_ = f"{line} ? ?".replace(",", " ").split()
            stem = module.removeprefix("fittest").strip(".").replace(".", "/")
            candidates = [f"{stem}.py", f"{stem}/__init__.py", f"{stem}/{imported}.py".lstrip("/")]
            if stem in ("tasks", "models"):
                continue  # lists of what has a module of its own, which is hashed where it is used
            found = [c for c in candidates if (PACKAGE / c).is_file()]
            assert found, line
            assert {*found} & {*hashed, *harmless}, f"{name}: {line}"


def names(roots: list[str], *parts: str) -> set[str]:
    found = codehash.imported_sources(
        [path for root in roots for path in (REPOSITORY / root).glob("*.py")], parts
    )
    return {path.relative_to(PACKAGE).as_posix() for path in found}


def test_papers_do_not_share_the_hash_of_what_one_of_them_uses() -> None:
    ours = names(["scripts/survival"], "analysis", "fourier.py")
    theirs = names(["scripts/completeness"], "analysis", "fourier.py")
    assert {"analysis/survival.py", "analysis/intervals.py", "fourier.py"} <= ours
    assert {"analysis/orders.py", "analysis/cubes.py", "analysis/intervals.py"} <= theirs
    assert not any("orders" in name or "cubes" in name for name in ours)
    assert "analysis/ablation.py" not in theirs
    # Nor the constants of another paper, which only the pipeline knows all of.
    assert "analysis/constants/completeness.py" not in ours
    assert names(["scripts/completeness"], "tasks") >= {"tasks/remainder.py", "tasks/xor.py"}


def test_imports_are_followed_through_modules(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("from fittest.analysis import survival_figure\n")
    found = {path.name for path in codehash.imported_sources([script], ("analysis",))}
    assert {"survival_figure.py", "intervals.py"} <= found
    assert "ablation.py" not in found


def test_a_script_counts_with_what_it_uses(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("from fittest.analysis import survival_figure\n")
    whole = codehash.script_hash(script)
    same = tmp_path / "same.py"
    same.write_text("# a comment\nfrom fittest.analysis import survival_figure\n")
    assert codehash.script_hash(same) == whole
    other = tmp_path / "other.py"
    other.write_text("from fittest.analysis import orders\n")
    assert codehash.script_hash(other) != whole
    assert codehash.script_hash(script, ("claims/survival.py",)) != whole
