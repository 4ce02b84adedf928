"""Schemas and references on disk are those of the code; both environments name the same."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from fittest.pipeline.configuration.config import ProjectConfig
from fittest.pipeline.configuration.schemas import (
    configuration_reference,
    schema_texts,
    tables_reference,
    write_schemas,
)
from fittest.runs.run import Run
from fittest.store import SCHEMAS
from small_world import REPOSITORY

GENERATED = {
    **{f"config/schemas/{name}": text for name, text in schema_texts().items()},
    "docs/reference/configuration.md": configuration_reference(),
    "docs/reference/tables.md": tables_reference(),
}


@pytest.mark.parametrize("name", GENERATED)
def test_files_are_as_generated(name: str) -> None:
    found = (REPOSITORY / name).read_text()
    assert found == GENERATED[name], "run `python -m fittest schemas`"


def test_no_stale_schema_lies_about() -> None:
    found = {path.name for path in (REPOSITORY / "config" / "schemas").iterdir()}
    assert found == set(schema_texts())


def test_command_writes_them_all(tmp_path: Path) -> None:
    write_schemas(tmp_path)
    for name, text in GENERATED.items():
        assert (tmp_path / name).read_text() == text


def keys_of(schema: dict) -> set[str]:
    found = set(schema.get("properties", {}))
    for definition in schema.get("$defs", {}).values():
        found |= set(definition.get("properties", {}))
    return found


@pytest.mark.parametrize("model", [ProjectConfig, Run])
def test_every_key_is_documented(model: type) -> None:
    schema = model.model_json_schema()  # type: ignore[attr-defined]
    reference = GENERATED["docs/reference/configuration.md"]
    for key in keys_of(schema):
        assert f"| `{key}` |" in reference
    for name, definition in [("", schema), *schema.get("$defs", {}).items()]:
        for key, field in definition.get("properties", {}).items():
            documented = {"description", "$ref", "const", "anyOf", "oneOf"} & set(field)
            assert documented, f"{name}.{key} has no description"


def test_unknown_keys_are_refused_by_the_schemas_too() -> None:
    for text in schema_texts().values():
        schema = json.loads(text)
        for definition in [schema, *schema.get("$defs", {}).values()]:
            if "properties" in definition:
                assert definition["additionalProperties"] is False


def test_every_column_is_documented() -> None:
    reference = GENERATED["docs/reference/tables.md"]
    for schema in SCHEMAS.values():
        for field in schema:
            assert field.metadata[b"description"]
            assert f"| `{field.name}` | {field.type} |" in reference


# -- environment.yml ---------------------------------------------------------------------------


def normalised(requirement: str) -> str:
    """`Name >=1, <2` -> `name<2,>=1`, so that spelling does not count."""
    name, versions = re.fullmatch(r"\s*([A-Za-z0-9._-]+)\s*(.*)", requirement).groups()  # type: ignore[union-attr]
    bounds = sorted(part.strip() for part in versions.split(",") if part.strip())
    return re.sub(r"[-_.]+", "-", name).lower() + ",".join(bounds)


def test_environment_has_the_requirements_of_the_package() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    conda = yaml.safe_load((REPOSITORY / "environment.yml").read_text())["dependencies"]
    (pip,) = (entry["pip"] for entry in conda if isinstance(entry, dict))
    here = [entry for entry in pip if not entry.startswith("-")]
    assert sorted(map(normalised, here)) == sorted(map(normalised, project["dependencies"]))
    assert "-e ." in pip
    words = [normalised(entry) for entry in conda if isinstance(entry, str)]
    assert normalised("python" + project["requires-python"]) in words
    assert "pip" in words, "conda wants it named where there is a pip section"
