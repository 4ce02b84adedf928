"""The documentation as data: pages, their fenced blocks, commands, headings and links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
_FILE_LINE = re.compile(r"# ((?:config|scripts|workflow)/\S+)\n")


def pages() -> list[Path]:
    """Every page written for readers."""
    top = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "config" / "README.md"]
    return [*top, *sorted((ROOT / "docs").rglob("*.md"))]


@dataclass(frozen=True)
class Block:
    """A fenced block. `page` is relative to the repository."""

    page: str
    language: str
    text: str

    @property
    def file(self) -> str | None:
        """The file that the block belongs to, where its first line is a comment with a path."""
        found = _FILE_LINE.match(self.text)
        return found.group(1) if found else None


def blocks(*languages: str) -> list[Block]:
    """All fenced blocks, of the given languages where any are given."""
    found = [
        Block(str(page.relative_to(ROOT)), match.group(1), match.group(2))
        for page in pages()
        for match in _FENCE.finditer(page.read_text())
    ]
    return [block for block in found if not languages or block.language in languages]


def commands() -> list[tuple[str, ...]]:
    """Every command of every sh block, split into words, each once."""
    found: dict[tuple[str, ...], None] = {}
    for block in blocks("sh"):
        for line in block.text.replace("\\\n", " ").splitlines():
            words = tuple(shlex.split(line, comments=True))
            if words:
                found[words] = None
    return list(found)


def prose(page: Path) -> str:
    """A page's text without fenced blocks."""
    return _FENCE.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings get where it is shown."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.M):
        text = re.sub(r"<[^>]*>|&\w+;", "", heading).strip().lower()
        found.add(re.sub(r"[^\w\- ]", "", text).replace(" ", "-"))
    return found


def links(page: Path) -> Iterator[str]:
    """Targets of the page's links and images."""
    for match in re.finditer(r"!?\[[^\]]*\]\(([^)\s]+)\)", prose(page)):
        yield match.group(1)
