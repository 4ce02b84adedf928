"""The notebooks of docs/notebooks/ run from top to bottom, at small sizes."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from small_world import REPOSITORY

FOLDER = REPOSITORY / "docs" / "notebooks"
SMALL = {
    "survival_curve": """
NETWORK = {"task": {"p": 13}, "model": {"d": 16}}
STEPS, EMBEDDINGS, TRIALS = 60, 2, 2
""",
    "transformer": """
P, STEPS, SEEDS = 13, 60, range(2)
MODEL = {"name": "transformer", "d": 16, "heads": 2, "head_size": 8, "mlp": 32}
""",
}
WITH_JUPYTER = all(importlib.util.find_spec(name) for name in ("nbclient", "ipykernel"))


def small(name: str) -> dict[str, Any]:
    """A notebook with the sizes of SMALL in place of its own."""
    book: dict[str, Any] = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    sizes = [c for c in book["cells"] if "parameters" in c["metadata"].get("tags", [])]
    assert len(sizes) == 1
    sizes[0]["source"] = SMALL[name]
    return book


def code_of(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_every_notebook_is_run_here() -> None:
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_cells_run_in_a_fresh_python(name: str, tmp_path: Path) -> None:
    """Without Jupyter, and without a clone: in an empty folder."""
    cells = [code_of(c) for c in small(name)["cells"] if c["cell_type"] == "code"]
    script = tmp_path / "cells.py"
    script.write_text("import matplotlib\nmatplotlib.use('agg')\n" + "\n\n".join(cells))
    empty = tmp_path / "empty"
    empty.mkdir()
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=empty,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    assert list(empty.iterdir()) == []


@pytest.mark.skipif(not WITH_JUPYTER, reason="needs nbclient and ipykernel: the extra `analysis`")
@pytest.mark.parametrize("name", SMALL)
def test_jupyter_shows_tables_and_pictures(name: str, tmp_path: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    # As read from a file: lines joined.
    book = nbformat.reads(json.dumps(small(name)), as_version=4)
    nbformat.validate(book)
    NotebookClient(book, timeout=900, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = {
        kind
        for cell in book.cells
        for output in cell.get("outputs", [])
        for kind in output.get("data", {})
    }
    assert {"image/png", "text/html"} <= shown


def test_notebooks_are_kept_without_output() -> None:
    for path in FOLDER.glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            assert not cell.get("outputs") and not cell.get("execution_count"), path.name
