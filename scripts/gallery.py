"""Copy a scale's figures and claims into docs/: small pictures, verdicts, and a page of both.

Run by `make gallery`, after the scale has been built; what it writes is committed.
"""

import csv
import json
import re
import sys
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fittest.claims.render import figure_label
from fittest.errors import FittestError
from fittest.pipeline.project import Project
from fittest.plotting.style import short
from fittest.store import write_text

WIDTH = 1100  # pixels
COLOURS = 256


def shrink(source: Path, target: Path) -> None:
    """A smaller copy of a PNG, with its provenance."""
    with Image.open(source) as picture:
        size = (min(WIDTH, picture.width), round(picture.height * min(1, WIDTH / picture.width)))
        small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        target.parent.mkdir(parents=True, exist_ok=True)
        known = PngInfo()
        known.add_text("Description", picture.info["Description"])
        # Colours mean something, and a thin line must keep its own: median cut would merge it.
        method = Image.Quantize.MAXCOVERAGE
        paletted = small.quantize(COLOURS, method, dither=Image.Dither.NONE)
        paletted.save(target, optimize=True, pnginfo=known)


def origin(picture: Path) -> str:
    """Scale, commit and configuration that a figure was made from."""
    with Image.open(picture) as opened:
        known = json.loads(opened.info["Description"])
    commit, config = (short(known[key]) for key in ("commit", "config_hash"))
    return f"scale {known['scale']}, commit {commit}, config {config}"


def order(name: str) -> tuple[int, str]:
    """Figures by number, supplementary ones last."""
    number = re.match(r"fig(\d+)", name)
    return (int(number[1]) if number else 1000, name)


def gallery(project: Project, paper: str, docs: Path) -> None:
    """Write docs/gallery/<paper>.md, docs/claims/<paper>.md and docs/images/[<folder>/]*.png."""
    settings = project.papers[paper]
    with (project.root / project.paths.table(paper, "claims.csv")).open(newline="") as file:
        claims = list(csv.DictReader(file))
    folder = f"{settings.folder}/" if settings.folder else ""
    parts = [
        f"# Gallery: {settings.title}\n",
        f"{settings.reference}. Trained and measured here; every claim with its criterion, value"
        f" and note: [claims](../claims/{paper}.md).\n",
    ]
    for name in sorted(settings.figures, key=order):
        png = project.root / project.paths.png(project.paths.kept_figure(paper, name))
        shrink(png, docs / "images" / f"{folder}{name}.png")
        title = settings.figures[name].title
        own = [f"{c['id']} {c['verdict']}" for c in claims if c["figure"] == name]
        parts += [
            f"## {figure_label(name, title)}\n",
            f"![{title}](../images/{folder}{name}.png)\n",
            f"`make {project.published(paper, name)}`; {origin(png)}."
            + (f" Claims: {', '.join(own)}." if own else "")
            + "\n",
        ]
    text = (project.root / project.paths.table(paper, "claims.md")).read_text()
    (docs / "claims").mkdir(exist_ok=True)
    (docs / "gallery").mkdir(exist_ok=True)
    write_text(text, docs / "claims" / f"{paper}.md")
    write_text("\n".join(parts), docs / "gallery" / f"{paper}.md")


def main(scale: str | None, papers: list[str]) -> int:
    """Status for the shell."""
    root = Path(__file__).resolve().parents[1]
    try:
        project = Project.load(root, {"scale": scale} if scale else None)
        for paper in papers or list(project.claims):
            gallery(project, paper, root / "docs")
    except (FittestError, FileNotFoundError) as error:
        print(f"fittest: {error}; build the scale first (`make report`)", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    words = sys.argv[1:]
    sys.exit(main(words[0] if words else None, words[1:]))
