"""What retrains: arithmetic does, words and analysis do not."""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

import fittest
from fittest.pipeline.identity import codehash, deciding, sources
from fittest.runs.optimisers import AdamW
from fittest.runs.parts import Recording
from fittest.runs.run import Run
from small_world import REPOSITORY

# The one that is imported: of a wheel, it lies elsewhere.
PACKAGE = Path(fittest.__file__).parent


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


def hashes(package: Path, moved: Mapping[str, str]) -> dict[str, str]:
    """Name in RUNS -> hash, past the cache: the files change within a test."""
    return {
        name: codehash.sources_hash.__wrapped__(
            tuple(sorted(moved.get(file, file) for file in deciding.sources_of([run]))), package
        )
        for name, run in RUNS.items()
    }


BEFORE = hashes(PACKAGE, {})


def retrained(package: Path, moved: Mapping[str, str] | None = None) -> set[str]:
    """Names of the RUNS whose hash is not that of the original package.

    moved: file in it -> where it stands now, and is listed.
    """
    after = hashes(package, moved or {})
    return {name for name, value in after.items() if value != BEFORE[name]}


def edit(package: Path, name: str, old: str, new: str) -> None:
    path = package / name
    text = path.read_text()
    assert old in text, f"{name} has changed: mend this test"
    path.write_text(text.replace(old, new))


def test_the_copy_has_the_hash_of_the_original(package: Path) -> None:
    assert retrained(package) == set()
    assert hashes(package, {})["addition"] == codehash.training_hash([Run()])


@pytest.mark.parametrize(
    "name",
    [
        "plotting/style.py",
        "analysis/statistics/correlation.py",
        "analysis/fates/summarise.py",
        "store/files.py",
        "store/schema.py",
        "pipeline/price/plan.py",
        "pipeline/jobs.py",
        "pipeline/identity/deciding.py",
        "pipeline/running/tables.py",
        "training/record.py",
        "training/restart.py",
        "training/splitting.py",
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
    for name in [*deciding.sources_of(RUNS.values()), *deciding.LIBRARIES]:
        path = package / name
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
        ("streams.py", "INITIAL_MLP = Purpose(2)", "INITIAL_MLP = Purpose(7)"),
        ("streams.py", "[purpose, seed, *further]", "[seed, purpose, *further]"),
        ("runs/initial.py", "run.seeds.mlp", "run.seeds.split"),
        ("fourier.py", "2.0 * np.pi", "3.0 * np.pi"),
        ("pipeline/running/ensembles.py", "run.optimiser for", "runs[0].optimiser for"),
        ("training/native/embedding_mlp.h", "+", "-"),
        ("training/native/optimiser.h", "+", "-"),
    ],
)
def test_arithmetic_of_all(name: str, old: str, new: str, package: Path) -> None:
    edit(package, name, old, new)
    assert retrained(package) == set(RUNS)


ADDING = set(RUNS) - {"remainder", "xor"}
DRAWING = {"construct", "keep", "winners"}
"""Those whose intervention draws something."""


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
        ("analysis/fates/settle.py", ">=", ">", {"stopping"}),
        ("analysis/fates/alive.py", "> factor", ">= factor", {"stopping"}),
        ("pipeline/running/references.py", "float64", "float32", {"keep"}),
        ("streams.py", "INTERVENTION = Purpose(4)", "INTERVENTION = Purpose(7)", DRAWING),
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


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("fourier.py", "def phases(p):\n    return _basis(p)\n"),
        ("streams.py", "BATCHES = Purpose(5)\n"),
        ("analysis/fates/alive.py", "def few(signals):\n    return separation(signals, []) < 1\n"),
    ],
)
def test_a_new_function_or_purpose_of_a_library_retrains_nothing(
    name: str, text: str, package: Path
) -> None:
    path = package / name
    path.write_text(f"{path.read_text()}\n\n{text}")
    assert retrained(package) == set()


@pytest.mark.parametrize(
    "name", ["training/faster.py", "training/native/faster.h", "models/networks/transformer.py"]
)
def test_a_new_file_of_the_engine_retrains_nothing(name: str, package: Path) -> None:
    """Until something uses it: that has to change for it."""
    (package / name).write_text("int value = 1;" if name.endswith(".h") else "VALUE = 1\n")
    assert retrained(package) == set()


MOVES = {
    "training/loss.py": "training/arithmetic/loss.py",
    "training/native/vector.h": "training/native/low/vector.h",
    "training/torch_backend.py": "a_torch_backend.py",
    "analysis/fates/settle.py": "runs/settle.py",
    "analysis/fates/alive.py": "analysis/signals/alive.py",
    "fourier.py": "analysis/fourier.py",
    "tasks/task.py": "tasks/parts/task.py",
    "pipeline/running/ensembles.py": "training/ensembles.py",
}


def imported_from(file: str) -> str:
    return "fittest." + file.removesuffix(".py").replace("/", ".")


