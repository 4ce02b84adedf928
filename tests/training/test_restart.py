"""Restart points and recorded weights on disk: whole, of this shard, or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fittest.training.record import Record, Rows, WeightSpool
from fittest.training.restart import RestartFolder, pack, unpack, write_atomically

Damage = Callable[[bytes], bytes]
DAMAGES: dict[str, Damage] = {
    "empty": lambda content: b"",
    "cut in the checksum": lambda content: content[:10],
    "cut in the middle": lambda content: content[: len(content) // 2],
    "last byte lost": lambda content: content[:-1],
    "bit in the checksum": lambda content: bytes([content[0] ^ 1]) + content[1:],
    "bit at the end": lambda content: content[:-1] + bytes([content[-1] ^ 128]),
    "foreign": lambda content: b"no snapshot at all" * 100,
}


def payload(step: int) -> dict:
    return {
        "step": step,
        "state": {"w": torch.full((3,), float(step)), "runs": torch.arange(2)},
        "rows": [(step, torch.arange(2), {"loss": torch.ones(2, dtype=torch.float64)})],
        "failed": [1],
        "none": None,
    }


def saved(folder: Path, *steps: int, key: str = "key") -> RestartFolder:
    restart = RestartFolder(folder, key)
    for step in steps:
        restart.save(step, payload(step))
    return restart


def step_found(restart: RestartFolder) -> int | None:
    found = restart.load()
    return None if found is None else int(found["step"])


def test_round_trip(tmp_path: Path) -> None:
    found = saved(tmp_path, 7).load()
    assert found is not None
    assert torch.equal(found["state"]["w"], torch.full((3,), 7.0))
    assert torch.equal(found["rows"][0][2]["loss"], torch.ones(2, dtype=torch.float64))
    assert found["failed"] == [1]
    assert found["none"] is None


def test_nothing_there(tmp_path: Path) -> None:
    assert RestartFolder(tmp_path / "absent", "key").load() is None


def test_newest_wins_and_two_are_kept(tmp_path: Path) -> None:
    # Beyond nine digits of steps nothing is sorted by its length.
    restart = saved(tmp_path, 5, 90, 1000)
    assert step_found(restart) == 1000
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "state-000000090.pt",
        "state-000001000.pt",
    ]


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_snapshot_is_refused_for_the_one_before(
    damage: Damage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    restart = saved(tmp_path, 10, 20)
    newest = tmp_path / "state-000000020.pt"
    newest.write_bytes(damage(newest.read_bytes()))
    assert step_found(restart) == 10
    assert newest.name in caplog.text
    oldest = tmp_path / "state-000000010.pt"
    oldest.write_bytes(damage(oldest.read_bytes()))
    assert step_found(restart) is None


@given(data=st.data())
def test_any_flipped_bit_is_noticed(data: st.DataObject) -> None:
    content = pack(payload(3))
    position = data.draw(st.integers(0, len(content) - 1))
    bit = data.draw(st.integers(0, 7))
    altered = bytearray(content)
    altered[position] ^= 1 << bit
    with pytest.raises(ValueError, match="checksum"):
        unpack(bytes(altered))


def test_snapshot_of_another_configuration_is_ignored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    saved(tmp_path, 10, key="one")
    assert step_found(RestartFolder(tmp_path, "two")) is None
    assert "configuration" in caplog.text


def test_code_in_a_snapshot_is_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "run",))

    restart = RestartFolder(tmp_path, "key")
    restart.save(1, {"step": Evil()})
    assert restart.load() is None
    assert not (tmp_path / "run").exists()


def test_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(OSError, match="space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_clear_removes_everything(tmp_path: Path) -> None:
    folder = tmp_path / "shard"
    saved(folder, 1).clear()
    assert not folder.exists()
    RestartFolder(folder, "key").clear()


def test_record_survives_its_dump() -> None:
    rows = Rows(3, torch.tensor([0, 2]), {"loss": torch.tensor([1.0, 2.0])})
    record = Record([rows], {0: 3, 2: 3}, {2})
    restored = Record.restored(unpack(pack(record.dump())))
    assert restored.last_step == {0: 3, 2: 3}
    assert restored.failed == {2}
    assert restored.rows[0].step == 3
    assert torch.equal(restored.rows[0].runs, rows.runs)
    assert torch.equal(restored.rows[0].columns["loss"], rows.columns["loss"])


def spooled(folder: Path) -> WeightSpool:
    spool = WeightSpool(folder)
    for step in (0, 5, 1000):
        spool.add("checkpoint", step, torch.tensor([0, 1]), {"w": torch.full((2, 3), step)})
    spool.add("final", 5, torch.tensor([1]), {"w": torch.full((1, 3), -5)})
    return spool


def test_spool_gives_back_what_it_was_given_in_order(tmp_path: Path) -> None:
    parts = list(spooled(tmp_path).parts())
    assert [(step, runs.tolist(), int(p["w"][0, 0])) for step, runs, p in parts] == [
        (0, [0, 1], 0),
        (5, [0, 1], 5),
        (5, [1], -5),
        (1000, [0, 1], 1000),
    ]


def test_spool_rewinds_to_a_step(tmp_path: Path) -> None:
    spool = spooled(tmp_path)
    spool.rewind(5)
    assert [step for step, _, _ in spool.parts()] == [0, 5, 5]
    spool.clear()
    assert list(spool.parts()) == []


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_spool_is_noticed(damage: Damage, tmp_path: Path) -> None:
    spool = spooled(tmp_path)
    assert spool.is_whole()
    path = sorted(tmp_path.iterdir())[1]
    path.write_bytes(damage(path.read_bytes()))
    assert not spool.is_whole()


def test_missing_part_of_the_spool_is_noticed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = spooled(tmp_path)
    names = spool.names
    assert len(names) == 4
    assert spool.is_whole(names)
    (tmp_path / names[1]).unlink()
    assert not spool.is_whole(names)
    assert names[1] in caplog.text


def test_spool_goes_on_from_what_a_restart_point_knew(tmp_path: Path) -> None:
    spool = spooled(tmp_path)
    known = spool.names[:2]
    again = WeightSpool(tmp_path)
    again.restore(known)
    assert [step for step, _, _ in again.parts()] == [0, 5]
    assert again.names == known


@pytest.mark.parametrize("name", ["state-x.pt", "weights-old.bin", "notes.txt", "state-.pt"])
@pytest.mark.parametrize("folder", [True, False])
def test_stray_files_are_in_nobodys_way(name: str, folder: bool, tmp_path: Path) -> None:
    restart, spool = saved(tmp_path, 10), spooled(tmp_path)
    (tmp_path / name).mkdir() if folder else (tmp_path / name).write_text("stray")
    (tmp_path / "state-000000099.pt").mkdir()
    assert step_found(restart) == 10
    assert spool.is_whole(spool.names)
    spool.rewind(5)
    assert [step for step, _, _ in spool.parts()] == [0, 5, 5]


@pytest.mark.parametrize("lost", ["key", "payload"])
def test_snapshot_without_a_key_is_refused(
    lost: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    restart = saved(tmp_path, 10, 20)
    content = {"key": "key", "step": 20, "payload": payload(20)}
    del content[lost]
    (tmp_path / "state-000000020.pt").write_bytes(pack(content))
    assert step_found(restart) == 10
    assert f"lacks '{lost}'" in caplog.text
