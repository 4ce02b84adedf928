"""Writing an archive: a zip with a checksum of every file, the same bytes for the same results."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from fittest.archive.contents import Piece, contents
from fittest.archive.crate import CODECHECK, CRATE, About, Part, codecheck, crate
from fittest.errors import StoreError
from fittest.pipeline.project import Project
from fittest.store import copied, replacing, write_text
from fittest.store.provenance import git_commit

FORMAT = "fittest archive 1"
LABEL = "archive.json"
"""Says what the archive is, and the digest of the list of checksums."""
MANIFEST = "manifest-sha256.txt"
"""SHA-256 of every other file, as `sha256sum -c` reads it."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_PACKED = (".parquet", ".png", ".pdf")
"""Endings of what is compressed already."""


def pack(
    project: Project,
    paper: str,
    out: Path,
    weights: bool = False,
    say: Callable[[str], None] = print,
    pieces: Sequence[Piece] | None = None,
) -> None:
    """Write the archive of a paper at the project's scale, and a codecheck manifest beside it.

    say: is told the size before anything is written. pieces: what `contents` has found of it, if
    that is known. Raises as `contents`, and StoreError where the disk has no room.
    """
    pieces = contents(project, paper, weights) if pieces is None else pieces
    size = sum(piece.path.stat().st_size for piece in pieces)
    say(f"{out}: {len(pieces):,} files of {readable(size)}, {_shares(pieces)}")
    _refuse_a_full_disk(out, size)
    about = _about(project, paper, pieces)
    published = [*project.figures_of(paper), *project.tables_of(paper)]
    checked = codecheck(about, published)
    with (
        replacing(out) as temporary,
        zipfile.ZipFile(temporary, "w", allowZip64=True) as archive,
    ):
        parts = [_added(archive, piece) for piece in pieces]
        digests = {part.name: part.sha256 for part in parts}
        for name, text in ((CODECHECK, checked), (CRATE, crate(about, parts))):
            digests[name] = _write(archive, name, text)
        lines = [f"{digest}  {name}\n" for name, digest in sorted(digests.items())]
        manifest = _write(archive, MANIFEST, "".join(lines))
        runsets = project.runsets_of(paper)
        label = {
            "format": FORMAT,
            "paper": paper,
            "scale": project.scale,
            "commit": about.commit,
            "version": about.version,
            "runsets": {name: project.runset_key(name) for name in runsets},
            "manifest": manifest,
        }
        _write(archive, LABEL, json.dumps(label, indent=1) + "\n")
    write_text(checked, out.with_suffix(".codecheck.yml"))


def readable(size: float) -> str:
    """Bytes as a short text: 512 kB, 3.4 MB, 1.2 GB."""
    for unit in ("kB", "MB"):
        size /= 1000
        if size < 1000:
            return f"{size:.3g} {unit}"
    return f"{size / 1000:.3g} GB"


def _shares(pieces: Sequence[Piece]) -> str:
    found: dict[str, int] = {}
    for piece in pieces:
        found[piece.kind] = found.get(piece.kind, 0) + piece.path.stat().st_size
    largest = sorted(found.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{kind} {readable(size)}" for kind, size in largest)


def _refuse_a_full_disk(out: Path, size: int) -> None:
    folder = next(path for path in out.absolute().parents if path.exists())
    free = shutil.disk_usage(folder).free
    if free < size:
        raise StoreError(
            f"{out}: needs up to {readable(size)}, and {folder} has {readable(free)} free; write it"
            " elsewhere (--out)"
        )


def _about(project: Project, paper: str, pieces: Sequence[Piece]) -> About:
    file = project.papers[paper]
    newest = max(p.path.stat().st_mtime for p in pieces if p.name.startswith("results/"))
    return About(
        paper=paper,
        title=file.title,
        reference=file.reference,
        scale=project.scale,
        commit=git_commit(),
        version=version("fittest"),
        date=datetime.fromtimestamp(int(newest), UTC).isoformat(),
        figures={name: figure.title for name, figure in file.figures.items()},
    )


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.external_attr = 0o644 << 16
    packed = name.endswith(_PACKED)
    info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    return info


def _added(archive: zipfile.ZipFile, piece: Piece) -> Part:
    with (
        piece.path.open("rb") as file,
        archive.open(_info(piece.name), "w", force_zip64=True) as target,
    ):
        digest = copied(file.read, target)
        return Part(piece.name, piece.kind, file.tell(), digest)


def _write(archive: zipfile.ZipFile, name: str, text: str) -> str:
    """Add a text; its SHA-256."""
    content = text.encode()
    archive.writestr(_info(name), content)
    return hashlib.sha256(content).hexdigest()
