"""Two jobs on one shard: one trains, the other says who does; and a dead holder is in no way."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fittest.errors import FittestError
from fittest.pipeline.running.lock import sole_holder

HOLDER = """
import sys, time
from pathlib import Path
from fittest.pipeline.running.lock import sole_holder
with sole_holder(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".restart" / "0000"


@pytest.fixture
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_second_job_names_the_first_and_leaves_it_alone(
    folder: Path, holder: subprocess.Popen[str]
) -> None:
    folder.mkdir()
    (folder / "state").write_text("precious")
    for _ in range(2):
        with pytest.raises(FittestError) as caught, sole_holder(folder):
            raise AssertionError("two at once")
        message = str(caught.value)
        assert "\n" not in message
        assert f"process {holder.pid} on " in message
        assert str(folder) in message
        assert "run the same command again" in message
    assert (folder / "state").read_text() == "precious"


def test_killed_holder_is_in_nobodys_way(folder: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert list(folder.parent.iterdir()), "its file is left behind"
    with sole_holder(folder):
        pass
    assert list(folder.parent.iterdir()) == []


def test_lock_is_free_after_an_error(folder: Path) -> None:
    with pytest.raises(ZeroDivisionError), sole_holder(folder):
        raise ZeroDivisionError
    with sole_holder(folder):
        pass


def test_file_removed_between_opening_and_locking_is_no_lock(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last holder removes its file; who had it open by then must not hold a file of no name."""
    flock, path = fcntl.flock, folder.with_name("0000.lock")
    calls = []

    def removed_meanwhile(file: int, operation: int) -> None:
        calls.append(operation)
        if len(calls) == 1:
            path.unlink()
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", removed_meanwhile)
    with sole_holder(folder):
        monkeypatch.undo()
        assert len(calls) == 2
        with pytest.raises(FittestError), sole_holder(folder):
            pass


def test_without_locks_it_warns_and_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with sole_holder(folder):
        pass
    (warning,) = caplog.messages
    assert "no locks" in warning
    assert "0000.lock" in warning
