"""Which picture stands for a figure, how large all may be, and that none loses a pixel."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from PIL import Image

from fittest.site import __main__ as program
from fittest.site import pictures
from fittest.site.pictures import PICTURES, Printed, Shown, put_all

# Bytes of planted vectors, in an order that is not theirs.
SIZES = {"b_second": 20_000, "a_least": 9_000, "c_largest": 50_000}
PLACES = {name: PurePosixPath("figures/paper") / name for name in SIZES}


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGBA"))


def noise(seed: int, shape: tuple[int, ...] = (30, 20, 3)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def draw(path: Path, values: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)
    return path


@pytest.fixture
def copying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A converter that calls a file an SVG: what is planted as PDF is what pages would show."""
    script = tmp_path / "bin" / "pdftocairo"
    script.parent.mkdir()
    script.write_text('#!/bin/sh\n/bin/cp "$2" "$3"\n')
    script.chmod(0o755)
    monkeypatch.setattr(pictures, "converter", lambda: str(script))


@pytest.fixture
def figures(tmp_path: Path) -> list[Printed]:
    found = []
    for seed, (name, size) in enumerate(SIZES.items()):
        pdf = tmp_path / "made" / f"{name}.pdf"
        png = draw(pdf.with_suffix(".png"), noise(seed))
        pdf.write_text(f"<svg>{'x' * (size - 11)}</svg>")
        found.append(Printed(pdf, png, PLACES[name].parent))
    return found


def put(
    figures: list[Printed], tmp_path: Path, budget: int = PICTURES, *documents: str
) -> tuple[dict[str, str], int, Shown]:
    """What each figure is shown as, the bytes of all pictures, and all that is known of them."""
    content = tmp_path / f"content-{budget}-{len(documents)}"
    shown = put_all(figures, map(PurePosixPath, documents), tmp_path, content, budget)
    used = sum(path.stat().st_size for path in content.rglob("*") if path.is_file())
    for place in (*shown.figures.values(), *shown.documents.values()):
        assert (content / place).is_file()
    for figure in figures:
        beside = sorted(
            path.name for path in (content / figure.folder).glob(f"{figure.pdf.stem}.*")
        )
        assert beside == sorted([figure.pdf.name, shown.figures[figure.png].name])
    return {png.stem: place.suffix for png, place in shown.figures.items()}, used, shown


@pytest.mark.usefixtures("copying")
def test_the_largest_vectors_give_way_and_no_more_than_must(
    figures: list[Printed], tmp_path: Path
) -> None:
    kinds, all_of_them, _ = put(figures, tmp_path)
    assert kinds == dict.fromkeys(SIZES, ".svg")
    assert put(figures, tmp_path, all_of_them)[0] == kinds
    kinds, without_largest, _ = put(figures, tmp_path, all_of_them - 1)
    assert kinds == {"b_second": ".svg", "a_least": ".svg", "c_largest": ".webp"}
    assert without_largest < all_of_them - 40_000
    assert put(figures, tmp_path, without_largest)[0] == kinds
    kinds, used, _ = put(figures, tmp_path, without_largest - 1)
    assert kinds == {"b_second": ".webp", "a_least": ".svg", "c_largest": ".webp"}
    assert used < without_largest
    assert put(list(reversed(figures)), tmp_path, used)[0] == kinds
    assert set(put(figures, tmp_path, 0)[0].values()) == {".webp"}


@pytest.mark.usefixtures("copying")
def test_a_vector_that_is_smaller_than_its_pixels_stays(
    figures: list[Printed], tmp_path: Path
) -> None:
    draw(figures[0].png, noise(9, (300, 300, 3)))
    kinds, _, _ = put(figures, tmp_path, 0)
    assert kinds == {"b_second": ".svg", "a_least": ".webp", "c_largest": ".webp"}


@pytest.mark.usefixtures("copying")
def test_pictures_of_documents_take_room_from_vectors(
    figures: list[Printed], tmp_path: Path
) -> None:
    _, used, _ = put(figures, tmp_path)
    draw(tmp_path / "docs" / "other.png", noise(9))
    kinds, _, _ = put(figures, tmp_path, used, "docs/other.png")
    assert kinds["c_largest"] == ".webp" and kinds["b_second"] == ".svg"


