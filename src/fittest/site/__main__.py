"""Build the site: python -m fittest.site [--scale SCALE] [--to FOLDER]."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from fittest.errors import FittestError
from fittest.pipeline.project import Project
from fittest.runs.runset import SCALES
from fittest.site.build import BAR, build, sizes
from fittest.site.pictures import converter


def main(words: list[str] | None = None) -> int:
    """Status for the shell."""
    parser = argparse.ArgumentParser(prog="python -m fittest.site", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(), help="the repository (default: here)")
    parser.add_argument("--scale", choices=SCALES, help="default: that of config/config.yaml")
    parser.add_argument("--to", type=Path, default=Path("site"), help="folder (default: site)")
    asked = parser.parse_args(words)
    start = time.monotonic()
    try:
        if converter() is None:
            print(
                "fittest: pdftocairo (package poppler-utils) is not here: figures are no vectors",
                file=sys.stderr,
            )
        project = Project.load(asked.root, {"scale": asked.scale})
        page = build(project, asked.to)
    except (FittestError, OSError) as error:
        print(f"fittest: {error}", file=sys.stderr)
        return 2
    size, without_data = sizes(asked.to)
    if without_data > BAR:
        print(
            f"fittest: {asked.to} has {without_data / 1e6:.1f} MB without data, more than the"
            f" {BAR / 1e6:.0f} MB that it should have at most",
            file=sys.stderr,
        )
    print(f"{page}: {size / 1e6:.1f} MB in {time.monotonic() - start:.0f} s; open it in a browser")
    return 0


if __name__ == "__main__":
    sys.exit(main())