@pytest.mark.parametrize("file", MOVES)
def test_moving_a_file_retrains_nothing(
    file: str, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = package / MOVES[file]
    place.parent.mkdir(exist_ok=True)
    (package / file).rename(place)
    before, after = imported_from(file), imported_from(MOVES[file])
    for path in [*package.rglob("*.py"), *package.rglob("*.h")]:
        text = path.read_text().replace('"vector.h"', '"low/vector.h"')
        text = text.replace(f"from {before} ", f"from {after} ")
        (above, _, name), (_, _, new) = before.rpartition("."), after.rpartition(".")
        if name == new:
            old = f"from {above} import {name}\n"
            text = text.replace(old, f"from {after.rpartition('.')[0]} import {new}\n")
        path.write_text(text)
    listed = tuple(MOVES[f] if f == file else f for f in deciding.LIBRARIES)
    monkeypatch.setattr(codehash, "LIBRARIES", listed)
    assert retrained(package, {file: MOVES[file]}) == set()


def test_what_an_import_brings_counts(package: Path) -> None:
    """The place does not, but another function under the same name does."""
    old = "from fittest.training.loss import LOSSES"
    new = "from fittest.training.loss import squares as LOSSES"
    edit(package, "training/torch_step.py", old, new)
    assert retrained(package) == set(RUNS)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("from fittest import fourier\nfourier.count(3)", {"count"}),
        ("from fittest import fourier as f\nf.count(3)", {"count"}),
        ("from fittest.fourier import count as c, signals", {"count", "signals"}),
        ("from fittest import fourier\nuse(fourier)", {"*"}),
        ("import fittest.fourier", {"*"}),
        ("from fittest.fourier import *", {"*"}),
        ("from fittest import streams\nfourier = 1\nfourier.count", set()),
    ],
)
def test_what_a_source_uses_of_a_library(text: str, names: set[str]) -> None:
    used = sources.uses(text)
    assert {name for module, name in used if module == "fittest.fourier"} == names


SOURCE = """
@decorated
class Shape(Base, of=1):
    size: int = None

    async def area(self, *more, unit="m²", **kind) -> float:
        match self.size:
            case [1, *_]:
                return f"{self.size!r:>{more[0]}} {unit}"
        return lambda: [] or {} or -1.5e-7


def nothing():
    return None
"""


def test_every_version_of_python_makes_the_same_of_a_source() -> None:
    # What Python 3.11 makes of it; later versions print syntax trees otherwise.
    found = sources.sha256(sources.dumped(ast.parse(SOURCE)))
    assert found == "5b5b318ebdff956b98f5f2c0b84f8a469da38f7c5c2d14bbf126372d48ba08f3"


def test_what_a_version_of_python_adds_counts_where_it_is_used() -> None:
    # 3.12 gives every function a list of type parameters.
    class Function(ast.AST):
        _fields = ("name", "type_params")

    plain, generic = (sources.dumped(Function("f", given)) for given in ([], [ast.Name("T")]))
    assert plain == "Function(name='f')"
    assert generic != plain


def test_every_definition_counts_where_it_is_not_told_which() -> None:
    text = "A = 1\nB = 2\n"
    every, one, both = (sources.definitions(text, frozenset(names)) for names in ("*", "A", "AB"))
    assert every != one
    assert every == both


def test_every_value_of_a_run_is_in_its_key() -> None:
    """`runs/run.py` is in no hash because every value of a run is in its shard's key."""
    other = {"data": {"name": "batch"}, "arithmetic": {"loss": "float64"}}
    decided = json.loads(Run.model_validate(other).decisive_json())
    assert decided.keys() >= {n for n in Run.model_fields if n not in ("stop", "intervention")}
    assert decided["data"] == other["data"]
    assert decided["arithmetic"]["loss"] == "float64"
    assert decided["optimiser"] == AdamW().model_dump(mode="json")
    assert decided["recording"]["every"] == Recording().every


def names(roots: list[str], *parts: str) -> set[str]:
    found = codehash.imported_sources(
        [path for root in roots for path in (REPOSITORY / root).glob("*.py")], parts
    )
    return {path.relative_to(PACKAGE).as_posix() for path in found}


def test_papers_do_not_share_the_hash_of_what_one_of_them_uses() -> None:
    ours = names(["scripts/survival"], "analysis", "fourier.py")
    theirs = names(["scripts/completeness"], "analysis", "fourier.py")
    assert {"analysis/survival/rates.py", "analysis/statistics/intervals.py", "fourier.py"} <= ours
    assert {
        "analysis/completeness/orders.py",
        "analysis/completeness/cubes.py",
        "analysis/statistics/intervals.py",
    } <= theirs
    assert not any("orders" in name or "cubes" in name for name in ours)
    assert "analysis/survival/ablation.py" not in theirs
    # Nor the constants of another paper, which only the pipeline knows all of.
    assert "analysis/completeness/constants.py" not in ours
    assert names(["scripts/completeness"], "tasks") >= {"tasks/remainder.py", "tasks/xor.py"}


def test_imports_are_followed_through_modules(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("from fittest.analysis.survival import rate_figure\n")
    found = {path.name for path in codehash.imported_sources([script], ("analysis",))}
    assert {"rate_figure.py", "intervals.py"} <= found
    assert "ablation.py" not in found


def test_a_script_counts_with_what_it_uses(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("from fittest.analysis.survival import rate_figure\n")
    whole = codehash.script_hash(script)
    same = tmp_path / "same.py"
    same.write_text("# a comment\nfrom fittest.analysis.survival import rate_figure\n")
    assert codehash.script_hash(same) == whole
    other = tmp_path / "other.py"
    other.write_text("from fittest.analysis.completeness import orders\n")
    assert codehash.script_hash(other) != whole
    assert codehash.script_hash(script, ("claims/survival.py",)) != whole
