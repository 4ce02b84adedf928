"""What an archive says of itself to others: a Workflow Run RO-Crate, and a codecheck manifest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

CRATE = "ro-crate-metadata.json"
CODECHECK = "codecheck.yml"

_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
_SNAKEMAKE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
_TYPES = {
    ".parquet": "application/vnd.apache.parquet",
    ".csv": "text/csv",
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".md": "text/markdown",
    ".html": "text/html",
}


@dataclass(frozen=True)
class Part:
    """A file of an archive: its name there, kind (contents.py), bytes and SHA-256."""

    name: str
    kind: str
    size: int
    sha256: str


@dataclass(frozen=True)
class About:
    """What an archive is of. date: of its newest result, ISO 8601. figures: name -> title."""

    paper: str
    title: str
    reference: str
    scale: str
    commit: str
    version: str
    date: str
    figures: dict[str, str]


def crate(about: About, parts: Sequence[Part]) -> str:
    """The JSON-LD of the crate (RO-Crate 1.1, Workflow Run RO-Crate 0.5)."""
    files = [_file(part) for part in parts if part.name != "Snakefile"]
    # A folder that takes the workflow from elsewhere has no copy of it.
    names = {part.name for part in parts}
    whole = "Snakefile" in names
    at = "Snakefile" if whole else "#workflow"
    workflow = {
        "@id": at,
        "@type": [*(["File"] if whole else []), "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": "fittest",
        "programmingLanguage": {"@id": _SNAKEMAKE},
        "version": about.commit,
    }
    results = [p for p in parts if p.kind in ("table", "verdict", "trajectory", "weights")]
    action = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Training and analysis of `{about.paper}` at the scale {about.scale}",
        "instrument": {"@id": at},
        "object": _ids(p for p in parts if p.kind == "configuration"),
        "result": _ids(results),
        "endTime": about.date,
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{about.title}, retrained at the scale {about.scale}",
        "description": "Trajectories, tables, verdicts and configuration of the paper"
        f" `{about.paper}` ({about.reference}), retrained by fittest {about.version}, commit"
        f" {about.commit}.",
        "datePublished": about.date,
        "license": {"@id": "LICENSE"} if "LICENSE" in names else "MIT",
        "conformsTo": [{"@id": profile} for profile in _PROFILES],
        "hasPart": _ids(parts),
        "mainEntity": {"@id": at},
        "mentions": {"@id": "#run"},
    }
    head = {
        "@id": CRATE,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": [
            {"@id": "https://w3id.org/ro/crate/1.1"},
            {"@id": "https://w3id.org/workflowhub/workflow-ro-crate/1.0"},
        ],
    }
    language = {"@id": _SNAKEMAKE, "@type": "ComputerLanguage", "name": "Snakemake"}
    profiles = [
        {"@id": at, "@type": "CreativeWork", "name": name, "version": at.rsplit("/", 1)[1]}
        for at, name in _PROFILES.items()
    ]
    graph = [head, root, workflow, language, *profiles, action, *files]
    content = {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}
    return json.dumps(content, indent=1) + "\n"


def _ids(parts: Any) -> list[dict[str, str]]:
    return [{"@id": part.name} for part in parts]


def _file(part: Part) -> dict[str, Any]:
    ending = f".{part.name.rsplit('.', 1)[-1]}"
    return {
        "@id": part.name,
        "@type": "File",
        "contentSize": str(part.size),
        "sha256": part.sha256,
        "encodingFormat": _TYPES.get(ending, "text/plain"),
    }


def codecheck(about: About, published: Sequence[str]) -> str:
    """A codecheck manifest: the figures and verdicts that a checker can make from the archive.

    published: their paths under figures/.
    """
    title = about.figures
    content = {
        "version": "https://codecheck.org.uk/spec/config/1.0/",
        "paper": {"title": about.title, "reference": about.reference},
        "manifest": [
            {
                "file": path,
                "comment": title.get(path.rsplit("/", 1)[-1].rsplit(".", 1)[0], "verdicts"),
            }
            for path in published
        ],
        "summary": f"Scale {about.scale}, commit {about.commit}. Each file is made by"
        " `make FILE ARCHIVE=<the archive>` in a clone at that commit, without training.",
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
