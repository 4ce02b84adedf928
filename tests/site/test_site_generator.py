"""What the generator is told is what it reads, whatever stands in a title."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fittest.site import generator

# All that text can be; half of a surrogate pair is none.
WORDS = st.text(st.characters(exclude_categories=["Cs"]))
MENU = st.lists(st.dictionaries(WORDS, WORDS | st.lists(st.dictionaries(WORDS, WORDS))))


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A generator that makes an empty page of whatever it is given."""
    pytest.importorskip("tomli_w")
    monkeypatch.setattr(generator, "NEEDED", ())

    def run(words: list[str], cwd: Path, **_: Any) -> subprocess.CompletedProcess[str]:
        (cwd / "built").mkdir(exist_ok=True)
        (cwd / "built" / "index.html").touch()
        return subprocess.CompletedProcess(words, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)


@pytest.mark.usefixtures("written")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(menu=[{'He said "p = 59"': "a.md"}, {"C:\\new\\table": "b.md"}])
@example(menu=[{"Gr\u00f6\u00dfe": "a.md"}, {"\U0001f600": "b.md"}, {"a.b": "c.md"}, {"": "d.md"}])
@example(menu=[{"x": "\x7f\x00\n.md"}])
@given(menu=MENU)
def test_any_title_reaches_the_generator_as_it_is(
    menu: list[dict[str, Any]], tmp_path: Path
) -> None:
    generator.generate(tmp_path, menu)
    read = tomllib.loads((tmp_path / "zensical.toml").read_bytes().decode())
    assert read == generator.configuration(menu)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator, "NEEDED", ("json", "no_such_package"))
    with pytest.raises(generator.SiteError, match=r"^no_such_package not installed.*make site"):
        generator.generate(tmp_path, [])
    assert not list(tmp_path.iterdir())
