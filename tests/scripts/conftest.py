"""Figures that tests draw are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clear
import pytest
from matplotlib.figure import Figure
from PIL import Image

from fittest.plotting import style


@pytest.fixture(autouse=True)
def readable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every figure with a heading is checked once it is drawn: see ``clear.faults``."""
    found: dict[str, list[str]] = {}
    save = style.save

    def save_and_look(figure: Figure, pdf_path: str | Path, provenance: Any) -> None:
        save(figure, pdf_path, provenance)
        if any(text.get_gid() == "heading" for text in figure.texts):
            with style.paper_style():
                width, _ = Image.open(Path(pdf_path).with_suffix(".png")).size
                dpi = width / figure.get_figwidth()
                found[Path(pdf_path).name] = clear.faults(figure, dpi)

    monkeypatch.setattr(style, "save", save_and_look)
    yield
    assert not any(found.values()), found


@pytest.fixture
def headed(readable: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every figure that a test draws has a heading, and is looked at therefore."""
    save = style.save

    def checked(figure: Figure, *told: Any) -> None:
        save(figure, *told)
        assert any(text.get_gid() == "heading" for text in figure.texts)

    monkeypatch.setattr(style, "save", checked)
