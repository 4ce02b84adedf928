"""Pictures for pages: figures as vectors as far as there is room, all else as lossless WebP."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

from PIL import Image

from fittest.site.vectors import compact

PICTURES = 23_000_000
"""Bytes that all pictures of a site should take: PDFs, what pages show of figures, pictures of
documents.

All five papers have 124 figures. Text, tables on pages, search, styles and scripts take 6 MB there,
which leaves 24 of 30 MB. At the reduced scale a figure takes 70 kB as PDF and 100 kB as WebP, a
vector 270 kB and some up to 1 MB: 9 MB of PDFs, 12 MB if all figures are WebP, so that one in five
can be a vector. Galleries of the same results take nothing more, since their pictures are those
figures; 20 MB of other PNGs would be 11 MB as WebP, for which there is no room beside five papers.
"""
# A vector picture of tens of thousands of marks takes browsers longer to draw than it is worth.
# Bytes as the converter writes it.
LARGEST_VECTOR = 1_500_000
# Width in pixels of the pictures on the start page.
CARD_WIDTH = 640
# WebP has 14 bits for a side.
LARGEST_SIDE = 16_383


One = TypeVar("One")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Printed:
    """A figure's files, and the folder in the site for them."""

    pdf: Path
    png: Path
    folder: PurePosixPath


@dataclass(frozen=True)
class Shown:
    """Where pictures lie, seen from the top of the site.

    figures: by the figure's PNG. documents: by the place in the repository.
    """

    figures: Mapping[Path, PurePosixPath]
    documents: Mapping[PurePosixPath, PurePosixPath]


def converter() -> str | None:
    """The program that turns PDF into SVG (poppler's pdftocairo), if this machine has it."""
    return shutil.which("pdftocairo")


def put_all(
    figures: Sequence[Printed],
    documents: Iterable[PurePosixPath],
    root: Path,
    content: Path,
    budget: int = PICTURES,
) -> Shown:
    """Put all pictures below `content`: the PDF of each figure, beside it the SVG or, where that
    cannot be had or does not fit into the budget, a WebP; and those of `documents` (places below
    `root`), where a figure that shows the same stands in.

    The largest vectors give way first, so that many can stay. PDFs, and WebP where there is nothing
    smaller, stay even if they alone exceed the budget (in bytes).
    """
    places = sorted(documents)
    with ThreadPoolExecutor() as threads:
        same = _same(figures, places, root, threads)
        others = [place for place in places if place not in same]
        put = _each(threads, lambda one: _put_document(one, root, content), others)
        drawn = _each(threads, lambda one: _put_vector(one, content), figures)
        vectors = {figure: place for figure, place in drawn.items() if place is not None}
        bare = [figure for figure in figures if figure not in vectors]
        shown = {**vectors, **_each(threads, lambda one: _put_raster(one, content), bare)}
        taken = sum(figure.pdf.stat().st_size for figure in figures)
        taken += sum((content / place).stat().st_size for place in (*shown.values(), *put.values()))
        shown.update(_smaller(vectors, taken - budget, content, threads))
    return Shown(
        {figure.png: place for figure, place in shown.items()},
        {**put, **{place: shown[figure] for place, figure in same.items()}},
    )


def _smaller(
    vectors: Mapping[Printed, PurePosixPath],
    excess: int,
    content: Path,
    threads: ThreadPoolExecutor,
) -> dict[Printed, PurePosixPath]:
    """What is shown of the largest vectors, so many of them that `excess` bytes are saved."""

    def size(place: PurePosixPath) -> int:
        return (content / place).stat().st_size

    left = sorted(vectors, key=lambda one: (-size(vectors[one]), one.folder, one.png.name))
    shown = {}
    while left and excess > 0:
        # At least so many must give way, since what replaces them takes room too.
        giving, freed = [], 0
        while left and freed < excess:
            giving.append(left.pop(0))
            freed += size(vectors[giving[-1]])
        rasters = _each(threads, lambda one: _put_raster(one, content), giving)
        for figure, raster in rasters.items():
            before = size(vectors[figure])
            shown[figure], other = sorted((vectors[figure], raster), key=size)
            excess -= before - size(shown[figure])
            (content / other).unlink()
    return shown


def _each(
    threads: ThreadPoolExecutor, function: Callable[[One], Result], items: Sequence[One]
) -> dict[One, Result]:
    return dict(zip(items, threads.map(function, items), strict=True))


def put_card(png: Path, target: Path) -> None:
    """A smaller picture for the start page."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(png) as picture:
        small = picture.convert("RGB")
    small.thumbnail((CARD_WIDTH, CARD_WIDTH))
    _save(small, target)


def _put_vector(figure: Printed, content: Path) -> PurePosixPath | None:
    """Put a figure's PDF and its SVG; None where there is no converter, or too much to draw."""
    folder = content / figure.folder
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(figure.pdf, folder / figure.pdf.name)
    program, vector = converter(), folder / f"{figure.pdf.stem}.svg"
    if program is None:
        return None
    done = subprocess.run([program, "-svg", figure.pdf, vector], capture_output=True, check=False)
    if done.returncode != 0 or vector.stat().st_size > LARGEST_VECTOR:
        vector.unlink(missing_ok=True)
        return None
    vector.write_text(compact(vector.read_text(encoding="utf-8")), encoding="utf-8")
    return figure.folder / vector.name


def _put_raster(figure: Printed, content: Path) -> PurePosixPath:
    place = figure.folder / f"{figure.png.stem}.webp"
    _save(_opened(figure.png), content / place)
    return place


def _put_document(place: PurePosixPath, root: Path, content: Path) -> PurePosixPath:
    """Put a picture of a document: a PNG as WebP, others as they are."""
    (content / place).parent.mkdir(parents=True, exist_ok=True)
    if place.suffix == ".png":
        picture = _opened(root / place)
        if max(picture.size) <= LARGEST_SIDE:
            place = place.with_suffix(".webp")
            _save(picture, content / place)
            return place
    shutil.copyfile(root / place, content / place)
    return place


def _same(
    figures: Sequence[Printed],
    documents: Sequence[PurePosixPath],
    root: Path,
    threads: ThreadPoolExecutor,
) -> dict[PurePosixPath, Printed]:
    """Pictures of documents that have a figure's name and pixels -> that figure."""
    named: dict[str, list[Printed]] = {}
    for figure in figures:
        named.setdefault(figure.png.name, []).append(figure)
    pairs = [(place, figure) for place in documents for figure in named.get(place.name, ())]
    equal = threads.map(lambda pair: _equal(root / pair[0], pair[1].png), pairs)
    return {place: figure for (place, figure), yes in zip(pairs, equal, strict=True) if yes}


def _equal(one: Path, other: Path) -> bool:
    pictures = [_opened(path) for path in (one, other)]
    modes, sizes, pixels = zip(*((p.mode, p.size, p.tobytes()) for p in pictures), strict=True)
    return len(set(modes)) == len(set(sizes)) == len(set(pixels)) == 1


def _opened(path: Path) -> Image.Image:
    """A picture in its true colours, with transparency only where something shines through."""
    with Image.open(path) as picture:
        true = picture.convert("RGBA")
    return true.convert("RGB") if true.getchannel("A").getextrema() == (255, 255) else true


def _save(picture: Image.Image, target: Path) -> None:
    """As WebP, every pixel kept; the numbers are the smallest files for little time."""
    picture.save(target, "WEBP", lossless=True, quality=40, method=6, exact=True)