@pytest.mark.usefixtures("copying")
def test_what_browsers_would_draw_too_long_is_no_vector(
    figures: list[Printed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "LARGEST_VECTOR", SIZES["b_second"])
    kinds, _, _ = put(figures, tmp_path)
    assert kinds == {"b_second": ".svg", "a_least": ".svg", "c_largest": ".webp"}


def test_without_a_converter_every_pixel_is_kept(
    figures: list[Printed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "converter", lambda: None)
    kinds, _, shown = put(figures, tmp_path)
    assert set(kinds.values()) == {".webp"}
    content = tmp_path / f"content-{PICTURES}-0"
    for figure in figures:
        assert np.array_equal(pixels(content / shown.figures[figure.png]), pixels(figure.png))


@pytest.mark.usefixtures("copying")
def test_a_document_shows_the_figure_where_that_is_the_same_picture(
    figures: list[Printed], tmp_path: Path
) -> None:
    docs = tmp_path / "docs"
    values = pixels(figures[0].png)
    # Figures are saved with a fourth number, galleries without.
    draw(docs / figures[0].png.name, values[:, :, :3])
    changed = pixels(figures[1].png)[:, :, :3].copy()
    changed[0, 0, 0] ^= 1
    draw(docs / figures[1].png.name, changed)
    names = [f"docs/{figure.png.name}" for figure in figures[:2]]
    _, _, shown = put(figures, tmp_path, PICTURES, *names)
    assert shown.documents == {
        PurePosixPath(names[0]): PLACES["b_second"].with_suffix(".svg"),
        PurePosixPath(names[1]): PurePosixPath("docs/a_least.webp"),
    }
    content = tmp_path / f"content-{PICTURES}-2"
    assert not (content / "docs" / "b_second.webp").exists()
    assert np.array_equal(pixels(content / "docs/a_least.webp")[:, :, :3], changed)
    # Where the vector had to go, the gallery follows.
    _, _, shown = put(figures, tmp_path, 0, *names)
    assert shown.documents[PurePosixPath(names[0])] == PLACES["b_second"].with_suffix(".webp")


def test_documents_keep_colours_and_what_shines_through_and_other_kinds(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    glass = draw(docs / "glass.png", noise(1, (30, 20, 4)))
    Image.fromarray(noise(2)).quantize(16).save(docs / "few.png")
    Image.new("L", (pictures.LARGEST_SIDE + 1, 1), 7).save(docs / "long.png")
    for name in ("a.svg", "b.gif", "c.jpg"):
        (docs / name).write_bytes(name.encode())
    names = sorted(path.name for path in docs.iterdir())
    content = tmp_path / "content"
    put_all([], [PurePosixPath("docs") / name for name in names], tmp_path, content)
    made = {path.name for path in (content / "docs").iterdir()}
    assert made == {"glass.webp", "few.webp", "long.png", "a.svg", "b.gif", "c.jpg"}
    assert np.array_equal(pixels(content / "docs" / "glass.webp"), pixels(glass))
    assert np.array_equal(pixels(content / "docs" / "few.webp"), pixels(docs / "few.png"))
    for name in ("a.svg", "b.gif", "c.jpg", "long.png"):
        assert (content / "docs" / name).read_bytes() == (docs / name).read_bytes()


@pytest.mark.parametrize(("large", "warned"), [("papers/a.html", True), ("tables/a.csv", False)])
def test_too_large_a_site_is_said_in_one_line_and_data_do_not_count(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    large: str,
    warned: bool,
) -> None:
    def build(_: object, target: Path) -> Path:
        for name, size in (("index.html", 100), ("data/a.js", 5000), (large, 5000)):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(b"x" * size)
        return target / "index.html"

    monkeypatch.setattr(program, "build", build)
    monkeypatch.setattr(program, "BAR", 2000)
    monkeypatch.setattr(program, "converter", lambda: "here")
    root = Path(__file__).resolve().parents[2]
    words = ["--root", str(root), "--scale", "smoke", "--to", str(tmp_path / "site")]
    assert program.main(words) == 0
    printed = capsys.readouterr()
    assert printed.out.count("\n") == 1
    assert printed.err.count("\n") == int(warned)
