"""Figures and verdicts from an archive: checked, unpacked, and drawn without any training."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from fittest.archive.contents import VERDICTS
from fittest.archive.pack import FORMAT, LABEL, MANIFEST
from fittest.errors import ConfigError, StoreError
from fittest.pipeline.configuration.targets import canonical, published_names
from fittest.pipeline.project import Project
from fittest.store import copied
from fittest.yaml_file import read_yaml

_TOPS = ("results", "config", "workflow")
_REMEDY = "fetch it again from where it comes"


@dataclass(frozen=True)
class Label:
    """What an archive says of itself, and the SHA-256 of each of its files."""

    paper: str
    scale: str
    commit: str
    runsets: Mapping[str, str]
    manifest: str
    digests: Mapping[str, str]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, Label]]:
    """An archive and its label. StoreError for what is no archive of this package, or damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive, _label(path, archive)
    except FileNotFoundError:
        raise StoreError(f"{path}: there is no such archive") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise StoreError(f"{path}: damaged or no archive ({error}); {_REMEDY}") from None


def _label(path: Path, archive: zipfile.ZipFile) -> Label:
    names = archive.namelist()
    if LABEL not in names or MANIFEST not in names:
        raise StoreError(f"{path}: not an archive of fittest: it lacks {LABEL} or {MANIFEST}")
    try:
        said = json.loads(archive.read(LABEL))
        if said["format"] != FORMAT:
            raise StoreError(
                f"{path}: is a `{said['format']}`, and this version reads `{FORMAT}`; use a clone"
                f" at commit {said.get('commit')}"
            )
        manifest = archive.read(MANIFEST)
        lines = [line.partition("  ") for line in manifest.decode().splitlines()]
        digests = {name: digest for digest, _, name in lines}
        fields = {key: said[key] for key in ("paper", "scale", "commit", "runsets", "manifest")}
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{path}: damaged, its {LABEL} cannot be read ({error}); {_REMEDY}"
        ) from None
    if hashlib.sha256(manifest).hexdigest() != fields["manifest"]:
        raise StoreError(f"{path}: damaged, its {MANIFEST} is another one; {_REMEDY}")
    inside = sorted(name for name in names if name not in (LABEL, MANIFEST))
    if inside != sorted(digests):
        odd = sorted({*inside} ^ {*digests}) or sorted({n for n in inside if inside.count(n) > 1})
        raise StoreError(f"{path}: its files are not those of its {MANIFEST}: {odd[0]}; {_REMEDY}")
    return Label(**fields, digests=digests)


def unpack(path: Path, into: Path) -> tuple[Path, Label]:
    """Check every file of an archive, and put its results and configuration into a folder of its
    own below `into`; verdicts are left to be judged anew.

    Returns the folder and the label. An archive that has been unpacked is not unpacked again: the
    folder is named after its checksums, and comes into place when it is whole. Raises StoreError
    for an archive that is damaged, foreign, or leads out of the folder.
    """
    with _opened(path) as (archive, label):
        folder = into / f"{label.paper}-{label.scale}-{label.manifest[:12]}"
        if folder.is_dir():
            return folder, label
        temporary = into / f".{folder.name}.{os.getpid()}.tmp"
        try:
            for name, digest in label.digests.items():
                _extract(path, archive, name, digest, temporary)
            # Equal times: no file is newer than what was made from it.
            for file in temporary.rglob("*"):
                os.utime(file, (0, 10**9))
            try:
                temporary.rename(folder)
            except OSError:
                # Another process was first.
                if not folder.is_dir():
                    raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder, label


def _extract(path: Path, archive: zipfile.ZipFile, name: str, wanted: str, folder: Path) -> None:
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts or "\\" in name or ":" in name:
        raise StoreError(f"{path}: {name} leads out of the archive; it is not unpacked")
    written = place.parts[0] in _TOPS and place.name not in VERDICTS
    target = folder / place if written else Path(os.devnull)
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as file, target.open("wb") as out:
        digest = copied(file.read, out)
    if digest != wanted:
        raise StoreError(f"{path}: damaged, {name} is not what was put in; {_REMEDY}")


def redraw(root: Path, path: Path, targets: Sequence[str], cores: str = "all") -> None:
    """Make figures and tables of claims from an archive: those under figures/, by name or path, or
    all of its paper by the paper's name.

    The archive's own results and configuration are drawn by this clone's scripts. No network is
    trained: where that would be needed, it is refused.

    Raises:
        StoreError: the archive is damaged or foreign, its runs are not those that this clone's
            code trains, or its configuration is none that it reads; Snakemake could not make a
            target.
        ConfigError: a target is unknown, or of another paper.
    """
    # What the configuration of the clone says of places holds.
    places = Project.load(root).config.paths
    folder, label = unpack(path, root / places.results / "archives")
    # Results may lie outside the clone.
    inside = folder.relative_to(root) if folder.is_relative_to(root) else folder
    paths = {
        "results": str(inside / "results"),
        "figures": places.figures,
        "configuration": str(inside / "config"),
    }
    project = Project.load(root, {"scale": label.scale})
    try:
        here = Project(
            {**project.config.model_dump(mode="json"), **_of_archive(folder), "paths": paths},
            root,
            project.source,
        )
    except ConfigError as error:
        # It was right where the archive was made: settings have come or gone since.
        raise StoreError(
            f"{path}: this clone's code reads another configuration than the archive's ({error});"
            f" redraw it in a clone at commit {label.commit}"
        ) from None
    _refuse_other_code(path, here, label)
    files = list(
        dict.fromkeys(file for target in targets for file in _published(here, label, path, target))
    )
    words = ["--config", f"scale={label.scale}", f"paths={json.dumps(paths)}"]
    # What the archive holds is taken as it is; what it lacks may be drawn or judged, not trained.
    allowed = [rule.name for rule in here.entry_rules() if rule.figure is not None]
    allowed += ["publish", "publish_table"]
    if label.paper in here.claims:
        allowed += [f"{label.paper}_claims", f"{label.paper}_derived"]
    command = [sys.executable, "-m", "snakemake", *files, "--cores", cores]
    # What the folder holds may have been drawn by the scripts of an earlier clone, and what was
    # last put under figures/ may be of other results.
    command += ["--forcerun", *allowed, "--rerun-triggers", "mtime"]
    command += ["--allowed-rules", *allowed, *words]
    done = subprocess.run(command, cwd=root, check=False)
    if done.returncode:
        raise StoreError(f"{path}: {', '.join(targets)} could not be made; see above")


def _of_archive(folder: Path) -> dict[str, Any]:
    """The archive's own config.yaml but for places."""
    content = read_yaml(folder / "config" / "config.yaml")
    return {k: v for k, v in (content or {}).items() if k not in ("paths", "scale")}


def _refuse_other_code(path: Path, project: Project, label: Label) -> None:
    for name, key in label.runsets.items():
        if project.runset_key(name) != key:
            raise StoreError(
                f"{path}: its runs of `{name}` were trained by other code than this clone's, or"
                f" with another `training`; redraw it in a clone at commit {label.commit}"
            )


def _published(project: Project, label: Label, path: Path, target: str) -> list[str]:
    """Files under figures/: of one figure or table, or all that its paper has."""
    known, asked = published_names(project), canonical(project, target)
    if asked == label.paper:
        return [project.published(paper, name) for paper, name in known.values() if paper == asked]
    paper, name = known.get(asked, ("", ""))
    if paper != label.paper:
        raise ConfigError(
            f"{path}: holds the paper `{label.paper}`, and `{target}` is none of its files"
        )
    return [project.published(paper, name)]
