"""Snakemake for tests without its three seconds of loading: copies of a process that has loaded it.
The jobs of all of them are copies of one more process (prefork.py), else each command would start
its own.

Reads requests from standard input, a line of JSON each: {"folder", "arguments", "environment",
"output", "errors"}. A copy of this process, in that folder and environment, does what
`python -m snakemake` does, writes to these two files, and ends as that would; the answer is a line
with its exit status. Commands from a process of their own, as users give them, are tested where
`checkouts.snakemake` is asked for one.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

GIVEN: dict[str, str] = {}
"""Variables of every command that asks for no others."""
REPOSITORY = Path(__file__).resolve().parents[1]
# What a command loads by itself; nothing that only its jobs load.
LOADED = (
    "snakemake.cli",
    "snakemake.report.html_reporter",
    "jinja2",
    "nbformat",
    "requests",
    "smart_open",
    "yte",
    "fittest.pipeline.price.cluster",
    "fittest.pipeline.project",
    "fittest.pipeline.workflow_end",
    "fittest.pipeline.workflow_start",
)


def load() -> None:
    """Load the libraries, and hash the sources, which is remembered by their content."""
    for name in LOADED:
        with suppress(ModuleNotFoundError):
            import_module(name)
    codehash = import_module("fittest.pipeline.identity.codehash")
    project = import_module("fittest.pipeline.project").Project.load(REPOSITORY)
    for runset in project.catalogue.names():
        project.catalogue.shards(runset)
    codehash.collecting_hash()
    prefork = import_module("fittest.pipeline.running.prefork")
    if (interpreter := prefork.start()) is not None:
        GIVEN[prefork.GIVEN] = interpreter
    for script in sorted((REPOSITORY / "scripts").glob("*/[ap]*_*.py")):
        codehash.script_hash(script)


def serve() -> dict[str, Any] | None:
    """Answer until nobody asks any more: None then; in a copy that is to run, the request."""
    while line := sys.stdin.readline():
        child = os.fork()
        if child == 0:
            # What this process has made for all of them is its own to remove.
            atexit.unregister(shutil.rmtree)
            return dict(json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    return None


def run(request: dict[str, Any]) -> None:
    """Be `python -m snakemake`."""
    descriptors = [os.open(os.devnull, os.O_RDONLY)]
    descriptors += [
        os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for name in ("output", "errors")
    ]
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(GIVEN | request["environment"])
    os.chdir(request["folder"])
    sys.path[0] = request["folder"]
    spec = find_spec("snakemake.__main__")
    assert spec is not None and spec.origin is not None
    sys.argv = [spec.origin, *request["arguments"]]
    import_module("snakemake.cli").main(request["arguments"])


if __name__ == "__main__":
    load()
    if (asked := serve()) is not None:
        run(asked)
