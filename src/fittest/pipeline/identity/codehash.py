"""Hashes of code: of what decides a training, so that nothing else retrains, and of what decides
the tables and figures that a script makes.

Comments, docstrings and layout do not count, nor do the places of files: what counts of each stands
in sources.py, and contents are hashed in an order of their own. What decides a run is listed in
deciding.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from fittest.pipeline.identity import sources
from fittest.pipeline.identity.deciding import LIBRARIES, sources_of
from fittest.runs.run import Run

_PACKAGE = Path(__file__).resolve().parents[2]

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


def _module_of(library: str) -> str:
    return f"{sources.NAME}.{library.removesuffix('.py').replace('/', '.')}"


def _combined(digests: Iterable[str]) -> str:
    """16 hex digits for some contents, in whatever order."""
    return hashlib.sha256(b"".join(sorted(map(bytes.fromhex, digests)))).hexdigest()[:16]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _hash(files: Iterable[Path], users: Iterable[Path], package: Path) -> str:
    """16 hex digits for source files, and for what `users` use of the libraries."""
    libraries = {package / library: _module_of(library) for library in LIBRARIES}
    texts = [_text(user) for user in users if user.suffix == ".py"]
    used = frozenset().union(*map(sources.uses, texts))
    contents = [sources.content(_text(p), p.suffix) for p in files if p not in libraries]
    for path, module in libraries.items():
        names = frozenset(name for where, name in used if where == module)
        # Nothing at all for one of which nothing is used: a new library changes no hash.
        contents += [sources.definitions(_text(path), names)] if names else []
    return _combined(contents)


def closed(entry: str, folder: str, package: Path = _PACKAGE) -> tuple[str, ...]:
    """A file of the package, and what it comes to import of one of its folders."""
    seen: set[Path] = set()
    waiting = {package / entry}
    while waiting:
        seen |= waiting
        found = set().union(*(imports_of(path, package) for path in waiting))
        waiting = {path for path in found if package / folder in path.parents} - seen
    return tuple(sorted(path.relative_to(package).as_posix() for path in seen))


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
    for module in sources.modules(_text(path)):
        head, _, rest = module.partition(".")
        if head == sources.NAME and rest:
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
