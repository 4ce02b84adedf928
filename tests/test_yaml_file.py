"""Reading YAML: a mistake is named with its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from fittest.errors import ConfigError
from fittest.yaml_file import read_yaml


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"a: [1, 2", "YAML"),
        (b"a: 1\nb: 2\na: 3\n", "`a`.*line 3"),
        (b"x:\n  - {b: 1, b: 2}\n", "`b`.*line 2"),
        (b"? [1, 2]\n: 3\n", "line 1"),
        (b"a: \xff\xfe\n", "UTF-8"),
        (b"a: !!python/object/apply:os.getcwd []\n", "YAML"),
    ],
    ids=["syntax", "duplicate", "inner duplicate", "list as key", "bytes", "code"],
)
def test_mistakes(content: bytes, named: str, tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"(?s)some\.yaml.*{named}"):
        read_yaml(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.yaml"):
        read_yaml(tmp_path / "absent.yaml")


def test_anchors_and_merge_keys(tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n", encoding="utf-8")
    assert read_yaml(path) == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}


def test_letters_of_any_alphabet(tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_bytes("a: Schlömilch α\n".encode())
    assert read_yaml(path) == {"a": "Schlömilch α"}
