"""Hashes of code: of what decides a training, so that nothing else retrains, and of what decides
the tables and figures that a script makes.

Comments, docstrings and layout do not count, nor do the places of files: contents are hashed in an
order of their own, and imports within the package by the names that they bring. What decides a run
is listed in deciding.py.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from fittest.pipeline.identity.deciding import LIBRARIES, sources_of
from fittest.runs.run import Run

_PACKAGE = Path(__file__).resolve().parents[2]
_NAME = _PACKAGE.name

ANALYSING = (
    "analysis",
    "claims",
    "fourier.py",
    "models",
    "pipeline/running/tables.py",
    "plotting",
    "store/schema.py",
    "streams.py",
    "tasks",
    "training/loss.py",
)
"""Files and folders that decide tables and figures, where a script comes to import them."""

_EVERYTHING = "*"


# -- one file ------------------------------------------------------------------------------


class _Bare(ast.NodeTransformer):
    """Takes from a module what does not decide results, and imports of this package: `names` are
    what these bring, each with the name that it has here."""

    def __init__(self) -> None:
        self.names: set[tuple[str, str]] = set()

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        if not _is_ours(node):
            return node
        self.names |= {(name.name, name.asname or name.name) for name in node.names}
        return None

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
            self.generic_visit(node)
            return node.orelse
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        # The text of a configuration key is documentation too.
        node.keywords = [k for k in node.keywords if k.arg != "description"]
        return self.generic_visit(node)


def _is_ours(node: ast.ImportFrom) -> bool:
    return bool(node.level) or (node.module or "").partition(".")[0] == _NAME


def _bare_tree(text: str) -> tuple[ast.Module, set[tuple[str, str]]]:
    """Python source without comments, docstrings, layout and imports of this package, and what
    these imports bring."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:] or [ast.Pass()]
    bare = _Bare()
    bare.visit(tree)
    return tree, bare.names


def normalised(path: Path) -> str:
    """A source file without what does not decide results."""
    return _normalised(path.read_text(encoding="utf-8"), path.suffix)


# By content: runs share most of their sources, and parsing takes a second for all of them.
@cache
def _normalised(text: str, suffix: str) -> str:
    if suffix == ".py":
        tree, names = _bare_tree(text)
        return f"{ast.dump(tree)} {sorted(names)}"
    bare = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
    bare = re.sub(r'^\s*#\s*include\s*"[^"\n]*"', " ", bare, flags=re.MULTILINE)
    return " ".join(bare.split())


# -- of libraries, what is used --------------------------------------------------------------


@cache
def _uses(text: str) -> frozenset[tuple[str, str]]:
    """(module of the package, name in it) for all that a Python source uses of the package.

    The name is `*` where the source does not tell which ones.
    """
    tree = ast.parse(text)
    modules: dict[str, str] = {}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and _is_ours(node):
            for name in node.names:
                found.add((node.module, name.name))
                modules[name.asname or name.name] = f"{node.module}.{name.name}"
        elif isinstance(node, ast.Import):
            found |= {(name.name, _EVERYTHING) for name in node.names}
    named = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            named.add(node.value)
            found.add((modules.get(node.value.id, ""), node.attr))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in modules and node not in named:
            found.add((modules[node.id], _EVERYTHING))
    return frozenset(found)


