"""Two clones share trained shards through one folder, and only what is whole and the same."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from fittest.pipeline.project import Project
from fittest.pipeline.running import shared, train
from fittest.runs.catalogue import Shard
from fittest.store import write_table
from small_world import runset, train_all, write_project

CLONE = Path(__file__).parent / "sharing_clone.py"
SHORT = {"steps": 20, "recording": {"every": 10, "dense_until": 2}}


def clone(root: Path, common: Path, steps: int = 20) -> Project:
    few = runset({**SHORT, "steps": steps}, {"seed": {"range": [0, 2]}})
    return write_project(root, {"few": few}, {"paths": {"shared": str(common)}})


def tables(project: Project) -> dict[str, bytes]:
    folder = project.root / project.paths.runset("few")
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.parquet")}


def test_a_second_clone_takes_what_the_first_has_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = clone(tmp_path / "a", tmp_path / "common")
    train_all(first, "few")
    second = clone(tmp_path / "b", tmp_path / "common")
    with monkeypatch.context() as patched:
        patched.setattr(train, "_train_groups", None)
        train_all(second, "few")
    assert tables(second) == tables(first) and len(tables(first)) == 2


def test_other_settings_are_trained_and_lie_beside(tmp_path: Path) -> None:
    for number, steps in enumerate((20, 30)):
        train_all(clone(tmp_path / str(number), tmp_path / "common", steps), "few")
    assert len(list((tmp_path / "common" / "smoke" / "few" / "0000").iterdir())) == 2


@pytest.mark.parametrize("damage", ["bits", "truncated", "absent", "digests"])
def test_what_is_damaged_is_trained_and_put_right(damage: str, tmp_path: Path) -> None:
    first = clone(tmp_path / "a", tmp_path / "common")
    train_all(first, "few")
    (place,) = (tmp_path / "common" / "smoke" / "few" / "0000").iterdir()
    weights = place / "weights.parquet"
    whole = weights.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 1
    if damage == "absent":
        weights.unlink()
    elif damage == "digests":
        (place / shared.DIGESTS).write_text("{")
    else:
        weights.write_bytes(bytes(flipped) if damage == "bits" else whole[: len(whole) // 2])
    second = clone(tmp_path / "b", tmp_path / "common")
    train_all(second, "few")
    assert tables(second) == tables(first)
    assert weights.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "common").write_text("a file")
    project = clone(tmp_path / "a", tmp_path / "common")
    train_all(project, "few")
    assert len(tables(project)) == 2
    assert "cannot be shared" in caplog.text


# -- a disk that comes and goes ------------------------------------------------------------------


def refusing(number: int, word: str, patched: pytest.MonkeyPatch) -> None:
    """Let the system refuse to open what `word` ends, and nothing else."""
    real = os.open

    def opened(path: Any, flags: int, *more: Any, **also: Any) -> int:
        if str(path).endswith(word) and not flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(number, os.strerror(number), str(path))
        return real(path, flags, *more, **also)

    patched.setattr(os, "open", opened)


def content(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EACCES, errno.ENETDOWN])
@pytest.mark.parametrize("refused", ["folder", "digests", "table"])
def test_what_cannot_be_read_now_is_trained_here_and_stays(
    refused: str,
    number: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = clone(tmp_path / "a", tmp_path / "common")
    train_all(first, "few")
    before = content(tmp_path / "common")
    second = clone(tmp_path / "b", tmp_path / "common")
    (shard,) = second.catalogue.shards("few")
    word = {"folder": shard.key, "digests": shared.DIGESTS, "table": "weights.parquet"}[refused]
    with monkeypatch.context() as patched:
        refusing(number, word, patched)
        train_all(second, "few")
    assert tables(second) == tables(first)
    assert content(tmp_path / "common") == before
    (warning,) = [one for one in caplog.records if one.name == shared.log.name]
    assert os.strerror(number) in warning.getMessage() and "\n" not in warning.getMessage()


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that cannot be read")
def test_a_table_that_breaks_off_while_it_is_read_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = clone(tmp_path / "a", tmp_path / "common")
    train_all(first, "few")
    (weights,) = (tmp_path / "common").rglob("weights.parquet")
    weights.unlink()
    # Opens, and answers every read at its beginning with EIO.
    weights.symlink_to("/proc/self/mem")
    second = clone(tmp_path / "b", tmp_path / "common")
    train_all(second, "few")
    assert tables(second) == tables(first)
    assert weights.is_symlink()
    assert os.strerror(errno.EIO) in caplog.text


def test_another_shard_under_this_key_is_left_to_people(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number, steps in enumerate((20, 30)):
        train_all(clone(tmp_path / str(number), tmp_path / "common", steps), "few")
    other = clone(tmp_path / "b", tmp_path / "common")
    (shard,) = other.catalogue.shards("few")
    place = tmp_path / "common" / "smoke" / "few" / "0000" / shard.key
    (foreign,) = (path for path in place.parent.iterdir() if path != place)
    for path in place.iterdir():
        path.write_bytes((foreign / path.name).read_bytes())
    before = content(tmp_path / "common")
    train_all(other, "few")
    assert tables(other) == tables(Project.load(tmp_path / "0"))
    assert content(tmp_path / "common") == before
    assert "another configuration" in caplog.text


# -- many at once --------------------------------------------------------------------------------

KINDS = ("first", "second", "third")


def planted(folder: Path, keys: tuple[str, ...]) -> Path:
    """Tables of shards with these keys: <key>/<kind>.parquet."""
    for key in keys:
        for number, kind in enumerate(KINDS):
            rows = pd.DataFrame({"value": range(number, number + 1_000), "key": key})
            origin = {"scale": "smoke", "config_hash": key}
            write_table(rows, folder / key / f"{kind}.parquet", origin, kind)
    return folder


def start(
    command: str, planted: Path, common: Path, own: Path, *more: str
) -> subprocess.Popen[str]:
    words = [sys.executable, str(CLONE), command, str(planted), str(common), str(own), *more]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    for _ in range(1200):
        if condition():
            return
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.05)
    pytest.fail("waited a minute in vain")


def shard_of(key: str) -> Shard:
    return cast("Shard", SimpleNamespace(runset="few", name="0000", key=key))


def files_in(folder: Path) -> dict[str, str]:
    return {kind: str(folder / f"{kind}.parquet") for kind in KINDS}


def assert_whole(place: Path, made: Path) -> None:
    expected = {f"{kind}.parquet" for kind in KINDS} | {shared.DIGESTS}
    assert {path.name for path in place.iterdir()} == expected
    for kind in KINDS:
        assert (place / f"{kind}.parquet").read_bytes() == (
            made / place.name / f"{kind}.parquet"
        ).read_bytes()


def test_processes_that_offer_take_and_damage_get_whole_shards_alone(tmp_path: Path) -> None:
    keys = ("aa", "bb")
    made, common = planted(tmp_path / "made", keys), tmp_path / "common"
    clones = [
        start("share", made, common, tmp_path / f"clone{number}", "2.0") for number in range(4)
    ]
    for number, one in enumerate(clones):
        until(lambda number=number: (tmp_path / f"clone{number}" / "ready").exists(), one)
    (tmp_path / "go").touch()
    time.sleep(1.0)
    # Wherever it is just now, among the others' work.
    clones[0].send_signal(signal.SIGKILL)
    told: list[Mapping[str, int]] = []
    for one in clones:
        out, errors = one.communicate(timeout=120)
        assert one is clones[0] or one.returncode == 0, errors
        told += [json.loads(out)] if one is not clones[0] else []
    # Each has taken, offered and damaged; what it took, it has compared.
    assert all(min(counts.values()) > 0 for counts in told), told
    place = common / "smoke" / "few" / "0000"
    for key in keys:
        files = files_in(made / key)
        if not shared.take(common, "smoke", shard_of(key), files_in(tmp_path / "last" / key)):
            shared.offer(common, "smoke", shard_of(key), files)
        assert_whole(place / key, made)
    assert {path.name for path in place.iterdir()} == {*keys}


@pytest.mark.parametrize("first", [False, True], ids=["before others", "after others"])
def test_a_process_killed_while_it_copies_leaves_nothing_to_trip_over(
    first: bool, tmp_path: Path
) -> None:
    made, common = planted(tmp_path / "made", ("aa",)), tmp_path / "common"
    place = common / "smoke" / "few" / "0000" / "aa"
    # Its last table never ends, so that it is caught with the others copied.
    halted = tmp_path / "halted" / "aa"
    halted.mkdir(parents=True)
    for kind in KINDS[:-1]:
        name = f"{kind}.parquet"
        (halted / name).write_bytes((made / "aa" / name).read_bytes())
    os.mkfifo(halted / f"{KINDS[-1]}.parquet")
    killed = start("offer", halted.parent, common, tmp_path / "own")
    until(lambda: place.parent.is_dir() and any(place.parent.rglob("second.parquet")), killed)
    mine, taken = files_in(made / "aa"), files_in(tmp_path / "taken")
    if first:
        shared.offer(common, "smoke", shard_of("aa"), mine)
        # Whoever is at work is left alone.
        assert len(list(place.parent.iterdir())) == 2
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=60)
    assert shared.take(common, "smoke", shard_of("aa"), taken) == first
    shared.offer(common, "smoke", shard_of("aa"), mine)
    assert shared.take(common, "smoke", shard_of("aa"), taken)
    assert list(place.parent.iterdir()) == [place]
    assert_whole(place, made)


@pytest.mark.parametrize(("age", "stays"), [(60.0, True), (7 * 86400.0, False)])
def test_what_another_machine_has_under_way_goes_when_it_is_old(
    age: float, stays: bool, tmp_path: Path
) -> None:
    made, common = planted(tmp_path / "made", ("aa",)), tmp_path / "common"
    left = common / "smoke" / "few" / "0000" / ".aa.node7.cluster.example.12.0f0f.tmp"
    left.mkdir(parents=True)
    (left / "weights.parquet").write_bytes(b"half")
    then = time.time() - age
    os.utime(left, (then, then))
    shared.offer(common, "smoke", shard_of("aa"), files_in(made / "aa"))
    assert left.exists() == stays
    assert shared.take(common, "smoke", shard_of("aa"), files_in(tmp_path / "taken"))
