"""A hash of the code that decides training, so that nothing else retrains.

A run depends on the code that all runs share and on the modules of its own task, model and
intervention: a new task or kind of intervention retrains nothing. Comments, docstrings and layout
do not count; neither do analysis and plotting, except for the stop rule of runs that have one.
Settings classes without arithmetic (`runs/run.py`) are left out: the values of every setting,
defaults included, are in a shard's key themselves.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from fittest.runs.run import Run

_PACKAGE = Path(__file__).resolve().parents[1]
COMMON = (
    "streams.py",
    "tasks/task.py",
    "models/activations.py",
    "training",
    "runs/initial.py",
    "pipeline/ensembles.py",
)
"""Files and folders that decide every run."""

STOPPING = ("analysis/alive.py", "analysis/settle.py")
"""Those that decide where a run with a stop rule ends."""

REFERRING = ("pipeline/references.py",)
"""Those that decide a run whose initial weights depend on how another run ended."""

LIBRARIES = ("fourier.py",)
"""Modules of which only the definitions count that the sources of a run use."""

ANALYSING = (
    "analysis",
    "claims",
    "fourier.py",
    "models",
    "pipeline/tables.py",
    "plotting",
    "store/schema.py",
    "streams.py",
    "tasks",
    "training/loss.py",
)
"""Files and folders that decide tables and figures, where a script comes to import them."""

_SUFFIXES = {".py", ".cpp", ".h", ".inl"}


def _own_module(settings: object) -> str:
    """File of a settings class within the package."""
    return type(settings).__module__.removeprefix("fittest.").replace(".", "/") + ".py"


def _network_of(model: object) -> str:
    """File of the module that a model's settings build: named as theirs, in networks/."""
    folder, _, name = _own_module(model).rpartition("/")
    return f"{folder}/networks/{name}"


def sources_of(runs: Iterable[Run]) -> tuple[str, ...]:
    """Files and folders, relative to the package, that decide the results of some runs."""
    found = set(COMMON)
    for run in runs:
        found |= {_own_module(run.task), _own_module(run.model), _network_of(run.model)}
        if run.intervention is not None:
            found.add(_own_module(run.intervention))
        if run.stop is not None:
            found |= {*STOPPING}
        if run.reference is not None:
            found |= {*REFERRING}
    return tuple(sorted(found))


def _bare_tree(text: str) -> ast.Module:
    """Python source without what does not decide results: comments, docstrings, layout."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.Call):
            # The text of a configuration key is documentation too.
            node.keywords = [k for k in node.keywords if k.arg != "description"]
    return tree


def normalised(path: Path) -> str:
    """A source file without what does not decide results."""
    return _normalised(path.read_text(encoding="utf-8"), path.suffix)


# By content: runs share most of their sources, and parsing takes a second for all of them.
@cache
def _normalised(text: str, suffix: str) -> str:
    if suffix == ".py":
        return ast.dump(_bare_tree(text))
    without_comments = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
    return " ".join(without_comments.split())


@cache
def _names_used(text: str, module: str) -> frozenset[str]:
    """Names of `fittest.<module>` that a source uses."""
    used = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used |= {node.attr} if node.value.id == module else set()
        elif isinstance(node, ast.ImportFrom) and node.module == f"fittest.{module}":
            used |= {name.name for name in node.names}
    return frozenset(used)


def _bound_names(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(name.asname or name.name).partition(".")[0] for name in statement.names}
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}


def definitions(path: Path, names: Iterable[str]) -> str:
    """The definitions of `names` in a Python file and all that they refer to in it."""
    return _definitions(path.read_text(encoding="utf-8"), frozenset(names))


@cache
def _definitions(text: str, names: frozenset[str]) -> str:
    statements = [(_bound_names(s), s) for s in _bare_tree(text).body]
    wanted: set[str] = set()
    waiting = set(names)
    while waiting:
        wanted |= waiting
        kept = [s for bound, s in statements if bound & wanted]
        referred = {n.id for s in kept for n in ast.walk(s) if isinstance(n, ast.Name)}
        waiting = referred & {name for bound, _ in statements for name in bound} - wanted
    return "".join(ast.dump(s) for bound, s in statements if bound & wanted)


def expanded(entries: Iterable[str], package: Path = _PACKAGE) -> list[Path]:
    """The source files that files and folders of the package stand for."""
    found: list[Path] = []
    for entry in entries:
        path = package / entry
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [f for f in files if f.suffix in _SUFFIXES]
    return found


@cache
def sources_hash(entries: tuple[str, ...], package: Path = _PACKAGE) -> str:
    """16 hex digits for source files and what they use of the libraries."""
    total = hashlib.sha256()
    files = expanded(entries, package)
    for path in files:
        total.update(str(path.relative_to(package)).encode())
        total.update(normalised(path).encode())
    texts = [path.read_text(encoding="utf-8") for path in files if path.suffix == ".py"]
    for library in LIBRARIES:
        module = library.removesuffix(".py")
        used = frozenset().union(*(_names_used(text, module) for text in texts))
        total.update(definitions(package / library, used).encode())
    return total.hexdigest()[:16]


def training_hash(runs: Iterable[Run], package: Path = _PACKAGE) -> str:
    """16 hex digits that change when the arithmetic of training these runs can have changed."""
    return sources_hash(sources_of(runs), package)


def package_has(file: str) -> bool:
    """Whether the package has a file, such as `claims/survival.py`."""
    return (_PACKAGE / file).is_file()


@cache
def _imported(path: Path) -> frozenset[Path]:
    """The modules of the package that a source file imports, but those of the pipeline: they pass
    results on and decide none."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
        else:
            continue
        for module in modules:
            head, _, rest = module.partition(".")
            if head != "fittest" or not rest or rest.startswith("pipeline"):
                continue
            place = _PACKAGE / rest.replace(".", "/")
            found |= {f for f in (place.with_suffix(".py"), place / "__init__.py") if f.is_file()}
    return frozenset(found)


def imported_sources(roots: Iterable[Path], parts: Iterable[str] = ANALYSING) -> list[Path]:
    """Modules of some parts of the package that source files come to import.

    Args:
        roots: scripts, or modules of the package.
        parts: files or folders of the package, such as `analysis`.
    """
    waiting = set(roots)
    seen: set[Path] = set()
    while waiting:
        seen |= waiting
        waiting = set().union(*(_imported(path) for path in waiting)) - seen
    return sorted(set(expanded(parts)) & seen)


@cache
def script_hash(script: Path, more: tuple[str, ...] = ()) -> str:
    """16 hex digits for a script and the modules that it comes to import, as far as they decide
    what it makes.

    more: modules of the package that it loads by name, such as `claims/survival.py`.
    """
    roots = [script, *(_PACKAGE / file for file in more)]
    total = hashlib.sha256(normalised(script).encode())
    for path in imported_sources(roots):
        total.update(str(path.relative_to(_PACKAGE)).encode())
        total.update(normalised(path).encode())
    return total.hexdigest()[:16]


def collecting_hash() -> str:
    """16 hex digits for the code that summarises a run-set."""
    return script_hash(_PACKAGE / "pipeline/collect.py", ("pipeline/tables.py", "store/schema.py"))
