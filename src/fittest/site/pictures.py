"""Pictures of figures for pages: vectors where that can be had, with the PDF beside them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from PIL import Image

# A vector picture of tens of thousands of marks takes browsers longer to draw than it is worth.
LARGEST_VECTOR = 1_500_000
# Width in pixels of the pictures on the start page.
CARD_WIDTH = 640


def converter() -> str | None:
    """The program that turns PDF into SVG (poppler's pdftocairo), if this machine has it."""
    return shutil.which("pdftocairo")


def put(pdf: Path, png: Path, folder: Path) -> str:
    """Put a figure's files into `folder` and return the name of the one that pages show: the SVG,
    or the PNG where there is no converter or the SVG would have more than LARGEST_VECTOR bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(pdf, folder / pdf.name)
    program, vector = converter(), folder / f"{pdf.stem}.svg"
    if program is not None:
        done = subprocess.run([program, "-svg", pdf, vector], capture_output=True, check=False)
        if done.returncode == 0 and vector.stat().st_size <= LARGEST_VECTOR:
            return vector.name
        vector.unlink(missing_ok=True)
    with Image.open(png) as picture:
        picture.convert("RGB").save(folder / png.name, optimize=True)
    return png.name


def put_card(png: Path, target: Path) -> None:
    """A smaller picture for the start page."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(png) as picture:
        small = picture.convert("RGB")
        small.thumbnail((CARD_WIDTH, CARD_WIDTH))
        small.save(target, optimize=True)
