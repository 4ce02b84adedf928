"""What the pages run is what the sources beside it say."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "src" / "fittest" / "site"


def test_the_bundle_was_made_of_these_sources() -> None:
    folder = SITE / "explorers"
    sources = [*sorted((folder / "src").glob("*.ts")), folder / "package-lock.json"]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    first = (SITE / "assets" / "explorers.js").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"/* made of {digest} */", "run `make explorers` and commit what it writes"


def test_the_lock_holds_no_address_and_a_checksum_of_each_package() -> None:
    lock = json.loads((SITE / "explorers" / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert len(packages) > 3
    assert all("resolved" not in one and "integrity" in one for one in packages.values())
