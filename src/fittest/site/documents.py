"""The project's Markdown as pages of the site: links to other pages kept, others as plain text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

README = "project.md"
_CLAIMS = PurePosixPath("docs/claims")
# Their tables want the room of a list of two headings.
_WIDE = "---\nhide:\n  - toc\n---\n\n"
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
_LIST = re.compile(r"^(?:[-*+]|\d+[.)]) ")
_FENCE = re.compile(r"^\s*(```|~~~)")
_PICTURE = re.compile(r"""(<img\b[^>]*?\bsrc=["'])([^"']+)(["'])""")
_IMAGES = {".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp"}


def pages(root: Path) -> dict[PurePosixPath, PurePosixPath]:
    """Where each document lies in the repository -> where in the site."""
    found = {PurePosixPath("README.md"): PurePosixPath(README)}
    for path in sorted((root / "docs").rglob("*.md")):
        place = PurePosixPath(path.relative_to(root).as_posix())
        found[place] = place.with_name("index.md") if place.name == "README.md" else place
    return {place: to for place, to in found.items() if (root / place).is_file()}


def pictures(root: Path) -> set[PurePosixPath]:
    """Where in the repository the pictures lie that documents show or link to."""
    found = set()
    for place in pages(root):
        for fenced, part in _segments((root / place).read_text(encoding="utf-8")):
            if not fenced:
                links = [link.partition("#")[0] for _, _, link in _LINK.findall(part)]
                links += [link for _, link, _ in _PICTURE.findall(part)]
                found |= {_normal(place.parent / link) for link in links}
    return {to for to in found if to.suffix in _IMAGES and (root / to).is_file()}


def put(root: Path, content: Path, shown: Mapping[PurePosixPath, PurePosixPath]) -> None:
    """Write all documents below `content`.

    shown: pictures, by where they lie in the repository, and where in the site.
    """
    known = pages(root)
    for place, to in known.items():
        text = (root / place).read_text(encoding="utf-8")
        target = content / to
        target.parent.mkdir(parents=True, exist_ok=True)
        head = _WIDE if place.parent == _CLAIMS else ""
        target.write_text(head + converted(text, place, {**known, **shown}), encoding="utf-8")


def title_of(path: Path) -> str:
    """The first heading of a document, else its name."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            return line[2:].replace("`", "").strip()
    return path.stem


def converted(text: str, place: PurePosixPath, known: Mapping[PurePosixPath, PurePosixPath]) -> str:
    """A document for the site's Markdown, which wants an empty line before a list.

    place: of the document in the repository. known: pages and pictures, as of `put`.
    """
    parts = []
    for fenced, part in _segments(text):
        if not fenced:
            drawn = _PICTURE.sub(lambda found: _picture(found, place, known), part)
            # Words of a link may go on in the next line.
            linked = _LINK.sub(lambda found: _link(found, place, known), drawn)
            parts.append(_spaced(linked))
        else:
            parts.append(part)
    return "".join(parts)


def _segments(text: str) -> list[tuple[bool, str]]:
    """The text in pieces, each with whether it is a fenced block."""
    found: list[tuple[bool, list[str]]] = [(False, [])]
    for line in text.splitlines():
        fenced = found[-1][0]
        mark = bool(_FENCE.match(line))
        if mark and not fenced:
            found.append((True, []))
        found[-1][1].append(f"{line}\n")
        if mark and fenced:
            found.append((False, []))
    return [(fenced, "".join(lines)) for fenced, lines in found]


def _spaced(text: str) -> str:
    """With an empty line before each list."""
    lines: list[str] = []
    for line in text.splitlines():
        before = lines[-1] if lines else ""
        if _LIST.match(line) and before.strip() and not _continues_list(lines):
            lines.append("")
        lines.append(line)
    return "".join(f"{line}\n" for line in lines)


def _continues_list(lines: list[str]) -> bool:
    """Whether the last paragraph is an item of a list."""
    for line in reversed(lines):
        if not line.strip():
            return False
        if _LIST.match(line):
            return True
        if not line.startswith(" "):
            return False
    return False


def _picture(
    found: re.Match[str], place: PurePosixPath, known: Mapping[PurePosixPath, PurePosixPath]
) -> str:
    before, link, after = found.groups()
    target = _normal(place.parent / link)
    if target not in known:
        return found[0]
    return f"{before}{_relative(known[target], known[place].parent)}{after}"


def _link(
    found: re.Match[str], place: PurePosixPath, known: Mapping[PurePosixPath, PurePosixPath]
) -> str:
    picture, words, link = found.groups()
    if re.match(r"[a-z]+:", link) or link.startswith("#"):
        return found[0]
    path, _, anchor = link.partition("#")
    target = _normal(place.parent / path)
    if target in known:
        to = _relative(known[target], known[place].parent)
        return f"{picture}[{words}]({to}{f'#{anchor}' if anchor else ''})"
    # Code and configuration are not part of the site: the words stay, the link goes.
    return words


def _normal(path: PurePosixPath) -> PurePosixPath:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return PurePosixPath(*parts)


def _relative(target: PurePosixPath, folder: PurePosixPath) -> str:
    """`target` as seen from `folder`, both from the site's top."""
    up = list(folder.parts)
    to = list(target.parts)
    while up and to[:-1] and up[0] == to[0]:
        up, to = up[1:], to[1:]
    return "/".join([".."] * len(up) + to)
