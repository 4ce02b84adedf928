"""Two clones share trained shards through one folder, and only what is whole and the same."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from fittest.pipeline.project import Project
from fittest.pipeline.running import shared, train
from small_world import runset, train_all, write_project

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


def test_many_writers_leave_one_whole_shard(tmp_path: Path) -> None:
    project = clone(tmp_path / "a", tmp_path / "own")
    train_all(project, "few")
    (shard,) = project.catalogue.shards("few")
    files = {
        "weights": str(project.root / project.paths.weights("few", shard.name)),
        "trajectory": str(project.root / project.paths.trajectory("few", shard.name)),
    }
    common = tmp_path / "common"
    start = threading.Barrier(6)

    def write() -> None:
        start.wait()
        shared.offer(common, "smoke", shard, files)

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (place,) = (common / "smoke" / "few" / shard.name).iterdir()
    assert place.name == shard.key
    taken = {kind: str(tmp_path / "b" / f"{kind}.parquet") for kind in files}
    assert shared.take(common, "smoke", shard, taken)
    for kind, path in files.items():
        assert Path(taken[kind]).read_bytes() == Path(path).read_bytes()


def test_a_folder_that_cannot_be_written_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "common").write_text("a file")
    project = clone(tmp_path / "a", tmp_path / "common")
    train_all(project, "few")
    assert len(tables(project)) == 2
    assert "cannot be shared" in caplog.text
