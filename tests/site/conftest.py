"""A site built once for all tests of it, and a browser to look at it with."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from planted_site import plant

from fittest.pipeline.project import Project
from fittest.site.build import build
from fittest.site.generator import NEEDED

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Nothing but the page: without these it asks its makers' hosts for updates at every start.
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --disable-dev-shm-usage"
)


def _needs(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed: make .venv/tools brings it")


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Planted results of four papers."""
    return plant(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def site(project: Project) -> Path:
    """The folder of the site that was built from them."""
    for package in NEEDED:
        _needs(package)
    folder = project.root / "results" / "smoke" / "site"
    build(project, folder)
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; a test is skipped where there is none."""
    _needs("playwright")
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=QUIET.split())
        yield opened
        opened.close()
