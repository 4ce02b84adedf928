"""Pages from results: what is there is shown, what is not is said, and links lead somewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import pytest
from planted_site import FIGURES, ORIGIN, project_at

from fittest.errors import StoreError
from fittest.pipeline.project import Project
from fittest.plotting.style import short
from fittest.site import documents
from fittest.site.__main__ import main
from fittest.site.build import build, navigation
from fittest.site.generator import SiteError
from fittest.site.pages import paper_page, start
from fittest.site.results import papers


class Links(HTMLParser):
    """Addresses and anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            if name == "id" and value:
                self.anchors.add(value)


def test_results_hold_figures_claims_and_what_is_missing(project: Project) -> None:
    found = {paper.short: paper for paper in papers(project)}
    assert set(found) == set(project.papers)
    paper = found["survival"]
    assert {figure.name for figure in paper.made} == set(FIGURES)
    assert paper.verdicts() == {
        "reproduced": 1,
        "partly": 1,
        "not reproduced": 1,
        "not evaluated": 0,
    }
    assert paper.origin["commit"] == ORIGIN["commit"]
    assert [row["section"] for row in paper.claims] == [
        "2 Problem setup",
        "3.2 Which circles",
        "Without a figure",
    ]
    assert all(".py: " in row["code"] for row in paper.claims)
    assert [path.name for path in paper.made[-1].data] == ["fig6.csv"]
    # What nobody judged counts as such, and not as nothing.
    cosets = found["cosets"]
    assert cosets.verdicts()["not evaluated"] == cosets.declared > 0


ORDER = ["survival", "completeness", "progress", "cosets", "exponents"]


def test_papers_come_in_the_order_in_which_a_reader_meets_them(project: Project) -> None:
    found = papers(project)
    assert [paper.short for paper in found] == ORDER
    cards = re.findall(r'<h2 id="(\w+)">', start(found, [], "smoke"))
    assert cards == ORDER
    menu = {
        title: inside for entry in navigation(project, found) for title, inside in entry.items()
    }
    assert [title.lower() for one in menu["Papers"] for title in one] == ORDER
    methods = next(one["Methods"] for one in menu["Documentation"] if "Methods" in one)
    places = [PurePosixPath(place) for one in methods for place in one.values()]
    assert [place.stem for place in places] == ORDER


def test_the_start_page_names_the_commit_of_the_verdicts(project: Project, tmp_path: Path) -> None:
    """That of the program which builds the site says nothing of what was judged."""
    assert f"(commit `{short(ORIGIN['commit'])}`)" in start(papers(project), [], "smoke")
    assert "commit" not in start(papers(project_at(tmp_path)), [], "smoke")


def test_a_paper_without_results_says_how_to_get_them(tmp_path: Path) -> None:
    (paper, *_) = [one for one in papers(project_at(tmp_path)) if one.short == "survival"]
    page = paper_page(paper, [], "smoke")
    assert "make survival SCALE=smoke" in page and "make figures/fig6_survival.pdf" in page
    assert "<img" not in page


def test_a_picture_of_unknown_origin_is_refused(tmp_path: Path) -> None:
    project = project_at(tmp_path)
    pdf = tmp_path / project.paths.kept_figure("survival", FIGURES[0])
    pdf.parent.mkdir(parents=True)
    pdf.write_bytes(b"%PDF")
    pdf.with_suffix(".png").write_bytes(b"no picture")
    with pytest.raises(StoreError, match=r"fig2_signal_evolution.png: says nothing of its origin"):
        papers(project)


def test_every_link_leads_to_a_page_and_place_of_the_site(site: Path) -> None:
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    assert len(pages) > 20
    lost = []
    for path, page in pages.items():
        for link in page.links:
            address, _, anchor = link.partition("#")
            if re.match(r"(https?|mailto|data):", address):
                continue
            target = (path.parent / unquote(address)).resolve() if address else path
            if target.is_dir():
                target /= "index.html"
            if not target.is_file():
                lost.append(f"{path.relative_to(site)}: {link}")
            elif anchor and target in pages and unquote(anchor) not in pages[target].anchors:
                lost.append(f"{path.relative_to(site)}: {link} (no such place)")
    assert not lost, "\n".join(sorted(set(lost)))


def test_nothing_is_taken_from_another_host(site: Path) -> None:
    for path in [*site.rglob("*.html"), *site.rglob("*.css")]:
        text = path.read_text(encoding="utf-8")
        taken = re.findall(
            r"(?:src=|<link[^>]+href=|url\(|@import )[\"']?(https?://[^\"') >]+)", text
        )
        assert not taken, f"{path.name}: {taken}"


def test_a_second_build_replaces_a_site_and_nothing_else(
    tmp_path: Path, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "mine"
    other.mkdir()
    (other / "thesis.tex").write_text("years of work")
    with pytest.raises(SiteError, match="holds something else than a site"):
        build(project_at(tmp_path), other)
    assert main(["--root", str(tmp_path), "--scale", "smoke", "--to", str(other)]) == 2
    assert "name another folder" in capsys.readouterr().err
    assert (other / "thesis.tex").read_text() == "years of work"


def test_documents_keep_links_among_them_and_lose_others(tmp_path: Path) -> None:
    (tmp_path / "docs" / "guides").mkdir(parents=True)
    text = (
        "See [two](two.md#place), [code](../src/a.py) and [web](https://example.org).\n- a\n- b\n"
        "![one\nlong name](one.png)\n```sh\n- [kept](../src/a.py)\n![kept](one.png)\n```\n"
    )
    (tmp_path / "docs" / "README.md").write_text(text)
    (tmp_path / "docs" / "two.md").write_text("# Two\n[back](README.md)\n")
    (tmp_path / "docs" / "guides" / "three.md").write_text(
        "[two](../two.md) [top](../../README.md) ![same](../two.png)\n"
        "<img alt='a' src='../one.png'> <img src=\"https://example.org/one.png\">\n"
    )
    (tmp_path / "README.md").write_text("[docs](docs/README.md)\n")
    content = tmp_path / "content"
    here, two = PurePosixPath("docs/one.png"), PurePosixPath("docs/two.png")
    assert documents.pictures(tmp_path) == set()
    for place in (here, two, PurePosixPath("docs/shown_nowhere.png")):
        (tmp_path / place).touch()
    assert documents.pictures(tmp_path) == {here, two}
    shown = {here: here.with_suffix(".webp"), two: PurePosixPath("figures/paper/two.svg")}
    documents.put(tmp_path, content, shown)
    assert documents.pages(tmp_path)[PurePosixPath("docs/README.md")] == PurePosixPath(
        "docs/index.md"
    )
    index = (content / "docs" / "index.md").read_text()
    assert "[two](two.md#place), code and [web](https://example.org)" in index
    assert "\n\n- a\n- b\n" in index and "- [kept](../src/a.py)" in index
    assert "![one\nlong name](one.webp)" in index and "![kept](one.png)" in index
    assert (content / "docs" / "two.md").read_text() == "# Two\n[back](index.md)\n"
    third = (content / "docs/guides/three.md").read_text()
    assert "[two](../two.md) [top](../../project.md) ![same](../../figures/paper/two.svg)" in third
    assert "<img alt='a' src='../one.webp'> <img src=\"https://example.org/one.png\">" in third
    assert (content / "project.md").read_text() == "[docs](docs/index.md)\n"
