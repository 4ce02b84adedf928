"""A hash of the code that decides training, so that nothing else retrains.

Comments, docstrings and layout do not count; neither do analysis and plotting, except for what
runs while training: the recorded signals and the stop rule.
"""

from __future__ import annotations

import ast
import hashlib
import re
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
TRAINING_SOURCES = (
    "fourier.py",
    "streams.py",
    "tasks",
    "models",
    "training",
    "runs/run.py",
    "runs/initial.py",
    "analysis/alive.py",
    "analysis/settle.py",
    "pipeline/ensembles.py",
    "pipeline/references.py",
)
_SUFFIXES = {".py", ".cpp", ".h", ".inl"}


def normalised(path: Path) -> str:
    """The source without what does not decide results: comments, docstrings, layout."""
    text = path.read_text()
    if path.suffix == ".py":
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
                node, clean=False
            ):
                node.body = node.body[1:] or [ast.Pass()]
            if isinstance(node, ast.Call):
                # The text of a configuration key is documentation too.
                node.keywords = [k for k in node.keywords if k.arg != "description"]
        return ast.dump(tree)
    without_comments = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
    return " ".join(without_comments.split())


def _expanded(entries: tuple[str, ...], package: Path) -> list[Path]:
    found: list[Path] = []
    for entry in entries:
        path = package / entry
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [f for f in files if f.suffix in _SUFFIXES]
    return found


def sources(package: Path = _PACKAGE) -> list[Path]:
    """The files that TRAINING_SOURCES names."""
    return _expanded(TRAINING_SOURCES, package)


@cache
def training_hash(package: Path = _PACKAGE) -> str:
    """16 hex digits that change when the arithmetic of training can have changed."""
    total = hashlib.sha256()
    for path in sources(package):
        total.update(str(path.relative_to(package)).encode())
        total.update(normalised(path).encode())
    return total.hexdigest()[:16]


@cache
def modules_hash(*entries: str) -> str:
    """16 hex digits for files or folders of the package, such as `analysis`."""
    total = hashlib.sha256()
    for path in _expanded(entries, _PACKAGE):
        total.update(normalised(path).encode())
    return total.hexdigest()[:16]
