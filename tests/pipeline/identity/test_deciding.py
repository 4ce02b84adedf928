"""Nothing that decides a result is forgotten: the imports of training, walked."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import pytest

from fittest.pipeline.identity import deciding
from fittest.pipeline.identity.codehash import imports_of
from fittest.runs.run import Run
from fittest.settings import Settings
from fittest.training.native_networks import NETWORKS
from fittest.training.observers import OBSERVERS
from small_world import REPOSITORY

PACKAGE = REPOSITORY / "src" / "fittest"
ROOTS = (
    "pipeline/running/train.py",
    "pipeline/running/backends.py",
    "pipeline/running/ensembles.py",
    "pipeline/running/references.py",
    "training/loop.py",
)
"""Where training begins. What only a harmless module imports decides nothing either."""

OF_RUNS = ("fittest.tasks.", "fittest.models.", "fittest.runs.interventions.")
"""Where the modules are that count in the runs that use them."""

CONDITIONAL = {
    *deciding.NATIVE,
    *(file for files in deciding.NATIVE_NETWORKS.values() for file in files),
    *deciding.STOPPING,
    *deciding.REFERRING,
    *deciding.DRAWING,
    *deciding.MEASURING,
    *deciding.KICKING,
    *deciding.LOW_PRECISION,
    *(f"training/observers/{name}.py" for name in OBSERVERS),
}


def is_list(name: str) -> bool:
    return name.endswith("__init__.py")


def is_harmless(name: str) -> bool:
    """It, or a folder that it is in."""
    return any(path.as_posix() in deciding.HARMLESS for path in (Path(name), *Path(name).parents))


def kinds(base: type[Settings] = Settings) -> set[type[Settings]]:
    """Settings of tasks, models and interventions, all that there are."""
    found = {kind for below in base.__subclasses__() for kind in kinds(below)}
    fields = {"name", "kind"} & base.model_fields.keys()
    return found | ({base} if fields and base.__module__.startswith(OF_RUNS) else set())


def modules_of_runs() -> set[str]:
    """Where `sources_of` looks for them: settings by their class, networks by their settings."""
    found = set()
    for kind in kinds():
        path = Path(*kind.__module__.split(".")[1:]).with_suffix(".py")
        found.add(path.as_posix())
        if path.parts[0] == "models":
            found.add((path.parent / "networks" / path.name).as_posix())
    return found


def is_counted(name: str) -> bool:
    listed = {*deciding.SHARED, *CONDITIONAL, *deciding.LIBRARIES}
    return name in listed or name in modules_of_runs()


def reached(package: Path) -> set[str]:
    """Modules of a package that training comes to import, and the `__init__.py` above them."""
    waiting, seen = set(ROOTS), set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        above = {f"{p.as_posix()}/__init__.py" for p in Path(name).parents if p.name}
        found = {f for f in above if (package / f).is_file()}
        if name in ROOTS or not is_harmless(name) or (is_list(name) and "/" in name):
            imported = imports_of(package / name, package)
            found |= {path.relative_to(package).as_posix() for path in imported}
        waiting |= found - seen
    return seen


def undecided(package: Path) -> list[str]:
    """Modules that training comes to import and that stand in neither list."""
    return sorted(
        name
        for name in reached(package)
        if not is_counted(name) and not is_harmless(name) and not is_empty(package / name)
    )


def is_empty(path: Path) -> bool:
    body = ast.parse(path.read_text()).body
    return all(isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant) for s in body)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("*.so", "__pycache__")
    return Path(shutil.copytree(PACKAGE, tmp_path / "fittest", ignore=ignored))


def test_every_module_that_training_imports_is_in_one_of_the_lists() -> None:
    found = reached(PACKAGE)
    assert {*deciding.SHARED, *deciding.STOPPING, *deciding.LIBRARIES} <= found
    assert undecided(PACKAGE) == [], (
        "new modules of training: list them in pipeline/identity/deciding.py, under SHARED or the"
        " like if they decide results, else under HARMLESS with the reason"
    )
    both = {name for name in found if is_counted(name) and is_harmless(name)}
    assert both == set()


@pytest.mark.parametrize(
    ("user", "line", "file"),
    [
        ("training/loop.py", "from fittest.training import faster", "training/faster.py"),
        ("training/loss.py", "from fittest.training.faster import x", "training/faster.py"),
        ("tasks/task.py", "def f():\n    from fittest.draws import x", "draws.py"),
        (
            "models/networks/embedding_mlp.py",
            "import fittest.models.layers.a",
            "models/layers/a.py",
        ),
        ("tasks/xor.py", "from fittest.tasks import pairs", "tasks/pairs.py"),
        ("pipeline/running/train.py", "from fittest.analysis import faster", "analysis/faster.py"),
    ],
)
def test_a_forgotten_module_is_named(user: str, line: str, file: str, package: Path) -> None:
    path = package / file
    path.parent.mkdir(exist_ok=True)
    path.write_text("VALUE = 1\n")
    (package / user).write_text(f"{(package / user).read_text()}\n{line}\n")
    assert undecided(package) == [file]


def test_modules_of_runs_count_where_they_are_used() -> None:
    runs = [
        Run.model_validate({"task": {"name": "xor"}}),
        Run.model_validate({"intervention": {"kind": "winners"}}),
    ]
    used = {"tasks/xor.py", "models/embedding_mlp.py", "models/networks/embedding_mlp.py"}
    used |= {"tasks/modular_addition.py", "runs/interventions/winners.py"}
    assert used <= modules_of_runs()
    used |= {"training/observers/signals.py"}
    used |= {*deciding.NATIVE_NETWORKS["models/networks/embedding_mlp.py"]}
    assert {*deciding.sources_of(runs)} == used | {*deciding.SHARED, *deciding.NATIVE}


def test_what_kicks_a_run_counts_in_that_run_alone() -> None:
    kick = {"kind": "kick", "frequency": 1, "factor": 2, "step": 5}
    perturb = {"kind": "perturb", "frequency": 1, "factor": 2}
    plain, kicked, perturbed = (
        {*deciding.sources_of([Run.model_validate({"intervention": edit})])}
        for edit in (None, kick, perturb)
    )
    assert kicked - plain == {*deciding.KICKING, "runs/interventions/kick.py"}
    assert perturbed - plain == {"runs/interventions/perturb.py"}


def test_what_low_precision_does_counts_where_a_loss_is_of_low_precision() -> None:
    exact, double, single = (
        {*deciding.sources_of([Run.model_validate({"arithmetic": {"loss": loss}})])}
        for loss in ("exact", "float64", "float32")
    )
    assert exact == double
    assert single - double == {*deciding.LOW_PRECISION}


@pytest.mark.parametrize(
    "name", [name for name in deciding.HARMLESS if name.endswith("__init__.py")]
)
def test_lists_of_modules_hold_no_code(name: str) -> None:
    body = ast.parse((PACKAGE / name).read_text()).body
    assert not any(isinstance(s, ast.FunctionDef | ast.ClassDef) for s in body)


def test_every_listed_file_exists_and_harmless_ones_say_why() -> None:
    listed = {*deciding.SHARED, *CONDITIONAL, *deciding.LIBRARIES, *deciding.NATIVE_NETWORKS}
    for name in {*listed, *deciding.HARMLESS}:
        assert (PACKAGE / name).exists(), name
    assert all(deciding.HARMLESS.values())


def test_libraries_import_nothing_of_the_package() -> None:
    """Of a library only what is used counts, and not what that would use elsewhere."""
    for name in deciding.LIBRARIES:
        assert imports_of(PACKAGE / name) == frozenset()


def test_imports_are_such_as_the_walk_follows() -> None:
    for name in reached(PACKAGE):
        for node in ast.walk(ast.parse((PACKAGE / name).read_text())):
            assert not isinstance(node, ast.ImportFrom) or node.level == 0, f"{name}: relative"
            called = node.func if isinstance(node, ast.Call) else None
            word = getattr(called, "id", getattr(called, "attr", ""))
            assert word not in ("import_module", "__import__"), f"{name}: {word}"


def test_native_sources_are_listed_as_far_as_they_include_each_other() -> None:
    folder = PACKAGE / "training/native"
    waiting, found = {path.name for path in folder.glob("*.cpp")}, set()
    while waiting:
        file = waiting.pop()
        found.add(file)
        waiting |= {*re.findall(r'#\s*include\s*"(.+)"', (folder / file).read_text())} - found
    own = {file for files in deciding.NATIVE_NETWORKS.values() for file in files}
    known = {*deciding.NATIVE, *own, *deciding.HARMLESS}
    assert {f"training/native/{file}" for file in found} <= known


def test_the_native_kernel_decides_the_networks_that_its_backend_knows() -> None:
    networks = {one.module.__module__ for one in NETWORKS}
    files = {name.removeprefix("fittest.").replace(".", "/") + ".py" for name in networks}
    assert files == {*deciding.NATIVE_NETWORKS}
    decide = {*deciding.sources_of([Run()])}
    assert {*deciding.NATIVE} <= decide
    for network, own in deciding.NATIVE_NETWORKS.items():
        assert ({*own} <= decide) == (network == "models/networks/embedding_mlp.py")
