"""From results on disk to a folder of pages."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path, PurePosixPath

from fittest.pipeline.project import Project
from fittest.site import documents, explorers, generator, pages, pictures
from fittest.site.generator import SiteError
from fittest.site.results import Paper, papers
from fittest.site.tables import put_tables

MARK = ".fittest-site"
"""A file at the top of a site, by which a later build knows that it may replace the folder."""
BAR = 30_000_000
"""Bytes that a site should have at most, data aside."""
DATA = ("data", "tables")
"""Folders of a site with the numbers behind explorers and figures."""


def build(project: Project, target: Path) -> Path:
    """Build the site of the project's scale into `target`, and return its start page.

    What was there is replaced once all is built.

    Raises:
        SiteError: if `target` holds something else than an earlier site, or the generator fails.
        StoreError: for results that cannot be read.
    """
    if target.exists() and not (target / MARK).is_file() and any(target.iterdir()):
        raise SiteError(f"{target}: holds something else than a site; name another folder")
    found = papers(project)
    with tempfile.TemporaryDirectory(prefix="fittest-site-") as temporary:
        folder = Path(temporary)
        content = folder / "content"
        content.mkdir()
        put_content(project, found, content)
        built = generator.generate(folder, navigation(project, found))
        (built / MARK).write_text("made by fittest.site\n", encoding="ascii")
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            shutil.rmtree(target)
        shutil.move(built, target)
    return target / "index.html"


def sizes(site: Path) -> tuple[int, int]:
    """Bytes of a site, and those of them that are not data."""
    files = [path for path in site.rglob("*") if path.is_file()]
    pages = [path for path in files if path.relative_to(site).parts[0] not in DATA]
    return sum(path.stat().st_size for path in files), sum(path.stat().st_size for path in pages)


def put_content(project: Project, found: list[Paper], content: Path) -> None:
    """Write everything that the generator reads below `content`."""
    scale = project.scale
    shutil.copytree(generator.ASSETS, content / "assets", dirs_exist_ok=True)
    printed = pages.printed(found)
    shown = pictures.put_all(printed, documents.pictures(project.root), project.root, content)
    documents.put(project.root, content, shown.documents)
    known = set(put_tables(project, content / "data"))
    usable = [one for one in explorers.EXPLORERS if one.name in known]
    _write(content / "index.md", pages.start(found, usable, scale))
    for paper in found:
        text = pages.paper_page(paper, usable, scale)
        page = pages.put_files(paper, text, content, shown.figures)
        _write(content / "papers" / f"{paper.short}.md", page)
    for one in explorers.EXPLORERS:
        _write(
            content / "explore" / f"{one.name}.md", explorers.page(one, one.name in known, scale)
        )


def navigation(project: Project, found: list[Paper]) -> generator.Nav:
    """What the site's menu lists."""
    root = project.root
    return [
        {"What was found": "index.md"},
        {"Papers": [{paper.short.capitalize(): f"papers/{paper.short}.md"} for paper in found]},
        {"Explore": [{one.title: f"explore/{one.name}.md"} for one in explorers.EXPLORERS]},
        {"Documentation": _documents(root, [paper.short for paper in found])},
    ]


def _documents(root: Path, papers: list[str]) -> list[dict[str, object]]:
    """The documents: those at the top, then a group for each folder. Those of papers, which have
    their names, come in the papers' order, before others."""
    top: list[dict[str, object]] = []
    groups: dict[str, list[dict[str, object]]] = {}

    def position(found: tuple[PurePosixPath, PurePosixPath]) -> int:
        name = found[0].stem
        return papers.index(name) if name in papers else len(papers)

    for place, to in sorted(documents.pages(root).items(), key=position):
        title = documents.title_of(root / place)
        entry: dict[str, object] = {title: str(to)}
        if len(place.parts) > 2:
            groups.setdefault(place.parts[1].capitalize(), []).append(entry)
        elif to == PurePosixPath("docs/index.md"):
            top.insert(0, entry)
        else:
            top.append(entry)
    grouped: list[dict[str, object]] = [{name: entries} for name, entries in groups.items()]
    return [*top, *grouped]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
