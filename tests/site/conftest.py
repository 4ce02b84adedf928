"""A site built once for all tests of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from planted_site import plant

from browsing import needs_generator
from fittest.pipeline.project import Project
from fittest.site.build import build


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Planted results of four papers."""
    return plant(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def site(project: Project) -> Path:
    """The folder of the site that was built from them."""
    needs_generator()
    folder = project.root / "results" / "smoke" / "site"
    build(project, folder)
    return folder
