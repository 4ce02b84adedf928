"""A process of test_shared.py: what a clone does with the shared folder, over and over."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from fittest.pipeline.running import shared


def main(command: str, made: Path, common: Path, own: Path, seconds: float) -> None:
    own.mkdir(parents=True, exist_ok=True)
    keys = sorted(path.name for path in made.iterdir())
    kinds = sorted(path.stem for path in (made / keys[0]).iterdir())
    shards: list[Any] = [SimpleNamespace(runset="few", name="0000", key=key) for key in keys]

    def files(folder: Path) -> dict[str, str]:
        return {kind: str(folder / f"{kind}.parquet") for kind in kinds}

    if command == "offer":
        shared.offer(common, "smoke", shards[0], files(made / keys[0]))
        return
    (own / "ready").touch()
    while not (own.parent / "go").exists():
        time.sleep(0.01)
    random, end = Random(str(own)), time.monotonic() + seconds
    counts = {"taken": 0, "offered": 0, "damaged": 0}
    while time.monotonic() < end:
        shard = random.choice(shards)
        ours = files(own / shard.key)
        if shared.take(common, "smoke", shard, ours):
            counts["taken"] += 1
            for kind, path in files(made / shard.key).items():
                assert Path(ours[kind]).read_bytes() == Path(path).read_bytes(), kind
        else:
            shared.offer(common, "smoke", shard, files(made / shard.key))
            counts["offered"] += 1
        if random.random() < 0.2:
            counts["damaged"] += damage(common / "smoke" / "few" / "0000" / shard.key, random)
    print(json.dumps(counts))


def damage(place: Path, random: Random) -> bool:
    """Do to a shard what disks and people do; whether there was one."""
    path = place / random.choice(["second.parquet", "third.parquet", shared.DIGESTS])
    try:
        if random.random() < 0.5:
            path.unlink()
        else:
            with path.open("r+b") as file:
                file.truncate(random.randrange(100))
    except OSError:
        return False
    return True


if __name__ == "__main__":
    _, word, *folders = sys.argv
    main(word, *map(Path, folders[:3]), float((folders[3:] or ["0"])[0]))