def _bound_names(statement: ast.stmt) -> set[str]:
    """Names that a statement of a module defines or changes."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(name.asname or name.name).partition(".")[0] for name in statement.names}
    places: list[ast.AST] = [statement]
    if isinstance(statement, ast.Assign):
        places = [*statement.targets]
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        places = [statement.target]
    return {n.id for place in places for n in ast.walk(place) if isinstance(n, ast.Name)}


def definitions(path: Path, names: Iterable[str]) -> str:
    """The definitions of `names` in a Python file and all that they refer to in it."""
    return _definitions(path.read_text(encoding="utf-8"), frozenset(names))


@cache
def _definitions(text: str, names: frozenset[str]) -> str:
    statements = [(_bound_names(s), s) for s in _bare_tree(text)[0].body]
    every = {name for bound, _ in statements for name in bound}
    wanted: set[str] = set()
    waiting = every if _EVERYTHING in names else set(names)
    while waiting:
        wanted |= waiting
        kept = [s for bound, s in statements if bound & wanted]
        referred = {n.id for s in kept for n in ast.walk(s) if isinstance(n, ast.Name)}
        waiting = referred & every - wanted
    return "".join(ast.dump(s) for bound, s in statements if bound & wanted)


def _module_of(library: str) -> str:
    return f"{_NAME}.{library.removesuffix('.py').replace('/', '.')}"


# -- many files ------------------------------------------------------------------------------


def _combined(contents: Iterable[str]) -> str:
    """16 hex digits for some texts, in whatever order."""
    digests = sorted(hashlib.sha256(content.encode()).digest() for content in contents)
    return hashlib.sha256(b"".join(digests)).hexdigest()[:16]


def _hash(files: Iterable[Path], users: Iterable[Path], package: Path) -> str:
    """16 hex digits for source files, and for what `users` use of the libraries."""
    libraries = {package / library: _module_of(library) for library in LIBRARIES}
    texts = [u.read_text(encoding="utf-8") for u in users if u.suffix == ".py"]
    used = frozenset().union(*(_uses(text) for text in texts))
    contents = [normalised(path) for path in files if path not in libraries]
    for path, module in libraries.items():
        names = {name for where, name in used if where == module}
        # Nothing at all for one of which nothing is used: a new library changes no hash.
        contents += [definitions(path, names)] if names else []
    return _combined(contents)


@cache
def sources_hash(entries: tuple[str, ...], package: Path = _PACKAGE) -> str:
    """16 hex digits for source files of the package and what they use of the libraries."""
    files = [package / entry for entry in entries]
    return _hash(files, files, package)


def training_hash(runs: Iterable[Run], package: Path = _PACKAGE) -> str:
    """16 hex digits that change when the arithmetic of training these runs can have changed."""
    return sources_hash(sources_of(runs), package)


def package_has(file: str) -> bool:
    """Whether the package has a file, such as `claims/survival.py`."""
    return (_PACKAGE / file).is_file()


@cache
def imports_of(path: Path, package: Path = _PACKAGE) -> frozenset[Path]:
    """The modules of a package that a source file imports, wherever in it."""
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
            if head == _NAME and rest:
                place = package / rest.replace(".", "/")
                choice = (place.with_suffix(".py"), place / "__init__.py")
                found |= {file for file in choice if file.is_file()}
    return frozenset(found)


def _followed(path: Path) -> set[Path]:
    """What a source file imports, as far as that may decide what is made with it.

    Not modules of the pipeline: these pass results on and decide none. The store does so too: it
    knows of runs only to check that a table is of those that are asked for, and behind runs stand
    all tasks and models, so that following it would tie every figure to each of them.
    """
    found = {p for p in imports_of(path) if _PACKAGE / "pipeline" not in p.parents}
    store = _PACKAGE / "store"
    return {p for p in found if store in p.parents} if store in path.parents else found


def _reached(roots: Iterable[Path]) -> set[Path]:
    """Source files and all that they come to import that may decide something."""
    waiting = set(roots)
    seen: set[Path] = set()
    while waiting:
        seen |= waiting
        waiting = set().union(*(_followed(path) for path in waiting)) - seen
    return seen


def expanded(entries: Iterable[str]) -> set[Path]:
    """The Python files that files and folders of the package stand for."""
    found: set[Path] = set()
    for entry in entries:
        path = _PACKAGE / entry
        found |= set(path.rglob("*.py")) if path.is_dir() else {path}
    return found


def imported_sources(roots: Iterable[Path], parts: Iterable[str] = ANALYSING) -> list[Path]:
    """Modules of some parts of the package that source files come to import.

    Args:
        roots: scripts, or modules of the package.
        parts: files or folders of the package, such as `analysis`.
    """
    return sorted(expanded(parts) & _reached(roots))


@cache
def script_hash(script: Path, more: tuple[str, ...] = ()) -> str:
    """16 hex digits for a script and the modules that it comes to import, as far as they decide
    what it makes.

    more: modules of the package that it loads by name, such as `claims/survival.py`.
    """
    reached = _reached([script, *(_PACKAGE / file for file in more)])
    return _hash({script} | (expanded(ANALYSING) & reached), reached, _PACKAGE)


def collecting_hash() -> str:
    """16 hex digits for the code that summarises a run-set."""
    return script_hash(
        _PACKAGE / "pipeline/running/collect.py", ("pipeline/running/tables.py", "store/schema.py")
    )
