"""What a source file comes down to: its arithmetic, what it uses of others, what it imports.

Comments, docstrings and layout do not count, nor does the place of a file: imports within the
package stand by the names that they bring.

To parse all sources takes as long as the rest of a start, and most are what they were the last
time: what is found of a text is remembered by its content (remembered.py).
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from fittest.pipeline.identity.remembered import Memory

NAME = __name__.partition(".")[0]
"""Of the package."""
EVERYTHING = "*"
"""Stands for all names of a module, where a source does not tell which ones it uses."""

# This module and Python decide what is made of a text.
_memory = Memory("sources", [Path(__file__).read_text(encoding="utf-8"), sys.version])


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
    return bool(node.level) or (node.module or "").partition(".")[0] == NAME


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


@cache
def content(text: str, suffix: str) -> str:
    """SHA-256 of a source without what does not decide results, in hex digits."""
    return str(_memory.recall(f"content {suffix}", text, lambda: sha256(_bare_text(text, suffix))))


def dumped(node: object) -> str:
    """A syntax tree as text, the same from every version of Python: `ast.dump` of 3.12 names what
    sources of 3.11 cannot have, that of 3.13 leaves out what is empty, and results trained under
    one version would be stale under the next."""
    if isinstance(node, list):
        return f"[{', '.join(map(dumped, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    parts = []
    for name in node._fields:
        value = getattr(node, name, None)
        optional = getattr(type(node), name, ...) is None
        if (value is None and optional) or (name == "type_params" and not value):
            continue
        parts.append(f"{name}={dumped(value)}")
    return f"{type(node).__name__}({', '.join(parts)})"


def _bare_text(text: str, suffix: str) -> str:
    if suffix == ".py":
        tree, names = _bare_tree(text)
        return f"{dumped(tree)} {sorted(names)}"
    bare = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
    bare = re.sub(r'^\s*#\s*include\s*"[^"\n]*"', " ", bare, flags=re.MULTILINE)
    return " ".join(bare.split())


@cache
def uses(text: str) -> frozenset[tuple[str, str]]:
    """(module of the package, name in it) for all that a Python source uses of the package.

    The name is `*` where the source does not tell which ones.
    """
    found = _memory.recall("uses", text, lambda: sorted(_uses(ast.parse(text))))
    return frozenset((module, name) for module, name in found)


def _uses(tree: ast.Module) -> Iterator[tuple[str, str]]:
    modules: dict[str, str] = {}
    nodes = list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and _is_ours(node):
            for name in node.names:
                yield node.module, name.name
                modules[name.asname or name.name] = f"{node.module}.{name.name}"
        elif isinstance(node, ast.Import):
            yield from ((name.name, EVERYTHING) for name in node.names)
    named = set()
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            named.add(node.value)
            if node.value.id in modules:
                yield modules[node.value.id], node.attr
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in modules and node not in named:
            yield modules[node.id], EVERYTHING


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


@cache
def definitions(text: str, names: frozenset[str]) -> str:
    """SHA-256, in hex digits, of the definitions of `names` in a Python source and of all that they
    refer to in it."""
    kind = f"definitions {sorted(names)}"
    return str(_memory.recall(kind, text, lambda: sha256(_definitions(text, names))))


def _definitions(text: str, names: frozenset[str]) -> str:
    statements = [(_bound_names(s), s) for s in _bare_tree(text)[0].body]
    every = {name for bound, _ in statements for name in bound}
    wanted: set[str] = set()
    waiting = every if EVERYTHING in names else set(names)
    while waiting:
        wanted |= waiting
        kept = [s for bound, s in statements if bound & wanted]
        referred = {n.id for s in kept for n in ast.walk(s) if isinstance(n, ast.Name)}
        waiting = referred & every - wanted
    return "".join(dumped(s) for bound, s in statements if bound & wanted)


@cache
def modules(text: str) -> tuple[str, ...]:
    """Every name that a Python source imports, wherever in it: of modules, and with that of the
    module before it whatever comes from one."""
    return tuple(_memory.recall("modules", text, lambda: sorted(set(_modules(ast.parse(text))))))


def _modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def sha256(text: str) -> str:
    """In hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()
