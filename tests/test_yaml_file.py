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


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("scale: reduced\ntraining: {device: cpu\nshards: 1\n", r"line 3: not valid YAML"),
        ("a: 1\n\tb: 2\n", r"line 2: not valid YAML"),
        ("a: &a [1, *a]\n", r"an anchor holds itself \(line 1\)"),
        ("x: 1\na: &a\n  b: &b {c: *a}\n", r"an anchor holds itself \(line"),
        ("a: &a {<<: *a}\n", "an anchor holds itself"),
        ("scale: smoke\n__use_yte__: true\n", r"unknown key `__use_yte__`.*code.*line 2"),
        ("a: 2026-13-45\n", "a value cannot be read"),
        ("a: !!bool perhaps\n", "a value cannot be read"),
        ("a: " + 5000 * "9", "a value cannot be read"),
        ("a: *b\n", r"line 1: not valid YAML.*alias"),
        ("a: 1\n---\nb: 2\n", "single document"),
    ],
    ids=[
        "syntax",
        "tab",
        "list in itself",
        "mapping in itself",
        "merged with itself",
        "code",
        "date",
        "tag",
        "digits",
        "undefined anchor",
        "documents",
    ],
)
def test_a_mistake_is_one_line(content: str, named: str, tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"^config/some\.yaml: .*{named}") as caught:
        read_yaml(path, "config/some.yaml")
    assert "\n" not in str(caught.value)


def test_latin_1_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_bytes("a: 1\nb: Schlömilch\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"some\.yaml: line 2: .*0xf6.*UTF-8"):
        read_yaml(path)


def test_a_merge_of_a_merge_repeats_no_key(tmp_path: Path) -> None:
    """The outer mapping is made before the inner one that it takes in."""
    path = tmp_path / "some.yaml"
    path.write_text("a:\n  b: &b\n    <<: &c {x: 1}\n    x: 2\nd: {<<: *b}\n", encoding="utf-8")
    assert read_yaml(path)["d"] == {"x": 2}
    path.write_text("a: {<<: [{x: 1}, {x: 2, y: 3}], y: 4}\n", encoding="utf-8")
    assert read_yaml(path) == {"a": {"x": 1, "y": 4}}


def bomb(levels: int, opening: str, closing: str) -> str:
    lines = [f"a0: &a0 {opening}{closing}"]
    for level in range(1, levels):
        inside = ", ".join([f"*a{level - 1}"] * 10)
        if opening == "{":
            inside = ", ".join(f"k{i}: *a{level - 1}" for i in range(10))
        lines.append(f"a{level}: &a{level} {opening}{inside}{closing}")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("content", "limit"),
    [
        (bomb(9, "[", "]"), "MAX_NODES"),
        (bomb(90, "{", "}"), "MAX_NODES"),
        (bomb(9, "{<<: [", "]}"), "MAX_NODES"),
        ("a: " + 400 * "[" + 400 * "]", "MAX_DEPTH"),
        ("a: " + 40_000 * "[" + 40_000 * "]", "(MAX_DEPTH|depth)"),
        ("a: " + 17 * 2**20 * "x", "MAX_BYTES"),
    ],
    ids=["lists", "mappings", "merges", "nested", "nested without end", "large"],
)
def test_absurd_sizes_are_refused_before_they_are_made(
    content: str, limit: str, tmp_path: Path
) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"some\.yaml: .*{limit}") as caught:
        read_yaml(path)
    assert len(str(caught.value)) < 300
