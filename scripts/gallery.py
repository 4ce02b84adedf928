"""Copy a scale's figures and claims into docs/: pictures, captions, verdicts, and a page of all.

Run by `make gallery`, after the scale has been built; what it writes is committed.
"""

import csv
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fittest.claims.render import figure_label
from fittest.errors import FittestError
from fittest.pipeline.project import Project
from fittest.plotting.style import short
from fittest.store import write_text


def copy_picture(source: Path, target: Path) -> None:
    """The same pixels in their true colours, with their provenance, and no larger than need be."""
    with Image.open(source) as picture:
        known = PngInfo()
        known.add_text("Description", picture.info["Description"])
        target.parent.mkdir(parents=True, exist_ok=True)
        # Nothing shines through; a fourth number per pixel would only take room.
        picture.convert("RGB").save(target, optimize=True, pnginfo=known)


def caption(described: Path, title: str, runs: int | None, claims: Sequence[Mapping]) -> str:
    """What the figure shows, of how many runs, and the paper against ours: the sentences of the
    report, whose source is the same file, as one paragraph.

    Args:
        described: reStructuredText; `title` stands in for a missing one. runs: shown; None for a
            figure without any. claims: rows of claims.csv that belong to the figure.
    """
    shows = (
        " ".join(described.read_text(encoding="utf-8").split())
        if described.is_file()
        else f"{title}."
    )
    parts = [shows]
    if runs is not None:
        parts.append(f"n = {runs:,} run{'' if runs == 1 else 's'}.")
    if claims:
        parts.append(f"Paper against ours: {'; '.join(map(_against, claims))}.")
    return " ".join(parts)


def _against(claim: Mapping) -> str:
    """`**S09** not reproduced (paper: 59; ours: change of the loss: 64 [58, 68] (n = 5))`."""
    paper = " ".join(str(claim.get("paper") or "–").replace("|", "/").split())
    ours = claim.get("decided_by") or "–"
    return f"**{claim['id']}** {claim['verdict']} (paper: {paper}; ours: {ours})"


def provenance_of(picture: Path) -> dict[str, Any]:
    """What a figure was made from."""
    with Image.open(picture) as opened:
        known: dict[str, Any] = json.loads(opened.info["Description"])
    return known


def origin(known: Mapping[str, Any]) -> str:
    """Scale, commit and configuration that a figure was made from."""
    commit, config = (short(known[key]) for key in ("commit", "config_hash"))
    return f"scale {known['scale']}, commit {commit}, config {config}"


def order(name: str) -> tuple[int, str]:
    """Figures by number, supplementary ones last."""
    number = re.match(r"fig(\d+)", name)
    return (int(number[1]) if number else 1000, name)


def gallery(project: Project, paper: str, docs: Path) -> None:
    """Write docs/gallery/<paper>.md, docs/claims/<paper>.md and docs/images/[<folder>/]*.png."""
    settings = project.papers[paper]
    with (project.root / project.paths.table(paper, "claims.csv")).open(
        newline="", encoding="utf-8"
    ) as file:
        claims = list(csv.DictReader(file))
    folder = f"{settings.folder}/" if settings.folder else ""
    parts = [
        f"# Gallery: {settings.title}\n",
        f"{settings.reference}. Trained and measured here; every claim with its criterion, value"
        f" and note: [claims](../claims/{paper}.md).\n",
    ]
    for name in sorted(settings.figures, key=order):
        png = project.root / project.paths.png(project.paths.kept_figure(paper, name))
        copy_picture(png, docs / "images" / f"{folder}{name}.png")
        title = settings.figures[name].title
        own = [claim for claim in claims if claim["figure"] == name]
        known = provenance_of(png)
        described = project.root / "workflow" / "report" / paper / f"{name}.rst"
        parts += [
            f"## {figure_label(name, title)}\n",
            f"![{title}](../images/{folder}{name}.png)\n",
            f"{caption(described, title, known.get('figure_runs'), own)}\n",
            f"`make {project.published(paper, name)}`; {origin(known)}.\n",
        ]
    text = (project.root / project.paths.table(paper, "claims.md")).read_text(encoding="utf-8")
    (docs / "claims").mkdir(exist_ok=True)
    (docs / "gallery").mkdir(exist_ok=True)
    write_text(text, docs / "claims" / f"{paper}.md")
    write_text("\n".join(parts), docs / "gallery" / f"{paper}.md")


def main(scale: str | None, papers: list[str]) -> int:
    """Status for the shell."""
    root = Path(__file__).resolve().parents[1]
    try:
        project = Project.load(root, {"scale": scale})
        for paper in papers or list(project.claims):
            gallery(project, paper, root / "docs")
    except (FittestError, FileNotFoundError) as error:
        print(f"fittest: {error}; build the scale first (`make report`)", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    words = sys.argv[1:]
    sys.exit(main(words[0] if words else None, words[1:]))
