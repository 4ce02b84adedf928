"""Figures that tests draw are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import clear
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image
from worlds import PROVENANCE, load_script

from fittest.plotting import style
from fittest.store import write_table


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


@pytest.fixture
def uncut(readable: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every figure that a test draws all data is in its panels."""
    save = style.save

    def checked(figure: Figure, *told: Any) -> None:
        save(figure, *told)
        assert clear.cut(figure) == []

    monkeypatch.setattr(style, "save", checked)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> clear.Drawn:
    """Draw by a script and look at the figure; whether it can be read, the fixture `readable`
    asks."""
    save = style.save
    caught: list[Figure] = []

    def keep(figure: Figure, *told: Any) -> None:
        caught.append(figure)
        save(figure, *told)

    monkeypatch.setattr(style, "save", keep)

    def draw(script: str, function: str, **told: Any) -> Figure:
        made = getattr(load_script(script, "cosets"), function)
        made(**told, out_figure=str(tmp_path / "figure.pdf"))
        return caught[-1]

    return draw


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., str]:
    """Write rows as a table, CSV if it is named so."""

    def write(name: str, rows: Any, kind: str = "table", **more: Any) -> str:
        path, frame = tmp_path / name, pd.DataFrame(rows)
        if name.endswith(".csv"):
            frame.to_csv(path, index=False)
        else:
            write_table(frame, path, PROVENANCE | more, kind)
        return str(path)

    return write
