"""A memory of what was found of texts: asked once, and never worse than none."""

from __future__ import annotations

import atexit
import subprocess
import sys
from pathlib import Path

import pytest

from fittest.pipeline.identity import remembered
from fittest.pipeline.identity.remembered import Memory

# Another process: what it finds it leaves behind at its end.
FIND = """
import sys
from fittest.pipeline.identity.remembered import Memory
memory = Memory("test", [sys.argv[1]])
for text in sys.argv[2:]:
    print(memory.recall("length", text, lambda: print("asked") or len(text)))
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "fittest"


def find(version: str, *texts: str) -> list[str]:
    words = [sys.executable, "-c", FIND, version, *texts]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()


def test_what_one_process_found_the_next_one_knows(place: Path) -> None:
    assert find("one", "ab") == ["asked", "2"]
    assert find("one", "ab", "abc") == ["2", "asked", "3"]
    assert find("one", "abc", "ab") == ["3", "2"]
    assert find("two", "ab") == ["asked", "2"], "made in another way"
    assert len(list(place.iterdir())) == 2, "nothing is left lying about"


def test_a_damaged_memory_is_an_empty_one(place: Path) -> None:
    find("one", "ab")
    (file,) = place.iterdir()
    for content in (b"", b"\xff\xfe", b"[1]", b'{"a":', b"[" * 100_000):
        file.write_bytes(content)
        assert find("one", "ab") == ["asked", "2"]
        assert find("one", "ab") == ["2"]


def test_what_cannot_be_kept_is_found_anew(place: Path) -> None:
    place.write_text("a file where the folder would be")
    assert find("one", "ab") == find("one", "ab") == ["asked", "2"]


def test_the_oldest_are_forgotten(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST", 2)
    memory = Memory("test", [])
    for text in ("a", "b", "c"):
        memory.recall("", text, lambda text=text: text)
    memory._save()
    later = Memory("test", [])
    asked = []
    for text in ("c", "b", "a"):
        later.recall("", text, lambda text=text: asked.append(text))
    assert asked == ["a"]
    for one in (memory, later):
        atexit.unregister(one._save)
