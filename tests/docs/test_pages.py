"""Links resolve, citations of the methods point at sections, and nothing foreign is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from doc_pages import ROOT, anchors, links, pages, prose

from fittest.pipeline.project import Project
from fittest.store import SCHEMAS, Paths

# A paper that is to be cited has a page of its own there.
METHODS = {page.stem: page for page in sorted((ROOT / "docs" / "methods").glob("*.md"))}
SOURCES = ["src", "scripts", "config", "workflow", "tests"]
PAPERS = [path.stem for path in (ROOT / "config" / "papers").glob("*.yaml")]
KINDS = ("methods", "gallery", "claims")
# A citation: "methods 2.3", "methods 2.3, 2.20", "methods 2.5-2.7".
CITATION = re.compile(rf"(?:({'|'.join(PAPERS)})\s+)?methods\s+((?:\d\.\d+(?:, | and |-)?)+)")
# Another kind of page than these: machine paths, unfinished text, empty praise.
REFUSED = [
    r"/work/",
    r"/home/",
    r"/root/",
    r"/tmp/",
    r"\bTODO\b",
    r"\bFIXME\b",
    r"\bblazing",
    r"\bseamless",
    r"\bcutting-edge\b",
    r"\bstate-of-the-art\b",
    r"\bpowerful\b",
    r"\beffortless",
]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def sources() -> list[Path]:
    endings = {".py", ".yaml", ".smk", ".cpp", ".h", ".json"}
    return [
        path
        for folder in SOURCES
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in endings
    ]


@pytest.mark.parametrize("page", pages(), ids=name)
def test_links_resolve(page: Path) -> None:
    for link in links(page):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link}: no such file"
        if anchor:
            assert anchor in anchors(target), f"{link}: no such heading"


@pytest.mark.parametrize("page", pages(), ids=name)
def test_pages_hold_nothing_foreign(page: Path) -> None:
    text = page.read_text()
    for pattern in REFUSED:
        assert not re.search(pattern, text, re.I), pattern


@pytest.mark.parametrize("page", pages(), ids=name)
def test_every_number_is_filled_in(page: Path) -> None:
    assert sorted(set(re.findall(r"@@\w+@@", page.read_text()))) == []


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    written = {page for page in pages() if page.is_relative_to(ROOT / "docs")} - {index}
    assert written <= linked


# -- citations --------------------------------------------------------------------------


def test_sections_that_the_code_cites_exist() -> None:
    headings = {
        paper: set(re.findall(r"^### (\d\.\d+) ", page.read_text(), re.M))
        for paper, page in METHODS.items()
    }
    cited: dict[tuple[str, str], str] = {}
    for path in sources():
        text = path.read_text()
        # Where a file has named the completeness paper's methods, a plain word may mean them.
        own = "either" if "completeness methods" in text else "survival"
        for paper, found in CITATION.findall(text):
            numbers = re.findall(r"\d\.\d+", found)
            if paper and paper not in METHODS:
                # Its methods are not written yet.
                continue
            cited.update(dict.fromkeys([(paper or own, n) for n in numbers], name(path)))
    assert len(cited) > 20
    headings["either"] = set.union(*headings.values())
    assert {one: path for one, path in cited.items() if one[1] not in headings[one[0]]} == {}


def test_claims_that_the_code_cites_are_explained() -> None:
    explained = {one for file in Project.load(ROOT).claims.values() for one in file.claims}
    for path in sources():
        text = path.read_text()
        cited = set(re.findall(r"\bclaims? ([SK]\d\d)\b|\(([SK]\d\d)(?:-([SK]\d\d))?\)", text))
        found = {one for group in cited for one in group if one}
        assert found <= explained, name(path)


@pytest.mark.parametrize("paper", ["survival", "completeness", "progress"])
def test_the_list_of_the_paper_s_sentences_names_every_claim(paper: str) -> None:
    """And no claim that there is not. "S02 to S04" are three."""
    text = METHODS[paper].read_text()
    listed = text[text.index("| section | it says | claim |") : text.index("\n## 5")]
    claims = Project.load(ROOT).claims
    named = set(re.findall(r"\b[SKP]\d\d\b", listed))
    for first, last in re.findall(r"\b([SKP]\d\d) to ([SKP]\d\d)\b", listed):
        named |= {f"{first[0]}{number:02d}" for number in range(int(first[1:]), int(last[1:]) + 1)}
    assert (
        set(claims[paper].claims)
        <= named
        <= {one for file in claims.values() for one in file.claims}
    )


def test_nothing_cites_the_methods_by_another_name() -> None:
    pattern = re.compile(r"survival spec\b|\(S \d|\bspec \d|S §")
    here = Path(__file__)
    found = [name(p) for p in sources() if p != here and pattern.search(p.read_text())]
    assert found == []


# -- figures of speech that must stay figures of fact -------------------------------------


def test_full_scale_counts_are_those_of_the_runsets() -> None:
    text = prose(METHODS["survival"])
    section = text[text.index("### 5.2") : text.index("### 5.3")]
    rows = re.findall(r"^\| (\w+) \| ([\d,]+) \| ([\d,]+) \|", section, re.M)
    catalogue = Project.load(ROOT, {"scale": "full"}).catalogue
    assert len(rows) >= 4
    for runset, runs, anew in rows:
        assert int(runs.replace(",", "")) == len(catalogue.runset(runset).runs)
        trained = sum(len(shard.runs) for shard in catalogue.shards(runset))
        assert int(anew.replace(",", "")) == trained


def test_every_figure_of_a_paper_and_what_it_needs_is_in_the_methods() -> None:
    """Figures with a number are the paper's; others, such as a user's own, need no page."""
    project = Project.load(ROOT)
    for paper, page in METHODS.items():
        text = page.read_text()
        figures = project.papers[paper].figures
        numbered = {name for name in figures if re.match(r"fig[A-Z]?\d", name)}
        assert len(numbered) > 10
        for figure in numbered:
            assert f"`{figure}`" in text
        needed = {one for name in numbered for one in figures[name].runsets}
        for runset in {*needed, *project.claims[paper].runsets}:
            assert runset in METHODS[project.catalogue.runset(runset).paper].read_text()


def test_output_names_every_kind_of_file() -> None:
    text = (ROOT / "docs" / "output.md").read_text()
    paths = Paths("results", "figures", "<scale>")
    files = [
        paths.trajectory("<run-set>", "<shard>"),
        paths.weights("<run-set>", "<shard>"),
        paths.runs("<run-set>"),
        paths.frequencies("<run-set>"),
        paths.config("<run-set>"),
    ]
    for file in files:
        name_there = Path(file).relative_to(paths.runset("<run-set>"))
        assert f"`{name_there}`" in text
    assert f"`{paths.calibration()}`" in text
    assert ".restart/<shard>/" in text
    for kind in SCHEMAS:
        assert f"reference/tables.md#{kind}" in text
    project = Project.load(ROOT)
    for paper, settings in project.papers.items():
        heading = f"## results/&lt;scale&gt;/{paper}/"
        if heading not in text:
            continue  # a paper need not be described there
        section = text[text.index(heading) :].split("\n## ")[0]
        for analysis in settings.analyses.values():
            for file in analysis.outputs.values():
                stem, ending = file.rsplit(".", 1)
                told = f"`{file}`" in section or (f"`{stem}`" in section and ending != "json")
                assert told or re.fullmatch(r"fig[A-Z]?\d+\.csv", file), file
        for file in settings.made_by_rules:
            assert f"`{file}`" in section
        assert f"`{paths.published('<figure>', settings.folder)}`, `.png`" in text
        for table in project.tables_of(paper):
            assert f"`{table}`" in text


# -- files for machines -----------------------------------------------------------------


def test_citation_names_version_and_licence_of_the_package() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    package = (ROOT / "pyproject.toml").read_text()
    assert f'version = "{cited["version"]}"' in package
    assert f'license = "{cited["license"]}"' in package
    changelog = (ROOT / "CHANGELOG.md").read_text()
    (heading,) = [x for x in changelog.splitlines() if x.startswith(f"## {cited['version']} ")]
    # What is not released has no date.
    assert str(cited.get("date-released", "unreleased")) in heading


def test_hooks_use_tools_of_the_environment() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [repo["repo"] for repo in hooks["repos"]] == ["local"]
    package = (ROOT / "pyproject.toml").read_text()
    for hook in hooks["repos"][0]["hooks"]:
        tool = hook["entry"].split()[0]
        assert tool.startswith(".venv/bin/")
        assert f'"{Path(tool).name}>' in package


def test_the_catalog_finds_the_workflow() -> None:
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert {"mandatory-flags", "software-stack-deployment", "report"} <= usage.keys()
    # At either place it is the same one.
    assert 'include: "workflow/Snakefile"' in (ROOT / "Snakefile").read_text()
    assert (ROOT / "workflow" / "Snakefile").is_file()


@pytest.mark.parametrize("page", ["README.md", "docs/README.md"])
def test_papers_are_named_in_their_order(page: str) -> None:
    """In every line that links a page of each of several, and in tables with a row for each."""
    order = list(Project.load(ROOT).papers)
    text = (ROOT / page).read_text(encoding="utf-8")
    one = rf"({'|'.join(order)})"
    linked = [rf"\b{kind}/{one}\.md" for kind in KINDS]
    lists = [re.findall(link, line) for line in text.splitlines() for link in linked]
    lists.append(re.findall(rf"(?m)^\| `?(?:make )?{one}`? \|", text))
    named = [list(dict.fromkeys(found)) for found in lists]
    assert any(len(found) > 1 for found in named)
    for found in named:
        assert found == sorted(found, key=order.index)
