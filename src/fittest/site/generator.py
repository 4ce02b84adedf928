"""Zensical, the generator: its configuration, and how it is run."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fittest.errors import FittestError

ASSETS = Path(__file__).parent / "assets"
SCRIPTS = ("iframe-worker.js", "explorers.js")
STYLES = ("site.css",)

NEEDED = ("zensical", "tomli_w")
"""What the extra `site` brings."""

Nav = Sequence[Mapping[str, Any]]


class SiteError(FittestError):
    """The site cannot be built."""


def configuration(nav: Nav) -> dict[str, Any]:
    """zensical.toml as a dictionary: nothing from elsewhere, readable from the file system."""
    scheme = {"primary": "indigo", "accent": "indigo"}
    return {
        "project": {
            "site_name": "fittest",
            "site_description": "Five papers on how small networks learn arithmetic, retrained",
            "docs_dir": "content",
            "site_dir": "built",
            "use_directory_urls": False,
            "nav": list(nav),
            "extra_css": [f"assets/{name}" for name in STYLES],
            "extra_javascript": ["assets/explorers.js"],
            "extra": {
                "generator": False,
                # The plugin would take it from another host.
                "polyfills": [
                    {
                        "path": "assets/iframe-worker.js",
                        "type": "text/javascript",
                        "async": False,
                        "defer": False,
                    }
                ],
            },
            "plugins": {"search": {}, "offline": {}},
            "theme": {
                "font": False,
                "language": "en",
                "features": ["navigation.tabs", "navigation.top", "search.highlight", "toc.follow"],
                "palette": [
                    {
                        "media": "(prefers-color-scheme: light)",
                        "scheme": "default",
                        **scheme,
                        "toggle": {"icon": "lucide/sun", "name": "Switch to dark"},
                    },
                    {
                        "media": "(prefers-color-scheme: dark)",
                        "scheme": "slate",
                        **scheme,
                        "toggle": {"icon": "lucide/moon", "name": "Switch to light"},
                    },
                ],
            },
            "markdown_extensions": {
                "attr_list": {},
                "md_in_html": {},
                "tables": {},
                "toc": {
                    "permalink": True,
                    "slugify": {"object": "pymdownx.slugs.slugify", "kwds": {"case": "lower"}},
                },
                "pymdownx": {"highlight": {}, "superfences": {}, "inlinehilite": {}},
            },
        }
    }


def generate(folder: Path, nav: Nav) -> Path:
    """Turn the Markdown in <folder>/content into pages in <folder>/built, which is returned.

    Raises:
        SiteError: where Zensical, or what writes its configuration, is not installed, or fails.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise SiteError(
            f"{' and '.join(missing)} not installed: run `make site`, or pip install -e '.[site]'"
        )
    import tomli_w

    (folder / "mkdocs.yml").unlink(missing_ok=True)
    (folder / "zensical.toml").write_bytes(tomli_w.dumps(configuration(nav)).encode())
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--clean", "-f", "zensical.toml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    built = folder / "built"
    if done.returncode != 0 or not (built / "index.html").is_file():
        said = (done.stderr or done.stdout).strip().splitlines()
        raise SiteError(f"zensical build failed: {said[-1] if said else 'it said nothing'}")
    # It looks for its styles at the top of a host; pages lie in a folder, and hosts have their own.
    (built / "404.html").unlink(missing_ok=True)
    return built
