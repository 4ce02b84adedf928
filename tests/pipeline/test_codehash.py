"""What retrains: arithmetic does, words and analysis do not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fittest.pipeline import codehash
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


def hash_of(package: Path) -> str:
    return codehash.training_hash.__wrapped__(package)


def edit(package: Path, name: str, old: str, new: str) -> None:
    path = package / name
    text = path.read_text()
    assert old in text, f"{name} has changed: mend this test"
    path.write_text(text.replace(old, new))


def test_the_copy_has_the_hash_of_the_original(package: Path) -> None:
    assert hash_of(package) == codehash.training_hash()


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
        "__main__.py",
    ],
)
def test_code_that_trains_nothing(name: str, package: Path) -> None:
    path = package / name
    path.write_text(path.read_text() + "\nVALUE = 1\n")
    assert hash_of(package) == hash_of(PACKAGE)


def test_comments_docstrings_and_layout(package: Path) -> None:
    for path in codehash.sources(package):
        text = path.read_text()
        if path.suffix == ".py":
            text = "# a comment\n" + text.replace('"""', '"""Another word. ', 1) + "\n\n# end\n"
        else:
            text = "// a comment\n/* and\nanother */\n" + text.replace("\n", "\n\n")
        path.write_text(text)
    assert hash_of(package) == hash_of(PACKAGE)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("training/torch_backend.py", "beta1 * first[name] +", "beta1 * first[name] -"),
        ("training/loss.py", "log1p(", "log("),
        ("training/loop.py", "self._step += wanted", "self._step += 2 * wanted"),
        ("models/embedding_mlp.py", "functional.silu", "functional.relu"),
        ("tasks/modular_addition.py", "% self.p", "% 7"),
        ("streams.py", '"mlp": 2', '"mlp": 3'),
        ("runs/run.py", "default=0.01", "default=0.02"),
        ("runs/initial.py", "recipe.ratio", "recipe.signal"),
        ("analysis/settle.py", ">=", ">"),
        ("analysis/alive.py", "> factor", ">= factor"),
        ("fourier.py", "2.0 * np.pi", "3.0 * np.pi"),
        ("pipeline/ensembles.py", "run.optimiser.lr", "run.optimiser.eps"),
        ("training/native/step.h", "+", "-"),
        ("training/native/kernel.cpp", "return", "return 1 +"),
    ],
)
def test_arithmetic(name: str, old: str, new: str, package: Path) -> None:
    edit(package, name, old, new)
    assert hash_of(package) != hash_of(PACKAGE)


def test_new_and_renamed_files(package: Path) -> None:
    before = hash_of(package)
    (package / "tasks" / "parity.py").write_text("VALUE = 1\n")
    assert hash_of(package) != before


def test_every_named_source_exists() -> None:
    for entry in codehash.TRAINING_SOURCES:
        assert (PACKAGE / entry).exists()
    suffixes = {path.suffix for path in codehash.sources()}
    assert {".py", ".cpp", ".h"} <= suffixes


def test_what_training_imports_is_hashed() -> None:
    """A module that training comes to import has to be named, or be known to decide nothing."""
    harmless = {"errors.py", "settings.py", "yaml_file.py", "__init__.py", "store/__init__.py"}
    hashed = {path.relative_to(PACKAGE).as_posix() for path in codehash.sources()}
    for name in sorted(hashed):
        if not name.endswith(".py"):
            continue
        for line in (PACKAGE / name).read_text().splitlines():
            if not line.startswith(("from fittest", "import fittest")):
                continue
            _, module, _, imported, *_ = f"{line} ? ?".replace(",", " ").split()
            stem = module.removeprefix("fittest").strip(".").replace(".", "/")
            candidates = [f"{stem}.py", f"{stem}/__init__.py", f"{stem}/{imported}.py".lstrip("/")]
            found = [c for c in candidates if (PACKAGE / c).is_file()]
            assert found, line
            assert {*found} & {*hashed, *harmless}, f"{name}: {line}"


def test_modules_hash_tells_folders_apart() -> None:
    assert codehash.modules_hash("analysis") != codehash.modules_hash("plotting")
    assert codehash.modules_hash("fourier.py") == codehash.modules_hash("fourier.py")
